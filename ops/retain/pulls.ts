/** Who was pulled when, as the front's access log tells it (docs/front.md). Pure. */
import { KIT_AGENT } from "../shared/registry-api";

export interface Pulls {
    /** Seconds since 1970 at which the log begins; nothing where there is none. */
    since: number | undefined;
    /** Repository → tag or digest → seconds since 1970 of the last one. */
    last: Map<string, Map<string, number>>;
}

interface Line {
    time: string;
    method: string;
    path: string;
    repository: string;
    status: number;
    agent: string;
}

const MANIFEST = /\/manifests\/([^/]+)$/;

/** Reads manifests that were asked for, GET or HEAD: a client that has the layers asks for no more. */
export function pullsIn(log: string): Pulls {
    const pulls: Pulls = { since: undefined, last: new Map() };
    for (const text of log.split("\n")) {
        if (!text.startsWith("{")) continue;
        let line: Line;
        try {
            line = JSON.parse(text) as Line;
        } catch {
            // Cut where the log was rotated.
            continue;
        }
        const time = Date.parse(line.time) / 1000;
        if (Number.isNaN(time)) continue;
        pulls.since = Math.min(pulls.since ?? time, time);
        const reference = MANIFEST.exec(line.path)?.[1];
        const read = line.method === "GET" || line.method === "HEAD";
        if (reference === undefined || !read || line.status >= 400 || line.agent === KIT_AGENT) continue;
        const own = pulls.last.get(line.repository) ?? new Map<string, number>();
        pulls.last.set(line.repository, own.set(reference, Math.max(own.get(reference) ?? 0, time)));
    }
    return pulls;
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
