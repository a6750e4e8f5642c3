/** Objects in objects, as options and their files are. Pure. */
import type { Path } from "./problem";

export type Tree = Record<string, unknown>;

export const isTree = (value: unknown): value is Tree =>
    typeof value === "object" && value !== null && !Array.isArray(value);

/** The value at a path; undefined where there is none. */
export const valueAt = (tree: unknown, path: Path): unknown =>
    path.reduce<unknown>(
        (at, step) =>
            typeof at === "object" && at !== null && Object.hasOwn(at, step)
                ? (at as Record<PropertyKey, unknown>)[step]
                : undefined,
        tree,
    );

/** The tree with another value at a path, or without one where it is undefined. */
export function withValue(tree: unknown, [step, ...rest]: Path, value: unknown): unknown {
    if (step === undefined) return value;
    if (Array.isArray(tree)) return tree.map((one, i) => (i === step ? withValue(one, rest, value) : one));
    const key = String(step);
    const { [key]: former, ...others } = isTree(tree) ? tree : {};
    if (rest.length === 0 && value === undefined) return others;
    return { ...(isTree(tree) ? tree : {}), [key]: withValue(former, rest, value) };
}
