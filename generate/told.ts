/** What is told of an option, for all that is made of the definitions. */
import type * as z from "zod";

import { type OptionInfo, unwrap } from "../components/definition/option";

export const infoOf = (type: z.ZodType): OptionInfo | undefined => type.meta() as OptionInfo | undefined;

/** The default that a type gives by itself; undefined where it gives none, or an object of defaults. */
export function fixedDefault(type: z.ZodType): unknown {
    const { type: kind } = unwrap(type);
    if (kind === "object") return undefined;
    const result = type.safeParse(undefined);
    return result.success ? result.data : undefined;
}

/** How the default is told. */
export function defaultText(type: z.ZodType): string | undefined {
    const told = infoOf(type)?.default;
    if (told !== undefined) return told;
    const fixed = fixedDefault(type);
    if (fixed === undefined) return undefined;
    if (typeof fixed === "string") return fixed;
    if (typeof fixed === "object" && fixed !== null && Object.keys(fixed).length === 0) return "none";
    return JSON.stringify(fixed);
}
