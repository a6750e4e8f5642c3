/** What the tests of the configuration share. */
import type * as z from "zod";

import { type OptionInfo, unwrap } from "../../../components/definition/option";
import { formatPath } from "../../../components/definition/problem";
import { check } from "../../../config/check";
import { type Config, options } from "../../../config/options";
import { ConfigError, fixOf, type Texts } from "../../../config/print";

export const PROJECT = "private-registry";

/** The smallest configuration that is right. */
export const MINIMAL = { domain: "docker.example.com", users: { admin: { generate: true } } };

/** Keys as Pulumi hands them to a program: text as it is, all else as JSON. */
export function entries(config: Readonly<Record<string, unknown>>): Record<string, string> {
    return Object.fromEntries(
        Object.entries(config).map(([key, value]) => [
            key,
            typeof value === "string" ? value : JSON.stringify(value),
        ]),
    );
}

/** A mistake as the user reads it. */
export interface Mistake {
    path: string;
    problem: string;
    fix: string;
}

export const mistakesOf = ({ problems, texts }: ConfigError): Mistake[] =>
    problems.map((one) => ({ path: formatPath(one.path), problem: one.problem, fix: fixOf(one, texts) }));

/** The mistakes of a whole configuration. */
export function mistakes(config: Readonly<Record<string, string>>, texts?: Texts): Mistake[] {
    try {
        check(PROJECT, config, texts);
        return [];
    } catch (error) {
        // Any other exception would reach the user as a stack trace.
        if (error instanceof ConfigError) return mistakesOf(error);
        throw error;
    }
}

/** The result for the smallest configuration with other keys in it. */
export const accepted = (config: Record<string, unknown>): Config =>
    check(PROJECT, entries({ ...MINIMAL, ...config }));

/** The error for the smallest configuration with other keys in it. */
export function refused(config: Record<string, unknown>): { mistakes: Mistake[]; message: string } {
    try {
        accepted(config);
    } catch (error) {
        if (error instanceof ConfigError) return { mistakes: mistakesOf(error), message: error.message };
        throw error;
    }
    throw new Error(`This configuration was accepted: ${JSON.stringify(config)}`);
}

/** The one mistake of a configuration. */
export function mistakeIn(config: Record<string, unknown>): Mistake {
    const { mistakes, message } = refused(config);
    const [first] = mistakes;
    if (first === undefined || mistakes.length > 1)
        throw new Error(`${mistakes.length} mistakes, not one: ${message}`);
    return first;
}

/** `tls.ownCa.subject.country`, "CN" → { tls: { ownCa: { subject: { country: "CN" } } } } */
export const nested = (path: string, value: unknown): Record<string, unknown> =>
    path.split(".").reduceRight<unknown>((inner, step) => ({ [step]: inner }), value) as Record<
        string,
        unknown
    >;

/** The value at a dotted path. */
export const at = (tree: unknown, path: string): unknown =>
    path
        .split(".")
        .reduce<unknown>((value, step) => (value as Record<string, unknown> | undefined)?.[step], tree);

/** An option of the configuration. */
export interface Found {
    /** Dotted; NAME stands for a key of the user's. */
    path: string;
    type: z.ZodType;
    info: OptionInfo | undefined;
}

function walk(type: z.ZodType, path: string): Found[] {
    const { shape, valueType } = unwrap(type);
    const named = valueType !== undefined && unwrap(valueType).shape !== undefined;
    return [
        // The value of a map is told of by the map.
        ...(path.endsWith(".NAME") ? [] : [{ path, type, info: type.meta() as OptionInfo | undefined }]),
        ...Object.entries(shape ?? {}).flatMap(([key, of]) => walk(of, `${path}.${key}`)),
        ...(named ? walk(valueType, `${path}.NAME`) : []),
    ];
}

/** Every option there is, objects too. */
export const allOptions = (): Found[] =>
    Object.entries<z.ZodType>(options.shape).flatMap(([key, type]) => walk(type, key));

export const allKeys = (): string[] => allOptions().map(({ path }) => path);
