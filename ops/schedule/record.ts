/** What is kept of a schedule on the machine that has it: whom to tell, and how each command ended last. */
import { rmSync } from "node:fs";
import { join } from "node:path";

import type { Config } from "../../config/options";
import { readJson } from "../../setup/json";
import type { Machine } from "../../setup/machine";
import { writeAtomically } from "../../setup/start.cjs";
import type { Scheduled } from "./job";

export interface LastRun {
    /** ISO 8601, UTC. */
    began: string;
    ended: string;
    /** Exit code. */
    code: number;
    log: string;
    /** The last thing that it said, where it failed. */
    message?: string;
    /** End of the last run that was well; nothing where there was none. */
    succeeded?: string;
}

export type LastRuns = Partial<Record<Scheduled, LastRun>>;

const recordFile = ({ dirs }: Machine, prefix: string): string =>
    join(dirs.data, "schedule", `${prefix}.json`);

/** The webhook's URL may be a secret: the file is the user's alone. */
const toldFile = ({ dirs }: Machine, prefix: string): string =>
    join(dirs.config, "schedule", `${prefix}.json`);

export const lastRuns = (machine: Machine, prefix: string): LastRuns =>
    (readJson(recordFile(machine, prefix)) ?? {}) as LastRuns;

/** Keeps a run. @returns how each command ended last */
export function keepRun(
    machine: Machine,
    prefix: string,
    command: Scheduled,
    run: Omit<LastRun, "succeeded">,
): LastRuns {
    const former = lastRuns(machine, prefix);
    const succeeded = run.message === undefined ? run.ended : former[command]?.succeeded;
    const all = { ...former, [command]: { ...run, ...(succeeded === undefined ? {} : { succeeded }) } };
    writeAtomically(recordFile(machine, prefix), `${JSON.stringify(all, undefined, 2)}\n`, 0o600);
    return all;
}

/** Forgets how commands ended that no timer starts any more: neither the doctor nor an alert is to wait for their next run. */
export function keepOnly(machine: Machine, prefix: string, commands: readonly Scheduled[]): LastRuns {
    const file = recordFile(machine, prefix);
    const all = Object.entries(lastRuns(machine, prefix));
    const kept = all.filter(([command]) => commands.includes(command as Scheduled));
    if (kept.length === 0) rmSync(file, { force: true });
    else if (kept.length < all.length)
        writeAtomically(file, `${JSON.stringify(Object.fromEntries(kept), undefined, 2)}\n`, 0o600);
    return Object.fromEntries(kept);
}

/** Whom a run tells of its end. */
export type Telling = Config["schedule"]["onFailure"] & Pick<Config["schedule"], "metrics">;

/** Kept beside the timers: what fails may be the reading of the stack itself. */
export function keepTelling(machine: Machine, prefix: string, telling: Telling): void {
    writeAtomically(toldFile(machine, prefix), `${JSON.stringify(telling)}\n`, 0o600);
}

/** Takes away what was kept for timers that are gone: the webhook's URL, the metrics, how the commands ended. */
export function forget(machine: Machine, prefix: string): void {
    const { metrics } = tellingOf(machine, prefix);
    keepOnly(machine, prefix, []);
    if (metrics !== undefined) rmSync(metricsFile(metrics, prefix), { force: true });
    rmSync(toldFile(machine, prefix), { force: true });
}

/** Of a folder of the textfile collector the stack's file. */
export const metricsFile = (folder: string, prefix: string): string => join(folder, `${prefix}.prom`);

export const tellingOf = (machine: Machine, prefix: string): Telling =>
    (readJson(toldFile(machine, prefix)) ?? {}) as Telling;
