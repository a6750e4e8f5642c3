/** Reads a stack's configuration: the only place that does. */
import { existsSync, readFileSync } from "node:fs";
import { domainToASCII } from "node:url";

import * as pulumi from "@pulumi/pulumi";
import type * as z from "zod";

import { thisMachine } from "../setup/machine";
import { findStack } from "../setup/stack";

import { forStack } from "./commands";
import type { FieldInfo } from "./fields";
import {
    ConfigError,
    fieldAt,
    formatPath,
    keysAt,
    meant,
    quoted,
    schemaAt,
    type Mistake,
    removeCommand,
    setCommand,
    show,
    unwrap,
} from "./mistakes";
import { defaultFront, type FrontGrounds } from "../components/front/default";
import { type Partial, rules } from "./rules";
import { type Schema, schema } from "./schema";
import { warnings } from "./warnings";

function json(text: string): unknown {
    try {
        return JSON.parse(text);
    } catch {
        // Not JSON: the schema refuses the text itself, with what is allowed.
        return text;
    }
}

/**
 * A value as the schema wants it. Pulumi hands the keys over as text, objects and lists as JSON; in those it leaves "true" a
 * text where a text stood before.
 */
function parse(type: z.ZodType, given: unknown): unknown {
    const { type: kind, shape, valueType, element } = unwrap(type);
    const isText = typeof given === "string";
    if (kind === "number") return isText && /^-?\d+(\.\d+)?$/.test(given) ? Number(given) : given;
    if (kind === "boolean") return given === "true" ? true : given === "false" ? false : given;
    if (!["object", "record", "array"].includes(kind)) return given;
    const value = isText ? json(given) : given;
    const below = (key: string, inner: unknown) => {
        const of =
            shape === undefined ? (valueType ?? element) : Object.hasOwn(shape, key) ? shape[key] : undefined;
        return of === undefined ? inner : parse(of, inner);
    };
    if (Array.isArray(value)) return value.map((inner: unknown) => below("", inner));
    if (typeof value !== "object" || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, below(key, inner)]));
}

/** The value that an example of a list, `--path 'dnsNames[0]' registry.example.com`, sets. */
const memberExample = (example: string): string =>
    /^--path (?:'[^']*'|\S+) (.*)$/s.exec(example)?.[1] ?? example;

/** The fix of a value: an example in its place; of a list a member, since without one the list may mean more than it did. */
function fixOf(path: readonly PropertyKey[], received: unknown, info: FieldInfo | undefined): string {
    const type = schemaAt(schema, path);
    const kind = type && unwrap(type).type;
    // Of two values neither is what was meant for sure; the default is the one that does no harm.
    const standard: unknown = kind === "boolean" ? type?.safeParse(undefined).data : undefined;
    if (standard !== undefined) return setCommand(path, { ...info, example: String(standard) });
    if (info === undefined) return setCommand(path, { example: "VALUE" });
    const secret = info.secret ?? false;
    const member = (at: readonly PropertyKey[]) =>
        setCommand(at, { secret, example: memberExample(info.example) });
    if (typeof path.at(-1) === "number") return member(path);
    // Pulumi sets no member of what is no list.
    if (kind === "array" && info.example.includes("[0]"))
        return Array.isArray(received)
            ? member([...path, 0])
            : `${removeCommand(path)} && ${member([...path, 0])}`;
    // The example of an object is about another place in it.
    return path.length > 1 && info.example.startsWith("--path")
        ? removeCommand(path)
        : setCommand(path, info);
}

/** Paths of the keys `__proto__`, which JSON has and every step after it drops without a word. */
function prototypes(value: unknown, path: PropertyKey[]): PropertyKey[][] {
    if (typeof value !== "object" || value === null) return [];
    return Object.entries(value).flatMap(([key, below]) => [
        ...(key === "__proto__" ? [[...path, key]] : []),
        ...prototypes(below, [...path, Array.isArray(value) ? Number(key) : key]),
    ]);
}

/** A key that the kit does not know, with the one that was meant. */
function unknownKey(path: readonly string[], value: unknown): Mistake {
    const key = path.at(-1) ?? "";
    const known = meant(key, keysAt(schema, path.slice(0, -1)));
    const remove = removeCommand(path);
    if (known === undefined)
        return { path: formatPath(path), problem: "is not an option of the kit", fix: remove };
    const right = [...path.slice(0, -1), known];
    const [info, field] = [fieldAt(schema, right), schemaAt(schema, right)];
    const typed = path.length === 1 && field ? parse(field, String(value)) : value;
    const problem = `is not an option of the kit; did you mean ${formatPath(right)}?`;
    // An object that may hold secrets is no text for a screen, and one below another is none that a command could set.
    if (typeof typed === "object" && (info?.secret || path.length > 1))
        return { path: formatPath(path), problem, fix: remove };
    // What was typed is typed again where it is right, and no secret.
    const again = !info?.secret && field?.safeParse(typed).success;
    const example = again
        ? quoted(typeof typed === "object" ? JSON.stringify(typed) : String(typed))
        : info?.example;
    const set = setCommand(right, { secret: info?.secret ?? false, example: example ?? "VALUE" });
    return { path: formatPath(path), problem, fix: `${remove} && ${set}` };
}

