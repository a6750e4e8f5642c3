/**
 * The connection to a Docker Engine, for what no resource of the docker provider can do, and for the embedded docker
 * plugin.
 */
import type Docker from "dockerode";
import type { DockerOptions } from "dockerode";

import { type Endpoint, type EngineConfig, resolveEndpoint } from "./endpoint";
import { messageOf } from "./errors";
import { tlsFiles } from "./request";
import { sshAgent } from "./ssh";

export { type Endpoint, type EngineConfig, resolveEndpoint } from "./endpoint";

export type Engine = Docker;

/** An endpoint as dockerode wants it. */
export function engineOptions(endpoint: Endpoint): DockerOptions {
    const { url: host, certPath } = endpoint;
    // docker-modem fills in what DOCKER_HOST says for what is missing here, so nothing is.
    const plain = {
        host: undefined,
        port: undefined,
        socketPath: undefined,
        pathPrefix: "/",
        protocol: "http",
    } as const;
    const [, scheme, rest] = /^([a-z]+):\/\/(.*)$/.exec(host) ?? [];
    switch (scheme) {
        case "unix":
        case "npipe":
            return { ...plain, socketPath: rest } as DockerOptions;
        case "ssh":
            // The path is never opened: the agent makes every connection.
            return {
                ...plain,
                socketPath: "ssh",
                agent: sshAgent(new URL(host)),
            } as unknown as DockerOptions;
        case "tcp":
        case "http":
        case "https": {
            const url = new URL(host.replace(/^tcp:/, "http:"));
            const secure = certPath !== undefined || scheme === "https";
            const port = Number(url.port || (secure ? 2376 : 2375));
            const base = { ...plain, host: url.hostname, port, pathPrefix: url.pathname };
            if (!secure) return base as DockerOptions;
            return {
                ...base,
                protocol: "https",
                ...tlsFiles(endpoint),
            } as DockerOptions;
        }
        default:
            throw new Error(
                `The Docker host "${host}" is none that can be reached: give unix:///path, tcp://host:port, ` +
                    `ssh://user@host or npipe:////./pipe/name.`,
            );
    }
}

/**
 * Connects to the Engine. dockerode is loaded here and not before: an `up` without a change needs no Engine.
 *
 * @throws Error one sentence, where no Engine answers
 */
export const connect = (config: EngineConfig = {}): Promise<Engine> => connectTo(resolveEndpoint(config));

/** The same where the Engine is known. */
export async function connectTo(endpoint: Endpoint): Promise<Engine> {
    const { default: Client } = await import("dockerode");
    const engine = new Client(engineOptions(endpoint));
    try {
        await engine.ping();
    } catch (error) {
        throw new Error(
            `Cannot connect to the Docker daemon at ${endpoint.url} (${messageOf(error)}). Is the docker daemon running?`,
        );
    }
    return engine;
}
