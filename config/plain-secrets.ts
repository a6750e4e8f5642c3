/** Secrets that stand in the stack's file for everyone to read. Pure. */
import { parse } from "yaml";

import { infoAt } from "../components/definition/option";
import { formatPath } from "../components/definition/problem";
import { isPem } from "../components/definition/values";

import { options } from "./options";

/** Whether a value is the secret itself, and not the path of a file that holds it. */
const isSecret = (value: string): boolean => isPem(value) || value.trimStart().startsWith("{");

function below(path: PropertyKey[], value: unknown): PropertyKey[][] {
    if (typeof value === "object" && value !== null) {
        // Pulumi's own form of an encrypted value.
        if ("secure" in value) return [];
        return Object.entries(value).flatMap(([key, inner]) =>
            below([...path, Array.isArray(value) ? Number(key) : key], inner),
        );
    }
    const info = infoAt(options, path);
    if (!info?.secret || value === undefined || value === null || value === "") return [];
    return info.file && !isSecret(String(value)) ? [] : [path];
}

/** An object of the configuration that was set as JSON text. */
function objectOf(value: unknown): unknown {
    if (typeof value !== "string" || !value.trimStart().startsWith("{")) return value;
    try {
        return JSON.parse(value);
    } catch {
        return value;
    }
}

/**
 * Paths of the secrets that a stack's file has in clear.
 *
 * @param project namespace of the keys
 * @param text of Pulumi.STACK.yaml
 */
export function plainSecrets(project: string, text: string): string[] {
    const { config } = (parse(text) ?? {}) as { config?: Record<string, unknown> };
    return Object.entries(config ?? {}).flatMap(([full, value]) => {
        const key = full.startsWith(`${project}:`) ? full.slice(project.length + 1) : undefined;
        return key === undefined ? [] : below([key], objectOf(value)).map(formatPath);
    });
}
