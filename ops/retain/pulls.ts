/** Who was pulled when, as the front's access log tells it (docs/audit.md). Pure. */
import type { LogLine } from "../shared/front-log";
import { KIT_AGENT } from "../shared/registry-api";

export interface Pulls {
    /** Seconds since 1970 at which the log begins; nothing where there is none. */
    since: number | undefined;
    /** Repository → tag or digest → seconds since 1970 of the last one. */
    last: Map<string, Map<string, number>>;
}

export const noPulls = (): Pulls => ({ since: undefined, last: new Map() });

const MANIFEST = /\/manifests\/([^/]+)$/;

/** Takes in a manifest that was asked for, GET or HEAD: a client that has the layers asks for no more. */
export function takePull(
    pulls: Pulls,
    { at, method, action, site, path, repository, status, agent }: LogLine,
): void {
    pulls.since = Math.min(pulls.since ?? at, at);
    const reference = MANIFEST.exec(path)?.[1];
    // Plain HTTP answers a redirect, and a site for itself.
    const read = (method === "GET" || method === "HEAD") && action !== "other" && !site;
    if (reference === undefined || !read || status >= 400 || agent === KIT_AGENT) return;
    const own = pulls.last.get(repository) ?? new Map<string, number>();
    pulls.last.set(repository, own.set(reference, Math.max(own.get(reference) ?? 0, at)));
}

/** The last pull of a tag: by its name, or by the digest of anything that it reaches. */
export function lastPull(
    { last }: Pulls,
    repository: string,
    tag: string,
    digests: Iterable<string>,
): number | undefined {
    const own = last.get(repository);
    const times = [tag, ...digests].flatMap((one) => own?.get(one) ?? []);
    return times.length === 0 ? undefined : Math.max(...times);
}
