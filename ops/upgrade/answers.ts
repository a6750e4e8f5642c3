/** Real requests to the registry, as its clients send them, before and after another version runs. */
import { createHash } from "node:crypto";

import { ANY_MANIFEST } from "../../address/media-types";
import type { Deed } from "../../components/auth/able";
import { messageOf } from "../../setup/errors";
import type { StackFacts } from "../facts/stack-facts";
import { registryTarget } from "../facts/stack-facts";
import { publishedAddress } from "../facts/published";
import type { Content } from "../retain/content";
import { RegistryApi } from "../shared/registry-api";

/** What a registry answered. */
export interface Known {
    /** Of `GET /v2/`. */
    status: number;
    /** Path → status, and SHA-256 of what came; of a manifest and a blob of it. */
    paths: Record<string, { status: number; sum: string }>;
}

/** How long the registry may take to answer as before. */
const PATIENCE_MS = 30_000;
/** Tags that are tried: the login that is known may not be for all. */
const TRIES = 5;

const READS: readonly Deed[] = [
    { does: "read", where: "everywhere" },
    { does: "read", where: "somewhere" },
];

const sum = (body: Buffer) => createHash("sha256").update(body).digest("hex");

async function answered(api: RegistryApi, path: string) {
    const { status, body } = await api.ask(path, { headers: { Accept: ANY_MANIFEST } });
    // A redirect leads to a store, with a signature of its time.
    return { status, sum: status === 200 ? sum(body) : "" };
}

/** The paths of a manifest, and of its smallest blob. */
function pathsOf(content: Content, repository: string, digest: string): string[] {
    const manifests = content.get(repository)?.manifests;
    const manifest = manifests?.get(digest);
    const of = manifest?.children[0] === undefined ? manifest : manifests?.get(manifest.children[0]);
    const [blob] = [...(of?.blobs ?? [])].sort(([, a], [, b]) => a - b);
    return [
        `/v2/${repository}/manifests/${digest}`,
        ...(blob === undefined ? [] : [`/v2/${repository}/blobs/${blob[0]}`]),
    ];
}

async function withApi<T>(facts: StackFacts, work: (api: RegistryApi) => Promise<T>): Promise<T> {
    const api = new RegistryApi(registryTarget(facts, await publishedAddress(facts), ...READS));
    try {
        return await work(api);
    } finally {
        api.close();
    }
}

/** @throws Error where the registry is not reached from here */
export const answersNow = (facts: StackFacts, content: Content): Promise<Known> =>
    withApi(facts, async (api) => {
        const { status } = await answered(api, "/v2/");
        const tags = [...content]
            .flatMap(([repository, { tags }]) => [...tags.values()].map((tag) => ({ repository, ...tag })))
            .sort((a, b) => b.pushed - a.pushed)
            .slice(0, TRIES);
        for (const { repository, digest } of tags) {
            const paths = pathsOf(content, repository, digest);
            const found = await Promise.all(
                paths.map(async (path) => [path, await answered(api, path)] as const),
            );
            if (found.every(([, one]) => one.status < 400))
                return { status, paths: Object.fromEntries(found) };
        }
        return { status, paths: {} };
    });

/** @returns what is answered otherwise than before, as a sentence without a full stop; nothing where all is as it was */
export async function answersOtherwise(facts: StackFacts, known: Known): Promise<string | undefined> {
    const look = (api: RegistryApi) => async (path: string, status: number, body?: string) => {
        const now = await answered(api, path);
        if (now.status !== status) return `GET ${path} is answered ${now.status}, and was ${status} before`;
        return body === undefined || now.sum === body
            ? undefined
            : `GET ${path} gives other bytes than before`;
    };
    for (const end = Date.now() + PATIENCE_MS; ;) {
        const wrong = await withApi(facts, async (api) => {
            const first = await look(api)("/v2/", known.status);
            if (first !== undefined) return first;
            for (const [path, before] of Object.entries(known.paths)) {
                const other = await look(api)(path, before.status, before.sum);
                if (other !== undefined) return other;
            }
            return undefined;
        }).catch((error: unknown) => `the registry does not answer (${messageOf(error)})`);
        if (wrong === undefined || Date.now() > end) return wrong;
        await new Promise((resolve) => setTimeout(resolve, 500));
    }
}
