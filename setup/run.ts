import { spawn } from "node:child_process";
import { accessSync, constants, statSync } from "node:fs";
import { delimiter, join } from "node:path";
import { SetupError } from "./errors";

export interface RunOptions {
    cwd?: string;
    env?: NodeJS.ProcessEnv;
    /** The program is killed, and the run counts as failed, after this many milliseconds. Default: no limit. */
    timeoutMs?: number;
    /** What it gets on its standard input. @default nothing */
    input?: string | Buffer | undefined;
    /** Ends it, and the run counts as failed. */
    signal?: AbortSignal | undefined;
    /** Called with each line of output as it is whole, but for empty ones. */
    onLine?: (line: string, stream: "stdout" | "stderr") => void;
}

export interface RunResult {
    /** Exit code; 127 when the program is not there, 124 when it was stopped by `timeoutMs`. */
    code: number;
    stdout: string;
    stderr: string;
}

/** Runs a program to its end, without a shell. */
export function run(command: string, args: string[], options: RunOptions = {}): Promise<RunResult> {
    return new Promise((resolve) => {
        const child = spawn(command, args, {
            cwd: options.cwd,
            env: options.env ?? process.env,
            stdio: "pipe",
            signal: options.signal,
        });
        // A program that ends without reading its input breaks the pipe; its exit code tells why.
        child.stdin.on("error", () => undefined).end(options.input);
        const text = { stdout: "", stderr: "" };
        let timedOut = false;
        const open = { stdout: "", stderr: "" };
        const tell = (line: string, stream: "stdout" | "stderr") =>
            line.trim() && options.onLine?.(line.trim(), stream);
        const collect = (stream: "stdout" | "stderr") => (chunk: string) => {
            text[stream] += chunk;
            if (options.onLine === undefined) return;
            // A chunk may end within a line.
            const lines = (open[stream] + chunk).split(/[\r\n]/);
            open[stream] = lines.pop() ?? "";
            for (const line of lines) tell(line, stream);
        };
        child.stdout.setEncoding("utf8").on("data", collect("stdout"));
        child.stderr.setEncoding("utf8").on("data", collect("stderr"));
        const timer =
            options.timeoutMs === undefined
                ? undefined
                : setTimeout(() => {
                      timedOut = true;
                      child.kill("SIGKILL");
                  }, options.timeoutMs);
        child.on("error", (error: NodeJS.ErrnoException) => {
            clearTimeout(timer);
            resolve({ code: 127, stdout: text.stdout, stderr: `${text.stderr}${error.message}` });
        });
        child.on("close", (code) => {
            clearTimeout(timer);
            for (const stream of ["stdout", "stderr"] as const) tell(open[stream], stream);
            resolve({ code: timedOut ? 124 : (code ?? 1), ...text });
        });
    });
}

export function lastLines(result: RunResult, count = 8): string {
    const lines = `${result.stdout}\n${result.stderr}`.split("\n").filter((line) => line.trim());
    return lines.slice(-count).join("\n");
}

/** Runs a program that must succeed; else fails with `problem` and the program's last lines. */
export async function mustRun(
    command: string,
    args: string[],
    problem: string,
    options: RunOptions = {},
): Promise<RunResult> {
    const result = await run(command, args, options);
    if (result.code !== 0) {
        const call = [command, ...args].join(" ");
        throw new SetupError(`${problem} \`${call}\` ended with code ${result.code}:\n${lastLines(result)}`);
    }
    return result;
}

/** Full path of a program on PATH, or undefined. */
export function which(name: string, env: NodeJS.ProcessEnv = process.env): string | undefined {
    const extensions = process.platform === "win32" ? (env.PATHEXT ?? ".EXE;.CMD;.BAT").split(";") : [""];
    for (const folder of (env.PATH ?? "").split(delimiter)) {
        if (!folder) continue;
        for (const extension of extensions) {
            const file = join(folder, name + extension);
            if (isExecutable(file)) return file;
        }
    }
    return undefined;
}

export function isExecutable(file: string): boolean {
    try {
        accessSync(file, constants.X_OK);
        return statSync(file).isFile();
    } catch {
        // Missing and not allowed mean the same here: it cannot be run.
        return false;
    }
}
