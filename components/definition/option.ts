/**
 * How an option is written: once, in the room of what it is about, with its type, default, text, example and what is
 * allowed. The stack's configuration, the components' arguments, their checks and the reference are made of it.
 */
import * as z from "zod";

export interface OptionInfo {
    /** What it is for, without its name. */
    description: string;
    /** What a value must be, to complete the sentence "must be …". */
    allowed: string;
    /** A right value in the option's own form: `8443`, `["registry.example.com"]`. Fixes set it, and docs show it. */
    example: unknown;
    /** Where the default follows from something else: what it is. */
    default?: string;
    /** Of a number. */
    unit?: "MiB" | "seconds" | "days";
    /** Hidden in messages, kept as a secret. */
    secret?: boolean;
    /** It decides which resources there are: a program gives the value itself, no Output. */
    plain?: boolean;
    /** A stack's configuration may name a file that holds the value. */
    file?: "pem" | "json";
    /** Of a program alone: a stack's configuration does not have it. */
    program?: boolean;
}

export const option = <T extends z.ZodType>(type: T, info: OptionInfo): T => type.meta({ ...info });

declare const PLAIN: unique symbol;
/** A value that is no Output. */
export type Plain<T> = T & { readonly [PLAIN]: true };

type Marked<T> = Plain<Exclude<T, undefined>> | Extract<T, undefined>;

/** An option that a program gives as a value, no Output. */
export const plain = <T extends z.ZodType>(
    type: T,
    info: OptionInfo,
): T & { _zod: { output: Marked<z.output<T>> } } => option(type, { ...info, plain: true }) as never;

/** An object that is there or not: `true` stands for one with its defaults, `false` for none. */
export const section = <S extends z.ZodRawShape>(shape: S) =>
    z.preprocess(
        (value) => (value === true ? {} : value === false ? undefined : value),
        z.strictObject(shape).optional(),
    );

/** An object that can be switched off: `false` stands for `{ off: true }`, `true` for one with its defaults. */
export const switchable = <S extends z.ZodRawShape>(shape: S) =>
    z.preprocess(
        (value) => (value === false ? { off: true } : value === true ? {} : value),
        z.strictObject(shape),
    );

interface Wrapped {
    type: string;
    innerType?: z.ZodType;
    in?: z.ZodType;
    out?: z.ZodType;
    valueType?: z.ZodType;
    keyType?: z.ZodType;
    element?: z.ZodType;
    shape?: Record<string, z.ZodType>;
    entries?: Record<string, string>;
    defaultValue?: unknown;
}

/** What a type is, inside what makes it optional, gives it a default or prepares its value. */
export function unwrap(type: z.ZodType): Wrapped {
    const { def } = type as unknown as { def: Wrapped };
    if (def.innerType !== undefined) return unwrap(def.innerType);
    if (def.type !== "pipe") return def;
    const { def: first } = def.in as unknown as { def: Wrapped };
    const inner = first.type === "transform" ? def.out : def.in;
    return inner === undefined ? def : unwrap(inner);
}

const below = (type: z.ZodType, step: PropertyKey): z.ZodType | undefined => {
    const { shape, valueType, element } = unwrap(type);
    if (shape === undefined) return valueType ?? element;
    // Every object has a `constructor` that is no option.
    return Object.hasOwn(shape, step) ? shape[String(step)] : undefined;
};

/** The type at a path. */
export const typeAt = (root: z.ZodType, path: readonly PropertyKey[]): z.ZodType | undefined =>
    path.reduce<z.ZodType | undefined>((at, step) => at && below(at, step), root);

/** What is written of the option at a path. */
export const ownInfo = (root: z.ZodType, path: readonly PropertyKey[]): OptionInfo | undefined =>
    typeAt(root, path)?.meta() as OptionInfo | undefined;

/** What is written of the option at a path, or of the nearest one above it. */
export function infoAt(root: z.ZodType, path: readonly PropertyKey[]): OptionInfo | undefined {
    let info: OptionInfo | undefined;
    let at: z.ZodType | undefined = root;
    for (const step of path) {
        at = below(at, step);
        if (at === undefined) break;
        info = (at.meta() as OptionInfo | undefined) ?? info;
    }
    return info;
}

/** The keys that an object at a path may have; none where it may have any. */
export function keysAt(root: z.ZodType, path: readonly PropertyKey[]): string[] {
    const found = typeAt(root, path);
    return found === undefined ? [] : Object.keys(unwrap(found).shape ?? {});
}
