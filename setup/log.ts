/** The file into which a command writes all that its screen does not show. */
import { closeSync, openSync, readdirSync, rmSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { SetupError } from "./errors";
import type { Machine } from "./machine";
import { makeFolder } from "./start.cjs";

/** How many logs of a command are kept. */
const KEPT = 10;

let open: { file: string; fd: number } | undefined;

/** Writes a line into the log, where there is one. A full disk ends no command for the sake of its log. */
export function note(text: string): void {
    try {
        if (open) writeSync(open.fd, `${text}\n`);
    } catch {
        // What is said on the screen goes on.
    }
}

/** The open log: its path, and the descriptor for a child process. */
export const currentLog = () => open;

/**
 * Opens a log for the user alone, in the kit's cache folder; older ones of the same name go.
 *
 * @param name such as `up-dev`
 */
export function openLog(machine: Machine, name: string): { file: string; fd: number } {
    const folder = join(machine.dirs.cache, "logs");
    makeFolder(folder, 0o700);
    const stamp = new Date().toISOString().replace(/[-:]/g, "").replace("T", "-").slice(0, 15);
    const file = join(folder, `${name}-${stamp}-${process.pid}.log`);
    closeLog();
    open = { file, fd: openSync(file, "a", 0o600) };
    const old = readdirSync(folder)
        .filter(
            (entry) =>
                entry.startsWith(`${name}-`) && /^\d{8}-\d{6}-\d+\.log$/.test(entry.slice(name.length + 1)),
        )
        .sort();
    for (const entry of old.slice(0, -KEPT)) rmSync(join(folder, entry), { force: true });
    return open;
}

/** A sentence for the user, with the name of the log; any other error as it is. */
export const withLog = (error: unknown): unknown =>
    error instanceof SetupError && open ? new SetupError(`${error.message}\nLog: ${open.file}`) : error;

export function closeLog(): void {
    if (open) closeSync(open.fd);
    open = undefined;
}

/** Keeps what no screen should show, such as a stack trace. @returns the file; undefined where none can be written */
export function keep(machine: Machine, name: string, text: string): string | undefined {
    try {
        if (!open) openLog(machine, name);
    } catch {
        // The folder of the user may be what is wrong.
        try {
            const file = join(tmpdir(), `private-registry-${process.pid}.log`);
            open = { file, fd: openSync(file, "ax", 0o600) };
        } catch {
            return undefined;
        }
    }
    note(text);
    return open?.file;
}
