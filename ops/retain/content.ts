/** What is in a repository, and what goes with its tags. Pure. */
import type { Verdict } from "./rules";

export interface Manifest {
    /** Bytes of itself. */
    size: number;
    /** Configuration and layers: digest → bytes. */
    blobs: ReadonlyMap<string, number>;
    /** Digests of the manifests that an index names. */
    children: readonly string[];
}

export interface Tag {
    digest: string;
    /** Seconds since 1970. */
    pushed: number;
}

export interface Repository {
    tags: Map<string, Tag>;
    /** All that are there, also those that no tag reaches. */
    manifests: Map<string, Manifest>;
    /** What could not be read: then nothing in it may go. */
    unreadable: string[];
    /** Uploads that somebody went on with within the last hour. */
    uploads: number;
}

export type Content = Map<string, Repository>;

/** The digest of a manifest that a tag is attached to: referrers (OCI distribution spec 1.1), cosign's signatures and the like. */
export function subjectOf(tag: string): string | undefined {
    const [, algorithm, hex] = /^(sha256|sha512)-([0-9a-f]{64}(?:[0-9a-f]{64})?)(?:\..+)?$/.exec(tag) ?? [];
    return algorithm === undefined ? undefined : `${algorithm}:${hex}`;
}

/** What some manifests reach, they included, what an index names before the index. */
export function reach({ manifests }: Pick<Repository, "manifests">, roots: Iterable<string>): Set<string> {
    const seen = new Set<string>();
    const done = new Set<string>();
    const visit = (digest: string): void => {
        if (seen.has(digest)) return;
        seen.add(digest);
        for (const child of manifests.get(digest)?.children ?? []) visit(child);
        done.add(digest);
    };
    for (const root of roots) visit(root);
    return done;
}

/** Bytes of manifests and their blobs, what is shared counted once. */
export function bytesOf(
    repositories: Iterable<readonly [Pick<Repository, "manifests">, Iterable<string>]>,
): number {
    const sizes = new Map<string, number>();
    for (const [{ manifests }, digests] of repositories)
        for (const digest of digests) {
            const manifest = manifests.get(digest);
            if (manifest === undefined) continue;
            sizes.set(digest, manifest.size);
            for (const [blob, size] of manifest.blobs) sizes.set(blob, size);
        }
    return [...sizes.values()].reduce((sum, one) => sum + one, 0);
}

/** An attachment may be there before what it is attached to, seconds. */
const GRACE = 86_400;

export interface Fate extends Verdict {
    tag: string;
    digest: string;
    pushed: number;
}

export interface Fates {
    tags: Fate[];
    /** Manifests that go, attachments first, and what an index names before the index. */
    digests: string[];
    /** Manifests that stay. */
    kept: Set<string>;
}

/**
 * What happens to the tags of a repository.
 *
 * @param verdicts on tags that are no attachments; one that is missing stays
 * @param chosen manifests that go whoever names them, with the tags that have them
 */
export function fatesOf(
    repository: Repository,
    verdicts: ReadonlyMap<string, Verdict>,
    now: number,
    chosen: ReadonlySet<string> = new Set(),
): Fates {
    const { tags, manifests } = repository;
    const all = reach(repository, [...[...tags.values()].map(({ digest }) => digest), ...chosen]);
    const fates = new Map<string, Verdict>();
    // What no tag reaches was left so on purpose, or is being pushed: it stays, with all that it names.
    const roots = [...manifests.keys()].filter((digest) => !all.has(digest));
    for (const [tag, { digest }] of tags) {
        if (subjectOf(tag) !== undefined) continue;
        const verdict = verdicts.get(tag) ?? { stays: true, why: "no rule is for it" };
        fates.set(tag, verdict);
        if (verdict.stays) roots.push(digest);
    }
    let kept = reach(repository, roots);
    const attached = [...tags].flatMap(([tag, { digest, pushed }]) => {
        const subject = subjectOf(tag);
        return subject === undefined ? [] : [{ tag, digest, pushed, subject }];
    });
    // An attachment may have attachments.
    for (let before = -1; before !== fates.size;) {
        before = fates.size;
        for (const { tag, digest, pushed, subject } of attached) {
            if (fates.has(tag)) continue;
            const own = verdicts.get(tag);
            const why = own?.stays
                ? own.why
                : kept.has(subject)
                  ? "belongs to what stays"
                  : !manifests.has(subject) && pushed > now - GRACE
                    ? "what it belongs to may still come"
                    : undefined;
            if (why === undefined || own?.stays === false) continue;
            fates.set(tag, { stays: true, why });
            kept = reach(repository, [...kept, digest]);
        }
    }
    for (const { tag, subject } of attached)
        if (!fates.has(tag))
            fates.set(
                tag,
                verdicts.get(tag) ?? {
                    stays: false,
                    why: manifests.has(subject) ? "belongs to what goes" : "what it belongs to is gone",
                },
            );
    // Attachments first: where the run is ended, what they belong to is there still, and has them go with the next one.
    const going = [...tags]
        .filter(([tag]) => fates.get(tag)?.stays === false)
        .sort(([a], [b]) => Number(subjectOf(a) === undefined) - Number(subjectOf(b) === undefined));
    const digests = [...reach(repository, [...going.map(([, { digest }]) => digest), ...chosen])].filter(
        (digest) => manifests.has(digest) && !kept.has(digest),
    );
    return {
        tags: [...tags].map(([tag, { digest, pushed }]) => ({
            ...{ tag, digest, pushed },
            ...(fates.get(tag) ?? { stays: true, why: "" }),
        })),
        digests,
        kept,
    };
}
