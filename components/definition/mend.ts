/**
 * How a mend is put into words. A component knows its options alone: "set port to 8443". A program that has commands for
 * them says those instead, from its start on (config/print.ts).
 */
import { inWords, type Step } from "./problem";

type Words = (steps: readonly Step[]) => string;

let words: Words = (steps) => steps.map(inWords).join(", and ");

/** Has every mend from now on put into other words. */
export function speak(other: Words): void {
    words = other;
}

/**
 * What mends something, for the end of a sentence.
 *
 * @example `choose another port: ${mended(set(["port"], 8443))}`
 */
export const mended = (...steps: readonly Step[]): string => words(steps);
