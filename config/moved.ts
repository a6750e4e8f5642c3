/** Options of version 0.1: each is told with its new place, and the rest is checked as if it stood there. */
import { infoAt, typeAt } from "../components/definition/option";
import {
    copy,
    formatPath,
    type Path,
    type Problem,
    problem,
    remove,
    set,
    show,
    type Step,
} from "../components/definition/problem";
import { isTree, type Tree, valueAt, withValue } from "../components/definition/tree";

import { options } from "./options";
import { parse } from "./parse";

/** Former path → the new one; `*` stands for a name. What is not named here keeps its name. */
const PLACES: readonly (readonly [former: string, path: string])[] = [
    ["ca", "tls.ownCa"],
    ["site", "tls.ownCa.site"],
    ["localNames", "tls.ownCa.site.localNames"],
    ["certificate", "tls.files"],
    ["frontSettings", "front"],
    ["sites", "front.sites"],
    ["anonymousPull", "front.anonymousPull"],
    ["redis", "cache.valkey"],
    ["storage.path", "storage.folder"],
    ["mirrors.*.path", "mirrors.*.folder"],
    ["proxy.fromEnvironment", "proxyFromEnvironment"],
];

/** Former path → values that were switches, with what each is now; undefined: what holds without it. */
const SWITCHES: Readonly<
    Record<string, Readonly<Record<string, readonly [path: string, value: unknown] | undefined>>>
> = {
    tls: { off: ["tls.off", true], files: undefined, "own-ca": undefined },
    front: { none: ["front.off", true], nginx: ["front.off", false] },
    cache: { redis: ["cache.valkey", true], inmemory: undefined },
    "storage.driver": { filesystem: undefined, s3: undefined, azure: undefined, gcs: undefined },
    "nexus.enabled": { true: undefined, false: ["nexus", undefined] },
};

/** Storage drivers that registry 3 no longer has. */
const GONE = ["swift", "oss"];

const stepsOf = (path: string): string[] => path.split(".");

/** Every path in a tree that a pattern means, with the names that its stars stand for. */
function matches(tree: Tree, pattern: readonly string[]): { path: string[]; names: string[] }[] {
    const [step, ...rest] = pattern;
    if (step === undefined) return [{ path: [], names: [] }];
    return Object.keys(tree)
        .filter((key) => step === "*" || key === step)
        .flatMap((key) => {
            const inner = tree[key];
            const below =
                rest.length === 0 ? [{ path: [], names: [] }] : isTree(inner) ? matches(inner, rest) : [];
            return below.map(({ path, names }) => ({
                path: [key, ...path],
                names: step === "*" ? [key, ...names] : names,
            }));
        });
}

/** The leaves below a value. */
function leaves(value: unknown, path: Path = []): { path: Path; value: unknown }[] {
    if (isTree(value)) return Object.entries(value).flatMap(([key, inner]) => leaves(inner, [...path, key]));
    return [{ path, value }];
}

/** Whether something else than the default stands at a path: Pulumi.yaml gives every key its default. */
function isSet(tree: Tree, path: Path): boolean {
    const value = valueAt(tree, path);
    return value !== undefined && value !== typeAt(options, path)?.safeParse(undefined).data;
}

/** redirectHttp with its port is one option now. */
function withoutRedirect(settings: unknown): unknown {
    if (!isTree(settings)) return settings;
    const { redirectHttp, httpPort, ...rest } = settings;
    return redirectHttp === true || redirectHttp === "true" ? { ...rest, httpPort: httpPort ?? 80 } : rest;
}

export interface Moved {
    /** The configuration with everything in its new place. */
    values: Tree;
    problems: Problem[];
}

/** Finds the options of version 0.1 in a configuration. */
export function moved(given: Tree): Moved {
    // What is switched off stays so where something else comes to it.
    let values: Tree = Object.fromEntries(
        Object.entries(given).map(([key, value]) => [
            key,
            [false, "false"].includes(value as string) && typeAt(options, [key, "off"])
                ? { off: true }
                : value,
        ]),
    );
    const problems: Problem[] = [];
    const tell = (path: Path, text: string, mend: Step[]) => problems.push(problem(path, text, ...mend));

    for (const [pattern, now] of Object.entries(SWITCHES)) {
        const path = stepsOf(pattern);
        const value = valueAt(values, path);
        // An object may have a `toString` of its own.
        if (typeof value === "object" || value === undefined) continue;
        const key = String(value);
        if (pattern === "storage.driver" && GONE.includes(key)) {
            const [bucket, endpoint] = [stepsOf("storage.s3.bucket"), stepsOf("storage.s3.endpoint")];
            const example = { bucket: "registry-images", endpoint: "https://s3.example.com" };
            tell(
                path,
                `is ${show(value)}; swift and oss went with registry 3: use storage.s3 with the S3 endpoint of that store`,
                [
                    remove(path),
                    ...(valueAt(values, bucket) ? [] : [set(bucket, example.bucket)]),
                    ...(valueAt(values, endpoint) ? [] : [set(endpoint, example.endpoint)]),
                ],
            );
            const s3 = { ...example, ...(valueAt(values, ["storage", "s3"]) as Tree | undefined) };
            values = withValue(withValue(values, path, undefined), ["storage", "s3"], s3) as Tree;
            continue;
        }
        if (!Object.hasOwn(now, key)) continue;
        // Where the settings of the cache move to its place, it is there already.
        const to = pattern === "cache" && isTree(parse(["cache"], given.redis)) ? undefined : now[key];
        values = withValue(values, path, undefined) as Tree;
        if (to === undefined) {
            tell(path, `is ${show(value)}, which follows from the other options now`, [remove(path)]);
            continue;
        }
        const target = stepsOf(to[0]);
        values = withValue(values, target, to[1]) as Tree;
        if (to[1] === undefined)
            tell(path, `is ${show(value)}; what is not wanted is not set now`, [remove(target)]);
        else
            tell(path, `is ${show(value)}, which is ${to[0]} ${String(to[1])} now`, [
                remove(path),
                set(target, to[1]),
            ]);
    }

    for (const [pattern, target] of PLACES)
        for (const { path, names } of matches(values, stepsOf(pattern))) {
            const rest = [...names];
            const to = stepsOf(target).map((step) => (step === "*" ? (rest.shift() ?? step) : step));
            const raw = parse(to, valueAt(values, path));
            const value = pattern === "frontSettings" ? withoutRedirect(raw) : raw;
            values = withValue(values, path, undefined) as Tree;
            // What was set at the new place by hand is newer.
            const isNewer = (leaf: { path: Path }) => isSet(values, [...to, ...leaf.path]);
            const [kept, moving] = [
                leaves(value).filter(isNewer),
                leaves(value).filter((leaf) => !isNewer(leaf)),
            ];
            const stays = kept.map((leaf) => formatPath([...to, ...leaf.path])).join(", ");
            for (const leaf of moving) values = withValue(values, [...to, ...leaf.path], leaf.value) as Tree;
            tell(path, `is ${formatPath(to)} now${stays && `; what is set there stays (${stays})`}`, [
                ...moving.map((leaf): Step => {
                    const [there, here] = [
                        [...to, ...leaf.path],
                        [...path, ...leaf.path],
                    ];
                    return infoAt(options, there)?.secret ? copy(here, there) : set(there, leaf.value);
                }),
                remove(path),
            ]);
        }
    return { values, problems };
}
