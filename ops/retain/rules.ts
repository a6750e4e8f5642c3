/** Which tags of a repository stay, and by what rule. Pure. */
import { meansRepository, meansTag } from "../../components/definition/matches";
import type { Retention, RetentionRule } from "../../components/retention/options";

const DAY = 86_400;

/** Times are seconds since 1970. */
export interface TagTimes {
    tag: string;
    pushed: number;
    /** The last pull that the front's log tells of. */
    pulled?: number | undefined;
}

export interface Now {
    now: number;
    /** When the front's log begins; nothing where there is none. */
    logSince: number | undefined;
}

export interface Verdict {
    stays: boolean;
    /** The rule by which it stays; why, where it is another reason. */
    why: string;
    /** It stays because the log does not tell whether it was pulled. */
    untold?: boolean;
}

interface Version {
    numbers: [number, number, number];
    /** Of a pre-release. */
    before: string[];
}

// semver.org, 2.0.0; for the + that no tag can have, Helm writes _.
const VERSION = /^v?(\d+)\.(\d+)\.(\d+)(?:-([0-9A-Za-z.-]+))?(?:_[0-9A-Za-z.-]+)?$/;

export function versionOf(tag: string): Version | undefined {
    const [, major, minor, patch, before] = VERSION.exec(tag) ?? [];
    if (major === undefined) return undefined;
    return {
        numbers: [Number(major), Number(minor), Number(patch)],
        before: before === undefined ? [] : before.split("."),
    };
}

/** Precedence (semver.org, 11): below 0 where a comes before b. */
export function compareVersions(a: Version, b: Version): number {
    for (const i of [0, 1, 2] as const) if (a.numbers[i] !== b.numbers[i]) return a.numbers[i] - b.numbers[i];
    if (a.before.length === 0 || b.before.length === 0) return b.before.length - a.before.length;
    for (let i = 0; i < Math.max(a.before.length, b.before.length); i++) {
        const [one, two] = [a.before[i], b.before[i]];
        if (one === undefined || two === undefined) return one === undefined ? -1 : 1;
        const [first, second] = [one, two].map((text) => (/^\d+$/.test(text) ? Number(text) : text));
        if (first === second || first === undefined || second === undefined) continue;
        if (typeof first !== typeof second) return typeof first === "number" ? -1 : 1;
        return first < second ? -1 : 1;
    }
    return 0;
}

const day = (seconds: number) => new Date(seconds * 1000).toISOString().slice(0, 10);
const days = (count: number) => (count === 1 ? "a day" : `${count} days`);

const hasConditions = ({ newest, pushedWithinDays, pulledWithinDays, semver }: RetentionRule) =>
    [newest, pushedWithinDays, pulledWithinDays, semver].some((one) => one !== undefined);

/** Whether a rule is for a tag of a repository that it is for. */
function isFor(rule: RetentionRule, tag: string): boolean {
    if (!meansTag(rule.tags, tag)) return false;
    const bySemverAlone = rule.semver !== undefined && !hasConditions({ ...rule, semver: undefined });
    return !bySemverAlone || versionOf(tag) !== undefined;
}

/** The condition of a rule that holds for a tag. @param all the tags of the repository that the rule is for */
function holds(
    rule: RetentionRule,
    { tag, pushed, pulled }: TagTimes,
    all: readonly TagTimes[],
    { now, logSince }: Now,
): Omit<Verdict, "stays"> | undefined {
    const { newest, pushedWithinDays, pulledWithinDays, semver } = rule;
    if (!hasConditions(rule)) return { why: "always" };
    // Of tags that were pushed in the same second none is newer.
    if (newest !== undefined && all.filter((one) => one.pushed > pushed).length < newest)
        return { why: `newest ${newest}` };
    if (pushedWithinDays !== undefined && pushed >= now - pushedWithinDays * DAY)
        return { why: `pushed within ${days(pushedWithinDays)}` };
    const version = versionOf(tag);
    if (semver !== undefined && version !== undefined) {
        const parts = semver.per === undefined ? 0 : semver.per === "major" ? 1 : 2;
        const line = version.numbers.slice(0, parts).join(".");
        const newer = all
            .map((one) => versionOf(one.tag))
            .filter((one) => one !== undefined)
            .filter(
                (one) => one.numbers.slice(0, parts).join(".") === line && compareVersions(one, version) > 0,
            );
        // Two tags may be of the same version: v1.2.3 and 1.2.3.
        const different = newer.filter(
            (one, i) => !newer.slice(0, i).some((other) => compareVersions(one, other) === 0),
        );
        if (different.length < semver.newest)
            return { why: `newest ${semver.newest} versions${line === "" ? "" : ` of ${line}`}` };
    }
    if (pulledWithinDays !== undefined) {
        const since = now - pulledWithinDays * DAY;
        if (pulled !== undefined && pulled >= since)
            return { why: `pulled within ${days(pulledWithinDays)}` };
        if (logSince === undefined || logSince > since) {
            const begin = logSince === undefined ? "there is no log" : `the log begins ${day(logSince)}`;
            return { why: `pulled within ${days(pulledWithinDays)}? ${begin}`, untold: true };
        }
    }
    return undefined;
}

/** The rules for a repository, by name. */
export const rulesFor = (retention: Retention, repository: string): [string, RetentionRule][] =>
    Object.entries(retention).filter(([, { repositories }]) =>
        repositories.some((pattern) => meansRepository(pattern, repository)),
    );

/** @param tags all of the repository, without attachments. @returns the verdict on each, in their order */
export function judge(
    retention: Retention,
    repository: string,
    tags: readonly TagTimes[],
    now: Now,
): Verdict[] {
    const rules = rulesFor(retention, repository).map(
        ([name, rule]) => [name, rule, tags.filter(({ tag }) => isFor(rule, tag))] as const,
    );
    return tags.map((one) => {
        const own = rules.filter(([, , all]) => all.includes(one));
        if (own.length === 0) return { stays: true, why: "no rule is for it" };
        const reasons = own.flatMap(([name, rule, all]) => {
            const found = holds(rule, one, all, now);
            return found === undefined ? [] : [{ stays: true, ...found, why: `${name}: ${found.why}` }];
        });
        // What is known rather than what is not.
        return (
            reasons.find(({ untold }) => !untold) ??
            reasons[0] ?? { stays: false, why: own.map(([name]) => name).join(", ") }
        );
    });
}
