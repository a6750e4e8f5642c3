/** Durations as Go writes them (package time, ParseDuration and Duration.String), in nanoseconds. */

const UNITS: Record<string, number> = { ns: 1, us: 1e3, µs: 1e3, ms: 1e6, s: 1e9, m: 60e9, h: 3600e9 };

/** `1m30s` → 90000000000. Nothing where the text is no duration. */
export function parseDuration(text: string): number | undefined {
    if (text === "0") return 0;
    if (!/^(\d+(\.\d+)?(ns|us|µs|ms|s|m|h))+$/.test(text)) return undefined;
    const parts = text.matchAll(/(\d+(?:\.\d+)?)(ns|us|µs|ms|s|m|h)/g);
    return Math.round(
        [...parts].reduce((sum, [, amount, unit]) => sum + Number(amount) * (UNITS[unit ?? ""] ?? 0), 0),
    );
}

/** 90000000000 → `1m30s`. */
export function formatDuration(nanoseconds: number): string {
    if (nanoseconds === 0) return "0s";
    if (nanoseconds < 1e3) return `${nanoseconds}ns`;
    if (nanoseconds < 1e6) return `${nanoseconds / 1e3}µs`;
    if (nanoseconds < 1e9) return `${nanoseconds / 1e6}ms`;
    const hours = Math.floor(nanoseconds / 3600e9);
    const minutes = Math.floor((nanoseconds % 3600e9) / 60e9);
    const seconds = `${(nanoseconds % 60e9) / 1e9}s`;
    if (hours > 0) return `${hours}h${minutes}m${seconds}`;
    return minutes > 0 ? `${minutes}m${seconds}` : seconds;
}
