/** Ends a collection that did not end by itself: the command was killed, or the machine went down. */
import type { ContainerInfo } from "dockerode";

import type { Engine } from "../../components/engine/client";
import { OWNER_LABEL } from "../../components/hardening";
import { redisName } from "../../components/registry/redis-conf";
import { SetupError } from "../../setup/errors";

import { GC_LABEL, PROCESS_LABEL, REGISTRY_LABEL, collectorName, readerName } from "./containers";
import { healthy, inspect, remove, restart, start } from "./engine";
import { isAtWork, shown } from "./process";
import { closeGate, endDrain } from "./way";

/** Another process is at work on a collection. */
export class AtWork extends SetupError {
    /**
     * @param registry name of the registry's container
     * @param owner `HOST:PID`
     */
    constructor(
        prefix: string,
        readonly registry: string,
        readonly owner: string,
    ) {
        super(
            `Garbage collection of ${prefix} is at work (${owner}). Wait for its end; if that process is gone: ` +
                "npm run gc -- --mend",
        );
    }
}

/** The containers of a collection of this deployment, from whatever run. */
const leftovers = (engine: Engine, prefix: string): Promise<ContainerInfo[]> =>
    engine.listContainers({ all: true, filters: { label: [`${GC_LABEL}=${prefix}`] } });

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
 * @throws AtWork where another process is at work on it
 */
export async function mend(engine: Engine, prefix: string, force = false): Promise<boolean> {
    const left = await leftovers(engine, prefix);
    if (left.length === 0) return false;
    const label = (container: ContainerInfo | undefined, name: string) => container?.Labels[name] ?? "";
    const registry = label(left[0], REGISTRY_LABEL);
    const busy = left.find((one) => isAtWork(label(one, PROCESS_LABEL), one.State === "running"));
    if (busy !== undefined && !force) throw new AtWork(prefix, registry, shown(label(busy, PROCESS_LABEL)));
    const own = await inspect(engine, registry);
    if (own?.Config.Labels[OWNER_LABEL] === prefix) await normal(engine, prefix, registry);
    // The registry itself is gone: then there is nothing to go back to.
    else for (const { Id } of left) await remove(engine, Id);
    return true;
}
