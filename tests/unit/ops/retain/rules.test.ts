/** The rules of `npm run retain`, against an oracle that reads docs/retention.md and not the code. */
import fc from "fast-check";

import { meansTag } from "../../../../components/definition/matches";
import {
    type Retention,
    retentionOptions,
    type RetentionRule,
} from "../../../../components/retention/options";
import { compareVersions, judge, type TagTimes, versionOf } from "../../../../ops/retain/rules";

const DAY = 86_400;
const NOW = 1_800_000_000;

const rule = (of: Partial<RetentionRule>): RetentionRule => ({ repositories: ["*"], tags: ["*"], ...of });

const NAMES = ["1", "1.2", "latest", "1.2.3", "v1.2.3", "v1.2.4-rc.1", "v1.2.4-rc.2", "v1.2.4", "v1.3.0"];
const TAGS = [...NAMES, "v2.0.0", "2.0.1_b1", "v10.0.0", "pr-1", "pr-2", "pr-30", "main-abc", "x"];

const tagTimes = fc.uniqueArray(
    fc.record({
        tag: fc.constantFrom(...TAGS),
        // Few moments, so that some are the same.
        pushed: fc.integer({ min: 0, max: 12 }).map((days) => NOW - days * 5 * DAY - 1),
        pulled: fc.option(
            fc.integer({ min: 0, max: 60 }).map((days) => NOW - days * DAY),
            { nil: undefined },
        ),
    }),
    { selector: ({ tag }) => tag },
);
const maybe = <T>(of: fc.Arbitrary<T>) => fc.option(of, { nil: undefined });
const anyRule = fc.record({
    repositories: fc.constantFrom(["*"], ["team/*"], ["team/app"], ["other"], ["teams/app", "team/x/*"]),
    tags: fc.constantFrom(["*"], ["v*"], ["pr-*"], ["!latest"], ["v*", "!*rc*"], ["1.2.3", "x"]),
    newest: maybe(fc.integer({ min: 1, max: 5 })),
    pushedWithinDays: maybe(fc.integer({ min: 1, max: 40 })),
    pulledWithinDays: maybe(fc.integer({ min: 1, max: 40 })),
    semver: maybe(
        fc.record({
            newest: fc.integer({ min: 1, max: 3 }),
            per: maybe(fc.constantFrom("major" as const, "minor" as const)),
        }),
    ),
});
const retention = fc.dictionary(
    fc.constantFrom("a", "b", "c"),
    anyRule,
) as unknown as fc.Arbitrary<Retention>;

/** What * may stand for, letter by letter. */
function fits(pattern: string, text: string): boolean {
    if (pattern === "") return text === "";
    if (pattern.startsWith("*")) return [...text, ""].some((_, i) => fits(pattern.slice(1), text.slice(i)));
    return text !== "" && pattern.charAt(0) === text.charAt(0) && fits(pattern.slice(1), text.slice(1));
}

/** Versions in their order, oldest first, as semver.org has them. */
const ORDER = [["1.2.3", "v1.2.3"], ["v1.2.4-rc.1"], ["v1.2.4-rc.2"], ["v1.2.4"], ["v1.3.0"], ["v2.0.0"]];
const RANKS = [...ORDER, ["2.0.1_b1"], ["v10.0.0"]];
const rank = (tag: string) => RANKS.findIndex((same) => same.includes(tag));
const line = (tag: string, per: "major" | "minor" | undefined) =>
    per === undefined
        ? ""
        : tag
              .replace(/^v/, "")
              .split(".")
              .slice(0, per === "major" ? 1 : 2)
              .join(".");

/** Whether a tag of team/app stays. */
function stays(rules: Retention, all: readonly TagTimes[], one: TagTimes, logSince: number | undefined) {
    let isMeant = false;
    for (const { repositories, tags, newest, pushedWithinDays, pulledWithinDays, semver } of Object.values(
        rules,
    )) {
        if (!repositories.some((of) => ["*", "team/*", "team/app"].includes(of))) continue;
        const takes = tags.filter((of) => !of.startsWith("!"));
        const meant = (tag: string) =>
            (takes.length === 0 || takes.some((of) => fits(of, tag))) &&
            !tags.some((of) => of.startsWith("!") && fits(of.slice(1), tag)) &&
            (semver === undefined ||
                newest !== undefined ||
                pushedWithinDays !== undefined ||
                pulledWithinDays !== undefined ||
                rank(tag) >= 0);
        if (!meant(one.tag)) continue;
        isMeant = true;
        if ([newest, pushedWithinDays, pulledWithinDays, semver].every((of) => of === undefined)) return true;
        const group = all.filter(({ tag }) => meant(tag));
        if (newest !== undefined) {
            // The moment of the last one that stays; what was pushed at the same one stays, too.
            const times = group.map(({ pushed }) => pushed).sort((a, b) => b - a);
            if (one.pushed >= (times[newest - 1] ?? -Infinity)) return true;
        }
        if (pushedWithinDays !== undefined && NOW - one.pushed <= pushedWithinDays * DAY) return true;
        if (pulledWithinDays !== undefined) {
            if (one.pulled !== undefined && NOW - one.pulled <= pulledWithinDays * DAY) return true;
            if (logSince === undefined || NOW - logSince < pulledWithinDays * DAY) return true;
        }
        if (semver !== undefined && rank(one.tag) >= 0) {
            const own = group.filter(
                ({ tag }) => rank(tag) >= 0 && line(tag, semver.per) === line(one.tag, semver.per),
            );
            const ranks = [...new Set(own.map(({ tag }) => rank(tag)))].sort((a, b) => b - a);
            if (ranks.indexOf(rank(one.tag)) < semver.newest) return true;
        }
    }
    return !isMeant;
}

