/** Single requests of the Engine API: over a socket, a named pipe, TCP, TLS and ssh. */
import { existsSync, readFileSync } from "node:fs";
import * as http from "node:http";
import * as https from "node:https";
import { join } from "node:path";
import { Readable } from "node:stream";
import { StringDecoder } from "node:string_decoder";

import type { Endpoint } from "./endpoint";
import { messageOf } from "./errors";
import { sshAgent } from "./ssh";

export interface EngineRequest {
    method?: string;
    path: string;
    headers?: Record<string, string>;
    body?: Readable | Buffer;
    /** Fails when this many milliseconds pass without any data. Infinity: never. @default 30 s */
    idleMs?: number;
    /** Called when the Engine has begun to answer. */
    onOpen?: () => void;
    /** Called with each line of a streamed answer. */
    onLine?: (line: string) => void;
    /** Called with the bytes of an answer that is no refusal, as they come; they are not kept. */
    onData?: (bytes: Buffer) => void;
}

export interface EngineAnswer {
    status: number;
    /** The whole body. */
    readonly bytes: Buffer;
    /** The same as text. */
    readonly body: string;
}

/** Thrown when the engine stays silent, so that callers can tell a blocked route from a refusal. */
export class EngineSilent extends Error {
    override name = "EngineSilent";
}

/** Thrown when the Engine ends in the middle of an answer: nobody knows what it did of it. */
export class EngineGone extends Error {
    override name = "EngineGone";

    constructor(cause: Error) {
        super(`The Docker Engine broke off in the middle of an answer (${cause.message})`, { cause });
    }
}

const BROKEN_OFF = ["ECONNRESET", "EPIPE"];

/** The files of a folder of certificates that are there. */
function tlsFiles({ certPath, insecure }: Endpoint): https.RequestOptions {
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

/** How Node reaches an Engine. */
export function requestOptions(endpoint: Endpoint, path: string): https.RequestOptions {
    const target = checkAddress(endpoint);
    // Where an Engine has no name. Behind TLS, Node checks its certificate for what is said here.
    const headers = { Host: "docker" };
    if (target === undefined)
        return { agent: false, headers, socketPath: endpoint.url.replace(/^\w+:\/\//, ""), path };
    if (target.protocol === "ssh:") return { agent: agentFor(target), headers, path };
    const secure = endpoint.certPath !== undefined || target.protocol === "https:";
    return {
        agent: false,
        protocol: secure ? "https:" : "http:",
        host: target.hostname.replace(/^\[|\]$/g, ""),
        port: target.port || (secure ? 2376 : 2375),
        path: target.pathname.replace(/\/$/, "") + path,
        ...(secure ? tlsFiles(endpoint) : {}),
    };
}

/** Hands on each line, but for empty ones, of a text that comes in pieces. */
export function byLine(onLine: (line: string) => void): { add: (bytes: Buffer) => void; end: () => void } {
    const decoder = new StringDecoder("utf8");
    let rest = "";
    return {
        add: (bytes) => {
            const lines = (rest + decoder.write(bytes)).split("\n");
            rest = lines.pop() ?? "";
            for (const line of lines) if (line.trim()) onLine(line);
        },
        end: () => {
            if (rest.trim()) onLine(rest);
        },
    };
}

/** One request of the Docker Engine API, without a version prefix: the engine's own newest is right for these few. */
export function callEngine(endpoint: Endpoint, request: EngineRequest): Promise<EngineAnswer> {
    const { idleMs = 30_000, body, onLine, onOpen, onData } = request;
    return new Promise((resolve, reject) => {
        const options = requestOptions(endpoint, request.path);
        const outgoing = (options.protocol === "https:" ? https : http).request({
            ...options,
            method: request.method ?? "GET",
            headers: { ...(options.headers as http.OutgoingHttpHeaders), ...request.headers },
        });
        let timer: NodeJS.Timeout | undefined;
        const alive = () => {
            clearTimeout(timer);
            if (idleMs === Infinity) return;
            timer = setTimeout(() => {
                outgoing.destroy(new EngineSilent(`no answer for ${Math.round(idleMs / 1000)} s`));
            }, idleMs);
        };
        const fail = (error: NodeJS.ErrnoException) => {
            clearTimeout(timer);
            reject(BROKEN_OFF.includes(error.code ?? "") ? new EngineGone(error) : error);
        };
        alive();
        outgoing.on("error", fail);
        outgoing.on("response", (response) => {
            const { statusCode: status = 0 } = response;
            const chunks: Buffer[] = [];
            const lines = onLine && byLine(onLine);
            response.on("data", (chunk: Buffer) => {
                alive();
                try {
                    if (onData && status < 400) return onData(chunk);
                    chunks.push(chunk);
                    if (status < 400) lines?.add(chunk);
                } catch (error) {
                    // What a listener throws must not end the process.
                    outgoing.destroy(error as Error);
                    fail(error as Error);
                }
            });
            response.on("error", fail);
            response.on("end", () => {
                clearTimeout(timer);
                try {
                    lines?.end();
                } catch (error) {
                    return reject(error as Error);
                }
                const bytes = Buffer.concat(chunks);
                resolve({
                    status,
                    bytes,
                    get body() {
                        return bytes.toString("utf8");
                    },
                });
            });
            if (status < 400) onOpen?.();
        });
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
export function refusal(answer: Pick<EngineAnswer, "status" | "body">): string {
    try {
        return (JSON.parse(answer.body) as { message?: string }).message ?? answer.body;
    } catch {
        return answer.body.trim() || `HTTP status ${answer.status}`;
    }
}

/** Whether an Engine answers there; else why not. */
export async function ping(
    endpoint: Endpoint,
): Promise<{ ok: true } | { ok: false; reason: string; code?: string }> {
    try {
        const idleMs = endpoint.url.startsWith("ssh:") ? 20_000 : 3_000;
        const answer = await callEngine(endpoint, { path: "/_ping", idleMs });
        if (answer.status === 200) return { ok: true };
        return { ok: false, reason: `HTTP status ${answer.status}` };
    } catch (error) {
        return { ok: false, reason: messageOf(error), code: (error as NodeJS.ErrnoException).code };
    }
}
