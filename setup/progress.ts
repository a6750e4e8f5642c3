// All of it goes to stderr: stdout belongs to results, such as the lines of `npm run env`.
import { note } from "./log";

const QUIET_MS = 2_000;
const LINE_EVERY_MS = 10_000;

let spoken = (text: string): string => text;

/** Has all that is said go through a function, such as one that completes printed commands. */
export function speakFor(edit: (text: string) => string): void {
    spoken = edit;
}

/** A line of a result, on stdout, with every command for the stack that is meant. */
export const print = (text: string): void => void process.stdout.write(`${spoken(text)}\n`);

/** A line on the screen, and in the log where there is one. */
export function say(text: string): void {
    const all = spoken(text);
    process.stderr.write(`${all}\n`);
    note(all);
}

/**
 * Runs `work` and shows that it is still going: on a terminal a line that updates once it has taken 2 seconds, else a
 * line every 10 seconds. `update` sets what is shown beside the time.
 *
 * @param done false where what follows tells that it is done. @default true
 */
export async function withProgress<T>(
    label: string,
    work: (update: (detail: string) => void) => Promise<T>,
    { done = true } = {},
): Promise<T> {
    const started = Date.now();
    const seconds = () => Math.round((Date.now() - started) / 1000);
    const tty = process.stderr.isTTY;
    let detail = "";
    let shownAt = 0;
    const timer = setInterval(() => {
        const now = Date.now();
        const quiet = tty ? now - started < QUIET_MS : now - (shownAt || started) < LINE_EVERY_MS;
        if (quiet) return;
        shownAt = now;
        const line = `  ${label}: ${seconds()} s${detail ? `, ${detail}` : ""}`;
        process.stderr.write(
            tty ? `\r\x1b[2K${line.slice(0, (process.stderr.columns || 80) - 1)}` : `${line}\n`,
        );
    }, 500);
    const wipe = () => {
        if (shownAt && tty) process.stderr.write("\r\x1b[2K");
    };
    try {
        const result = await work((text) => (detail = text));
        wipe();
        if (shownAt && done) say(`  ${label}: done in ${seconds()} s`);
        return result;
    } catch (error) {
        wipe();
        throw error;
    } finally {
        clearInterval(timer);
    }
}
