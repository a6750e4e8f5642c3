import { mkdirSync, statSync } from "node:fs";
import { join, resolve } from "node:path";

import { formatPath } from "../components/definition/problem";
import { SetupError } from "../setup/errors";
import type { Machine } from "../setup/machine";
import { print, say } from "../setup/progress";
import { findStack, isOnCluster, prefixOf } from "../setup/stack";
import { writeAtomically } from "../setup/start.cjs";

import { readStack } from "./facts/stack-facts";
import { crontabWith, scriptOf } from "./schedule/crontab";
import {
    environmentOf,
    type Job,
    jobsOf,
    type Meant,
    SCHEDULED,
    type Scheduled,
    type Start,
} from "./schedule/job";
import { forget, keepOnly, keepTelling, type LastRun, lastRuns, type Telling } from "./schedule/record";
import { runScheduled } from "./schedule/run";
import { unitsOf } from "./schedule/systemd";
import { timersOf } from "./schedule/timers";
import { nextTime, parseWhen } from "./schedule/when";
import { commandFlags, fileGiven, OF_STACK } from "./shared/arguments";
import { ON_DOCKER, onDockerAlone } from "./shared/on-docker";
import { readConfig } from "./shared/stack-config";

const FLAGS = {
    "dry-run": { type: "boolean", default: false, text: "tells what it would write and take away" },
    json: { type: "boolean", default: false, text: "the table as JSON, with times in UTC" },
    remove: { type: "boolean", default: false, text: "takes the stack's timers away; the option stays" },
    with: { type: "string", value: "systemd|cron", text: "in place of what the machine has" },
    out: {
        type: "string",
        value: "DIR",
        text: "writes units and crontab lines into a folder, and puts nothing in force",
    },
    run: {
        type: "string",
        value: "COMMAND",
        text: "what a timer starts: runs it, keeps its log, tells of a failure",
    },
    ...OF_STACK,
} as const;

const isScheduled = (name: string): name is Scheduled => SCHEDULED.includes(name as Scheduled);

interface Row extends Job {
    /** ISO 8601, UTC. */
    next: string;
    last: LastRun | undefined;
}

function rowsOf(machine: Machine, prefix: string, jobs: readonly Job[], now: Date): Row[] {
    const last = lastRuns(machine, prefix);
    return jobs.map((job) => ({
        ...job,
        next: nextTime(parseWhen(job.when), now).toISOString(),
        last: last[job.command],
    }));
}

/** A time of this machine's clock, to the minute: `2026-11-29 04:00`. */
function clock(iso: string): string {
    const at = new Date(iso);
    const two = (value: number) => String(value).padStart(2, "0");
    return `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())} ${two(at.getHours())}:${two(at.getMinutes())}`;
}

function lastText(last: LastRun | undefined): string {
    if (last === undefined) return "not run yet";
    const end = clock(last.ended);
    return last.message === undefined
        ? `ended well at ${end}`
        : `failed at ${end} (${last.code}): ${last.message}`;
}

function table(rows: readonly Row[]): string {
    const cells = rows.map(({ command, when, next, last }) => [
        `npm run ${command}`,
        when,
        `next ${clock(next)}`,
        lastText(last),
    ]);
    const width = (at: number) => Math.max(...cells.map((row) => row[at]?.length ?? 0));
    return cells
        .map((row) =>
            row
                .map((cell, at) => cell.padEnd(width(at)))
                .join("  ")
                .trimEnd(),
        )
        .join("\n");
}

/** How a timer on this machine starts a command of the stack. */
function startOf(machine: Machine, meant: Meant, environment: Record<string, string>): Start {
    return {
        ...meant,
        folder: machine.root,
        program: [process.execPath, join(machine.kit, "setup", "start.cjs")],
        environment,
    };
}

