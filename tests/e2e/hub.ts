/** A registry as Docker Hub is one: a login gets a token for each repository, TLS of an authority of its own. In the test itself, so that it can be cut. */
import { randomBytes } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import http from "node:http";
import https from "node:https";
import type { AddressInfo, Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { makeChain } from "./certificates";
import { RegistryClient } from "./http";
import { freePort } from "./stack";
import { Upstream } from "./upstream";

export const HUB = "hub.e2e.test";
export const LOGIN = { username: "robot", password: 'a {{ "pass" }} word' };

export class Hub {
    /** Past its logins: what is in it is put there so. */
    client = new RegistryClient(0);
    /** PEM of its authority. */
    ca = "";
    port = 0;
    /** Milliseconds before each answer. */
    delay = 0;
    /** Requests by method and path, without what asks for a token. */
    readonly asked: string[] = [];
    private readonly folder = mkdtempSync(join(tmpdir(), "private-registry-e2e-hub-"));
    readonly behind = new Upstream();
    private readonly tokens = new Set<string>();
    private readonly sockets = new Set<Socket>();
    private server: https.Server | undefined;

    get address(): string {
        return `${HUB}:${this.port}`;
    }

    async start(): Promise<void> {
        const [files] = await Promise.all([makeChain(this.folder, HUB), this.behind.start()]);
        const read = (name: string) => readFileSync(join(this.folder, name), "utf8");
        this.ca = read(files.root);
        this.client = new RegistryClient(Number(this.behind.address.split(":")[1]));
        const pair = { cert: read(files.leaf) + read(files.middle), key: read(files.leafKey) };
        this.server = https.createServer(pair, (request, response) => this.answer(request, response));
        this.server.on("secureConnection", (socket: Socket) => {
            this.sockets.add(socket);
            socket.on("close", () => this.sockets.delete(socket)).on("error", () => undefined);
        });
        const port = await freePort();
        await new Promise<void>((done) => this.server?.listen(port, "0.0.0.0", done));
        this.port = (this.server.address() as AddressInfo).port;
    }

    /** As a machine that is gone: open connections break, new ones are refused. */
    async stop(): Promise<void> {
        const closed = new Promise((done) => this.server?.close(done));
        for (const socket of this.sockets) socket.destroy();
        await closed;
    }

    /** Back again. */
    resume(): Promise<void> {
        return new Promise((done) => this.server?.listen(this.port, "0.0.0.0", done));
    }

    private answer(request: http.IncomingMessage, response: http.ServerResponse): void {
        const url = new URL(request.url ?? "/", `https://${HUB}`);
        const { authorization = "" } = request.headers;
        if (url.pathname === "/token") {
            const right = `Basic ${Buffer.from(`${LOGIN.username}:${LOGIN.password}`).toString("base64")}`;
            if (authorization !== right) {
                response.writeHead(401).end(`{"details":"incorrect username or password"}`);
                return;
            }
            const token = randomBytes(12).toString("hex");
            this.tokens.add(token);
            response.end(JSON.stringify({ token, expires_in: 300 }));
            return;
        }
        if (!this.tokens.has(authorization.replace(/^Bearer /, ""))) {
            const repository = /^\/v2\/(.+)\/(manifests|blobs|tags)\//.exec(url.pathname)?.[1];
            const scope = repository === undefined ? "" : `,scope="repository:${repository}:pull"`;
            const challenge = `Bearer realm="https://${this.address}/token",service="hub"${scope}`;
            response.writeHead(401, { "WWW-Authenticate": challenge }).end();
            return;
        }
        this.asked.push(`${request.method} ${url.pathname}`);
        setTimeout(() => this.pass(request, response), this.delay);
    }

    private pass(request: http.IncomingMessage, response: http.ServerResponse): void {
        const { authorization, host, ...headers } = request.headers;
        void [authorization, host];
        const [hostname, port] = this.behind.address.split(":");
        const options = { hostname, port, method: request.method, path: request.url, headers };
        const inner = http.request(options, (answer) => {
            response.writeHead(answer.statusCode ?? 502, answer.headers);
            answer.pipe(response);
        });
        inner.on("error", () => response.destroy());
        request.pipe(inner);
    }

    async dispose(): Promise<void> {
        await this.stop().catch(() => undefined);
        this.client.close();
        await this.behind.dispose();
        rmSync(this.folder, { recursive: true, force: true });
    }
}
