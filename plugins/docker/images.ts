import type { ImageInspectInfo } from "../../engine/types";

import type { Engine } from "../../engine/client";
import { found, messageOf } from "../../engine/errors";
import { pull } from "../../engine/images";
import { credentialsFor } from "../../engine/login";

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
        await pull(engine, name, { platform, login: await credentialsFor(name) });
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
