/** What a command is going to remove, and what of that it still may when nobody writes any more. Pure. */
import { rulesFor, type Now, judge, type TagTimes, type Verdict } from "./rules";
import type { Retention } from "../../components/retention/options";

import { bytesOf, type Content, type Fates, fatesOf, reach, type Repository, subjectOf } from "./content";
import { lastPull, type Pulls } from "./pulls";

/** Repository → what happens to its tags. */
export type Plan = Map<string, Fates>;

/** Nothing of it goes. */
function untouched({ tags, manifests }: Repository, why: string): Fates {
    return {
        tags: [...tags].map(([tag, { digest, pushed }]) => ({ tag, digest, pushed, stays: true, why })),
        digests: [],
        kept: new Set(manifests.keys()),
    };
}

export const DAMAGED = "something in the repository cannot be read";

/** @param verdicts of a repository, by tag; nothing where it is not touched */
export function planOf(
    content: Content,
    now: number,
    verdicts: (name: string, repository: Repository) => ReadonlyMap<string, Verdict> | undefined,
    chosen: (name: string) => ReadonlySet<string> = () => new Set(),
): Plan {
    return new Map(
        [...content].map(([name, repository]): [string, Fates] => {
            const own = verdicts(name, repository);
            if (own === undefined) return [name, untouched(repository, "no rule is for it")];
            // What it reaches is not known, so nor what of it nothing else reaches.
            if (repository.unreadable.length > 0) return [name, untouched(repository, DAMAGED)];
            return [name, fatesOf(repository, own, now, chosen(name))];
        }),
    );
}

/** The verdicts of the rules on a repository. */
export function verdictsOf(
    retention: Retention,
    name: string,
    repository: Repository,
    now: Now,
    pulls: Pulls,
): ReadonlyMap<string, Verdict> | undefined {
    if (rulesFor(retention, name).length === 0) return undefined;
    const tags = [...repository.tags].flatMap(([tag, { digest, pushed }]): TagTimes[] =>
        subjectOf(tag) === undefined
            ? [{ tag, pushed, pulled: lastPull(pulls, name, tag, reach(repository, [digest])) }]
            : [],
    );
    const judged = judge(retention, name, tags, now);
    return new Map(tags.map(({ tag }, i) => [tag, judged[i] ?? { stays: true, why: "" }]));
}

export const goingTags = (fates: Fates) => fates.tags.filter(({ stays }) => !stays);

/**
 * Of tags that were going to go, those that are as they were; all others stay.
 *
 * @param judged verdicts on what is there now, by which one may stay all the same
 */
export function still(
    before: Fates | undefined,
    repository: Repository,
    judged: ReadonlyMap<string, Verdict> = new Map(),
): ReadonlyMap<string, Verdict> {
    const going = new Map(
        goingTags(before ?? { tags: [], digests: [], kept: new Set() }).map((one) => [one.tag, one]),
    );
    return new Map(
        [...repository.tags].map(([tag, { digest, pushed }]): [string, Verdict] => {
            const former = going.get(tag);
            if (former === undefined) return [tag, { stays: true, why: "was not to go" }];
            if (former.digest !== digest || former.pushed !== pushed)
                return [tag, { stays: true, why: "was pushed meanwhile" }];
            const now = judged.get(tag);
            return [tag, now?.stays ? now : { stays: false, why: former.why }];
        }),
    );
}

/** Bytes that no other image has, of all that goes. */
export function bytesGoing(content: Content, plan: Plan): number {
    const staying = [...content].map(([name, one]) => [one, plan.get(name)?.kept ?? []] as const);
    const all = [...content].map(([, one]) => [one, one.manifests.keys()] as const);
    return bytesOf(all) - bytesOf(staying);
}

/** The requests that remove what goes of a repository: what an index names before the index, so that a run which was ended goes on. */
export function removals(name: string, { tags, digests, kept }: Fates): string[] {
    const shared = tags.filter(({ stays, digest }) => !stays && kept.has(digest));
    return [...shared.map(({ tag }) => tag), ...digests].map(
        (reference) => `DELETE /v2/${name}/manifests/${reference}`,
    );
}

/** Whether nothing is left in a repository. */
export const emptied = ({ unreadable, uploads }: Repository, { kept, tags }: Fates): boolean =>
    unreadable.length === 0 && uploads === 0 && kept.size === 0 && tags.every(({ stays }) => !stays);
