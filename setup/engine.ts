import { withoutPasswords } from "../text/redact";
import {
    DEFAULT_SOURCE,
    defaultSockets,
    ENGINE_URL,
    type Endpoint,
    resolveEndpoint,
} from "../engine/endpoint";
import { checkAddress, ping } from "../engine/http";
import { installEngine } from "./engine-install";
import { messageOf, SetupError } from "./errors";
import type { Machine } from "./machine";

export interface Candidates {
    candidates: Endpoint[];
    /** True when configuration, environment or context named the engine: then no other one is tried or installed. */
    explicit: boolean;
}

/**
 * The engine that the docker CLI would use, with the stack's own setting first, else the places where one usually is.
 *
 * @throws SetupError where what names it is wrong
 */
export function engineCandidates(machine: Machine, configured: string | undefined): Candidates {
    if (configured !== undefined && !ENGINE_URL.test(configured))
        throw new SetupError(
            `private-registry:dockerHost is "${withoutPasswords(configured)}"; it must be a URL that begins with unix://, tcp://, ssh:// ` +
                "or npipe://: pulumi config set dockerHost ssh://root@docker.example.com, or pulumi config rm dockerHost.",
        );
    let endpoint: Endpoint;
    try {
        const { env, home } = machine;
        endpoint = resolveEndpoint(
            { host: configured },
            { env, home, source: "private-registry:dockerHost" },
        );
        checkAddress(endpoint);
    } catch (error) {
        throw new SetupError(messageOf(error));
    }
    if (endpoint.source !== DEFAULT_SOURCE) return { candidates: [endpoint], explicit: true };
    const candidates = defaultSockets(machine).map((url) => ({ url, source: DEFAULT_SOURCE }));
    return { candidates, explicit: false };
}

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
    const { candidates, explicit } = engineCandidates(machine, configured);
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

/**
 * Variables that make Pulumi's providers and the docker CLI use that engine.
 *
 * @param inherited what they would have without
 */
export function engineEnv(
    endpoint: Endpoint | undefined,
    inherited: NodeJS.ProcessEnv = process.env,
): Record<string, string> {
    if (endpoint === undefined) return {};
    const env: Record<string, string> = {};
    // The provider records the host it is given, so the default one stays unsaid: plain `pulumi up` must see no change.
    const byDefault =
        endpoint.url === "unix:///var/run/docker.sock" || endpoint.url === "npipe:////./pipe/docker_engine";
    if (!byDefault) env.DOCKER_HOST = endpoint.url;
    if (endpoint.certPath) {
        env.DOCKER_CERT_PATH = endpoint.certPath;
        env[endpoint.insecure ? "DOCKER_TLS" : "DOCKER_TLS_VERIFY"] = "1";
    }
    // The official provider takes DOCKER_CONTEXT before any host, and a DOCKER_CERT_PATH alone for TLS; the CLI neither.
    if (!byDefault && inherited.DOCKER_CONTEXT) env.DOCKER_CONTEXT = "";
    if (inherited.DOCKER_CERT_PATH) env.DOCKER_CERT_PATH ??= "";
    return env;
}
