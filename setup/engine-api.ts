import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import * as http from "node:http";
import * as https from "node:https";
import { join } from "node:path";
import { Duplex, Readable } from "node:stream";
import type { Endpoint } from "./endpoint";
import { SetupError, messageOf } from "./errors";

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

// docker-modem's way to a remote engine, and the docker CLI's: the API is spoken over `docker system dial-stdio`.
function dialSsh(url: URL): Duplex {
    const args = ["-T", "-o", "ConnectTimeout=10"];
    if (url.username) args.push("-l", decodeURIComponent(url.username));
    if (url.port) args.push("-p", url.port);
    const child = spawn("ssh", [...args, "--", url.hostname, "docker", "system", "dial-stdio"], {
        stdio: ["pipe", "pipe", "inherit"],
    });
    const stream = Duplex.from({ readable: child.stdout, writable: child.stdin });
    child.on("error", (error) => stream.destroy(error));
    stream.on("close", () => child.kill());
    // What node:http calls on a socket, and a pipe does not have.
    return Object.assign(stream, {
        setTimeout: () => stream,
        setNoDelay: () => stream,
        setKeepAlive: () => stream,
    });
}

function open(endpoint: Endpoint, options: http.RequestOptions): http.ClientRequest {
    const { url, certPath } = endpoint;
    const socket = /^(?:unix|npipe):\/\/(.+)$/.exec(url)?.[1];
    if (socket) return http.request({ ...options, socketPath: socket });
    let target: URL;
    try {
        target = new URL(url);
    } catch {
        throw new SetupError(
            `${endpoint.source} is "${url}", which is no engine address: use unix://, tcp:// or ssh://.`,
        );
    }
    if (target.protocol === "ssh:") {
        return http.request({ ...options, agent: undefined, createConnection: () => dialSsh(target) });
    }
    if (!["tcp:", "http:", "https:"].includes(target.protocol)) {
        throw new SetupError(
            `${endpoint.source} is "${url}", which is no engine address: use unix://, tcp:// or ssh://.`,
        );
    }
    const secure = certPath !== undefined || target.protocol === "https:";
    const address = { ...options, host: target.hostname, port: target.port || (secure ? 2376 : 2375) };
    if (!secure) return http.request(address);
    const read = (name: string) => (certPath ? readFileSync(join(certPath, name)) : undefined);
    return https.request({ ...address, ca: read("ca.pem"), cert: read("cert.pem"), key: read("key.pem") });
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

/** Whether an engine answers there; else why not. */
export async function ping(
    endpoint: Endpoint,
): Promise<{ ok: true } | { ok: false; reason: string; code?: string }> {
    try {
        const idleMs = endpoint.url.startsWith("ssh:") ? 20_000 : 3_000;
        const answer = await callEngine(endpoint, { path: "/_ping", idleMs });
        if (answer.status === 200) return { ok: true };
        return { ok: false, reason: `HTTP status ${answer.status}` };
    } catch (error) {
        if (error instanceof SetupError) throw error;
        return { ok: false, reason: messageOf(error), code: (error as NodeJS.ErrnoException).code };
    }
}

/** The engine's own words in a refusal. */
export function refusal(answer: EngineAnswer): string {
    try {
        return (JSON.parse(answer.body) as { message?: string }).message ?? answer.body;
    } catch {
        return answer.body.trim() || `HTTP status ${answer.status}`;
    }
}
