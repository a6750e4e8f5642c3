import { DEFAULT_IMAGE } from "../config/defaults";
import type { Endpoint } from "./endpoint";
import { callEngine, refusal } from "./engine-api";
import { SetupError } from "./errors";
import { buildImage } from "./image-build";
import { pullImage } from "./image-pull";
import { loadTarball } from "./image-tarball";
import type { Machine } from "./machine";
import { say } from "./progress";
import type { EarlySettings } from "./stack";

/** Label by which an image tells that it is not the official one. */
export const SOURCE_LABEL = "private-registry.source";

export interface ImageEffects {
    /** Where the image in the engine came from; undefined when it is not there. */
    find: (image: string) => Promise<string | undefined>;
    /** Pulls it; the reason when it cannot. */
    pull: (image: string, mirror: string | undefined) => Promise<string | undefined>;
    load: (image: string, tarball: string) => Promise<void>;
    build: (image: string) => Promise<void>;
}

/** Makes the registry image present in the engine: pulled, else loaded from the tarball, else built. Returns its source. */
export async function provideImage(settings: EarlySettings, effects: ImageEffects): Promise<string> {
    const image = settings.image ?? DEFAULT_IMAGE;
    const present = await effects.find(image);
    if (present) return present;
    const refused = await effects.pull(image, settings.imageMirror);
    if (refused !== undefined) {
        say(`Registry image: ${image} cannot be pulled: ${refused}`);
        if (settings.imageTarball) await effects.load(image, settings.imageTarball);
        else if (image === DEFAULT_IMAGE) await effects.build(image);
        else {
            throw new SetupError(
                `The image ${image} is not in the Docker Engine and cannot be pulled (${refused}): name a mirror with ` +
                    "`pulumi config set imageMirror HOST`, or a file made by `docker save` with " +
                    "`pulumi config set imageTarball FILE`, or remove `image` to use " +
                    `${DEFAULT_IMAGE}.`,
            );
        }
    }
    const source = await effects.find(image);
    if (!source) throw new SetupError(`The engine took ${image} but does not list it: see the engine's log.`);
    return source;
}

interface Inspected {
    RepoDigests?: string[] | null;
    Config?: { Labels?: Record<string, string> | null } | null;
}

async function find(engine: Endpoint, image: string): Promise<string | undefined> {
    const answer = await callEngine(engine, { path: `/images/${encodeURIComponent(image)}/json` });
    if (answer.status === 404) return undefined;
    if (answer.status !== 200) {
        throw new SetupError(
            `The Docker Engine cannot look up ${image}: ${refusal(answer)}. Mend the name or the engine.`,
        );
    }
    const inspected = JSON.parse(answer.body) as Inspected;
    const labelled = inspected.Config?.Labels?.[SOURCE_LABEL];
    if (labelled) return `built from ${labelled}`;
    // Only a registry gives an image its digest.
    return inspected.RepoDigests?.length ? "pulled" : "loaded or built on this engine";
}

export function ensureImage(machine: Machine, engine: Endpoint, settings: EarlySettings): Promise<string> {
    return provideImage(settings, {
        find: (image) => find(engine, image),
        pull: (image, mirror) => pullImage(machine, engine, image, mirror),
        load: (image, tarball) => loadTarball(engine, image, tarball),
        build: (image) => buildImage(machine, engine, image),
    });
}
