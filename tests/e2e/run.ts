/** Child processes with a limit of time, as a user would start them from a shell. */
import { type ChildProcess, spawn } from "node:child_process";

export interface RunOptions {
    cwd?: string | undefined;
    env?: NodeJS.ProcessEnv | undefined;
    /** Text or bytes for the standard input. @default none */
    input?: string | Buffer | undefined;
    /** Milliseconds after which the program is killed and counts as failed. @default 120 000 */
    timeoutMs?: number | undefined;
}

export interface Result {
    /** Exit code; 124 after the limit of time, 137 where a signal ended the program. */
    code: number;
    stdout: string;
    /** What the screen showed: both outputs in the order in which they came. */
    screen: string;
}

export interface Running {
    process: ChildProcess;
    done: Promise<Result>;
}

/** Starts a program without waiting for its end. */
export function start(command: string, args: string[], options: RunOptions = {}): Running {
    const { cwd, env, input, timeoutMs = 120_000 } = options;
    const child = spawn(command, args, { cwd, env: env ?? process.env, stdio: ["pipe", "pipe", "pipe"] });
    const done = new Promise<Result>((resolve, reject) => {
        let stdout = "";
        let screen = "";
        let timedOut = false;
        child.stdout.setEncoding("utf8").on("data", (chunk: string) => {
            stdout += chunk;
            screen += chunk;
        });
        child.stderr.setEncoding("utf8").on("data", (chunk: string) => (screen += chunk));
        const timer = setTimeout(() => {
            timedOut = true;
            screen += `\n(killed after ${timeoutMs} ms)`;
            child.kill("SIGKILL");
        }, timeoutMs);
        child.on("error", (error: NodeJS.ErrnoException) => {
            clearTimeout(timer);
            const missing = `${command} is not on PATH: \`npm test\` prepares what the tests need.`;
            reject(error.code === "ENOENT" ? new Error(missing) : error);
        });
        child.on("close", (code) => {
            clearTimeout(timer);
            resolve({ code: timedOut ? 124 : (code ?? 137), stdout, screen });
        });
        // A program that ends without reading its input breaks the pipe; its exit code tells why.
        child.stdin.on("error", (error: NodeJS.ErrnoException) => {
            if (error.code !== "EPIPE") reject(error);
        });
        child.stdin.end(input);
    });
    return { process: child, done };
}

/** Runs a program to its end. */
export const run = (command: string, args: string[], options?: RunOptions): Promise<Result> =>
    start(command, args, options).done;

/** Runs a program that must succeed. @returns its standard output */
export async function must(command: string, args: string[], options?: RunOptions): Promise<string> {
    const result = await run(command, args, options);
    if (result.code !== 0)
        throw new Error(`${command} ${args.join(" ")} ended with code ${result.code}:\n${result.screen}`);
    return result.stdout;
}

export const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Asks until the answer is there. @throws Error after the limit of time */
export async function until<T>(
    what: string,
    ask: () => Promise<T | undefined>,
    timeoutMs = 60_000,
    everyMs = 100,
): Promise<T> {
    const end = Date.now() + timeoutMs;
    for (;;) {
        const answer = await ask();
        if (answer !== undefined) return answer;
        if (Date.now() > end) throw new Error(`${what}: not within ${timeoutMs} ms`);
        await sleep(everyMs);
    }
}
