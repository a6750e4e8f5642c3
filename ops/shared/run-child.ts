import { type SpawnOptions, spawn } from "node:child_process";

/**
 * Runs a program on this terminal and waits for its end, whatever signals come: resolves to its exit code. Ctrl-C
 * reaches the program by itself, and a second time would make Pulumi drop what it has under way.
 */
export function runChild(command: string, args: string[], options: SpawnOptions): Promise<number> {
    // Without a terminal nothing says whether a signal was sent to the whole group, and npm passes it on as well: in
    // a group of its own the program gets it from here alone.
    const detached = !process.stdin.isTTY && process.platform !== "win32";
    return new Promise((resolve, reject) => {
        const child = spawn(command, args, { stdio: "inherit", ...options, detached });
        let told = false;
        const forward = (signal: NodeJS.Signals) => {
            if (told || (signal === "SIGINT" && !detached)) return;
            told = true;
            child.kill(signal);
        };
        const signals: NodeJS.Signals[] = ["SIGINT", "SIGTERM", "SIGHUP"];
        for (const signal of signals) process.on(signal, forward);
        const done = () => {
            for (const signal of signals) process.off(signal, forward);
        };
        child.on("error", (error) => {
            done();
            reject(error);
        });
        child.on("close", (code, signal) => {
            done();
            resolve(code ?? (signal === "SIGINT" ? 130 : 1));
        });
    });
}
