/** Ends a collection that did not end by itself: the command was killed, or the machine went down. */
import { hostname } from "node:os";

import type { ContainerInfo } from "dockerode";

import type { Engine } from "../../components/engine/client";
import { OWNER_LABEL } from "../../components/hardening";
import { redisName } from "../../components/registry/redis-conf";
import { SetupError } from "../../setup/errors";
import { isAlive } from "../../setup/start.cjs";

import { GC_LABEL, PROCESS_LABEL, collectorName, readerName } from "./containers";
import { healthy, inspect, remove, restart, start } from "./engine";
import { closeGate, endDrain } from "./way";

/** `HOST:PID` of this process. */
export const thisProcess = () => `${hostname()}:${process.pid}`;

/** The containers of a collection of this deployment, from whatever run. */
const leftovers = (engine: Engine, prefix: string): Promise<ContainerInfo[]> =>
    engine.listContainers({ all: true, filters: { label: [`${GC_LABEL}=${prefix}`] } });

/** The process that is at work on a collection; undefined where that one is gone. */
function atWork(container: ContainerInfo): string | undefined {
    const owner = container.Labels[PROCESS_LABEL] ?? "";
    const [, host, pid] = /^(.*):(\d+)$/.exec(owner) ?? [];
    if (host !== hostname()) return container.State === "running" ? owner : undefined;
    return Number(pid) !== process.pid && isAlive(Number(pid)) ? owner : undefined;
}

/** Has a Redis forget the blobs, which it keeps in memory alone: the next push of one that was removed must store it. */
async function emptyCache(engine: Engine, prefix: string): Promise<void> {
    const cache = await inspect(engine, redisName(prefix));
    if (cache?.State.Running && cache.Config.Labels[OWNER_LABEL] === prefix) await restart(engine, cache.Id);
}

/**
 * Puts the registry back into its normal mode: nothing but it, running and healthy. The order keeps the time short in
 * which nobody has the port.
 */
export async function normal(engine: Engine, prefix: string, registry: string): Promise<void> {
    await remove(engine, collectorName(registry));
    await closeGate(engine, registry);
    await emptyCache(engine, prefix);
    await start(engine, registry);
    await healthy(engine, registry);
    await endDrain(engine, prefix);
    await remove(engine, readerName(registry));
}

/**
 * Mends what a collection left that was killed.
 *
 * @param force also where the process that began it may be at work on another machine
 * @returns whether there was anything to mend
 * @throws SetupError where another process is at work on it
 */
export async function mend(
    engine: Engine,
    prefix: string,
    registry: string,
    force = false,
): Promise<boolean> {
    const left = await leftovers(engine, prefix);
    if (left.length === 0) return false;
    const busy = force ? undefined : left.map(atWork).find((owner) => owner !== undefined);
    if (busy !== undefined) {
        throw new SetupError(
            `Garbage collection of ${prefix} is at work (${busy}). Wait for its end; if that process is gone: ` +
                "npm run gc -- --mend",
        );
    }
    const own = await inspect(engine, registry);
    if (own?.Config.Labels[OWNER_LABEL] === prefix) await normal(engine, prefix, registry);
    // The registry itself is gone: then there is nothing to go back to.
    else for (const { Id } of left) await remove(engine, Id);
    return true;
}
