/** The configuration that a registry runs with: its config.yml, and the variables over it (distribution, configuration/parser.go). Pure. */
import { parse } from "yaml";

import { isTree, type Tree } from "../../components/definition/tree";

/** Where the images have their configuration, of release 3 and of release 2. */
export const CONFIG_FILES = ["/etc/distribution/config.yml", "/etc/docker/registry/config.yml"];

/** What the images come with where nobody mounts another (distribution-library-image). */
const STANDARD: Tree = {
    version: 0.1,
    log: { fields: { service: "registry" } },
    storage: { filesystem: { rootdirectory: "/var/lib/registry" } },
    http: { addr: ":5000" },
};

/** A value as YAML has it. `users: 0123` is for nobody's variable. */
function valueOf(text: string): unknown {
    try {
        return parse(text) as unknown;
    } catch {
        return text;
    }
}

/** Sets a value; a name without regard to case, as the registry finds it. */
function put(tree: Tree, [step = "", ...rest]: readonly string[], value: unknown): void {
    const key = Object.keys(tree).find((one) => one.toLowerCase() === step) ?? step;
    if (rest.length > 0) {
        if (!isTree(tree[key])) tree[key] = {};
        put(tree[key] as Tree, rest, value);
    } else if (typeof value === "string" && ["auth", "storage"].includes(step)) {
        // `REGISTRY_STORAGE=s3` names a driver, whose options other variables set.
        const former = tree[key];
        tree[key] = { [value]: isTree(former) && isTree(former[value]) ? former[value] : {} };
    } else tree[key] = value;
}

/**
 * @param text of config.yml; undefined: the image's own
 * @throws Error where it is no YAML of a registry
 */
export function effective(text: string | undefined, environment: Readonly<Record<string, string>>): Tree {
    const tree: unknown = text === undefined ? structuredClone(STANDARD) : parse(text, { version: "1.1" });
    if (!isTree(tree)) throw new Error("it is no configuration of a registry");
    const set = Object.entries(environment)
        .filter(([name]) => name.startsWith("REGISTRY_"))
        .map(([name, value]) => [name.slice("REGISTRY_".length).toLowerCase().split("_"), value] as const)
        // What names a driver comes before its options.
        .sort(([a], [b]) => a.length - b.length || (a.join() < b.join() ? -1 : 1));
    for (const [path, value] of set) put(tree, path, valueOf(value));
    return tree;
}
