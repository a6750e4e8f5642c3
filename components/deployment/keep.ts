/** What is remembered of a deployment's containers before one is replaced. No Pulumi in here. */
import { Engine } from "../../engine/client";
import type { Endpoint } from "../../engine/endpoint";
import { found } from "../../engine/errors";
import { STAND_IN_LABEL } from "./hardening";

import { filesIn, type Kept, volumesOf } from "./restore";
import type { EngineObject } from "./survey";

/** How long the Engine may stay silent. */
const IDLE_MS = 30_000;

/**
 * What it takes to make these containers again.
 *
 * @param running the deployment's own that run
 * @param containers all of the Engine
 * @returns name → what it takes
 */
export async function keep(
    endpoint: Endpoint,
    running: readonly EngineObject[],
    containers: readonly EngineObject[],
): Promise<Map<string, Kept>> {
    const engine = new Engine(endpoint, IDLE_MS);
    const idOf = new Map(containers.map(({ name, id }) => [name, id]));
    const kept = await Promise.all(
        running.map(async ({ name, id, labels }) => {
            const info = await found(() => engine.getContainer(id).inspect());
            if (info === undefined) return undefined;
            // A volume with files of the kit has the name of the container that writes them.
            const volumes = [...volumesOf(info)].filter(([, volume]) => idOf.has(volume));
            const writers = Object.fromEntries(volumes.map(([, volume]) => [volume, idOf.get(volume)]));
            const files: Record<string, Buffer> = {};
            if (labels[STAND_IN_LABEL] !== undefined) {
                const nameless = info.Mounts.filter(
                    ({ Type, Name }) => Type === "volume" && /^[0-9a-f]{64}$/.test(Name ?? ""),
                );
                for (const { Destination } of nameless)
                    if (info.HostConfig.Mounts?.some(({ Target }) => Target === Destination))
                        files[Destination] = await filesIn(engine, id, Destination);
            }
            return [name, { info, writers, files }] as const;
        }),
    );
    return new Map(kept.filter((one) => one !== undefined));
}
