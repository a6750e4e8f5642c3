/** A registry client that trusts one CA and nothing else (distribution spec, docs.docker.com/registry/spec/api). */
import { createHash, randomBytes } from "node:crypto";
import http from "node:http";
import https from "node:https";
import { isIP } from "node:net";

import { DOMAIN, PASSWORD, type Stack } from "./stack";

export interface Answer {
    status: number;
    headers: http.IncomingHttpHeaders;
    body: string;
}

export interface Request {
    method?: string | undefined;
    headers?: Record<string, string> | undefined;
    /** `user:password`. @default admin with the tests' password; "" for none */
    login?: string | undefined;
    body?: Buffer | AsyncIterable<Buffer> | undefined;
}

const TIMEOUT_MS = 30_000;

export const ACCEPT = "application/vnd.docker.distribution.manifest.v2+json";

/** Random data in parts of 10 kB. */
export async function* randomParts(count = 10): AsyncGenerator<Buffer> {
    for (let i = 0; i < count; i++) yield randomBytes(10_000);
}

/** A client of one registry, over TLS with its CA where one is given, else over plain HTTP. */
export class RegistryClient {
    private readonly agent;

    constructor(
        private readonly port: number,
        private readonly ca?: string,
        private readonly address = "127.0.0.1",
        private readonly serverName = DOMAIN,
        /** false: a connection for each request. A server may close one that is kept just when a request is under way. */
        keepAlive = true,
    ) {
        const options = { keepAlive, maxSockets: 4 };
        this.agent = ca === undefined ? new http.Agent(options) : new https.Agent(options);
    }

    /** The client of a stack's registry, with the CA that the stack gives out. */
    static async of(stack: Stack, address?: string): Promise<RegistryClient> {
        return new RegistryClient(stack.port, await stack.output("caCertificatePem"), address);
    }

    /** @param path on the registry, or a whole Location that it gave */
    async ask(path: string, { method = "GET", headers, login, body }: Request = {}): Promise<Answer> {
        const auth = login ?? `admin:${PASSWORD}`;
        const url = new URL(path, `http://${this.serverName}`);
        const options: https.RequestOptions = {
            agent: this.agent,
            host: this.address,
            port: this.port,
            method,
            path: url.pathname + url.search,
            timeout: TIMEOUT_MS,
            headers: { Host: this.serverName, ...headers },
            ...(auth === "" ? {} : { auth }),
            ...(this.ca === undefined ? {} : { ca: this.ca }),
            // An address is no name for it (RFC 6066 section 3).
            ...(this.ca === undefined || isIP(this.serverName) !== 0 ? {} : { servername: this.serverName }),
        };
        const request = (this.ca === undefined ? http : https).request(options);
        const answer = new Promise<Answer>((resolve, reject) => {
            request.on("error", (error: NodeJS.ErrnoException) => {
                // A server may close an idle connection at any time; clients ask once more (RFC 9112 section 9.3.1).
                const again = request.reusedSocket && error.code === "ECONNRESET" && method === "GET";
                if (again) this.ask(path, { method, headers, login }).then(resolve, reject);
                else reject(error);
            });
            request.on("timeout", () => request.destroy(new Error("no answer in time")));
            request.on("response", (response) => {
                const chunks: Buffer[] = [];
                response.on("data", (chunk: Buffer) => chunks.push(chunk)).on("error", reject);
                response.on("end", () =>
                    resolve({
                        status: response.statusCode ?? 0,
                        headers: response.headers,
                        body: Buffer.concat(chunks).toString("utf8"),
                    }),
                );
            });
        });
        if (body === undefined || Buffer.isBuffer(body)) request.end(body);
        else await writeSlowly(request, body, answer);
        return answer;
    }

    /**
     * Uploads a blob.
     *
     * @param data its parts, sent as they come. @default 100 kB at once
     * @param beforeEnd awaited between the data and the request that ends the upload
     * @param login as in a request
     * @returns the statuses of the three requests
     */
    async upload(
        repository: string,
        data: AsyncIterable<Buffer> = randomParts(),
        beforeEnd: Promise<unknown> = Promise.resolve(),
        login?: string,
    ): Promise<{ digest: string; statuses: number[] }> {
        const hash = createHash("sha256");
        const hashed = async function* () {
            for await (const part of data) {
                hash.update(part);
                yield part;
            }
        };
        const begun = await this.ask(`/v2/${repository}/blobs/uploads/`, { method: "POST", login });
        const sent = await this.ask(begun.headers.location ?? "", {
            method: "PATCH",
            login,
            headers: { "Content-Type": "application/octet-stream" },
            body: hashed(),
        });
        await beforeEnd;
        const digest = `sha256:${hash.digest("hex")}`;
        const end = new URL(sent.headers.location ?? "", "http://registry");
        end.searchParams.set("digest", digest);
        const ended = await this.ask(end.pathname + end.search, { method: "PUT", login });
        return { digest, statuses: [begun.status, sent.status, ended.status] };
    }

    close(): void {
        this.agent.destroy();
    }
}

async function writeSlowly(
    request: http.ClientRequest,
    body: AsyncIterable<Buffer>,
    answer: Promise<Answer>,
): Promise<void> {
    // An answer before the end of the body is one that refuses it; `answer` tells the caller.
    let answered = false;
    const note = () => void (answered = true);
    answer.then(note, note);
    for await (const part of body) {
        if (answered) return;
        request.write(part);
    }
    request.end();
}

/** Requests at a steady rate, whatever time the answers take. */
export class Load {
    /** What went wrong, in words; empty where every answer was 200. */
    readonly failures: string[] = [];
    private answered = 0;
    private readonly begin = Date.now();
    private readonly pending = new Set<Promise<void>>();
    private readonly timer: NodeJS.Timeout;

    /** @param perSecond requests per second, round robin over the paths */
    constructor(client: RegistryClient, paths: readonly string[], perSecond: number, login?: string) {
        let count = 0;
        this.timer = setInterval(() => {
            const path = paths[count++ % paths.length] ?? "/v2/";
            const one = client.ask(path, { login, headers: { Accept: ACCEPT } }).then(
                ({ status }) => {
                    this.answered += 1;
                    if (status !== 200) this.failures.push(`${path}: ${status}`);
                },
                (error: Error) => void this.failures.push(`${path}: ${error.message}`),
            );
            this.pending.add(one);
            void one.finally(() => this.pending.delete(one));
        }, 1000 / perSecond);
    }

    /** @returns answers per second over the whole time */
    async stop(): Promise<number> {
        clearInterval(this.timer);
        await Promise.all(this.pending);
        return (this.answered * 1000) / (Date.now() - this.begin);
    }
}
