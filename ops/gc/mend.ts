/** Ends a collection that did not end by itself: the command was killed, or the machine went down. */
import type { ContainerInfo } from "../../engine/types";

import type { Engine } from "../../engine/client";
import { IDENTITY_LABEL } from "../../components/deployment/hardening";
import { redisName } from "../../components/cache/redis-conf";
import { SetupError } from "../../setup/errors";
import { isOf } from "../shared/identity";

import {
    COMMAND_LABEL,
    doing,
    GC_LABEL,
    type Owner,
    PROCESS_LABEL,
    REGISTRY_LABEL,
    collectorName,
    rcloneName,
    readerName,
} from "./containers";
import { healthy, inspect, remove, restart, start } from "./engine";
import { isAtWork, shown } from "../shared/process";
import { closeGate, endDrain } from "./way";

/** Another process collects, or reads the storage for what it is going to do. */
export class AtWork extends SetupError {
    /**
     * @param command name of what is at work, nothing for a collection of an earlier version of the kit
     * @param registry name of the registry's container
     * @param owner `HOST:PID`
     */
    constructor(
        prefix: string,
        readonly registry: string,
        readonly owner: string,
        readonly command: string | undefined,
    ) {
        const what = doing(command);
        super(
            `${what.replace(/^g/, "G")} of ${prefix} is at work (${owner}). Wait for its end; if that process is gone: ` +
                "npm run gc -- --mend",
        );
    }
}

/** The containers of a collection of this deployment, from whatever run. */
async function leftovers(
    engine: Engine,
    prefix: string,
    identity: string | undefined,
): Promise<ContainerInfo[]> {
    const filters = { label: [`${GC_LABEL}=${prefix}`] };
    const all = await engine.listContainers({ all: true, filters });
    return all.filter(({ Labels }) => Labels[IDENTITY_LABEL] === identity);
}

/** Has a Redis forget the blobs, which it keeps in memory alone: the next push of one that was removed must store it. */
export async function emptyCache(
    engine: Engine,
    prefix: string,
    identity: string | undefined,
): Promise<void> {
    const cache = await inspect(engine, redisName(prefix));
    if (cache?.State.Running && isOf(cache.Config.Labels, prefix, identity)) await restart(engine, cache.Id);
}

/**
 * Puts the registry back into its normal mode: nothing but it, running and healthy. The order keeps the time short in
 * which nobody has the port.
 */
export async function normal(
    engine: Engine,
    { prefix, identity }: Pick<Owner, "prefix" | "identity">,
    registry: string,
): Promise<void> {
    await remove(engine, collectorName(registry));
    await remove(engine, rcloneName(registry));
    await closeGate(engine, registry);
    await emptyCache(engine, prefix, identity);
    await start(engine, registry);
    await healthy(engine, registry);
    await endDrain(engine, prefix);
    await remove(engine, readerName(registry));
}

/**
 * Mends what a collection left that was killed.
 *
 * @param identity of the deployment; nothing for one of version 0.1
 * @param force also where the process that began it may be at work on another machine
 * @returns name of the command that had not ended; nothing where there was nothing to mend
 * @throws AtWork where another process is at work on it
 */
export async function mend(
    engine: Engine,
    prefix: string,
    identity: string | undefined,
    force = false,
): Promise<string | undefined> {
    const left = await leftovers(engine, prefix, identity);
    if (left.length === 0) return undefined;
    const label = (container: ContainerInfo | undefined, name: string) => container?.Labels[name] ?? "";
    const command = label(left[0], COMMAND_LABEL) || "gc";
    const registry = label(left[0], REGISTRY_LABEL);
    const busy = left.find((one) => isAtWork(label(one, PROCESS_LABEL), one.State === "running"));
    if (busy !== undefined && !force)
        throw new AtWork(prefix, registry, shown(label(busy, PROCESS_LABEL)), command);
    const own = await inspect(engine, registry);
    if (isOf(own?.Config.Labels, prefix, identity)) await normal(engine, { prefix, identity }, registry);
    // The registry itself is gone: then there is nothing to go back to.
    else for (const { Id } of left) await remove(engine, Id);
    return command;
}
