import { join } from "node:path";
import type { Endpoint } from "./endpoint";
import { EngineSilent, callEngine, refusal } from "./engine-api";
import { SetupError } from "./errors";
import { type ImageName, parseImage } from "../components/engine/image-name";
import { readJson } from "./json";
import type { Machine } from "./machine";
import { say, withProgress } from "./progress";

/** The engine reports progress several times a second, so silence this long means a route that is closed. */
const SILENCE_MS = 20_000;

interface PullLine {
    status?: string;
    id?: string;
    progressDetail?: { current?: number; total?: number };
    error?: string;
}

/** Pulls an image, a Docker Hub one through `mirror` where given. Returns the reason when it cannot be had. */
export async function pullImage(
    machine: Machine,
    engine: Endpoint,
    image: string,
    mirror: string | undefined,
): Promise<string | undefined> {
    const name = parseImage(image);
    const mirrored = mirror !== undefined && name.hub && !name.digest;
    const repository = mirrored
        ? `${mirror.replace(/^https?:\/\/|\/+$/g, "")}/${name.path}`
        : name.repository;
    say(`${image} is not in the Docker Engine, pulling it from ${mirrored ? mirror : name.host} …`);
    const reason = await pull(machine, engine, { ...parseImage(`${repository}:x`), tag: name.tag });
    if (reason !== undefined || !mirrored) return reason;
    const query = new URLSearchParams({ repo: name.repository, tag: name.tag });
    const source = encodeURIComponent(`${repository}:${name.tag}`);
    const tagged = await callEngine(engine, {
        method: "POST",
        path: `/images/${source}/tag?${query.toString()}`,
    });
    if (tagged.status !== 201)
        throw new SetupError(`The engine cannot name the mirrored image ${image}: ${refusal(tagged)}.`);
    return undefined;
}

async function pull(machine: Machine, engine: Endpoint, name: ImageName): Promise<string | undefined> {
    const query = new URLSearchParams({ fromImage: name.repository, tag: name.tag });
    const auth = registryAuth(machine, name.host);
    let failure: string | undefined;
    const layers = new Map<string, { current: number; total: number }>();
    try {
        return await withProgress(`pulling ${name.repository}:${name.tag}`, async (update) => {
            const answer = await callEngine(engine, {
                method: "POST",
                path: `/images/create?${query.toString()}`,
                headers: auth ? { "X-Registry-Auth": auth } : {},
                idleMs: SILENCE_MS,
                onLine: (text) => {
                    const line = JSON.parse(text) as PullLine;
                    failure ??= line.error;
                    const { current, total } = line.progressDetail ?? {};
                    if (line.status === "Downloading" && line.id && current && total) {
                        layers.set(line.id, { current, total });
                    }
                    update(`${megabytes(layers, "current")} of ${megabytes(layers, "total")} MB`);
                },
            });
            return answer.status === 200 ? failure : refusal(answer);
        });
    } catch (error) {
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

interface DockerConfig {
    auths?: Record<string, { auth?: string } | undefined>;
}

/** The user's `docker login` for a registry, as the engine wants it; logins kept by a credential helper are not read. */
export function registryAuth(machine: Machine, host: string): string | undefined {
    const file = join(machine.env.DOCKER_CONFIG || join(machine.home, ".docker"), "config.json");
    const { auths } = (readJson(file) ?? {}) as DockerConfig;
    const key = host === "docker.io" ? "https://index.docker.io/v1/" : host;
    const encoded = auths?.[key]?.auth;
    if (!encoded) return undefined;
    const text = Buffer.from(encoded, "base64").toString("utf8");
    const colon = text.indexOf(":");
    const login = { username: text.slice(0, colon), password: text.slice(colon + 1), serveraddress: key };
    return Buffer.from(JSON.stringify(login)).toString("base64url");
}
