/** What goes with a tag: random repositories of images, indexes and attachments, and a registry that is told to delete. */
import fc from "fast-check";

import { fatesOf, type Manifest, reach, type Repository, subjectOf } from "../../../../ops/retain/content";
import { planOf, removals, still } from "../../../../ops/retain/plan";
import type { Verdict } from "../../../../ops/retain/rules";

const NOW = 1_800_000_000;
const LONG_AGO = NOW - 90 * 86_400;
const GOES: Verdict = { stays: false, why: "a rule" };
const STAYS: Verdict = { stays: true, why: "a rule" };

const digestOf = (i: number) => `sha256:${i.toString(16).padStart(64, "0")}`;
const attachmentOf = (i: number, suffix: string) => `sha256-${digestOf(i).slice(7)}${suffix}`;

interface Case {
    repository: Repository;
    verdicts: Map<string, Verdict>;
}

/** Manifests name such of lower numbers alone: there is no circle of digests. */
const cases: fc.Arbitrary<Case> = fc
    .record({
        children: fc.array(fc.array(fc.nat({ max: 11 }), { maxLength: 3 }), { minLength: 1, maxLength: 12 }),
        tags: fc.array(fc.tuple(fc.nat({ max: 11 }), fc.boolean()), { maxLength: 8 }),
        // Attached: which manifest is attached, to which one, by what tag.
        attached: fc.array(
            fc.tuple(fc.nat({ max: 11 }), fc.nat({ max: 13 }), fc.constantFrom("", ".sig", ".att")),
            { maxLength: 5 },
        ),
    })
    .map(({ children, tags, attached }) => {
        const count = children.length;
        const manifests = new Map(
            children.map((own, i): [string, Manifest] => [
                digestOf(i),
                {
                    size: 1,
                    blobs: new Map(),
                    children: own.filter((child) => child < i).map((child) => digestOf(child)),
                },
            ]),
        );
        const repository: Repository = { tags: new Map(), manifests, unreadable: [], uploads: 0 };
        const verdicts = new Map<string, Verdict>();
        tags.forEach(([of, stays], i) => {
            repository.tags.set(`t${i}`, { digest: digestOf(of % count), pushed: LONG_AGO });
            verdicts.set(`t${i}`, stays ? STAYS : GOES);
        });
        for (const [of, to, suffix] of attached)
            repository.tags.set(attachmentOf(to, suffix), { digest: digestOf(of % count), pushed: LONG_AGO });
        return { repository, verdicts };
    });

/** What the registry does when it is told to (distribution 3.1, registry/handlers/manifests.go). */
function deleted({ tags, manifests, ...rest }: Repository, requests: readonly string[]): Repository {
    const left: Repository = { ...rest, tags: new Map(tags), manifests: new Map(manifests) };
    for (const request of requests) {
        const reference = request.slice(request.lastIndexOf("/") + 1);
        left.tags.delete(reference);
        left.manifests.delete(reference);
        for (const [tag, { digest }] of left.tags) if (digest === reference) left.tags.delete(tag);
    }
    return left;
}

const namesOf = ({ tags, manifests }: Repository) => [[...tags.keys()].sort(), [...manifests.keys()].sort()];

/** All that tags or, without any, pushes by digest left, and that is not reached by tags that go. */
function oracle({ repository, verdicts }: Case): [string[], string[]] {
    const { tags, manifests } = repository;
    const reached = new Set<string>();
    const from = (digest: string, into: Set<string>): void => {
        if (!manifests.has(digest) || into.has(digest)) return;
        into.add(digest);
        for (const child of manifests.get(digest)?.children ?? []) from(child, into);
    };
    for (const { digest } of tags.values()) from(digest, reached);
    const kept = new Set<string>();
    for (const digest of manifests.keys()) if (!reached.has(digest)) from(digest, kept);
    const staying = new Set<string>();
    for (const [tag, { digest }] of tags)
        if (verdicts.get(tag)?.stays) {
            staying.add(tag);
            from(digest, kept);
        }
    for (let more = true; more;) {
        more = false;
        for (const [tag, { digest }] of tags)
            if (tag.startsWith("sha256-") && !staying.has(tag) && kept.has(`sha256:${tag.slice(7, 71)}`)) {
                staying.add(tag);
                from(digest, kept);
                more = true;
            }
    }
    return [[...staying].sort(), [...kept].sort()];
}

