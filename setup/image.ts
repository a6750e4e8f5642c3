import { type ListedImage, SOURCE_LABEL, imageToRun, listPath, ownBuild, standInName } from "./stand-ins";
import type { Endpoint } from "../engine/endpoint";
import { Engine } from "../engine/client";
import { found } from "../engine/errors";
import { callEngine, refusal } from "../engine/http";
import { SetupError, messageOf } from "./errors";
import { isImageName } from "../address/image-name";
import { type ImageNeed, neededImages } from "./image-needs";
import { pullImage } from "./image-pull";
import { loadTarball, tarballHas } from "./image-tarball";
import type { Machine } from "./machine";
import { say } from "./progress";
import type { EarlySettings } from "./stack";

export interface ImageEffects {
    /** Where the image in the engine came from, or what stands in for it; undefined when neither is there. */
    find: (image: string) => Promise<string | undefined>;
    /** Pulls it; the reason when it cannot. */
    pull: (image: string, mirror: string | undefined) => Promise<string | undefined>;
    /** Whether the tarball has it. A file that cannot be read fails when it is loaded. */
    has: (image: string, tarball: string) => Promise<boolean>;
    load: (image: string, tarball: string) => Promise<void>;
}

/** What to do where an image can be had nowhere. */
const instead = ({ key, image, fallback }: ImageNeed): string =>
    image === fallback
        ? `another image with \`pulumi config set --path ${key} IMAGE\``
        : `remove \`${key}\` to use ${fallback}`;

/**
 * Makes an image present in the engine: pulled, else loaded from the tarball, else built under a name of its own.
 *
 * @param again tries to pull it also where something stands in for it. @default false
 * @returns its source
 */
export async function provideImage(
    need: ImageNeed,
    { imageMirror, imageTarball }: EarlySettings,
    effects: ImageEffects,
    again = false,
): Promise<string> {
    const { title, image } = need;
    const present = await effects.find(image);
    if (present && !(again && present.startsWith(STANDS_IN))) return present;
    const refused = await effects.pull(image, imageMirror);
    if (refused !== undefined && present) {
        say(`${title}: ${image} cannot be pulled: ${refused}`);
    } else if (refused !== undefined) {
        say(`${title}: ${image} cannot be pulled: ${refused}`);
        // One file may hold several images. It must hold the registry's, which is what it is there for.
        const load =
            imageTarball !== undefined && (need.key === "image" || (await effects.has(image, imageTarball)));
        if (load) await effects.load(image, imageTarball);
        else if (need.build) await need.build();
        else {
            throw new SetupError(
                `The image ${image} is not in the Docker Engine and cannot be pulled (${refused}): name a mirror with ` +
                    "`pulumi config set imageMirror HOST`, or a file made by `docker save`, which may hold several images, " +
                    `with \`pulumi config set imageTarball FILE\`, or ${instead(need)}.`,
            );
        }
    }
    const source = await effects.find(image);
    if (!source) throw new SetupError(`The engine took ${image} but does not list it: see the engine's log.`);
    return source;
}

/** How long the Engine may stay silent. */
const IDLE_MS = 30_000;

/** Start of the source of an image that stands in for another one. */
const STANDS_IN = "private-registry/";

async function list(engine: Endpoint, images: readonly string[]): Promise<ListedImage[]> {
    const path = listPath(images);
    if (path === undefined) return [];
    const answer = await callEngine(engine, { path });
    if (answer.status !== 200)
        throw new SetupError(
            `The Docker Engine does not list its images: ${refusal(answer)}. Mend the engine.`,
        );
    return JSON.parse(answer.body) as ListedImage[];
}

/** The name under which an engine has a configured image: its own, or that of what stands in for it. */
export async function nameInEngine(engine: Endpoint, image: string): Promise<string> {
    return imageToRun(image, await list(engine, [image]));
}

/** Earlier versions of the kit gave what they built the official name: it gets the right one beside it. */
async function rename(engine: Endpoint, image: string, wrong: ListedImage): Promise<string | undefined> {
    const version = wrong.Labels?.["org.opencontainers.image.version"];
    const name = version === undefined ? undefined : standInName(image, version);
    if (name === undefined) return undefined;
    const at = name.lastIndexOf(":");
    try {
        const to = { repo: name.slice(0, at), tag: name.slice(at + 1) };
        await new Engine(engine, IDLE_MS).getImage(wrong.Id).tag(to);
    } catch (error) {
        throw new SetupError(`The engine cannot name the image ${name}: ${messageOf(error)}.`);
    }
    say(
        `${image} in this Engine is not the official image, but what an earlier version of the kit built. It is ${name} ` +
            `from now on; \`docker rmi ${image}\` takes the wrong name away.`,
    );
    return name;
}

async function find(engine: Endpoint, image: string): Promise<string | undefined> {
    const listed = await list(engine, [image]);
    let name = imageToRun(image, listed);
    const wrong = listed.find((one) => one.RepoTags?.includes(image) && ownBuild(one));
    if (name === image && wrong) name = (await rename(engine, image, wrong)) ?? image;
    const source = await sourceOf(engine, name);
    return source !== undefined && name !== image ? `${name}, ${source}` : source;
}

async function sourceOf(engine: Endpoint, image: string): Promise<string | undefined> {
    const inspected = await found(() => new Engine(engine, IDLE_MS).getImage(image).inspect()).catch(
        (error) => {
            throw new SetupError(
                `The Docker Engine cannot look up ${image}: ${messageOf(error)}. Mend the name or the engine.`,
            );
        },
    );
    if (inspected === undefined) return undefined;
    const labelled = inspected.Config?.Labels?.[SOURCE_LABEL];
    if (labelled) return `built from ${labelled}`;
    // Only a registry gives an image its digest.
    return inspected.RepoDigests?.length ? "pulled" : "loaded or built on this engine";
}

/**
 * Makes every image present that a stack with these settings runs.
 *
 * @param again tries to pull also those for which something stands in. @default false
 * @returns the title of each image → where it came from
 */
export async function ensureImages(
    machine: Machine,
    engine: Endpoint,
    settings: EarlySettings,
    again = false,
): Promise<Record<string, string>> {
    const effects: ImageEffects = {
        find: (image) => find(engine, image),
        pull: (image, mirror) => pullImage(machine, engine, image, mirror),
        has: tarballHas,
        load: (image, tarball) => loadTarball(engine, image, tarball),
    };
    const sources: Record<string, string> = {};
    // One after the other: their steps talk.
    for (const need of neededImages(machine, engine, settings)) {
        // The configuration is checked later, as a whole, and tells what is wrong with it.
        if (!isImageName(need.image)) continue;
        sources[need.title] = await provideImage(need, settings, effects, again);
    }
    return sources;
}