/** A name outside ASCII, as DNS has it (RFC 3492), where the field takes that. */
function punycode(
    key: string,
    value: unknown,
    path: readonly PropertyKey[],
    received: unknown,
): string | undefined {
    if (typeof received !== "string" || !/[^\0-\x7f]/.test(received)) return undefined;
    const ascii = domainToASCII(received);
    const field = Object.entries<z.ZodType>(schema.shape).find(([name]) => name === key)?.[1];
    if (ascii === "" || field === undefined) return undefined;
    const with_ = (at: unknown, [step, ...rest]: readonly PropertyKey[]): unknown => {
        if (step === undefined) return ascii;
        const below = with_((at as Record<PropertyKey, unknown>)[step], rest);
        return Array.isArray(at)
            ? at.map((one: unknown, i) => (i === step ? below : one))
            : { ...(at as object), [step]: below };
    };
    const result = field.safeParse(with_(value, path));
    const still = result.success ? [] : result.error.issues.map((issue) => issue.path.join("."));
    return still.includes(path.join(".")) ? undefined : ascii;
}

function describe(key: string, value: unknown, issue: z.core.$ZodIssue): Mistake[] {
    const path = [key, ...issue.path];
    const at = (steps: readonly PropertyKey[]) =>
        steps.reduce<unknown>(
            (here, step) => (here as Record<PropertyKey, unknown> | undefined)?.[step],
            value,
        );
    if (issue.code === "unrecognized_keys") {
        return issue.keys.map((unknown) =>
            unknownKey([...path.map(String), unknown], at([...issue.path, unknown])),
        );
    }
    const info = fieldAt(schema, path);
    const received = at(issue.path);
    const ascii = /host name/.test(info?.allowed ?? "")
        ? punycode(key, value, issue.path, received)
        : undefined;
    if (ascii !== undefined) {
        const problem = `is ${show(received, info?.secret)}; a name with other letters than a to z must be written in punycode, ${ascii}`;
        return [
            {
                path: formatPath(path),
                problem,
                fix: setCommand(path, { secret: info?.secret ?? false, example: ascii }),
            },
        ];
    }
    if (issue.code === "invalid_key") {
        const problem = `has a name that cannot be used; it must be ${info?.allowed ?? "another one"}`;
        return [{ path: formatPath(path), problem, fix: removeCommand(path) }];
    }
    return [
        {
            path: formatPath(path),
            problem: `is ${show(received, info?.secret)}; it must be ${info?.allowed ?? issue.message}`,
            fix: fixOf(path, received, info),
        },
    ];
}

/**
 * Checks a whole configuration.
 *
 * @param project namespace of the keys, the Pulumi project's name
 * @param entries key without namespace → value as Pulumi keeps it
 * @throws ConfigError with every mistake
 */
export function check(project: string, entries: Readonly<Record<string, string>>): Schema {
    const mistakes: Mistake[] = [];
    const valid: Record<string, unknown> = {};
    for (const [key, field] of Object.entries<z.ZodType>(schema.shape)) {
        // Pulumi.yaml gives every key a default, since Pulumi asks for those that have none: "" stands for none.
        const raw = entries[key] || undefined;
        const value = raw === undefined ? undefined : parse(field, raw);
        const reserved = prototypes(value, [key]).map((path) => ({
            path: formatPath(path),
            problem: "has a name that JavaScript keeps for itself; choose another one",
            fix: removeCommand(path),
        }));
        if (reserved.length > 0) {
            mistakes.push(...reserved);
            continue;
        }
        const result = field.safeParse(value);
        if (result.success) valid[key] = result.data;
        else mistakes.push(...result.error.issues.flatMap((issue) => describe(key, value, issue)));
    }
    for (const [key, value] of Object.entries(entries).filter(([key]) => !Object.hasOwn(schema.shape, key))) {
        mistakes.push(unknownKey([key], value));
    }
    if (!entries.front) valid.front = defaultFront(valid as FrontGrounds);
    // The rules look at what is valid by itself, so that a mistake in one key does not hide those in others.
    mistakes.push(...rules(valid as Partial));
    if (mistakes.length > 0) throw new ConfigError(project, mistakes);
    return valid as Schema;
}

/** The file that Pulumi keeps the stack's configuration in; nothing where it is elsewhere (`--config-file`). */
function stackFileText(): string | undefined {
    const file = `Pulumi.${pulumi.getStack()}.yaml`;
    return existsSync(file) ? readFileSync(file, "utf8") : undefined;
}

/** The running stack, where a command without `--stack` would mean another one. */
function stackToName(): string | undefined {
    const stack = pulumi.getStack();
    try {
        return findStack(thisMachine(process.cwd()), []).name.split("/").pop() === stack ? undefined : stack;
    } catch {
        // Its name is never wrong.
        return stack;
    }
}

/**
 * The configuration of the running stack.
 *
 * @throws pulumi.RunError with every mistake, the value received, what is allowed, and the command that mends it
 */
export function load(): Schema {
    const project = pulumi.getProject();
    const prefix = `${project}:`;
    const entries = Object.entries(pulumi.runtime.allConfig())
        .filter(([key]) => key.startsWith(prefix))
        .map(([key, value]) => [key.slice(prefix.length), value] as const);
    try {
        const config = check(project, Object.fromEntries(entries));
        const stackFile = stackFileText();
        for (const warning of warnings(config, { project, stackFile }))
            void pulumi.log.warn(forStack(warning, stackToName()));
        return config;
    } catch (error) {
        if (error instanceof ConfigError) throw new pulumi.RunError(forStack(error.message, stackToName()));
        throw error;
    }
}
