import { readFileSync } from "node:fs";
import { join } from "node:path";

import { parse } from "yaml";

import type { Settings } from "./stack";

/** The settings of an example that is a stack of the kit itself, by path. */
export function exampleSettings(name: string): Settings {
    const text = readFileSync(join(__dirname, "../../examples", name, `Pulumi.${name}.yaml`), "utf8");
    const flat = (value: unknown, path: string): [string, string][] =>
        typeof value === "object" && value !== null
            ? Object.entries(value).flatMap(([key, below]) => flat(below, `${path}.${key}`))
            : [[path, String(value)]];
    const { config } = parse(text) as { config: Record<string, unknown> };
    return Object.fromEntries(
        Object.entries(config).flatMap(([key, value]) => flat(value, key.replace("private-registry:", ""))),
    );
}
