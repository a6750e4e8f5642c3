/** Numbers as people read them. */

const UNITS = ["B", "kB", "MB", "GB", "TB", "PB"] as const;

/** @example bytes(1_234_567) // "1.23 MB", in powers of 1000 as Docker has it */
export function bytes(count: number): string {
    let value = count;
    let unit = 0;
    // What would be shown as 1000 is one of the next unit.
    while (value >= 999.5 && unit < UNITS.length - 1) {
        value /= 1000;
        unit += 1;
    }
    const digits = unit === 0 || value >= 99.95 ? 0 : value >= 9.995 ? 1 : 2;
    return `${value.toFixed(digits)} ${UNITS[unit]}`;
}

const AGES = [
    ["year", 365 * 86_400],
    ["month", 30 * 86_400],
    ["day", 86_400],
    ["hour", 3_600],
    ["minute", 60],
] as const;

/** @example ago(new Date(Date.now() - 7_200_000), "en") // "2 hours ago" */
export function ago(time: Date, language: string, now = Date.now()): string {
    const seconds = (time.getTime() - now) / 1000;
    const format = new Intl.RelativeTimeFormat(language, { numeric: "auto" });
    for (const [unit, length] of AGES)
        if (Math.abs(seconds) >= length) return format.format(Math.trunc(seconds / length), unit);
    return format.format(0, "minute");
}

/** Whole days until a time; negative when it is past. */
export const daysUntil = (time: Date, now = Date.now()): number =>
    Math.floor((time.getTime() - now) / 86_400_000);

/** @example shortDigest("sha256:0123456789abcdef…") // "0123456789ab" */
export const shortDigest = (digest: string): string => digest.replace(/^[^:]*:/, "").slice(0, 12);
