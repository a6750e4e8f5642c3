/** Versions as programs tell them. Pure. */

/** `/bin/registry github.com/distribution/distribution/v3 v3.1.2` → `3.1.2` */
export const versionIn = (said: string): string | undefined => /\d+\.\d+(?:\.\d+)*/.exec(said)?.[0];

/** Below 0 where the first one is older. */
export function compare(one: string, other: string): number {
    const [a, b] = [one, other].map((text) => text.split(".").map(Number));
    for (let i = 0; i < 3; i++) {
        const difference = (a?.[i] ?? 0) - (b?.[i] ?? 0);
        if (difference !== 0) return difference;
    }
    return 0;
}

export const major = (version: string): number => Number(version.split(".")[0]);

/** A line of a log in which a program tells why it ends. */
const REASON = /fatal|panic|emerg|error|cannot|can't|failed|denied|invalid|not found|no such/i;

/**
 * Why a program ended, out of the last lines of its log: one sentence without a full stop.
 *
 * @returns nothing where it wrote nothing
 */
export function causeIn(log: string): string | undefined {
    const lines = log.split("\n").filter((line) => line.trim() !== "");
    const line = lines.findLast((one) => REASON.test(one)) ?? lines.at(-1);
    if (line === undefined) return undefined;
    const message =
        /\bmsg="((?:[^"\\]|\\.)*)"/.exec(line)?.[1]?.replaceAll('\\"', '"') ??
        line.replace(/^(time="[^"]*"|[\d/:., TZ-]{8,}) */, "");
    return message.trim().replace(/\.$/, "").slice(0, 300);
}
