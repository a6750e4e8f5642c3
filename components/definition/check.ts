/** Holds given options against their definition: every problem at once. Pure. */
import { domainToASCII } from "node:url";

import type * as z from "zod";

import { infoAt, keysAt, type OptionInfo, typeAt, unwrap } from "./option";
import { meant } from "./meant";
import { formatPath, type Path, type Problem, problem, remove, set, show, type Step } from "./problem";
import { valueAt } from "./tree";

/** A rule that needs more than one option. It looks at what is right by itself: the rest is missing. */
export type Rule<T> = (options: { [K in keyof T]?: T[K] | undefined }) => Problem[];

export interface Definition<S extends z.ZodObject> {
    options: S;
    rules: readonly Rule<z.output<S>>[];
}

/** Paths of the keys `__proto__`, which JSON has and every step after it drops without a word. */
function prototypes(value: unknown, path: PropertyKey[]): PropertyKey[][] {
    if (typeof value !== "object" || value === null) return [];
    return Object.entries(value).flatMap(([key, inner]) => [
        ...(key === "__proto__" ? [[...path, key]] : []),
        ...prototypes(inner, [...path, Array.isArray(value) ? Number(key) : key]),
    ]);
}

const exampleOf = (path: Path, info: OptionInfo | undefined) =>
    set(path, info?.example ?? "VALUE", info?.secret);

/** What mends a wrong value: an example in its place; of a list a member, since without one the list may mean more than it did. */
function mendOf(root: z.ZodObject, path: Path, received: unknown): Step[] {
    const [type, info] = [typeAt(root, path), infoAt(root, path)];
    const kind = type && unwrap(type).type;
    // Of two values neither is what was meant for sure; the default is the one that does no harm.
    const standard: unknown = kind === "boolean" ? type?.safeParse(undefined).data : undefined;
    if (standard !== undefined) return [set(path, standard)];
    if (info === undefined) return [exampleOf(path, info)];
    if (Array.isArray(info.example)) {
        const [example] = info.example as unknown[];
        if (typeof path.at(-1) === "number") return [set(path, example, info.secret)];
        const member = set([...path, 0], example, info.secret);
        // Nothing can be set in what is no list.
        if (kind === "array")
            return Array.isArray(received) || received === undefined ? [member] : [remove(path), member];
    }
    // The example of an object is about a place in it, which cannot be set where a text stands.
    const own = type?.meta() !== undefined && typeof info.example !== "object";
    if (path.length > 1) return [own ? exampleOf(path, info) : remove(path)];
    const inTheWay = typeof received === "object" && received !== null;
    return [...(inTheWay ? [remove(path)] : []), exampleOf(path, info)];
}

/** A key that there is not, with the one that was meant. */
function unknownKey(root: z.ZodObject, path: Path, value: unknown): Problem {
    const known = meant(String(path.at(-1)), keysAt(root, path.slice(0, -1)));
    if (known === undefined) return problem(path, "is not an option of the kit", remove(path));
    const right = [...path.slice(0, -1), known];
    const [info, type] = [infoAt(root, right), typeAt(root, right)];
    const text = `is not an option of the kit; did you mean ${formatPath(right)}?`;
    // An object that may hold secrets is no text for a screen, and one below another is none that a command could set.
    if (typeof value === "object" && (info?.secret || path.length > 1))
        return problem(path, text, remove(path));
    // What was typed is typed again where it is right, and no secret.
    const again = !info?.secret && type?.safeParse(value).success;
    return problem(path, text, remove(path), again ? set(right, value) : exampleOf(right, info));
}

/** A name outside ASCII, as DNS has it (RFC 3492), where the option takes that. */
function punycode(root: z.ZodObject, path: Path, received: unknown): string | undefined {
    if (typeof received !== "string" || !/[^\0-\x7f]/.test(received)) return undefined;
    if (!/host name/.test(infoAt(root, path)?.allowed ?? "")) return undefined;
    const ascii = domainToASCII(received);
    return ascii !== "" && typeAt(root, path)?.safeParse(ascii).success ? ascii : undefined;
}

