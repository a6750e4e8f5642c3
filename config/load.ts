/** Reads a stack's configuration: the only place that does. */
import * as pulumi from "@pulumi/pulumi";
import type * as z from "zod";

import { thisMachine } from "../setup/machine";
import { findStack } from "../setup/stack";

import { forStack } from "./commands";
import {
    ConfigError,
    fieldAt,
    formatPath,
    type Mistake,
    removeCommand,
    setCommand,
    show,
    unwrap,
} from "./mistakes";
import { type Partial, rules } from "./rules";
import { type Schema, schema } from "./schema";
import { warnings } from "./warnings";

/** The value of a key as the schema wants it. Pulumi hands every value over as text; objects and lists as JSON. */
function parse(key: z.ZodType, raw: string): unknown {
    switch (unwrap(key).type) {
        case "number":
            return /^-?\d+(\.\d+)?$/.test(raw) ? Number(raw) : raw;
        case "boolean":
            return raw === "true" ? true : raw === "false" ? false : raw;
        case "object":
        case "record":
        case "array":
            try {
                return JSON.parse(raw);
            } catch {
                // Not JSON: the schema refuses the text itself, with what is allowed.
                return raw;
            }
        default:
            return raw;
    }
}

/** Paths of the keys `__proto__`, which JSON has and every step after it drops without a word. */
function prototypes(value: unknown, path: PropertyKey[]): PropertyKey[][] {
    if (typeof value !== "object" || value === null) return [];
    return Object.entries(value).flatMap(([key, below]) => [
        ...(key === "__proto__" ? [[...path, key]] : []),
        ...prototypes(below, [...path, Array.isArray(value) ? Number(key) : key]),
    ]);
}

function describe(key: string, value: unknown, issue: z.core.$ZodIssue): Mistake[] {
    const path = [key, ...issue.path];
    if (issue.code === "unrecognized_keys") {
        return issue.keys.map((unknown) => ({
            path: formatPath([...path, unknown]),
            problem: "is not an option of the kit",
            fix: removeCommand([...path, unknown]),
        }));
    }
    const info = fieldAt(schema, path);
    const received = issue.path.reduce<unknown>(
        (at, step) => (at as Record<PropertyKey, unknown> | undefined)?.[step],
        value,
    );
    return [
        {
            path: formatPath(path),
            problem: `is ${show(received, info?.secret)}; it must be ${info?.allowed ?? issue.message}`,
            // The example of an object or list is about another place in it.
            fix:
                issue.path.length > 0 && info?.example.startsWith("--path")
                    ? removeCommand(path)
                    : setCommand(path, info ?? { example: "VALUE" }),
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
    for (const key of Object.keys(entries).filter((key) => !Object.hasOwn(schema.shape, key))) {
        mistakes.push({ path: key, problem: "is not an option of the kit", fix: removeCommand([key]) });
    }
    // The rules look at what is valid by itself, so that a mistake in one key does not hide those in others.
    mistakes.push(...rules(valid as Partial));
    if (mistakes.length > 0) throw new ConfigError(project, mistakes);
    return valid as Schema;
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
        for (const warning of warnings(config)) void pulumi.log.warn(forStack(warning, stackToName()));
        return config;
    } catch (error) {
        if (error instanceof ConfigError) throw new pulumi.RunError(forStack(error.message, stackToName()));
        throw error;
    }
}
