/**
 * The stand-in's Docker API: what login, push and pull need (OCI distribution spec). By path under the port of Nexus, or
 * at the root of a connector. Images are in memory alone.
 */
import { createHash, randomUUID } from "node:crypto";
import type { IncomingMessage } from "node:http";

import { Refusal, type Reply } from "./call";
import type { Repository, Store } from "./store";

interface Manifest {
    type: string;
    digest: string;
}

interface Body {
    docker?: { pathEnabled?: boolean; httpPort?: number };
    group?: { memberNames: string[] };
}

const settings = (repository: Repository) => repository.body as unknown as Body;
const digestOf = (data: Buffer) => `sha256:${createHash("sha256").update(data).digest("hex")}`;
const API = { "Docker-Distribution-Api-Version": "registry/2.0" };

export const connectorOf = (repository: Repository): number | undefined =>
    repository.format === "docker" ? settings(repository).docker?.httpPort : undefined;

export class DockerApi {
    private readonly blobs = new Map<string, Buffer>();
    private readonly manifests = new Map<string, Manifest>();
    private readonly uploads = new Map<string, Buffer>();
    private readonly tokens = new Map<string, "admin" | "anonymous">();

    constructor(private readonly store: Store) {}

    /**
     * @param admin the administrator's password came with it
     * @param connector port of the connector; nothing is the port of Nexus itself
     */
    answer(request: IncomingMessage, data: Buffer, admin: boolean, connector?: number): Reply {
        const url = new URL(request.url ?? "/", "http://stand-in");
        if (url.pathname === "/v2/token") return this.token(admin);
        const user = admin ? "admin" : this.userOf(request);
        const host = `${String(request.headers["x-forwarded-proto"] ?? "http")}://${request.headers.host}`;
        if (user === undefined)
            return {
                status: 401,
                headers: {
                    ...API,
                    // As Nexus: of what the client is said to have asked for.
                    "WWW-Authenticate": `Bearer realm="${host}/v2/token",service="${host}/v2/token"`,
                },
            };
        if (url.pathname === "/v2/") return { status: 200, headers: API };
        if (!this.store.data.eula) throw new Refusal(403, "The EULA is not accepted.");
        const { repository, path } = this.route(url.pathname, connector);
        const [, image = "", kind = "", reference = ""] =
            /^(.+)\/(blobs\/uploads|blobs|manifests)\/(.*)$/.exec(path) ?? [];
        const writes = !["GET", "HEAD"].includes(request.method ?? "");
        if (writes && user !== "admin") throw new Refusal(401);
        if (writes && repository.type !== "hosted") throw new Refusal(405, "not a hosted repository");
        const base = url.pathname.slice(0, -`/${kind}/${reference}`.length);
        if (kind === "blobs/uploads") return this.upload(request.method, base, reference, url, data);
        if (kind === "blobs") return this.blob(reference);
        if (kind !== "manifests") throw new Refusal(404);
        return writes
            ? this.putManifest(request, repository, image, reference, data)
            : this.manifest(repository, image, reference);
    }

    private token(admin: boolean): Reply {
        if (!admin && !this.store.data.anonymous.enabled) throw new Refusal(401);
        const token = `DockerToken.${randomUUID()}`;
        this.tokens.set(token, admin ? "admin" : "anonymous");
        return { status: 200, body: { token } };
    }

    /** Tokens count while the realm is active. */
    private userOf({ headers }: IncomingMessage): "admin" | "anonymous" | undefined {
        if (!this.store.data.realms.includes("DockerToken")) return undefined;
        return this.tokens.get((headers.authorization ?? "").replace(/^Bearer /, ""));
    }

    private route(pathname: string, connector?: number): { repository: Repository; path: string } {
        const docker = this.store.data.repositories.filter(({ format }) => format === "docker");
        const rest = pathname.slice("/v2/".length);
        if (connector !== undefined) {
            const repository = docker.find((one) => connectorOf(one) === connector);
            if (repository) return { repository, path: rest };
        }
        const [name = ""] = rest.split("/");
        const repository = docker.find((one) => one.name === name && settings(one).docker?.pathEnabled);
        if (!repository || connector !== undefined) throw new Refusal(404);
        return { repository, path: rest.slice(name.length + 1) };
    }

    private upload(method: string | undefined, base: string, id: string, url: URL, data: Buffer): Reply {
        const one = method === "POST" ? randomUUID() : id;
        const before = method === "POST" ? Buffer.alloc(0) : this.uploads.get(one);
        if (before === undefined) throw new Refusal(404);
        const all = Buffer.concat([before, data]);
        if (method === "PUT") {
            this.uploads.delete(one);
            const digest = url.searchParams.get("digest") ?? "";
            if (digestOf(all) !== digest) throw new Refusal(400, "DIGEST_INVALID");
            this.blobs.set(digest, all);
            return { status: 201, headers: { ...API, Location: `${base}/blobs/${digest}` } };
        }
        this.uploads.set(one, all);
        const range = `0-${Math.max(0, all.length - 1)}`;
        const Location = `${base}/blobs/uploads/${one}`;
        return { status: 202, headers: { ...API, Location, Range: range, "Docker-Upload-UUID": one } };
    }

    private blob(digest: string): Reply {
        const body = this.blobs.get(digest);
        if (body === undefined) throw new Refusal(404);
        return { status: 200, body, headers: { ...API, "Docker-Content-Digest": digest } };
    }

    private putManifest(
        request: IncomingMessage,
        repository: Repository,
        image: string,
        reference: string,
        data: Buffer,
    ): Reply {
        const digest = digestOf(data);
        const type = request.headers["content-type"] ?? "";
        this.blobs.set(digest, data);
        for (const of of [reference, digest])
            this.manifests.set(`${repository.name}/${image}:${of}`, { type, digest });
        repository.components.push(`${image}:${reference}`);
        this.store.save();
        return {
            status: 201,
            headers: { ...API, Location: request.url ?? "", "Docker-Content-Digest": digest },
        };
    }

    private manifest(repository: Repository, image: string, reference: string): Reply {
        const names = [repository.name, ...(settings(repository).group?.memberNames ?? [])];
        const found = names.flatMap((name) => this.manifests.get(`${name}/${image}:${reference}`) ?? [])[0];
        if (found === undefined)
            return {
                status: 404,
                headers: API,
                body: { errors: [{ code: "MANIFEST_UNKNOWN", message: "manifest unknown" }] },
            };
        const headers = { ...API, "Content-Type": found.type, "Docker-Content-Digest": found.digest };
        return { status: 200, body: this.blobs.get(found.digest), headers };
    }
}
