/** Options as a program gives them, of which any may be the Output of another resource. */
import * as pulumi from "@pulumi/pulumi";
import type * as z from "zod";

import { check, type Definition } from "./check";
import { infoAt, ownInfo, type Plain, typeAt, unwrap } from "./option";
import { OptionsError, type Path, type Problem, problem, remove } from "./problem";
import { isTree, valueAt, withValue } from "./tree";

/** A value, or the Output of one. */
export type Given<T> = T | pulumi.Output<T>;

type Leaf<T> =
    NonNullable<T> extends Plain<infer V>
        ? V | Extract<T, undefined>
        : Given<NonNullable<T>> | Extract<T, undefined>;

/** Checked options: plain ones are values, all others may be Outputs. */
export type Settled<T> =
    NonNullable<T> extends Plain<unknown>
        ? Leaf<T>
        : NonNullable<T> extends readonly unknown[]
          ? Leaf<T>
          : NonNullable<T> extends object
            ? { [K in keyof NonNullable<T>]: Settled<NonNullable<T>[K]> } | Extract<T, undefined>
            : Leaf<T>;

interface Hole {
    path: Path;
    output: pulumi.Output<unknown>;
}

/**
 * Its message is all that Pulumi shows of it. The SDK writes `error serializing property "…"` before the message of what keeps
 * a property from its value (runtime/rpc.ts), once for each place that waits for it.
 */
class Refusal extends pulumi.RunError {
    constructor(message: string) {
        super(message);
        Object.defineProperty(this, "message", { get: () => message, set: () => undefined });
    }
}

/**
 * Ends the program with what is wrong with its options.
 *
 * @param untouched what is as it was
 * @throws pulumi.RunError always: Pulumi shows the message of one without the program's stack
 */
export function refuse(problems: readonly Problem[], untouched = "nothing"): never {
    throw new Refusal(new OptionsError(problems, untouched).message);
}

const isOutput = (value: unknown): value is pulumi.Output<unknown> | Promise<unknown> =>
    pulumi.Output.isInstance(value) || value instanceof Promise;

/** Objects and lists that hold themselves, which no file and no state can have. Pulumi refuses those that Outputs hold. */
function endless(value: unknown, path: Path = [], above: readonly unknown[] = []): Problem[] {
    if (typeof value !== "object" || value === null || isOutput(value)) return [];
    if (above.includes(value))
        return [problem(path, "holds an object that it is a part of, and so has no end", remove(path))];
    return Object.entries(value).flatMap(([key, inner]) =>
        endless(inner, [...path, Array.isArray(value) ? Number(key) : key], [...above, value]),
    );
}

/** When an Output resolves, resources may be there that do without it. */
const LATE = "no Docker object";

/** The value with a right one in place of each Output. */
function fill(root: z.ZodType, value: unknown, path: PropertyKey[], holes: Hole[]): unknown {
    if (isOutput(value)) {
        holes.push({ path, output: pulumi.output(value) });
        const own = ownInfo(root, path);
        if (own !== undefined) return own.example;
        // The value of a map: as one of the map's example.
        const map = infoAt(root, path)?.example;
        return isTree(map) ? Object.values(map)[0] : "x";
    }
    if (Array.isArray(value)) return value.map((one, i) => fill(root, one, [...path, i], holes));
    if (!isTree(value)) return value;
    return Object.fromEntries(
        Object.entries(value).map(([key, inner]) => [key, fill(root, inner, [...path, key], holes)]),
    );
}

/** Why an Output cannot stand at a path. */
function unfit(root: z.ZodType, path: Path): string | undefined {
    if (infoAt(root, path)?.plain)
        return "is an Output; it decides which resources there are, and must be a value";
    const type = typeAt(root, path);
    const { shape, valueType } = type === undefined ? {} : unwrap(type);
    return shape !== undefined || (valueType && unwrap(valueType).shape !== undefined)
        ? "is an Output; it must be an object, of which values may be Outputs"
        : undefined;
}

/** The problems without the values that the program made secret, in an option that is none by itself. */
function veiled(problems: readonly Problem[], secrets: readonly { path: Path; value: unknown }[]): Problem[] {
    const texts = secrets.flatMap(({ value }) => (typeof value === "string" && value !== "" ? [value] : []));
    const without = (text: string) => texts.reduce((left, secret) => left.replaceAll(secret, "…"), text);
    return problems.map((one) => {
        const own = secrets.some(({ path }) => path.every((step, i) => step === one.path[i]));
        const text = one.problem.replace(
            /^is .*; it must be/s,
            "is set to a value that is not shown; it must be",
        );
        return { ...one, problem: without(own ? text : one.problem) };
    });
}

/** Lists hold plain values: one of which a member is an Output is an Output. */
function liftLists(value: unknown): unknown {
    if (Array.isArray(value)) return value.some(isOutput) ? pulumi.output(value) : value;
    if (!isTree(value) || isOutput(value)) return value;
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, liftLists(inner)]));
}

/**
 * Checks what a program gives: values at once, Outputs when they resolve.
 *
 * @param args undefined where a program gives none: then what is needed is told as missing
 * @returns options: with their defaults; each Output fails where it, or its relation to another option, is wrong.
 * right: fails as soon as one of them does
 * @throws pulumi.RunError with every problem of the values, and of their relations to each other
 */
export function settle<S extends z.ZodObject>(
    definition: Definition<S>,
    args: object | undefined,
): { options: Settled<z.output<S>>; right: pulumi.Output<boolean> } {
    // JavaScript lets a program leave them out, or give what is no object.
    const whole = isTree(args) ? args : {};
    const circles = endless(whole);
    if (circles.length > 0) refuse(circles);
    const given = liftLists(whole) as Record<string, unknown>;
    const holes: Hole[] = [];
    const values = fill(definition.options, given, [], holes) as Record<string, unknown>;
    const { options, problems } = check(
        definition,
        values,
        holes.map(({ path }) => path),
    );
    problems.push(
        ...holes.flatMap(({ path }) => {
            const text = unfit(definition.options, path);
            return text === undefined ? [] : [problem(path, text)];
        }),
    );
    if (problems.length > 0) refuse(problems);
    if (holes.length === 0) return { options: options as Settled<z.output<S>>, right: pulumi.output(true) };

    // What only all together shows, before something is made of them.
    const secrets = Promise.all(holes.map(({ output }) => pulumi.isSecret(output)));
    const judged = pulumi.unsecret(
        pulumi.all([given, secrets]).apply(([all, hidden]) => {
            const { problems } = check(definition, all as Record<string, unknown>);
            const shown = veiled(
                problems,
                holes.filter((_, i) => hidden[i]).map(({ path }) => ({ path, value: valueAt(all, path) })),
            );
            return problems.length === 0 || refuse(shown, LATE);
        }),
    );
    // A preview may lack some of them, and shows the others all the same.
    const verdict = pulumi.runtime.isDryRun() ? pulumi.output(true) : judged;
    const checked = ({ path, output }: Hole) =>
        pulumi.all([output, verdict]).apply(([value]) => {
            const result = typeAt(definition.options, path)?.safeParse(value);
            if (result === undefined || result.success) return result === undefined ? value : result.data;
            const info = infoAt(definition.options, path);
            return refuse([problem(path, `must be ${info?.allowed ?? "another value"}`)], LATE);
        });
    const settled = holes.reduce<unknown>((tree, hole) => withValue(tree, hole.path, checked(hole)), options);
    return { options: settled as Settled<z.output<S>>, right: verdict };
}
