/** The registry's own API (OCI distribution specification), and what the front tells beside it. */
import { gone, limited } from "./limit";
import { ACCEPT, type Chart, type ImageConfig, type Manifest, type Stored } from "./manifest";

/** An answer that is a refusal, or none at all: status 0. */
export class RegistryError extends Error {
    constructor(
        readonly status: number,
        /** Of the distribution specification: NAME_UNKNOWN, DENIED … */
        readonly code = "",
        readonly told = "",
        /** After how many seconds one may ask again. */
        readonly retryAfter?: number,
    ) {
        super(`${status} ${code} ${told}`);
    }
}

/** What the login may do. */
export interface Me {
    role: "push" | "pull" | "metrics" | "none";
    /** `team/app` or `team/*`; null are all. */
    repositories: string[] | null;
}

/** What the front tells everyone. */
export interface Facts {
    /** When the certificate ends, seconds since 1970. */
    ends?: number;
    /** From its issue to its end, seconds, where it is renewed by itself. */
    life?: number;
    /** It is renewed without a deployment, and told apart. */
    renewed?: boolean;
    setUp?: Record<string, string>;
    /** It tells who may push how full the store is. */
    store?: boolean;
}

/** How full the store is, in bytes: told to who may push, where the deployment has metrics. */
export interface Store {
    size: number;
    available: number;
    /** What the images take; not known at first. */
    images: number | null;
}

/** Requests at once, of the 512 that the front gives a client. */
const AT_ONCE = 8;
/** How often a request that got no answer is sent again, and after how many milliseconds. */
const AGAIN = 2;
const AGAIN_MS = 500;
/** Names that one request for repositories brings. */
export const PAGE = 1000;
/** A configuration is some kB. What is larger is none, and would be loaded for nothing. */
const LARGEST_CONFIG = 4_000_000;

async function refusal(answer: Response): Promise<RegistryError> {
    const retry = Number(answer.headers.get("Retry-After") ?? NaN);
    const after = Number.isFinite(retry) ? retry : undefined;
    try {
        const { errors } = (await answer.json()) as { errors?: { code?: string; message?: string }[] };
        return new RegistryError(answer.status, errors?.[0]?.code, errors?.[0]?.message, after);
    } catch {
        return new RegistryError(answer.status, "", "", after);
    }
}

/** The header of a login (RFC 7617). */
export function basic(user: string, password: string): string {
    const bytes = new TextEncoder().encode(`${user}:${password}`);
    return `Basic ${btoa(String.fromCharCode(...bytes))}`;
}

export class Registry {
    private readonly wait = limited(AT_ONCE);
    /** What a digest names never changes. */
    private readonly byDigest = new Map<string, Promise<Stored>>();
    private readonly configs = new Map<string, Promise<unknown>>();

    /** @param authorization header of the login; "" for none */
    constructor(private readonly authorization = "") {}

    private async ask(
        path: string,
        { method = "GET", accept, signal }: { method?: string; accept?: string; signal?: AbortSignal } = {},
    ): Promise<Response> {
        const headers = {
            ...(this.authorization === "" ? {} : { Authorization: this.authorization }),
            ...(accept === undefined ? {} : { Accept: accept }),
        };
        // Without credentials the browser neither asks for a login by itself nor keeps one. A storage elsewhere, to which the
        // registry leads clients (storage.redirect), is another host.
        const options = {
            method,
            headers,
            credentials: "omit" as const,
            cache: "no-store" as const,
            redirect: "manual" as const,
            signal: signal ?? null,
        };
        // A network that changes at this moment (Wi-Fi, a VPN) ends what is under way: what only reads is asked again.
        const asked = (left: number): Promise<Response> =>
            fetch(path, options).catch((error: unknown) => {
                if (method === "DELETE" || left === 0 || signal?.aborted) throw error;
                return new Promise((done) => setTimeout(done, AGAIN_MS)).then(() => asked(left - 1));
            });
        const answer = await this.wait(() => asked(AGAIN), signal).catch((error: unknown) => {
            throw signal?.aborted ? gone() : new RegistryError(0, "", String(error));
        });
        if (answer.type === "opaqueredirect") throw new RegistryError(404, "ELSEWHERE");
        if (!answer.ok) throw await refusal(answer);
        return answer;
    }

