import type * as z from "zod";

import { withoutPasswords } from "../components/redact";

import type { FieldInfo } from "./fields";

/** One mistake in the configuration. */
export interface Mistake {
    /** Path of the property, `users.admin.password`. */
    path: string;
    /** What is wrong: the value received and what is allowed. */
    problem: string;
    /** The command that mends it. */
    fix: string;
}

/** A character as an escape, which shells and people read alike: `\x1b`. */
const escaped = (one: string): string => `\\x${one.charCodeAt(0).toString(16).padStart(2, "0")}`;

/** A text of the configuration, which may move the cursor, as a screen may show it. */
const printable = (text: string): string => text.replace(/[\x00-\x1f\x7f-\x9f]/g, escaped);

/** Members of one list are removed from its end: each removal moves those behind it. */
function inOrder(mistakes: readonly Mistake[]): Mistake[] {
    const listOf = ({ path, fix }: Mistake) =>
        fix.startsWith("pulumi config rm ") ? /^(.*)\[\d+\]$/s.exec(path)?.[1] : undefined;
    return mistakes.map((one, i) => {
        const list = listOf(one);
        if (list === undefined) return one;
        const members = mistakes.filter((other) => listOf(other) === list);
        const before = mistakes.slice(0, i).filter((other) => listOf(other) === list).length;
        return members.at(-1 - before) ?? one;
    });
}

/** All mistakes of a configuration, thrown before any resource is registered. */
export class ConfigError extends Error {
    constructor(
        readonly project: string,
        readonly mistakes: readonly Mistake[],
    ) {
        const lines = inOrder(mistakes).map(
            (m) => `  ${project}:${printable(m.path)} ${m.problem}\n      fix: ${m.fix}`,
        );
        const count = mistakes.length === 1 ? "a mistake" : `${mistakes.length} mistakes`;
        super(`The configuration has ${count}; nothing was changed.\n${lines.join("\n")}`);
        this.name = "ConfigError";
    }
}

interface Wrapper {
    def: {
        type: string;
        innerType?: z.ZodType;
        valueType?: z.ZodType;
        element?: z.ZodType;
        shape?: Record<string, z.ZodType>;
    };
}

/** The schema inside optional, default and prefault wrappers. */
export function unwrap(schema: z.ZodType): Wrapper["def"] {
    const { def } = schema as unknown as Wrapper;
    return def.innerType === undefined ? def : unwrap(def.innerType);
}

/** The schema at a path, with the documentation of the nearest field. */
export function fieldAt(root: z.ZodType, path: readonly PropertyKey[]): FieldInfo | undefined {
    let info: FieldInfo | undefined;
    let current: z.ZodType | undefined = root;
    for (const step of path) {
        const def: Wrapper["def"] = unwrap(current);
        current = def.shape?.[String(step)] ?? def.valueType ?? def.element;
        if (current === undefined) break;
        info = (current.meta() as FieldInfo | undefined) ?? info;
    }
    return info;
}

/** The schema at a path. */
export function schemaAt(root: z.ZodType, path: readonly PropertyKey[]): z.ZodType | undefined {
    return path.reduce<z.ZodType | undefined>((current, step) => {
        if (current === undefined) return undefined;
        const def = unwrap(current);
        return def.shape?.[String(step)] ?? def.valueType ?? def.element;
    }, root);
}

/** The keys that an object at a path may have; none where it may have any. */
export function keysAt(root: z.ZodType, path: readonly PropertyKey[]): string[] {
    const found = schemaAt(root, path);
    return found === undefined ? [] : Object.keys(unwrap(found).shape ?? {});
}

/** Least number of letters to add, drop, change or swap with the next that makes one word the other. */
function distance(one: string, other: string): number {
    const rows = Array.from({ length: one.length + 1 }, (_, i) =>
        Array.from({ length: other.length + 1 }, (_, j) => (i === 0 ? j : j === 0 ? i : 0)),
    );
    const at = (i: number, j: number) => rows[i]?.[j] ?? Infinity;
    for (let i = 1; i <= one.length; i++) {
        for (let j = 1; j <= other.length; j++) {
            const change = one[i - 1] === other[j - 1] ? 0 : 1;
            const swap =
                one[i - 1] === other[j - 2] && one[i - 2] === other[j - 1] ? at(i - 2, j - 2) + 1 : Infinity;
            const row = rows[i];
            if (row) row[j] = Math.min(at(i - 1, j) + 1, at(i, j - 1) + 1, at(i - 1, j - 1) + change, swap);
        }
    }
    return at(one.length, other.length);
}

/** The word that was meant, where one is near enough. */
export function meant(word: string, words: readonly string[]): string | undefined {
    const lower = word.toLowerCase();
    const [best] = words
        .map((known) => ({ known, far: distance(lower, known.toLowerCase()) }))
        .sort((a, b) => a.far - b.far);
    return best !== undefined && best.far <= Math.max(1, Math.floor(word.length / 3))
        ? best.known
        : undefined;
}

/** Writes a path as `pulumi config --path` reads it: `dnsNames[0]`, `users["a.b"].password`. */
export function formatPath(path: readonly PropertyKey[]): string {
    return path
        .map((step, i) => {
            if (typeof step === "number") return `[${step}]`;
            const key = String(step);
            if (!/^[\w-]+$/.test(key)) return `["${key.replaceAll('"', '\\"')}"]`;
            return i === 0 ? key : `.${key}`;
        })
        .join("");
}

export const mistake = (path: readonly PropertyKey[], problem: string, fix: string): Mistake => ({
    path: formatPath(path),
    problem,
    fix,
});

/** Quotes a path or value for a shell where it needs it. */
export const quoted = (path: string): string => {
    if (/^[\w.-]+$/.test(path)) return path;
    if (!/[\x00-\x1f\x7f]/.test(path)) return `'${path.replaceAll("'", String.raw`'\''`)}'`;
    // As bash, zsh and ksh read it: a line break in a command would end it.
    const inner = path
        .replaceAll("\\", "\\\\")
        .replaceAll("'", "\\'")
        .replace(/[\x00-\x1f\x7f]/g, escaped);
    return `$'${inner}'`;
};

/** The `pulumi config set` line for a property, with an example value. */
export function setCommand(
    path: readonly PropertyKey[],
    info: Pick<FieldInfo, "example" | "secret">,
): string {
    if (info.example.startsWith("--path")) {
        return `pulumi config set ${info.secret && info.example.includes("password") ? "--secret " : ""}${info.example}`;
    }
    const flags = (info.secret ? "--secret " : "") + (path.length > 1 ? "--path " : "");
    return `pulumi config set ${flags}${quoted(formatPath(path))} ${info.example}`;
}

/** The `pulumi config rm` line for a property. */
export function removeCommand(path: readonly PropertyKey[]): string {
    return `pulumi config rm ${path.length > 1 ? "--path " : ""}${quoted(formatPath(path))}`;
}

/** A value as a message shows it: cut, and never where it is secret. */
export function show(value: unknown, secret = false): string {
    if (value === undefined) return "not set";
    if (secret) return "set to a value that is not shown";
    const text = withoutPasswords(JSON.stringify(value));
    return text.length > 80 ? `${text.slice(0, 77)}…` : text;
}
