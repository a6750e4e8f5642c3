/** Which options of a table are set. */
import type { Path } from "./problem";

/** An option that is set, and why that cannot be. */
export interface SetOne {
    path: Path;
    why: string;
}

/** Values at a path with `*` for any name. */
function valuesAt(
    tree: unknown,
    steps: readonly string[],
    path: readonly string[] = [],
): [string[], unknown][] {
    const [step, ...rest] = steps;
    if (step === undefined) return [[[...path], tree]];
    if (typeof tree !== "object" || tree === null) return [];
    return Object.entries(tree)
        .filter(([key]) => step === "*" || key === step)
        .flatMap(([key, value]) => valuesAt(value, rest, [...path, key]));
}

/** An option that is off, empty, or says what holds anyway. */
const isIdle = (value: unknown): boolean =>
    value === undefined ||
    value === false ||
    value === "push" ||
    (typeof value === "object" &&
        value !== null &&
        (Object.keys(value).length === 0 || ("off" in value && value.off === true)));

/**
 * The options of a table that are set to something.
 *
 * @param table path, of which `*` is any name → why it cannot be set
 * @example setAt(options, [["users.*.role", "nobody asks for it"]])
 */
export const setAt = (options: object, table: readonly (readonly [path: string, why: string])[]): SetOne[] =>
    table.flatMap(([path, why]) =>
        valuesAt(options, path.split("."))
            .filter(([, value]) => !isIdle(value))
            .map(([steps]) => ({ path: steps, why })),
    );
