// All of it goes to stderr: stdout belongs to results, such as the lines of `npm run env`.

const QUIET_MS = 2_000;
const LINE_EVERY_MS = 10_000;

export function say(text: string): void {
    process.stderr.write(`${text}\n`);
}

/**
 * Runs `work` and, once it has taken 2 seconds, shows that it is still going: a line that updates on a terminal,
 * else a line every 10 seconds. `update` sets what is shown beside the time.
 */
export async function withProgress<T>(
    label: string,
    work: (update: (detail: string) => void) => Promise<T>,
): Promise<T> {
    const started = Date.now();
    const seconds = () => Math.round((Date.now() - started) / 1000);
    const tty = process.stderr.isTTY;
    let detail = "";
    let shownAt = 0;
    const timer = setInterval(() => {
        const now = Date.now();
        if (now - started < QUIET_MS || (!tty && shownAt && now - shownAt < LINE_EVERY_MS)) return;
        shownAt = now;
        const line = `  ${label}: ${seconds()} s${detail ? `, ${detail}` : ""}`;
        process.stderr.write(
            tty ? `\r\x1b[2K${line.slice(0, (process.stderr.columns || 80) - 1)}` : `${line}\n`,
        );
    }, 500);
    try {
        const result = await work((text) => (detail = text));
        if (shownAt) say(`${tty ? "\r\x1b[2K" : ""}  ${label}: done in ${seconds()} s`);
        return result;
    } catch (error) {
        if (shownAt && tty) process.stderr.write("\r\x1b[2K");
        throw error;
    } finally {
        clearInterval(timer);
    }
}
