/** Units of systemd for a schedule (systemd.timer(5), systemd.service(5)). Pure. */
import { type Job, type Start, timerCommand } from "./job";
import { onCalendar, parseWhen } from "./when";

/** First line of each unit that the kit wrote, by which it is known again. */
export const markOf = (prefix: string, folder: string): string =>
    `# ${prefix}, npm run schedule in ${folder}`;

/** A value in quotes (systemd.syntax(7)); `%` begins a specifier. */
const quoted = (text: string): string =>
    `"${text.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("%", "%%")}"`;

/** A word of a command line, in which `$` begins a variable. */
const word = (text: string): string =>
    /^[\w/.:=@+-]+$/.test(text) ? text : quoted(text).replaceAll("$", () => "$$");

/** Name of a unit without its ending. */
export const unitName = (prefix: string, { command }: Pick<Job, "command">): string => `${prefix}-${command}`;

/** File name → text: a service and its timer. */
export function unitsOf(start: Start, job: Job): Record<string, string> {
    const name = unitName(start.prefix, job);
    const mark = markOf(start.prefix, start.folder);
    const what = `npm run ${job.command} of ${start.prefix}`;
    return {
        [`${name}.service`]: [
            mark,
            "[Unit]",
            `Description=${what}`,
            "Wants=network-online.target",
            "After=network-online.target docker.service",
            "",
            "[Service]",
            "Type=oneshot",
            `WorkingDirectory=${start.folder.replaceAll("%", "%%")}`,
            ...Object.entries(start.environment).map(
                ([key, value]) => `Environment=${quoted(`${key}=${value}`)}`,
            ),
            `ExecStart=${timerCommand(start, job.command).map(word).join(" ")}`,
            "# A command ends by itself, and has the registry in order before it does.",
            "TimeoutStartSec=infinity",
            "TimeoutStopSec=300",
            "KillMode=mixed",
            "",
        ].join("\n"),
        [`${name}.timer`]: [
            mark,
            "[Unit]",
            `Description=${what}`,
            "",
            "[Timer]",
            `OnCalendar=${onCalendar(parseWhen(job.when))}`,
            "# What was missed while the machine was off is done when it is back.",
            "Persistent=true",
            "",
            "[Install]",
            "WantedBy=timers.target",
            "",
        ].join("\n"),
    };
}
