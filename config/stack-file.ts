/** What the stack's file alone shows: how a value was set. Pure. */
import { parse } from "yaml";

import type { Texts } from "./print";

/**
 * Keys whose value is one text, encrypted or not: to `pulumi config` such an object or list has no parts.
 *
 * @param project namespace of the keys
 * @param text of Pulumi.STACK.yaml; undefined where the configuration is kept elsewhere
 */
export function textKeys(project: string, text: string | undefined): Texts {
    const { config } = (parse(text ?? "") ?? {}) as { config?: Record<string, unknown> };
    const isText = (value: unknown) =>
        typeof value === "string"
            ? /^\s*[[{]/.test(value)
            : typeof value === "object" && value !== null && "secure" in value;
    return new Set(
        Object.entries(config ?? {})
            .filter(([full, value]) => full.startsWith(`${project}:`) && isText(value))
            .map(([full]) => full.slice(project.length + 1)),
    );
}
