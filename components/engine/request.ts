/** Single requests of the Engine API, for what must not wait until dockerode is loaded. */
import { existsSync, readFileSync } from "node:fs";
import * as http from "node:http";
import * as https from "node:https";
import { join } from "node:path";
import { Readable } from "node:stream";

import type { Endpoint } from "./endpoint";
import { sshAgent } from "./ssh";

export interface EngineRequest {
    method?: string;
    path: string;
    headers?: Record<string, string>;
    body?: Readable | Buffer;
    /** Fails when this many milliseconds pass without any data. Default 30 s. */
    idleMs?: number;
    /** Called with each line of a streamed answer. */
    onLine?: (line: string) => void;
}

export interface EngineAnswer {
    status: number;
    /** The whole body as text. */
    body: string;
}

/** Thrown when the engine stays silent, so that callers can tell a blocked route from a refusal. */
export class EngineSilent extends Error {
    override name = "EngineSilent";
}

/** The files of a folder of certificates that are there. */
export function tlsFiles({ certPath, insecure }: Endpoint): https.RequestOptions {
    if (certPath === undefined) return {};
    const read = (name: string) => {
        const path = join(certPath, name);
        if (existsSync(path)) return readFileSync(path);
        throw new Error(
            `The Docker Engine is reached over TLS and ${path} is missing: create it, or unset DOCKER_TLS_VERIFY and DOCKER_CERT_PATH.`,
        );
    };
    const check = insecure ? { rejectUnauthorized: false } : { ca: read("ca.pem") };
    return { ...check, cert: read("cert.pem"), key: read("key.pem") };
}

/** @throws Error where it is no address of an Engine */
export function checkAddress({ url, source }: Endpoint): URL | undefined {
    if (/^(?:unix|npipe):\/\/.+$/.test(url)) return undefined;
    try {
        const target = new URL(url);
        if (["tcp:", "http:", "https:", "ssh:"].includes(target.protocol)) return target;
    } catch {
        // Said below.
    }
    // Without what a URL may hold before its host: that can be a password.
    throw new Error(
        `${source} is "${url.replace(/\/\/[^/@]*@/, "//")}", which is no Engine address: use unix://, tcp:// or ssh://.`,
    );
}

/** One for each host, since each counts its own connections, and sshd drops those that knock all at once. */
const agents = new Map<string, http.Agent>();
function agentFor(target: URL): http.Agent {
    const agent = agents.get(target.href) ?? sshAgent(target);
    agents.set(target.href, agent);
    return agent;
}

function open(endpoint: Endpoint, options: http.RequestOptions): http.ClientRequest {
    const target = checkAddress(endpoint);
    if (target === undefined)
        return http.request({ ...options, socketPath: endpoint.url.replace(/^\w+:\/\//, "") });
    if (target.protocol === "ssh:") return http.request({ ...options, agent: agentFor(target) });
    const secure = endpoint.certPath !== undefined || target.protocol === "https:";
    const address = {
        ...options,
        host: target.hostname.replace(/^\[|\]$/g, ""),
        port: target.port || (secure ? 2376 : 2375),
        path: target.pathname.replace(/\/$/, "") + String(options.path),
    };
    return secure ? https.request({ ...address, ...tlsFiles(endpoint) }) : http.request(address);
}

/** One request of the Docker Engine API, without a version prefix: the engine's own newest is right for these few. */
export function callEngine(endpoint: Endpoint, request: EngineRequest): Promise<EngineAnswer> {
    const idleMs = request.idleMs ?? 30_000;
    return new Promise((resolve, reject) => {
        const outgoing = open(endpoint, {
            method: request.method ?? "GET",
            path: request.path,
            headers: { Host: "docker", ...request.headers },
            agent: false,
        });
        let timer: NodeJS.Timeout | undefined;
        const alive = () => {
            clearTimeout(timer);
            timer = setTimeout(() => {
                outgoing.destroy(new EngineSilent(`no answer for ${Math.round(idleMs / 1000)} s`));
            }, idleMs);
        };
        const fail = (error: Error) => {
            clearTimeout(timer);
            reject(error);
        };
        alive();
        outgoing.on("error", fail);
        outgoing.on("response", (response) => {
            let body = "";
            let rest = "";
            response.setEncoding("utf8");
            response.on("data", (chunk: string) => {
                alive();
                body += chunk;
                const lines = (rest + chunk).split("\n");
                rest = lines.pop() ?? "";
                for (const line of lines) if (line.trim()) request.onLine?.(line);
            });
            response.on("error", fail);
            response.on("end", () => {
                clearTimeout(timer);
                resolve({ status: response.statusCode ?? 0, body });
            });
        });
        const { body } = request;
        if (body instanceof Readable) {
            body.on("data", alive);
            body.on("error", (error) => outgoing.destroy(error));
            body.pipe(outgoing);
        } else {
            outgoing.end(body);
        }
    });
}

/** The engine's own words in a refusal. */
export function refusal(answer: EngineAnswer): string {
    try {
        return (JSON.parse(answer.body) as { message?: string }).message ?? answer.body;
    } catch {
        return answer.body.trim() || `HTTP status ${answer.status}`;
    }
}