test("a tag stays where a rule for it says so or none is for it, whatever the history", () => {
    let gone = 0;
    fc.assert(
        fc.property(
            retention,
            tagTimes,
            maybe(fc.integer({ min: 0, max: 60 }).map((days) => NOW - days * DAY)),
            (rules, tags, logSince) => {
                const found = judge(rules, "team/app", tags, { now: NOW, logSince });
                const expected = tags.map((one) => stays(rules, tags, one, logSince));
                gone += expected.filter((one) => !one).length;
                expect(found.map((one) => one.stays)).toEqual(expected);
                for (const { why } of found) expect(why).not.toBe("");
            },
        ),
        { numRuns: 3_000 },
    );
    // Histories in which nothing goes would show nothing.
    expect(gone).toBeGreaterThan(500);
});

test("a rule more never makes a tag go that another rule kept", () => {
    fc.assert(
        fc.property(retention, anyRule, tagTimes, (rules, more, tags) => {
            const [before, after] = [rules, { ...rules, more } as unknown as Retention].map((of) =>
                judge(of, "team/app", tags, { now: NOW, logSince: 0 }),
            );
            before?.forEach(({ stays: kept, why }, i) => {
                if (kept && why !== "no rule is for it") expect(after?.[i]?.stays).toBe(true);
            });
        }),
        { numRuns: 500 },
    );
});

test("versions come in the order of semver.org", () => {
    // Section 11 of the specification.
    const order =
        "1.0.0-alpha 1.0.0-alpha.1 1.0.0-alpha.beta 1.0.0-beta 1.0.0-beta.2 1.0.0-beta.11 1.0.0-rc.1 1.0.0";
    const versions = [...order.split(" "), "v1.0.1", "1.10.0", "v11.0.0_b2"].map((tag) => versionOf(tag));
    versions.forEach((a, i) =>
        versions.forEach((b, j) => {
            if (a === undefined || b === undefined) throw new Error("a version that is none");
            expect(Math.sign(compareVersions(a, b))).toBe(Math.sign(i - j));
        }),
    );
    for (const tag of ["1", "1.2", "latest", "v1.2.3.4", "version1.2.3", "1.2.x", ""])
        expect(versionOf(tag)).toBeUndefined();
});

test.each([
    [["v*"], "v1", true],
    [["v*"], "V1", false],
    [["v.*"], "v11", false],
    [["*-rc*"], "v1-rc2", true],
    [["!latest"], "latest", false],
    [["!latest"], "latest2", true],
    [["!latest", "l*"], "m", false],
    [["a*b*c"], "abc", true],
    [["a*b*c"], "acb", false],
])("%j means %s: %s", (patterns, tag, meant) => expect(meansTag(patterns, tag)).toBe(meant));

test("why a tag stays is told by the rule's name, and what is known comes before what is not", () => {
    const tags: TagTimes[] = [
        { tag: "new", pushed: NOW - DAY },
        { tag: "old", pushed: NOW - 90 * DAY },
        { tag: "used", pushed: NOW - 91 * DAY, pulled: NOW - DAY },
    ];
    const rules = { used: rule({ pulledWithinDays: 30 }), last: rule({ newest: 1 }) };
    const told = (logSince: number | undefined) =>
        judge(rules, "a", tags, { now: NOW, logSince }).map(({ why, stays: kept }) => [kept, why]);
    expect(told(NOW - 40 * DAY)).toEqual([
        [true, "last: newest 1"],
        [false, "used, last"],
        [true, "used: pulled within 30 days"],
    ]);
    expect(told(NOW - 10 * DAY)[1]).toEqual([true, "used: pulled within 30 days? the log begins 2027-01-05"]);
    expect(told(undefined)[1]).toEqual([true, "used: pulled within 30 days? there is no log"]);
});

test("a rule as the configuration has it", () => {
    const parsed = retentionOptions.retention.parse({ a: { newest: 3 } });
    expect(parsed).toEqual({ a: rule({ newest: 3 }) });
});
