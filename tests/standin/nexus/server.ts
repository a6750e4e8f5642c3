/** A STAND-IN for Sonatype Nexus Repository 3, for tests where the real image cannot be had. It is not Nexus. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

import { type Call, Refusal, type Reply } from "./call";
import { connectorOf, DockerApi } from "./docker";
import { REPOSITORY_ROUTES } from "./routes-repositories";
import { SYSTEM_ROUTES } from "./routes-system";
import { Store } from "./store";

export interface Options {
    /** Data folder. */
    folder: string;
    /** @default a free one of 127.0.0.1 */
    port?: number;
    host?: string;
    /** Milliseconds from the first answer, a 503, to the first good one. @default 0 */
    startUp?: number;
    /** Docker repositories with a port of their own answer there. @default false */
    connectors?: boolean;
    log?: (line: string) => void;
}

const BASE = "/service/rest";
const ROUTES = [...SYSTEM_ROUTES, ...REPOSITORY_ROUTES];

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
    const parts: Buffer[] = [];
    for await (const part of request) parts.push(part as Buffer);
    return Buffer.concat(parts);
}

function json(request: IncomingMessage, text: string): unknown {
    if (request.headers["content-type"] !== "application/json")
        throw new Refusal(415, "the body must be application/json");
    try {
        return JSON.parse(text) as unknown;
    } catch {
        throw new Refusal(400, "the body is not JSON");
    }
}

/** Whether the administrator asks. @throws Refusal for wrong credentials */
function isAdmin(request: IncomingMessage, store: Store): boolean {
    const [scheme, encoded = ""] = (request.headers.authorization ?? "").split(" ");
    if (!scheme || scheme === "Bearer") return false;
    const [user, ...password] = Buffer.from(encoded, "base64").toString("utf8").split(":");
    if (scheme !== "Basic" || user !== "admin" || !store.isAdmin(password.join(":"))) throw new Refusal(401);
    return true;
}

/** /repository/NAME/PATH: uploads and downloads, which the EULA blocks. */
function content(method: string, path: string, store: Store, admin: boolean): Reply {
    const [, name, file] = /^\/repository\/([^/]+)\/(.+)$/.exec(path) ?? [];
    const repository = store.data.repositories.find((one) => one.name === name);
    if (!repository || file === undefined) throw new Refusal(404);
    if (!store.data.eula) throw new Refusal(403, "The EULA is not accepted.");
    if (method === "PUT") {
        if (!admin) throw new Refusal(401);
        if (!repository.components.includes(file)) repository.components.push(file);
        store.save();
        return { status: 201 };
    }
    if (!admin && !store.data.anonymous.enabled) throw new Refusal(401);
    return { status: repository.components.includes(file) ? 200 : 404 };
}

function answer(request: IncomingMessage, text: string, store: Store): Reply {
    const url = new URL(request.url ?? "/", "http://stand-in");
    const method = request.method ?? "GET";
    if (/^\/service\/rest\/v1\/status(\/writable)?$/.test(url.pathname)) return { status: 200 };
    const admin = isAdmin(request, store);
    if (url.pathname.startsWith("/repository/")) return content(method, url.pathname, store, admin);
    if (!admin) throw new Refusal(store.data.anonymous.enabled ? 403 : 401);
    const path = url.pathname.slice(BASE.length);
    const fitting = ROUTES.filter(([, pattern]) => url.pathname.startsWith(BASE) && pattern.test(path));
    const route = fitting.find(([verb]) => verb === method);
    if (!route) throw new Refusal(fitting.length > 0 ? 405 : 404);
    if (/change-password$/.test(path) && request.headers["content-type"] !== "text/plain")
        throw new Refusal(415, "the body must be text/plain");
    const parts = [...(route[1].exec(path) ?? [])].slice(1).map(decodeURIComponent);
    const call: Call = { store, parts, query: url.searchParams, body: () => json(request, text), text };
    const reply = route[2](call);
    if (method !== "GET") store.save();
    return reply;
}

function send(response: ServerResponse, method: string | undefined, { status, body, headers }: Reply): void {
    const raw = typeof body === "string" || Buffer.isBuffer(body);
    const data = body === undefined ? "" : raw ? body : JSON.stringify(body);
    response.writeHead(status, {
        Server: "Nexus-stand-in (not Sonatype Nexus)",
        ...(data.length === 0
            ? {}
            : { "Content-Type": typeof body === "string" ? "text/plain" : "application/json" }),
        "Content-Length": Buffer.byteLength(data),
        ...headers,
    });
    response.end(method === "HEAD" ? "" : data);
}

/** Starts it. @returns the server and its URL */
export async function start(options: Options): Promise<{ server: Server; url: string; store: Store }> {
    const { folder, port = 0, host = "127.0.0.1", startUp = 0, log = () => undefined } = options;
    const store = new Store(folder);
    const docker = new DockerApi(store);
    const from = Date.now() + startUp;
    const reply = (request: IncomingMessage, data: Buffer, connector?: number): Reply => {
        try {
            if (Date.now() < from) throw new Refusal(503, "starting");
            if (connector !== undefined || request.url?.startsWith("/v2/"))
                return docker.answer(request, data, isAdmin(request, store), connector);
            return answer(request, data.toString("utf8"), store);
        } catch (error) {
            const { status, body } = error instanceof Refusal ? error : new Refusal(500, String(error));
            return { status, body };
        }
    };
    const serve = (connector?: number) =>
        createServer((request, response) => {
            void bodyOf(request).then((data) => {
                const answered = reply(request, data, connector);
                // Paths have no secrets, bodies do.
                log(`${connector ?? ""} ${request.method} ${request.url} ${answered.status}`.trim());
                send(response, request.method, answered);
                if (options.connectors) connect();
            });
        });
    const open = new Map<number, Server>();
    /** Opens the ports that repositories have, and closes those of repositories that are gone. */
    const connect = () => {
        const wanted = store.data.repositories.flatMap((one) => connectorOf(one) ?? []);
        for (const one of wanted) if (!open.has(one)) open.set(one, serve(one).listen(one, host));
        for (const [one, server] of open)
            if (!wanted.includes(one)) {
                server.close();
                open.delete(one);
            }
    };
    const server = serve();
    await new Promise<void>((done) => server.listen(port, host, done));
    if (options.connectors) connect();
    return { server, store, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
}