/** Writes units and crontab lines into a folder, for a machine that somebody else looks after. */
function writeTo(folder: string, start: Start, jobs: readonly Job[]): string[] {
    const isThere = statSync(folder, { throwIfNoEntry: false });
    if (isThere && !isThere.isDirectory())
        throw new SetupError(`--out is ${folder}, which is a file; it must be a folder.`);
    mkdirSync(folder, { recursive: true });
    const script = join(folder, `${start.prefix}.sh`);
    const files = {
        ...(Object.assign({}, ...jobs.map((job) => unitsOf(start, job))) as Record<string, string>),
        [`${start.prefix}.sh`]: scriptOf(start),
        [`${start.prefix}.crontab`]: crontabWith("", start.prefix, script, jobs),
    };
    for (const [name, text] of Object.entries(files)) writeAtomically(join(folder, name), text, 0o644);
    return Object.keys(files).map((name) => `write ${join(folder, name)}`);
}

/** `npm run schedule`: has systemd or cron run commands by themselves, as the option `schedule` says. */
export async function schedule(machine: Machine, args: string[]): Promise<number> {
    const flags = commandFlags(
        "schedule",
        args,
        FLAGS,
        "has systemd or cron run commands by themselves, as the option schedule says",
    );
    const stack = findStack(machine, args);
    const prefix = prefixOf(stack);
    const file = flags["config-file"];
    const meant: Meant = {
        stack: stack.name,
        prefix,
        configFile: file === undefined ? undefined : resolve(machine.root, file),
    };
    if (flags.run !== undefined) {
        if (!isScheduled(flags.run))
            throw new SetupError(`--run is "${flags.run}"; it must be one of ${SCHEDULED.join(", ")}.`);
        return runScheduled(machine, meant, flags.run);
    }
    if (flags.with !== undefined && !["systemd", "cron"].includes(flags.with))
        throw new SetupError(`--with is "${flags.with}"; it must be systemd or cron.`);
    if (flags.remove) {
        const timers = await timersOf(machine, prefix, flags.with);
        const done = await timers.apply(startOf(machine, meant, {}), [], flags["dry-run"]);
        if (done.length > 0 && !flags["dry-run"]) forget(machine, prefix);
        for (const line of done) say(line);
        if (done.length === 0) print(`${prefix} has no schedule in ${timers.kind}.`);
        else if (!flags["dry-run"]) print(`${prefix} runs nothing by itself any more.`);
        return 0;
    }
    const { kept, problems } = environmentOf(machine.env);
    if (problems.length > 0) throw new SetupError(problems.join("\n"));
    const { pulumi } = await readStack(machine, args);
    const config = await readConfig(pulumi, meant.configFile);
    const jobs = jobsOf(config.schedule);
    const refused = isOnCluster(stack) ? jobs.find(({ command }) => ON_DOCKER.includes(command)) : undefined;
    if (refused !== undefined) {
        const option = formatPath(["schedule", refused.command]);
        throw new SetupError(`${onDockerAlone(refused.command)} pulumi config rm --path ${option}`);
    }
    const rows = rowsOf(machine, prefix, jobs, new Date());
    const start = startOf(machine, meant, kept);
    const { metrics, onFailure } = config.schedule;
    const telling = { ...onFailure, ...(metrics === undefined ? {} : { metrics }) };
    const out = fileGiven(machine, flags.out);
    const done =
        out === undefined
            ? await apply(machine, flags.with, start, jobs, telling, flags["dry-run"])
            : flags["dry-run"]
              ? []
              : writeTo(out, start, jobs);
    for (const line of done) say(line);
    if (flags.json)
        process.stdout.write(`${JSON.stringify({ stack: stack.name, jobs: rows }, undefined, 2)}\n`);
    else
        print(
            jobs.length > 0
                ? table(rows)
                : `Nothing is scheduled for ${stack.name}: \`pulumi config set --path schedule.gc "Sun 04:00"\`, for instance; docs/schedule.md.`,
        );
    return 0;
}

async function apply(
    machine: Machine,
    wanted: string | undefined,
    start: Start,
    jobs: readonly Job[],
    telling: Telling,
    dry: boolean,
): Promise<string[]> {
    const timers = await timersOf(machine, start.prefix, wanted);
    const done = await timers.apply(start, jobs, dry);
    if (dry) return done;
    keepTelling(machine, start.prefix, telling);
    keepOnly(
        machine,
        start.prefix,
        jobs.map(({ command }) => command),
    );
    if (timers.kind === "systemd --user" && jobs.length > 0)
        say("They run while you are logged in; for always: `loginctl enable-linger`.");
    return done;
}
