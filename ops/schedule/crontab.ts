/** Lines of a crontab for a schedule (crontab(5)). Pure. */
import { type Job, type Start, timerCommand } from "./job";
import { cronTime, parseWhen } from "./when";

const begin = (prefix: string) => `# BEGIN ${prefix}: written by npm run schedule`;
const end = (prefix: string) => `# END ${prefix}`;

const quote = (text: string): string =>
    /^[\w/.:=@+-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;

/**
 * The script that the lines of a stack start: cron knows nothing of the user's environment, and takes no line of over
 * 998 characters.
 */
export const scriptOf = (start: Start): string =>
    [
        "#!/bin/sh",
        `# ${start.prefix}: written by npm run schedule`,
        `cd ${quote(start.folder)} || exit 1`,
        ...Object.entries(start.environment).map(([key, value]) => `export ${key}=${quote(value)}`),
        // The command comes as the script's argument.
        `exec ${timerCommand(start, '"$1"')
            .map((part) => (part === '"$1"' ? part : quote(part)))
            .join(" ")}`,
        "",
    ].join("\n");

/** A line; cron takes a `%` for the end of the command. */
const lineOf = (script: string, { command, when }: Job): string =>
    `${cronTime(parseWhen(when))} /bin/sh ${quote(script)} ${command}`.replaceAll("%", "\\%");

/** The lines of a stack in a crontab; what has lost its end is none of them, since nobody knows where it ends. */
function blockIn(lines: readonly string[], prefix: string): { from: number; to: number } | undefined {
    const from = lines.lastIndexOf(begin(prefix));
    const to = lines.indexOf(end(prefix), from);
    return from >= 0 && to > from ? { from, to } : undefined;
}

/**
 * A crontab with the jobs of a stack in it, and all else as it was.
 *
 * @param script path of what `scriptOf` gives
 * @param jobs none: the stack's lines go
 */
export function crontabWith(former: string, prefix: string, script: string, jobs: readonly Job[]): string {
    const lines = former.split("\n");
    const block = blockIn(lines, prefix);
    const rest = block ? [...lines.slice(0, block.from), ...lines.slice(block.to + 1)] : lines;
    const kept = rest.join("\n").replace(/\n+$/, "");
    const own =
        jobs.length === 0 ? [] : [begin(prefix), ...jobs.map((job) => lineOf(script, job)), end(prefix)];
    const all = [...(kept === "" ? [] : [kept]), ...own];
    return all.length === 0 ? "" : `${all.join("\n")}\n`;
}

/** Whether a crontab has lines of a stack. */
export const isIn = (crontab: string, prefix: string): boolean =>
    blockIn(crontab.split("\n"), prefix) !== undefined;
