/** What the tests of the configuration share. */
import { check } from "../../../config/load";
import { ConfigError, type Mistake } from "../../../config/mistakes";
import { schema, type Schema } from "../../../config/schema";

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

/** The result for the smallest configuration with other keys in it. */
export const accepted = (config: Record<string, unknown>): Schema =>
    check(PROJECT, entries({ ...MINIMAL, ...config }));

/** The error for the smallest configuration with other keys in it. */
export function refused(config: Record<string, unknown>): ConfigError {
    try {
        accepted(config);
    } catch (error) {
        if (error instanceof ConfigError) return error;
        throw error;
    }
    throw new Error(`This configuration was accepted: ${JSON.stringify(config)}`);
}

/** The one mistake of a configuration. */
export function mistakeIn(config: Record<string, unknown>): Mistake {
    const { mistakes } = refused(config);
    const [first] = mistakes;
    if (first === undefined || mistakes.length > 1) throw new Error(`${mistakes.length} mistakes, not one`);
    return first;
}

/** `ca.subject.country`, "CN" → { ca: { subject: { country: "CN" } } } */
export const nested = (path: string, value: unknown): Record<string, unknown> =>
    path.split(".").reduceRight<unknown>((inner, step) => ({ [step]: inner }), value) as Record<
        string,
        unknown
    >;

/** The value at a dotted path. */
export const at = (tree: unknown, path: string): unknown =>
    path.split(".").reduce<unknown>((value, step) => (value as Record<string, unknown>)[step], tree);

interface Definition {
    type: string;
    innerType?: { def: Definition };
    shape?: Record<string, { def: Definition }>;
    valueType?: { def: Definition };
}

function walk({ def }: { def: Definition }, path: string): string[] {
    if (def.innerType) return walk(def.innerType, path);
    const below = def.shape
        ? Object.entries(def.shape)
        : def.valueType?.def.shape
          ? Object.entries(def.valueType.def.shape).map(([key, of]) => [`NAME.${key}`, of] as const)
          : [];
    return [path, ...below.flatMap(([key, of]) => walk(of, path === "" ? key : `${path}.${key}`))];
}

/** The dotted path of every key of the schema, objects too; NAME stands for a user's name. */
export const allKeys = (): string[] => walk(schema as unknown as { def: Definition }, "").filter(Boolean);