function describe(root: z.ZodObject, value: unknown, issue: z.core.$ZodIssue): Problem[] {
    const { path } = issue;
    if (issue.code === "unrecognized_keys")
        return issue.keys.map((key) => unknownKey(root, [...path, key], valueAt(value, [...path, key])));
    const info = infoAt(root, path);
    const received = valueAt(value, path);
    const ascii = punycode(root, path, received);
    if (ascii !== undefined)
        return [
            problem(
                path,
                `is ${show(received, info?.secret)}; a name with other letters than a to z must be written in punycode, ${ascii}`,
                set(path, ascii, info?.secret),
            ),
        ];
    if (issue.code === "invalid_key")
        return [
            problem(
                path,
                `has a name that cannot be used; it must be ${info?.allowed ?? "another one"}`,
                remove(path),
            ),
        ];
    const text = `is ${show(received, info?.secret)}; it must be ${info?.allowed ?? issue.message}`;
    return [problem(path, text, ...mendOf(root, path, received))];
}

export interface Checked<T> {
    /** What is right, with defaults. Whole where there is no problem. */
    options: { [K in keyof T]?: T[K] | undefined };
    problems: Problem[];
}

class Unknown extends Error {}

/** The tree, in which reading the value at a path ends in Unknown. */
function hidden(tree: unknown, [step, ...rest]: Path): unknown {
    if (typeof tree !== "object" || tree === null || step === undefined) return tree;
    const copy = Object.defineProperties(
        Array.isArray(tree) ? [] : {},
        Object.getOwnPropertyDescriptors(tree),
    );
    const below = rest.length > 0 && Object.hasOwn(tree, step);
    const get = (): never => {
        throw new Unknown();
    };
    return Object.defineProperty(copy, step, {
        configurable: true,
        enumerable: true,
        ...(below ? { value: hidden((tree as Record<PropertyKey, unknown>)[step], rest) } : { get }),
    });
}

/** What a rule finds; nothing where it needs what is not known. */
function found<T>(rule: Rule<T>, options: Parameters<Rule<T>>[0]): Problem[] {
    try {
        return rule(options);
    } catch (error) {
        if (error instanceof Unknown) return [];
        throw error;
    }
}

/**
 * Checks options.
 *
 * @param unknown paths of values that only stand in for those to come: a rule that reads one is left out
 */
export function check<S extends z.ZodObject>(
    { options: root, rules }: Definition<S>,
    given: Readonly<Record<string, unknown>>,
    unknown: readonly Path[] = [],
): Checked<z.output<S>> {
    const problems: Problem[] = [];
    const right: Record<string, unknown> = {};
    for (const [key, type] of Object.entries<z.ZodType>(root.shape)) {
        const reserved = prototypes(given[key], [key]);
        problems.push(
            ...reserved.map((path) =>
                problem(
                    path,
                    "has a name that JavaScript keeps for itself; choose another one",
                    remove(path),
                ),
            ),
        );
        if (reserved.length > 0) continue;
        const result = type.safeParse(given[key]);
        if (result.success) right[key] = result.data;
        else
            problems.push(
                ...result.error.issues.flatMap((issue) =>
                    describe(root, given, { ...issue, path: [key, ...issue.path] }),
                ),
            );
    }
    for (const key of Object.keys(given))
        if (!Object.hasOwn(root.shape, key)) problems.push(unknownKey(root, [key], given[key]));
    const options = right as Checked<z.output<S>>["options"];
    // The rules look at what is right by itself, so that a mistake in one option does not hide those in others.
    const known = unknown.reduce<unknown>(hidden, options) as typeof options;
    problems.push(...rules.flatMap((rule) => found(rule, known)));
    return { options, problems };
}
