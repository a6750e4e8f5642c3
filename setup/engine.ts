import { withoutPasswords } from "../components/redact";
import { type Endpoint, resolveEndpoint } from "./endpoint";
import { ping } from "./engine-api";
import { installEngine } from "./engine-install";
import { SetupError } from "./errors";
import type { Machine } from "./machine";

export interface EngineEffects {
    ping: typeof ping;
    /** Installs and starts an engine on the default socket, or says how to. */
    install: (machine: Machine, socket: string) => Promise<void>;
}

/** Finds a Docker Engine that answers; where none was named and none is there, installs one or says how to. */
export async function ensureEngine(
    machine: Machine,
    configured: string | undefined,
    effects: EngineEffects = { ping, install: installEngine },
): Promise<Endpoint> {
    const { candidates, explicit } = resolveEndpoint(machine, configured);
    for (const endpoint of candidates) {
        const result = await effects.ping(endpoint);
        if (result.ok) return endpoint;
        if (explicit) {
            throw new SetupError(
                `No Docker Engine answers at ${withoutPasswords(endpoint.url)}, which ${endpoint.source} names (${result.reason}): ` +
                    `start it there, or point ${endpoint.source} elsewhere.`,
            );
        }
        if (result.code === "EACCES") {
            throw new SetupError(
                `The Docker Engine at ${withoutPasswords(endpoint.url)} is not open to this user: run ` +
                    "`sudo usermod -aG docker $USER`, log out and in, and run the same command again.",
            );
        }
    }
    const [first] = candidates;
    if (!first) throw new SetupError("No place to look for a Docker Engine is known: set DOCKER_HOST.");
    await effects.install(machine, first.url);
    const result = await effects.ping(first);
    if (!result.ok)
        throw new SetupError(`The Docker Engine was started but does not answer: ${result.reason}.`);
    return first;
}

/** Variables that make Pulumi's providers and the docker CLI use that engine. */
export function engineEnv(endpoint: Endpoint | undefined): Record<string, string> {
    if (endpoint === undefined) return {};
    const byDefault =
        endpoint.url === "unix:///var/run/docker.sock" || endpoint.url === "npipe:////./pipe/docker_engine";
    // The provider records the host it is given, so the default one stays unsaid: plain `pulumi up` must see no change.
    const host: Record<string, string> = byDefault ? {} : { DOCKER_HOST: endpoint.url };
    return endpoint.certPath
        ? { ...host, DOCKER_CERT_PATH: endpoint.certPath, DOCKER_TLS_VERIFY: "1" }
        : host;
}
