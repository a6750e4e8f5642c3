/** The registry's HTTP API (distribution-spec 1.1) over verified TLS, whether DNS knows the name here or not. */
import http from "node:http";
import https from "node:https";
import { isIP } from "node:net";

import { hostAndPort } from "../../address/address";
import { SetupError } from "../../setup/errors";

export interface RegistryTarget {
    endpoint: URL;
    /** Where to connect to; the certificate is checked for the endpoint's name. */
    address: string;
    /** The CA to trust and no other, PEM; "" for the CAs that everyone trusts. */
    caPem: string;
    login?: { user: string; password: string } | undefined;
}

export interface Answer {
    status: number;
    headers: http.IncomingHttpHeaders;
    body: Buffer;
}

interface Request {
    method?: string;
    headers?: Record<string, string>;
    body?: Buffer | undefined;
}

const TIMEOUT_MS = 30_000;

/** Tells the kit's own requests in the front's log, which count as no pulls. */
export const KIT_AGENT = "private-registry";

/** The next page's path out of a Link header (RFC 8288), of the same registry whatever host it names. */
export function nextPage(link: string | string[] | undefined, base: URL): string | undefined {
    const target = /<([^>]*)>\s*;[^,]*\brel="?next"?/.exec(String(link ?? ""))?.[1];
    if (target === undefined) return undefined;
    const { pathname, search } = new URL(target, base);
    return pathname + search;
}

export class RegistryApi {
    private readonly agent: http.Agent;

    constructor(private readonly target: RegistryTarget) {
        const options = { keepAlive: true, maxSockets: 8 };
        this.agent =
            target.endpoint.protocol === "https:" ? new https.Agent(options) : new http.Agent(options);
    }

    close(): void {
        this.agent.destroy();
    }

    /** One request. @param path on the registry, or a whole Location that it gave */
    ask(path: string, { method = "GET", headers, body }: Request = {}): Promise<Answer> {
        const { endpoint, address, caPem, login } = this.target;
        const url = new URL(path, endpoint);
        const secure = endpoint.protocol === "https:";
        const { host: name, port } = hostAndPort(endpoint);
        const options: https.RequestOptions = {
            agent: this.agent,
            host: address,
            port,
            method,
            path: url.pathname + url.search,
            timeout: TIMEOUT_MS,
            headers: {
                Host: endpoint.host,
                "User-Agent": KIT_AGENT,
                "Content-Length": String(body?.length ?? 0),
                ...headers,
            },
            ...(login && { auth: `${login.user}:${login.password}` }),
            ...(secure && caPem !== "" && { ca: caPem }),
            // SNI has no IP addresses (RFC 6066 section 3); the certificate is then checked for the address itself.
            ...(secure && (isIP(name) === 0 ? { servername: name } : { host: address })),
        };
        return new Promise((resolve, reject) => {
            const request = (secure ? https : http).request(options, (response) => {
                const chunks: Buffer[] = [];
                response.on("data", (chunk: Buffer) => chunks.push(chunk)).on("error", reject);
                response.on("end", () =>
                    resolve({
                        status: response.statusCode ?? 0,
                        headers: response.headers,
                        body: Buffer.concat(chunks),
                    }),
                );
            });
            request.on("error", reject);
            request.on("timeout", () => request.destroy(new Error("no answer in 30 s")));
            request.end(body);
        });
    }

    /** One request that must be answered with one of these statuses. @throws SetupError */
    async must(path: string, statuses: number[], request: Request = {}): Promise<Answer> {
        const answer = await this.ask(path, request);
        if (statuses.includes(answer.status)) return answer;
        const said = answer.body.toString("utf8").trim().slice(0, 200);
        throw new SetupError(
            `${request.method ?? "GET"} ${path.split("?")[0]} was answered ${answer.status}${said && `: ${said}`}`,
        );
    }

    /** All entries of a list that comes in pages; none where the registry does not know it. */
    private async list(path: string, key: string, pageSize: number | undefined): Promise<string[]> {
        const found: string[] = [];
        let next: string | undefined = pageSize === undefined ? path : `${path}?n=${pageSize}`;
        while (next !== undefined) {
            const answer: Answer = await this.must(next, [200, 404]);
            if (answer.status === 404) break;
            const page = JSON.parse(answer.body.toString("utf8")) as Record<string, string[] | null>;
            found.push(...(page[key] ?? []));
            next = nextPage(answer.headers.link, this.target.endpoint);
        }
        return found;
    }

    /** @param pageSize entries asked for at once. @default the registry's own */
    repositories(pageSize?: number): Promise<string[]> {
        return this.list("/v2/_catalog", "repositories", pageSize);
    }

    tags(repository: string, pageSize?: number): Promise<string[]> {
        return this.list(`/v2/${repository}/tags/list`, "tags", pageSize);
    }
}
