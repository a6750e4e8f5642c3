/** The running registry of a stack, for the commands that collect. */
import { connectTo, type Engine } from "../../engine/client";
import type { Endpoint } from "../../engine/endpoint";
import type { ContainerInspectInfo } from "../../engine/types";
import { DEFAULT_FRONT_IMAGE, RCLONE_IMAGE } from "../../address/default-images";
import { ensureEngine } from "../../setup/engine";
import { SetupError } from "../../setup/errors";
import { ensureImages, nameInEngine } from "../../setup/image";
import type { Machine } from "../../setup/machine";
import { type EarlySettings, findStack, prefixOf, type Stack, isOnCluster } from "../../setup/stack";
import { isOf, stackIdentity } from "../shared/identity";
import { withClusterRegistry } from "../shared/on-cluster";
import { processText } from "../shared/process";

import type { Owner } from "./containers";
import { inspect } from "./engine";
import type { Ground } from "./ground";
import { mendClusterFirst, mendFirst } from "./notice";
import { clusterGround } from "./on-cluster";
import { EngineGround } from "./on-engine";

/** The running registry of a stack, wherever that is. */
export interface RunningRegistry {
    machine: Machine;
    stack: Stack;
    ground: Ground;
}

/** The same on an Engine. */
export interface StackRegistry extends RunningRegistry {
    endpoint: Endpoint;
    engine: Engine;
    registry: ContainerInspectInfo;
    owner: Owner;
}

/** The stack's place, once what a killed collection left is mended. @param force also where its process may be at work */
export async function mendedStack(machine: Machine, args: string[], force = false) {
    const stack = findStack(machine, args);
    const endpoint = await ensureEngine(machine, stack.settings.dockerHost);
    await mendFirst(machine, endpoint, stack, force);
    return { machine, stack, endpoint };
}

/**
 * @param command that is going to work on it, such as "retain"
 * @throws SetupError where none runs
 */
export async function runningRegistry(
    { machine, stack, endpoint }: Pick<StackRegistry, "machine" | "stack" | "endpoint">,
    command: string,
): Promise<StackRegistry> {
    const prefix = prefixOf(stack);
    const engine = await connectTo(endpoint);
    const registry = await inspect(engine, stack.settings.containerName ?? prefix);
    const identity = await stackIdentity(machine, stack);
    if (
        registry === undefined ||
        !isOf(registry.Config.Labels, prefix, identity) ||
        !registry.State.Running
    ) {
        throw new SetupError(
            `No registry of ${prefix} is running in this Engine: npm run up -- --stack ${stack.name}`,
        );
    }
    const owner = { prefix, identity, process: processText(), command };
    const place = { machine, stack, endpoint, engine };
    return { ...place, registry, owner, ground: new EngineGround(engine, registry, owner, imagesOf(place)) };
}

/**
 * Works on the registry of a stack, wherever it runs, once what a killed command left is mended.
 *
 * @param flags.mend also where its process may be at work
 * @param work gets what finds the running registry for a command, such as "gc"
 */
export async function withMendedStack<T>(
    machine: Machine,
    args: string[],
    flags: { mend?: boolean | undefined; "config-file"?: string | undefined },
    work: (running: (command: string) => Promise<RunningRegistry>) => Promise<T>,
): Promise<T> {
    const stack = findStack(machine, args);
    if (!isOnCluster(stack)) {
        const place = await mendedStack(machine, args, flags.mend);
        return work((command) => runningRegistry(place, command));
    }
    return withClusterRegistry(machine, stack, flags["config-file"], async (registry) => {
        await mendClusterFirst(machine, registry, flags.mend);
        return work(async (command) => ({ machine, stack, ground: await clusterGround(registry, command) }));
    });
}

/** The version of a registry, in its own words; and whether it is of release 2. */
export async function versionOf({ ground }: RunningRegistry): Promise<{ text: string; old: boolean }> {
    const text = await ground.version();
    return { text, old: / v?2\./.test(text) };
}

type ImagePlace = Pick<StackRegistry, "machine" | "stack" | "endpoint" | "engine">;

/** The ID of an image that only some commands need, which is had as those of the stack are. */
async function imageId(
    { machine, stack, endpoint, engine }: ImagePlace,
    image: string,
    wanted: EarlySettings,
): Promise<string> {
    const settings = { ...stack.settings, front: false, cache: false, nexus: false, ...wanted };
    await ensureImages(machine, endpoint, settings);
    const { Id } = await engine.getImage(await nameInEngine(endpoint, image)).inspect();
    return Id;
}

/** The ID of the gate's image. */
export const gateImage = (of: ImagePlace) =>
    imageId(of, of.stack.settings.frontImage ?? DEFAULT_FRONT_IMAGE, { front: true });

/** The images that some commands need beside the registry's. */
export const imagesOf = (of: ImagePlace) => ({
    gate: () => gateImage(of),
    rclone: () => rcloneImage(of),
});

/** The ID of rclone's image. */
export const rcloneImage = (of: ImagePlace) => imageId(of, RCLONE_IMAGE, { rclone: true });
