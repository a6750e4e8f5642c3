/** Where a schedule is put in force: systemd for the machine or for one user, or else a crontab. */
import { spawn } from "node:child_process";
import { existsSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";

import { SetupError } from "../../setup/errors";
import type { Machine } from "../../setup/machine";
import { type RunResult, lastLines, run, which } from "../../setup/run";
import { readText, writeAtomically } from "../../setup/start.cjs";

import { crontabWith, isIn, scriptOf } from "./crontab";
import type { Job, Meant, Start } from "./job";
import { markOf, unitsOf } from "./systemd";

export type TimerKind = "systemd" | "systemd --user" | "cron";

export interface Timers {
    kind: TimerKind;
    /**
     * Puts these jobs in force, and none else of the stack.
     *
     * @param dry only tells what it would do
     * @returns what it writes and takes away, a line each
     */
    apply: (start: Start, jobs: readonly Job[], dry: boolean) => Promise<string[]>;
}

async function must(command: string, args: string[]): Promise<RunResult> {
    const result = await run(command, args);
    if (result.code !== 0)
        throw new SetupError(`\`${[command, ...args].join(" ")}\` failed: ${lastLines(result, 1)}`);
    return result;
}

/** Units of the stack that the kit wrote into a folder. */
function ownUnits(folder: string, start: Start): string[] {
    const mark = markOf(start.prefix, start.folder);
    return readdirSync(folder).filter(
        (name) =>
            name.startsWith(`${start.prefix}-`) &&
            /\.(?:service|timer)$/.test(name) &&
            readText(join(folder, name))?.startsWith(`${mark}\n`),
    );
}

/** @throws SetupError where a unit of such a name is another's: another clone's, or somebody's own */
function refuseForeign(folder: string, start: Start, names: readonly string[], own: readonly string[]): void {
    const foreign = names.find((name) => existsSync(join(folder, name)) && !own.includes(name));
    if (foreign === undefined) return;
    const [mark = ""] = (readText(join(folder, foreign)) ?? "").split("\n");
    const other = mark.startsWith(markOf(start.prefix, ""))
        ? mark.slice(markOf(start.prefix, "").length)
        : undefined;
    throw new SetupError(
        other === undefined
            ? `${join(folder, foreign)} is not the kit's, and nothing was changed: move it away, or rename it.`
            : `${start.prefix} has a schedule of the clone in ${other} already, and nothing was changed: run \`npm run schedule -- --remove\` there.`,
    );
}

/** @param user undefined: of the machine */
function systemd(folder: string, user: string[]): Timers {
    return {
        kind: user.length > 0 ? "systemd --user" : "systemd",
        apply: async (start, jobs, dry) => {
            const before = existsSync(folder) ? ownUnits(folder, start) : [];
            const units = Object.assign({}, ...jobs.map((job) => unitsOf(start, job))) as Record<
                string,
                string
            >;
            refuseForeign(folder, start, Object.keys(units), before);
            const gone = before.filter((name) => !(name in units));
            const told = [
                ...Object.keys(units).map((name) => `write ${join(folder, name)}`),
                ...gone.map((name) => `remove ${join(folder, name)}`),
            ];
            if (dry) return told;
            for (const timer of gone.filter((name) => name.endsWith(".timer")))
                await must("systemctl", [...user, "disable", "--now", timer]);
            for (const name of gone) rmSync(join(folder, name), { force: true });
            for (const [name, text] of Object.entries(units))
                writeAtomically(join(folder, name), text, 0o644);
            if (gone.length > 0 || jobs.length > 0) await must("systemctl", [...user, "daemon-reload"]);
            const timers = Object.keys(units).filter((name) => name.endsWith(".timer"));
            // `restart` has a changed time count at once.
            if (timers.length > 0) {
                await must("systemctl", [...user, "enable", ...timers]);
                await must("systemctl", [...user, "restart", ...timers]);
            }
            return told;
        },
    };
}

/** Hands a crontab over on standard input: its lines are nobody's but the user's. */
function writeCrontab(text: string): Promise<void> {
    return new Promise((resolve, reject) => {
        const child = spawn("crontab", ["-"], { stdio: ["pipe", "ignore", "pipe"] });
        let problem = "";
        child.stderr.setEncoding("utf8").on("data", (chunk: string) => (problem += chunk));
        child.on("error", reject);
        child.on("close", (code) => {
            if (code === 0) resolve();
            else
                reject(
                    new SetupError(`\`crontab -\` failed, and the crontab is as it was: ${problem.trim()}`),
                );
        });
        child.stdin.end(text);
    });
}

/** The user's crontab; "" where there is none. */
async function readCrontab(): Promise<string> {
    const result = await run("crontab", ["-l"], { env: { ...process.env, LC_ALL: "C" } });
    if (result.code === 0) return result.stdout;
    if (/no crontab for/i.test(result.stderr)) return "";
    throw new SetupError(`\`crontab -l\` failed: ${lastLines(result, 1)}`);
}

/** @param script the file that its lines start */
const cron = (script: string): Timers => ({
    kind: "cron",
    apply: async (start, jobs, dry) => {
        const former = await readCrontab();
        const had = isIn(former, start.prefix);
        if (!had && jobs.length === 0) return [];
        const text = crontabWith(former, start.prefix, script, jobs);
        const removed = "remove the stack's lines from your crontab";
        if (dry) return jobs.length > 0 ? [`write ${script}`, "write your crontab (crontab -l)"] : [removed];
        if (jobs.length > 0) writeAtomically(script, scriptOf(start), 0o600);
        if (text !== former) await writeCrontab(text);
        if (jobs.length > 0) return [`write ${script}`, "write your crontab (crontab -l)"];
        rmSync(script, { force: true });
        return [removed];
    },
});

/** Whether timers of the stack are in force on this machine, of this clone. */
export async function hasTimers(machine: Machine, { stack, prefix }: Meant): Promise<boolean> {
    const start = { stack, prefix, folder: machine.root, program: [], environment: {} };
    for (const wanted of [undefined, "cron"])
        try {
            const timers = await timersOf(machine, prefix, wanted);
            if ((await timers.apply(start, [], true)).length > 0) return true;
        } catch {
            // The machine has none of the kind.
        }
    return false;
}

/** Whether a systemd of the user answers. */
const userAnswers = async (): Promise<boolean> =>
    (await run("systemctl", ["--user", "show", "--property=Version"], { timeoutMs: 5_000 })).code === 0;

/**
 * What this machine has: systemd where it runs the machine, else cron.
 *
 * @param wanted systemd or cron, where the user says so
 * @throws SetupError where there is neither
 */
export async function timersOf(
    machine: Machine,
    prefix: string,
    wanted: string | undefined,
): Promise<Timers> {
    const booted = existsSync("/run/systemd/system");
    if (wanted === "systemd" && !booted)
        throw new SetupError(
            "systemd does not run this machine: leave --with systemd out, and cron is used, or write the units by --out DIR.",
        );
    if (wanted !== "cron" && booted) {
        if (machine.isRoot) return systemd("/etc/systemd/system", []);
        const folder = join(machine.env.XDG_CONFIG_HOME || join(machine.home, ".config"), "systemd", "user");
        if (await userAnswers()) return systemd(folder, ["--user"]);
    }
    if (which("crontab", machine.env) !== undefined)
        return cron(join(machine.dirs.config, "schedule", `${prefix}.sh`));
    throw new SetupError(
        "This machine has no systemd that answers and no crontab: install cron (`apt-get install cron`), or write units by " +
            "`npm run schedule -- --out DIR` for another one.",
    );
}
