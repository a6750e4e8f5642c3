/** What every command on a stack does before it looks at the registry: it ends a collection that was left over. */
import { join } from "node:path";

import { Engine } from "../../engine/client";
import type { Endpoint } from "../../engine/endpoint";
import { messageOf } from "../../setup/errors";
import type { Machine } from "../../setup/machine";
import { say } from "../../setup/progress";
import { type Stack, prefixOf } from "../../setup/stack";
import { acquireLock } from "../../setup/start.cjs";

import { endDeadLock } from "../shared/cluster-lock";
import { stackIdentity } from "../shared/identity";
import { containersOf, endDead, hasLock } from "../shared/lock";
import type { ClusterRegistry } from "../shared/on-cluster";
import { doing, GC_LABEL } from "./containers";
import { AtWork, mend } from "./mend";
import { mendOnCluster } from "./on-cluster";

/** What a command found of a collection. */
export type Collection =
    | { state: "none" | "mended" }
    | {
          state: "at work";
          /** `HOST:PID` */
          process: string;
          /** What is at work, such as "garbage collection" or "`npm run retain`". */
          what: string;
          /** Name of the registry's container, which may be stopped. */
          registry: string;
      }
    | { state: "unknown"; problem: string };

/**
 * Mends what a killed collection left, and ends what else was killed (shared/lock.ts), before a command works on the stack.
 *
 * @param force also where the process that began it may be at work
 * @returns whether there was anything to mend
 * @throws AtWork where another process is at work on it
 */
export async function mendFirst(
    machine: Machine,
    endpoint: Endpoint,
    stack: Stack,
    force = false,
): Promise<boolean> {
    const prefix = prefixOf(stack);
    const all = await containersOf(new Engine(endpoint, 30_000), prefix);
    const engine = new Engine(endpoint);
    if (hasLock(all)) {
        const identity = await stackIdentity(machine, stack);
        await endDead(engine, all, { prefix, identity }, force);
    }
    if (!all.some(({ Labels }) => Labels[GC_LABEL] === prefix)) return false;
    // One at a time: a second one would take away what a collection has made that began after the first.
    const release = acquireLock(join(machine.dirs.cache, `gc-${prefix}.lock`), "the end of a collection");
    try {
        return told(await mend(engine, prefix, await stackIdentity(machine, stack), force));
    } finally {
        release();
    }
}

/** The same on a cluster. */
export async function mendClusterFirst(
    machine: Machine,
    registry: ClusterRegistry,
    force = false,
): Promise<boolean> {
    await endDeadLock(registry, force);
    const release = acquireLock(
        join(machine.dirs.cache, `gc-${registry.prefix}.lock`),
        "the end of a collection",
    );
    try {
        return told(await mendOnCluster(registry, force));
    } finally {
        release();
    }
}

/** @param mended the command that had not ended */
function told(mended: string | undefined): boolean {
    if (mended !== undefined)
        say(`An earlier ${doing(mended)} had not ended; the registry is back in its normal mode.`);
    return mended !== undefined;
}

/**
 * The same for a command that only reads: it goes on while a collection is at work, and where one cannot be mended.
 *
 * @param mending one of the two above
 */
export async function noticed(mending: () => Promise<boolean>): Promise<Collection> {
    try {
        return { state: (await mending()) ? "mended" : "none" };
    } catch (error) {
        if (error instanceof AtWork)
            return {
                ...{ state: "at work", process: error.owner, registry: error.registry },
                what: doing(error.command),
            };
        const problem = messageOf(error);
        say(`A garbage collection may have been left over, and cannot be ended: ${problem}`);
        return { state: "unknown", problem };
    }
}

export const noticeCollection = (machine: Machine, endpoint: Endpoint, stack: Stack): Promise<Collection> =>
    noticed(() => mendFirst(machine, endpoint, stack));
