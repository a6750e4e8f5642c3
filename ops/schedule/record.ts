/** What is kept of a schedule on the machine that has it: whom to tell, and how each command ended last. */
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
}

export type LastRuns = Partial<Record<Scheduled, LastRun>>;

const recordFile = ({ dirs }: Machine, prefix: string): string =>
    join(dirs.data, "schedule", `${prefix}.json`);

/** The webhook's URL may be a secret: the file is the user's alone. */
const toldFile = ({ dirs }: Machine, prefix: string): string =>
    join(dirs.config, "schedule", `${prefix}.json`);

export const lastRuns = (machine: Machine, prefix: string): LastRuns =>
    (readJson(recordFile(machine, prefix)) ?? {}) as LastRuns;

export function keepRun(machine: Machine, prefix: string, command: Scheduled, run: LastRun): void {
    const all = { ...lastRuns(machine, prefix), [command]: run };
    writeAtomically(recordFile(machine, prefix), `${JSON.stringify(all, undefined, 2)}\n`, 0o600);
}

type OnFailure = Config["schedule"]["onFailure"];

/** Kept beside the timers: what fails may be the reading of the stack itself. */
export function keepOnFailure(machine: Machine, prefix: string, onFailure: OnFailure): void {
    writeAtomically(toldFile(machine, prefix), `${JSON.stringify(onFailure)}\n`, 0o600);
}

export const onFailureOf = (machine: Machine, prefix: string): OnFailure =>
    (readJson(toldFile(machine, prefix)) ?? {}) as OnFailure;
