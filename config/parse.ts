/** Values as Pulumi hands them over, turned into what their options take. Pure. */
import { typeAt, unwrap } from "../components/definition/option";
import type { Path } from "../components/definition/problem";

import { options } from "./options";

/**
 * A value as its option wants it. Pulumi hands the keys over as text, objects and lists as JSON; in those it leaves "true" a
 * text where a text stood before.
 */
export function parse(path: Path, given: unknown): unknown {
    const type = typeAt(options, path);
    const kind = type && unwrap(type).type;
    const isText = typeof given === "string";
    if (kind === "number") return isText && /^-?\d+(\.\d+)?$/.test(given) ? Number(given) : given;
    if (kind === "boolean") return given === "true" ? true : given === "false" ? false : given;
    if (kind === undefined)
        // An unknown key: what it holds may belong elsewhere.
        return isText && path.length === 1 && /^[[{]/.test(given) ? json(given) : given;
    if (!["object", "record", "array"].includes(kind)) return given;
    const value = isText ? json(given) : given;
    if (Array.isArray(value)) return value.map((inner: unknown, i) => parse([...path, i], inner));
    if (typeof value !== "object" || value === null) return value;
    return Object.fromEntries(
        Object.entries(value).map(([key, inner]) => [key, parse([...path, key], inner)]),
    );
}

function json(raw: string): unknown {
    try {
        return JSON.parse(raw);
    } catch {
        // Not JSON: the option refuses the text itself, with what is allowed.
        return raw;
    }
}
