/** The running registry of a stack, for the commands that collect. */
import { connectTo, type Engine } from "../../engine/client";
import type { Endpoint } from "../../engine/endpoint";
import type { ContainerInspectInfo } from "../../engine/types";
import { exec } from "../../engine/run";
import { DEFAULT_FRONT_IMAGE, RCLONE_IMAGE } from "../../address/default-images";
import { ensureEngine } from "../../setup/engine";
import { SetupError } from "../../setup/errors";
import { ensureImages, nameInEngine } from "../../setup/image";
import type { Machine } from "../../setup/machine";
import { type EarlySettings, findStack, prefixOf, type Stack } from "../../setup/stack";
import { isOf, stackIdentity } from "../shared/identity";
import { processText } from "../shared/process";

import type { Owner } from "./containers";
import { inspect } from "./engine";
import { mendFirst } from "./notice";

export interface StackRegistry {
    machine: Machine;
    stack: Stack;
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
    return {
        machine,
        stack,
        endpoint,
        engine,
        registry,
        owner: { prefix, identity, process: processText(), command },
    };
}

/** The version of a registry, in its own words; and whether it is of release 2. */
export async function versionOf({
    engine,
    registry,
}: StackRegistry): Promise<{ text: string; old: boolean }> {
    const text = (await exec(engine, registry.Id, ["/bin/registry", "--version"])).trim();
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
export const gateImage = (of: StackRegistry) =>
    imageId(of, of.stack.settings.frontImage ?? DEFAULT_FRONT_IMAGE, { front: true });

/** The ID of rclone's image. */
export const rcloneImage = (of: ImagePlace) => imageId(of, RCLONE_IMAGE, { rclone: true });
