/** What the stack's file alone shows: how a value was set. Pure. */
import { parse } from "yaml";

import type { Texts } from "./print";

/** Key without namespace → value as it stands in Pulumi.STACK.yaml. */
function keysIn(project: string, text: string): [key: string, value: unknown][] {
    const { config } = (parse(text) ?? {}) as { config?: Record<string, unknown> };
    return Object.entries(config ?? {})
        .filter(([full]) => full.startsWith(`${project}:`))
        .map(([full, value]) => [full.slice(project.length + 1), value]);
}

const inPulumi = (value: unknown): string =>
    typeof value === "object" ? JSON.stringify(value) : String(value ?? "");

/**
 * Whether a configuration is the one that a file holds: with `--config-file` Pulumi reads another, and tells no program which.
 *
 * @param entries key without namespace → value as Pulumi hands it over
 * @param text of Pulumi.STACK.yaml
 * @param projectText of Pulumi.yaml, which has the defaults
 */
export function holds(
    project: string,
    entries: Readonly<Record<string, string>>,
    text: string,
    projectText: string,
): boolean {
    const own = new Map(keysIn(project, text));
    const { config = {} } = parse(projectText) as {
        config?: Record<string, { default?: unknown } | undefined>;
    };
    return Object.entries(entries).every(([key, value]) => {
        const set = own.get(key);
        // Of objects and encrypted values the form is enough.
        return typeof set === "object" || inPulumi(set ?? config[key]?.default) === value;
    });
}

/**
 * Keys whose value is one text, encrypted or not: to `pulumi config` such an object or list has no parts.
 *
 * @param project namespace of the keys
 * @param entries key without namespace → value as Pulumi hands it over
 * @param text of the file that holds them. Where that is not known, what is changed as one text is right in both forms
 */
export function textKeys(
    project: string,
    entries: Readonly<Record<string, string>>,
    text: string | undefined,
): Texts {
    const isJson = (value: unknown) => typeof value === "string" && /^\s*[[{]/.test(value);
    const isText = (value: unknown) =>
        isJson(value) || (typeof value === "object" && value !== null && "secure" in value);
    const all = text === undefined ? Object.entries<unknown>(entries) : keysIn(project, text);
    return new Set(all.filter(([, value]) => isText(value)).map(([key]) => key));
}
