/** The order of tags. */

export type Order = "version" | "time" | "name";

/** `v1.2.3`, `1.2`, `2024.01.15-rc1`: numbers, and what may follow them. */
const VERSION = /^v?(\d+(?:\.\d+)*)(.*)$/i;

const natural = new Intl.Collator("en", { numeric: true, sensitivity: "variant" });

/** Compares dotted numbers of any length. */
function numbers(a: string, b: string): number {
    const [left, right] = [a.split("."), b.split(".")];
    for (let i = 0; i < Math.max(left.length, right.length); i++) {
        const difference = BigInt(left[i] ?? 0) - BigInt(right[i] ?? 0);
        if (difference !== 0n) return difference < 0n ? -1 : 1;
    }
    // 1.2.0 tells more than 1.2, which moves on.
    return left.length - right.length;
}

/** A beginning that comes before the release itself, as in semantic versions; a variant such as `-alpine` follows it. */
const BEFORE = /^[-._+]?(?:alpha|beta|rc|pre|dev|snapshot|nightly|canary|a|b|m)(?:[-._+\d]|$)/i;

/** For a descending sort: `latest`, then versions from the newest on, then other tags by name. */
export function byVersion(a: string, b: string): number {
    if (a === b) return 0;
    const rank = (tag: string) => (tag === "latest" ? 0 : VERSION.test(tag) ? 1 : 2);
    if (rank(a) !== rank(b)) return rank(a) - rank(b);
    const [left, right] = [VERSION.exec(a), VERSION.exec(b)];
    if (left === null || right === null) return natural.compare(a, b);
    const [, leftNumbers = "", leftRest = ""] = left;
    const [, rightNumbers = "", rightRest = ""] = right;
    const order = numbers(rightNumbers, leftNumbers);
    if (order !== 0) return order;
    const early = (rest: string) => (BEFORE.test(rest) ? 1 : 0);
    if (early(leftRest) !== early(rightRest)) return early(leftRest) - early(rightRest);
    // Release candidates from the newest on, variants by name.
    const rest = natural.compare(leftRest, rightRest);
    return early(leftRest) === 1 ? -rest : rest || natural.compare(a, b);
}

export const byName = (a: string, b: string): number => natural.compare(a, b);

/** For a descending sort; what has no time comes last. */
export const byTime =
    (timeOf: (tag: string) => Date | undefined) =>
    (a: string, b: string): number =>
        (timeOf(b)?.getTime() ?? -Infinity) - (timeOf(a)?.getTime() ?? -Infinity) || byVersion(a, b);
