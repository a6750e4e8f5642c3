/** Secrets that are made anew without a gap: each generation is a resource of its own, so that two may be there at once. */
import * as z from "zod";

import { plain } from "./option";

export const generations = z.int().min(1).max(9999);
export const GENERATIONS_ALLOWED = "a whole number from 1 to 9999";

/** An option that counts the generations of a secret from 1. @param what `CA of the kit's own` */
export const generationOption = (what: string) =>
    plain(generations.default(1), {
        description: `Which ${what}, counted from 1: another number makes another one`,
        allowed: GENERATIONS_ALLOWED,
        example: 2,
    });

/** The name of a generation's resource. The first one has the name that there was before there were any others. */
export const generationName = (name: string, generation: number): string =>
    generation === 1 ? name : `${name}-${generation}`;