    async me(): Promise<Me> {
        return (await this.ask("/page/me")).json() as Promise<Me>;
    }

    async facts(): Promise<Facts> {
        const facts = (await (await this.ask("/page/facts")).json()) as Facts;
        if (!facts.renewed) return facts;
        // Without its end the rest is as good.
        return this.ask("/page/ends").then(
            async (answer) => ({ ...facts, ...((await answer.json()) as Facts) }),
            () => facts,
        );
    }

    async store(): Promise<Store> {
        return (await this.ask("/page/store")).json() as Promise<Store>;
    }

    /** Repositories after a name. @returns up to {@link PAGE} of them, and whether there are more */
    async repositories(after?: string): Promise<{ names: string[]; more: boolean }> {
        const last = after === undefined ? "" : `&last=${encodeURIComponent(after)}`;
        const answer = await this.ask(`/v2/_catalog?n=${PAGE}${last}`);
        const { repositories } = (await answer.json()) as { repositories: string[] | null };
        return { names: repositories ?? [], more: answer.headers.has("Link") };
    }

    /** All tags, those that stand for digests too. */
    async tags(repository: string, signal?: AbortSignal): Promise<string[]> {
        const found: string[] = [];
        for (let path: string | undefined = `/v2/${repository}/tags/list`; path !== undefined;) {
            const answer: Response = await this.ask(path, { ...(signal && { signal }) });
            found.push(...(((await answer.json()) as { tags: string[] | null }).tags ?? []));
            path = /^<([^>]+)>/.exec(answer.headers.get("Link") ?? "")?.[1];
        }
        return found;
    }

    /** The digest of a tag. */
    async digest(repository: string, tag: string, signal?: AbortSignal): Promise<string> {
        const options = { method: "HEAD", accept: ACCEPT, ...(signal && { signal }) };
        const answer = await this.ask(`/v2/${repository}/manifests/${tag}`, options);
        return answer.headers.get("Docker-Content-Digest") ?? "";
    }

    /** @param reference a tag or a digest: of that, whoever asks first asks for all, so it is not given up */
    manifest(repository: string, reference: string, signal?: AbortSignal): Promise<Stored> {
        return reference.includes(":")
            ? kept(this.byDigest, `${repository}@${reference}`, () => this.load(repository, reference))
            : this.load(repository, reference, signal);
    }

    private async load(repository: string, reference: string, signal?: AbortSignal): Promise<Stored> {
        const path = `/v2/${repository}/manifests/${reference}`;
        const answer = await this.ask(path, { accept: ACCEPT, ...(signal && { signal }) });
        const text = await answer.text();
        const manifest = JSON.parse(text) as Manifest;
        return {
            digest: answer.headers.get("Docker-Content-Digest") ?? reference,
            size: new TextEncoder().encode(text).length,
            mediaType: manifest.mediaType ?? answer.headers.get("Content-Type") ?? "",
            manifest,
        };
    }

    /** The JSON of an image's or a chart's configuration. */
    config<T extends ImageConfig | Chart>(repository: string, { manifest }: Stored): Promise<T> {
        const { digest, size } = manifest.config ?? { digest: "", size: Infinity };
        if (size > LARGEST_CONFIG) return Promise.resolve({} as T);
        return kept(this.configs, `${repository}@${digest}`, async () => {
            const answer = await this.ask(`/v2/${repository}/blobs/${digest}`);
            // The registry takes a manifest whatever sizes it tells.
            if (Number(answer.headers.get("Content-Length")) <= LARGEST_CONFIG)
                return (await answer.json()) as unknown;
            await answer.body?.cancel();
            return {};
        }) as Promise<T>;
    }

    /** Takes a tag away by its name: others of the same digest stay. */
    async remove(repository: string, tag: string): Promise<void> {
        await this.ask(`/v2/${repository}/manifests/${tag}`, { method: "DELETE" });
    }
}

/** Of several that want the same at once, one asks; an answer stays, a failure does not. */
function kept<T>(store: Map<string, Promise<T>>, key: string, load: () => Promise<T>): Promise<T> {
    const known = store.get(key);
    if (known !== undefined) return known;
    const loading = load();
    store.set(key, loading);
    loading.catch(() => store.delete(key));
    return loading;
}
