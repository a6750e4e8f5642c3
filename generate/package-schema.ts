/**
 * The schema of the Pulumi package, from which programs in other languages have the components
 * (pulumi.com/docs/iac/guides/building-extending/packages/schema).
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";

import type * as z from "zod";

import { type OptionInfo, unwrap } from "../components/definition/option";
import { inPrograms } from "../components/definition/problem";

import { type Root, ROOTS, type RootOutput } from "./roots";
import { defaultText, infoOf } from "./told";

type Json = Record<string, unknown>;

const PACKAGE = "private-registry";
const TEXTS = { type: "object", additionalProperties: { type: "string" } };
const token = (name: string): string => `${PACKAGE}:index:${name}`;
const ref = (name: string): Json => ({ $ref: `#/types/${token(name)}` });

/** The type of an option. @param name of the object type, where it is one; types: those made on the way */
function typeOf(type: z.ZodType, name: string, types: Record<string, Json>): Json {
    const inner = unwrap(type);
    const whole = type.safeParse(1).success && !type.safeParse(1.5).success;
    switch (inner.type) {
        case "boolean":
            return { type: "boolean" };
        case "number":
            return {
                type: whole || (inner as { format?: string }).format === "safeint" ? "integer" : "number",
            };
        case "array":
            return {
                type: "array",
                items: inner.element ? typeOf(inner.element, name, types) : { type: "string" },
            };
        case "record": {
            const { valueType } = inner;
            const value =
                valueType === undefined || unwrap(valueType).type === "unknown"
                    ? { $ref: "pulumi.json#/Any" }
                    : typeOf(valueType, `${name}Item`, types);
            return { type: "object", additionalProperties: value };
        }
        case "object": {
            types[token(name)] = { type: "object", ...members(type, name, types) };
            return type.safeParse(true).success ? { oneOf: [ref(name), { type: "boolean" }] } : ref(name);
        }
        default:
            return { type: "string" };
    }
}

const describe = (type: z.ZodType, info: OptionInfo): string => {
    const unit = info.unit === undefined ? "" : `, ${info.unit}`;
    const standard = defaultText(type);
    return (
        `${info.description}${unit}. Must be ${inPrograms(info.allowed)}.` +
        (standard === undefined ? "" : ` Default: ${standard}.`)
    );
};

/** The properties of an object, and which of them must be there. */
function members(type: z.ZodType, name: string, types: Record<string, Json>) {
    const entries = Object.entries(unwrap(type).shape ?? {});
    const properties = Object.fromEntries(
        entries.map(([key, of]): [string, Json] => {
            const info = infoOf(of);
            if (info === undefined) throw new Error(`${name}.${key} says nothing of itself.`);
            const holder = ["object", "record"].includes(unwrap(of).type);
            const typed = typeOf(of, `${name}${key.charAt(0).toUpperCase()}${key.slice(1)}`, types);
            return [
                key,
                {
                    ...typed,
                    description: describe(of, info),
                    ...(info.plain ? { plain: true } : {}),
                    ...(info.secret && !holder ? { secret: true } : {}),
                },
            ];
        }),
    );
    const required = entries.filter(([, of]) => !of.safeParse(undefined).success).map(([key]) => key);
    return { properties, ...(required.length > 0 ? { required } : {}) };
}

const MIRROR = {
    endpoint: "URL of the mirror; resolves when it answers",
    upstream: "What it mirrors",
    container: "Name of its container",
    dockerDaemonJson: "Keys for daemon.json; empty where Docker needs none",
    containerdHostsToml: "hosts.toml of the upstream, for containerd",
    registriesConf: "A file for registries.conf.d, for Podman and skopeo",
};

function outputOf({ description, type, secret }: RootOutput): Json {
    const shape =
        type === undefined
            ? { type: "string" }
            : type === "map"
              ? TEXTS
              : { type: "object", additionalProperties: ref("MirrorAccess") };
    return { ...shape, description, ...(secret ? { secret: true } : {}) };
}

function resource({ name, description, options, outputs }: Root, types: Record<string, Json>): Json {
    const { properties, required } = members(options, name, types);
    return {
        description,
        isComponent: true,
        inputProperties: properties,
        ...(required ? { requiredInputs: required } : {}),
        properties: Object.fromEntries(
            Object.entries(outputs).map(([key, output]) => [key, outputOf(output)]),
        ),
        required: Object.keys(outputs),
    };
}

export function packageSchema(): Json {
    const manifest = JSON.parse(readFileSync(join(__dirname, "..", "package.json"), "utf8")) as Json;
    const { version, description, license, dependencies } = manifest as {
        dependencies: Record<string, string>;
    } & Json;
    const types: Record<string, Json> = {
        [token("MirrorAccess")]: {
            type: "object",
            properties: Object.fromEntries(
                Object.entries(MIRROR).map(([key, text]) => [key, { type: "string", description: text }]),
            ),
            required: Object.keys(MIRROR),
        },
    };
    const resources = Object.fromEntries(ROOTS.map((root) => [token(root.name), resource(root, types)]));
    return {
        name: PACKAGE,
        displayName: "Private registry",
        version,
        description,
        license,
        keywords: ["kind/component", "category/infrastructure"],
        meta: { moduleFormat: "(.*)" },
        language: {
            nodejs: {
                respectSchemaVersion: true,
                dependencies: { "@pulumi/pulumi": `^${dependencies["@pulumi/pulumi"]}` },
            },
            python: { respectSchemaVersion: true, pyproject: { enabled: true } },
            go: { respectSchemaVersion: true },
            csharp: { respectSchemaVersion: true },
        },
        types: Object.fromEntries(Object.entries(types).sort(([a], [b]) => (a < b ? -1 : 1))),
        resources,
    };
}
