import { Engine } from "../engine/client";
import type { Endpoint } from "../engine/endpoint";
import { EngineError } from "../engine/errors";
import { EngineSilent } from "../engine/http";
import { parseImage } from "../address/image-name";
import { pull as enginePull } from "../engine/images";
import { credentialsFor } from "../engine/login";
import { SetupError, messageOf } from "./errors";
import type { Machine } from "./machine";
import { say, withProgress } from "./progress";

/** The engine reports progress several times a second, so silence this long means a route that is closed. */
const SILENCE_MS = 20_000;

/**
 * Pulls an image, a Docker Hub one through `mirror` where given. Returns the reason when it cannot be had.
 *
 * @param newer the Engine has one of that name. @default false
 */
export async function pullImage(
    machine: Machine,
    engine: Endpoint,
    image: string,
    mirror: string | undefined,
    newer = false,
): Promise<string | undefined> {
    const { hub, digest, host, path, repository, tag } = parseImage(image);
    const mirrored = mirror !== undefined && hub && !digest;
    const why = newer ? ": looking for a newer one at" : " is not in the Docker Engine, pulling it from";
    say(`${image}${why} ${mirrored ? mirror : host} …`);
    const name = mirrored ? `${mirror.replace(/^https?:\/\/|\/+$/g, "")}/${path}:${tag}` : image;
    const reason = await pull(machine, engine, name);
    if (reason !== undefined || !mirrored) return reason;
    try {
        await new Engine(engine, SILENCE_MS).getImage(name).tag({ repo: repository, tag });
    } catch (error) {
        throw new SetupError(`The engine cannot name the mirrored image ${image}: ${messageOf(error)}.`);
    }
    return undefined;
}

async function pull(machine: Machine, engine: Endpoint, image: string): Promise<string | undefined> {
    const login = await credentialsFor(image, machine.env, machine.home).catch((error: unknown) => {
        throw new SetupError(messageOf(error));
    });
    const layers = new Map<string, { current: number; total: number }>();
    try {
        await withProgress(`pulling ${image}`, (update) =>
            enginePull(new Engine(engine, SILENCE_MS), image, {
                login,
                onProgress: ({ status, id, progressDetail: { current, total } = {} }) => {
                    if (status === "Downloading" && id && current && total)
                        layers.set(id, { current, total });
                    update(`${megabytes(layers, "current")} of ${megabytes(layers, "total")} MB`);
                },
            }),
        );
        return undefined;
    } catch (error) {
        if (error instanceof EngineError) return error.message;
        if (error instanceof EngineSilent) return `the engine got ${error.message}`;
        throw error;
    }
}

function megabytes(
    layers: Map<string, { current: number; total: number }>,
    key: "current" | "total",
): string {
    let bytes = 0;
    for (const layer of layers.values()) bytes += layer[key];
    return (bytes / 1e6).toFixed(1);
}