test("what a tag reaches that stays is there, with its attachments, and all else of tags that go is gone", () => {
    let gone = 0;
    fc.assert(
        fc.property(cases, (one) => {
            const fates = fatesOf(one.repository, one.verdicts, NOW);
            const left = deleted(one.repository, removals("a", fates));
            gone += fates.digests.length;
            expect(namesOf(left)).toEqual(oracle(one));
            expect(
                fates.tags
                    .filter(({ stays }) => stays)
                    .map(({ tag }) => tag)
                    .sort(),
            ).toEqual([...left.tags.keys()].sort());
        }),
        { numRuns: 3_000 },
    );
    expect(gone).toBeGreaterThan(1_000);
});

test("a removal that was ended anywhere goes on with the next run, and ends alike", () => {
    fc.assert(
        fc.property(cases, fc.nat(), (one, at) => {
            const all = removals("a", fatesOf(one.repository, one.verdicts, NOW));
            const half = deleted(one.repository, all.slice(0, at % (all.length + 1)));
            // Meanwhile nothing that stays is harmed.
            const [tags, manifests] = oracle(one);
            expect(tags.filter((tag) => !half.tags.has(tag))).toEqual([]);
            expect(manifests.filter((digest) => !half.manifests.has(digest))).toEqual([]);
            const whole = deleted(half, removals("a", fatesOf(half, one.verdicts, NOW)));
            // A manifest may be left that the index which named it was to take along; it has no tag.
            expect([...whole.tags.keys()].sort()).toEqual(tags);
            expect([...whole.manifests.keys()].sort()).toEqual(manifests);
        }),
        { numRuns: 3_000 },
    );
});

const image = (): Manifest => ({ size: 1, blobs: new Map(), children: [] });
const repositoryOf = (tags: Record<string, [digest: number, pushed?: number]>, count = 5): Repository => ({
    tags: new Map(
        Object.entries(tags).map(([tag, [digest, pushed = LONG_AGO]]) => [
            tag,
            { digest: digestOf(digest), pushed },
        ]),
    ),
    manifests: new Map(Array.from({ length: count }, (_, i) => [digestOf(i), image()])),
    unreadable: [],
    uploads: 0,
});

test("what was pushed since it was shown stays, and what it reaches", () => {
    const before = repositoryOf({ a: [0], b: [1], c: [2] });
    const all = new Map(["a", "b", "c"].map((tag) => [tag, GOES]));
    const shown = fatesOf(before, all, NOW);
    const after = repositoryOf({ a: [0, NOW], b: [3], c: [2], d: [2] });
    const now = still(shown, after, new Map([...all, ["d", GOES]]));
    expect(Object.fromEntries([...now].map(([tag, { stays, why }]) => [tag, stays ? why : "goes"]))).toEqual({
        a: "was pushed meanwhile",
        b: "was pushed meanwhile",
        c: "goes",
        d: "was not to go",
    });
    expect(fatesOf(after, now, NOW).digests).toEqual([]);
});

test("a tag that stays by what is there now stays", () => {
    const repository = repositoryOf({ a: [0] });
    const shown = fatesOf(repository, new Map([["a", GOES]]), NOW);
    expect(still(shown, repository, new Map([["a", STAYS]])).get("a")).toEqual(STAYS);
});

test("an attachment without what it belongs to goes, but not within a day", () => {
    const [old, young] = [attachmentOf(8, ".sig"), attachmentOf(9, "")];
    const fates = fatesOf(repositoryOf({ [old]: [0], [young]: [1, NOW - 3_600] }), new Map(), NOW);
    expect(fates.tags.map(({ tag, stays, why }) => [tag, stays, why])).toEqual([
        [old, false, "what it belongs to is gone"],
        [young, true, "what it belongs to may still come"],
    ]);
});

test("in a repository of which something cannot be read nothing goes", () => {
    const damaged = { ...repositoryOf({ a: [0] }), unreadable: ["b"] };
    const plan = planOf(new Map([["x", damaged]]), NOW, () => new Map([["a", GOES]]));
    expect(plan.get("x")).toMatchObject({ digests: [], tags: [{ tag: "a", stays: true }] });
});

test("what is an attachment is told by the tag", () => {
    expect(subjectOf(attachmentOf(1, ".sig"))).toBe(digestOf(1));
    expect(subjectOf(attachmentOf(1, ""))).toBe(digestOf(1));
    for (const tag of ["sha256-abc", "sha256", `x${attachmentOf(1, "")}`, `${attachmentOf(1, "")}0`])
        expect(subjectOf(tag)).toBeUndefined();
});

test("what an index names comes before it", () => {
    const repository = repositoryOf({});
    repository.manifests.set(digestOf(7), { ...image(), children: [digestOf(1), digestOf(2)] });
    expect([...reach(repository, [digestOf(7)])]).toEqual([digestOf(1), digestOf(2), digestOf(7)]);
});
