/**
 * The connection to a Docker Engine, for what no resource of the docker provider can do, and for the embedded docker
 * plugin.
 */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

import type Docker from "dockerode";
import type { DockerOptions } from "dockerode";

import { contextOf } from "./context";
import { messageOf } from "./errors";
import { sshAgent } from "./ssh";

export type Engine = Docker;

/** Where an Engine listens. */
export interface Endpoint {
    /** As in DOCKER_HOST: unix://, npipe://, tcp://, http://, https:// or ssh://. */
    host: string;
    /** Folder with ca.pem, cert.pem and key.pem, for an Engine behind TLS. */
    certPath?: string | undefined;
}

/** As the docker provider's arguments of these names. */
export interface EngineConfig {
    /** As in DOCKER_HOST. */
    host?: string | undefined;
    /** Name of a context of the docker CLI. */
    context?: string | undefined;
    certPath?: string | undefined;
}

const DEFAULT_HOST =
    process.platform === "win32" ? "npipe:////./pipe/docker_engine" : "unix:///var/run/docker.sock";

/** The Engine that the official provider takes: a context, the host given, DOCKER_HOST, the default socket. */
export function resolveEndpoint(given: EngineConfig, env: NodeJS.ProcessEnv = process.env): Endpoint {
    const certPath = given.certPath || env.DOCKER_CERT_PATH || undefined;
    const context = given.context || env.DOCKER_CONTEXT;
    if (context && context !== "default") return { certPath, ...contextOf(context, env) };
    return { host: given.host || env.DOCKER_HOST || DEFAULT_HOST, certPath };
}

function tls(folder: string): DockerOptions {
    const file = (name: string) => {
        const path = join(folder, name);
        if (existsSync(path)) return readFileSync(path);
        throw new Error(
            `The Docker Engine is reached over TLS and ${path} is missing: create it, or unset DOCKER_CERT_PATH.`,
        );
    };
    return { ca: file("ca.pem"), cert: file("cert.pem"), key: file("key.pem"), protocol: "https" };
}

/** An endpoint as dockerode wants it. */
export function engineOptions({ host, certPath }: Endpoint): DockerOptions {
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
                ...(certPath === undefined ? { protocol: "https" } : tls(certPath)),
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
export async function connect(config: EngineConfig = {}): Promise<Engine> {
    const endpoint = resolveEndpoint(config);
    const { default: Client } = await import("dockerode");
    const engine = new Client(engineOptions(endpoint));
    try {
        await engine.ping();
    } catch (error) {
        throw new Error(
            `Cannot connect to the Docker daemon at ${endpoint.host} (${messageOf(error)}). Is the docker daemon running?`,
        );
    }
    return engine;
}
