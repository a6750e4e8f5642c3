import type { Healthcheck } from "./container-inputs";
import { formatDuration, parseDuration } from "./duration";

const DURATIONS = ["interval", "timeout", "startPeriod", "startInterval"] as const;

function duration(text: string | undefined): string | undefined {
    const time = text === undefined ? undefined : parseDuration(text);
    // A value that a preview does not know yet is no duration.
    return time === undefined ? text : formatDuration(time);
}

/** `cap_net_admin`, `NET_ADMIN` and `CAP_NET_ADMIN` are one capability; which one the Engine gives back varies. */
const capability = (name: string) => name.toUpperCase().replace(/^CAP_/, "");

/** Different words for the same → the same words. */
export function normalizeContainer(property: string, value: unknown): unknown {
    if (typeof value !== "object" || value === null) {
        return property === "cpus" && Number(value) > 0 ? String(Number(value)) : value;
    }
    if (property === "healthcheck") {
        const check = value as Healthcheck;
        return { ...check, ...Object.fromEntries(DURATIONS.map((key) => [key, duration(check[key])])) };
    }
    if (property === "capabilities") {
        return Object.fromEntries(
            Object.entries(value as Record<string, unknown>).map(([key, names]) => [
                key,
                Array.isArray(names) ? names.map((name) => capability(String(name))) : names,
            ]),
        );
    }
    return value;
}
