import type { ImageInspectInfo } from "dockerode";

import type { Engine } from "../../components/engine/client";
import { found, messageOf } from "../../components/engine/errors";
import { credentialsFor } from "./registry-auth";

interface Progress {
    error?: string;
}

async function pull(engine: Engine, name: string, platform: string | undefined): Promise<void> {
    const authconfig = await credentialsFor(name);
    // Without a tag the Engine would pull every one.
    const tagged = /[:@][^/]*$/.test(name) ? name : `${name}:latest`;
    const stream = await engine.pull(tagged, {
        ...(platform ? { platform } : {}),
        ...(authconfig ? { authconfig } : {}),
    });
    await new Promise<void>((resolve, reject) => {
        engine.modem.followProgress(stream, (error: Error | null, events: Progress[] | undefined) => {
            const failure = error ?? events?.find((event) => event.error !== undefined)?.error;
            if (failure) reject(failure instanceof Error ? failure : new Error(failure));
            else resolve();
        });
    });
}

/**
 * The image of that name or ID; pulled where the Engine does not have it.
 *
 * @param platform such as linux/arm64. Default: the Engine's own
 * @throws Error one sentence, where it is neither there nor to be pulled
 */
export async function ensureImage(
    engine: Engine,
    name: string,
    platform?: string,
): Promise<ImageInspectInfo> {
    const inspect = () => found(() => engine.getImage(name).inspect());
    const local = await inspect();
    if (local) return local;
    if (/^sha256:/.test(name)) {
        throw new Error(
            `The Docker host has no image ${name}, and an ID cannot be pulled: give the image's name.`,
        );
    }
    try {
        await pull(engine, name, platform);
    } catch (error) {
        throw new Error(
            `Unable to pull image ${name}: ${messageOf(error)}. Check its name and the network, ` +
                `or put the image on the Docker host with \`docker load\`.`,
        );
    }
    const pulled = await inspect();
    if (!pulled) throw new Error(`Image ${name} was pulled, and the Docker host does not have it.`);
    return pulled;
}
