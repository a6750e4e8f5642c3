/**
 * What is made of the options' definitions: the configuration of Pulumi.yaml, docs/configuration.md, the components'
 * argument types. `npm run generate` writes them; `npm run check` fails where one differs.
 */
import type * as z from "zod";
import { parseDocument } from "yaml";

import { type OptionInfo, unwrap } from "../components/definition/option";
import { formatPath } from "../components/definition/problem";
import { options as deployment } from "../components/options";

import { options } from "./options";

const infoOf = (type: z.ZodType): OptionInfo | undefined => type.meta() as OptionInfo | undefined;

/** The default that a type gives by itself; undefined where it gives none, or an object of defaults. */
function fixedDefault(type: z.ZodType): unknown {
    const { type: kind } = unwrap(type);
    if (kind === "object") return undefined;
    const result = type.safeParse(undefined);
    return result.success ? result.data : undefined;
}

/** How the default is told. */
function defaultText(type: z.ZodType): string | undefined {
    const told = infoOf(type)?.default;
    if (told !== undefined) return told;
    const fixed = fixedDefault(type);
    if (fixed === undefined) return undefined;
    if (typeof fixed === "string") return fixed;
    if (typeof fixed === "object" && fixed !== null && Object.keys(fixed).length === 0) return "none";
    return JSON.stringify(fixed);
}

/** What stands for "not set" in Pulumi.yaml: Pulumi asks for keys without a default. */
function unset(type: z.ZodType): unknown {
    const fixed = fixedDefault(type);
    if (fixed !== undefined) return fixed;
    // A section may be there or not; an object always is.
    return unwrap(type).type === "object" && type.safeParse(undefined).data !== undefined ? {} : "";
}

/** Pulumi.yaml with its configuration as the options say it. @param text the file as it is */
export function pulumiYaml(text: string): string {
    const document = parseDocument(text);
    const config = Object.fromEntries(
        Object.entries<z.ZodType>(options.shape).map(([key, type]) => {
            const info = infoOf(type);
            const told = info?.default === undefined ? "" : `. Default: ${info.default}`;
            return [key, { description: `${info?.description ?? ""}${told}`, default: unset(type) }];
        }),
    );
    document.set("config", document.createNode(config));
    const node = document.get("config", true) as { commentBefore?: string };
    node.commentBefore =
        " Written by `npm run generate`. Without types: the kit checks every value itself, and tells what it is, what is\n allowed and which command mends it.";
    return document.toString({ lineWidth: 0 });
}

interface Row {
    path: string;
    type: z.ZodType;
    info: OptionInfo;
}

/** Every option below a type, depth first; NAME stands for a key of the user's. */
function rows(type: z.ZodType, path: readonly string[] = []): Row[] {
    const { shape, valueType } = unwrap(type);
    const info = infoOf(type);
    const own = info === undefined || path.length === 0 ? [] : [{ path: formatPath(path), type, info }];
    const below = Object.entries(shape ?? {}).flatMap(([key, inner]) => rows(inner, [...path, key]));
    const named =
        valueType === undefined || unwrap(valueType).shape === undefined
            ? []
            : rows(valueType, [...path, "NAME"]);
    return [...own, ...below, ...named];
}

const cell = (text: string): string => text.replaceAll("|", "\\|").replace(/\s+/g, " ");

/** docs/configuration.md: a table of every option. */
export function configurationMd(): string {
    const lines = Object.entries<z.ZodType>(options.shape).flatMap(([key, type]) => rows(type, [key]));
    return [
        "# Configuration",
        "",
        "<!-- Written by `npm run generate` from the options' own definitions. -->",
        "",
        "`pulumi config set KEY VALUE`, and `pulumi config set --path KEY VALUE` for a key with a dot. Keys marked (secret) are set with",
        "`--secret`. In a program the same options, with the same names, are the arguments of `new PrivateRegistry(…)`.",
        "",
        "| key | what | allowed | default |",
        "|---|---|---|---|",
        ...lines.map(({ path, type, info }) => {
            const secret = info.secret && typeof info.example === "string" ? " (secret)" : "";
            const unit = info.unit === undefined ? "" : ` (${info.unit})`;
            return `| \`${path}\`${secret} | ${cell(info.description)}${unit} | ${cell(info.allowed)} | ${cell(defaultText(type) ?? "")} |`;
        }),
        "",
    ].join("\n");
}

/** Names of the interfaces of objects: `tls.ownCa.site` → TlsOwnCaSite. */
const interfaceName = (path: readonly string[]): string =>
    `${path.map((step) => (step === "NAME" ? "Item" : step.charAt(0).toUpperCase() + step.slice(1))).join("")}Args`;

interface Printed {
    name: string;
    text: string;
}

/** The TypeScript of a type. @param made interfaces on the way */
function typeText(type: z.ZodType, path: readonly string[], made: Printed[]): string {
    const inner = unwrap(type);
    switch (inner.type) {
        case "enum":
            return Object.values(inner.entries ?? {})
                .map((value) => JSON.stringify(value))
                .join(" | ");
        case "boolean":
            return "boolean";
        case "number":
            return "number";
        case "array":
            return `pulumi.Input<${inner.element ? typeText(inner.element, path, made) : "unknown"}>[]`;
        case "record": {
            const value = inner.valueType;
            if (value === undefined || unwrap(value).type === "unknown") return "Record<string, unknown>";
            const text = typeText(value, [...path, "NAME"], made);
            return `Record<string, ${unwrap(value).shape === undefined ? `pulumi.Input<${text}>` : text}>`;
        }
        case "object":
            return objectText(type, path, made);
        default:
            return "string";
    }
}

function objectText(type: z.ZodType, path: readonly string[], made: Printed[]): string {
    const name = path.length === 0 ? "PrivateRegistryArgs" : interfaceName(path);
    const lines = Object.entries(unwrap(type).shape ?? {}).flatMap(([key, of]) => {
        const info = infoOf(of);
        const inner = unwrap(of);
        const text = typeText(of, [...path, key], made);
        const nested = inner.type === "object" || (inner.type === "record" && !text.includes("pulumi.Input"));
        const isSwitch = of.safeParse(true).success && inner.type === "object";
        const given = `${nested || info?.plain ? text : `pulumi.Input<${text}>`}${isSwitch ? " | boolean" : ""}`;
        const optional = of.safeParse(undefined).success;
        const told = defaultText(of);
        const doc = [
            `${info?.description ?? ""}${info?.unit === undefined ? "" : `, ${info.unit}`}. Must be ${info?.allowed ?? ""}.${info?.secret && !nested ? " Kept as a secret." : ""}`,
            ...(told === undefined ? [] : [`@default ${told}`]),
            `@example ${JSON.stringify(info?.example)}`,
        ];
        return [
            "    /**",
            ...doc.map((line) => `     * ${line}`),
            "     */",
            `    ${key}${optional ? "?" : ""}: ${given}${optional ? " | undefined" : ""};`,
        ];
    });
    const info = infoOf(type);
    made.push({
        name,
        text: [
            `/** ${info?.description ?? "What a deployment is made of"}. */`,
            `export interface ${name} {`,
            ...lines,
            "}",
        ].join("\n"),
    });
    return name;
}

/** components/args.ts: the arguments of PrivateRegistry as interfaces. */
export function argsTs(): string {
    const made: Printed[] = [];
    objectText(deployment, [], made);
    return [
        "// Written by `npm run generate` from the options' own definitions.",
        'import type * as pulumi from "@pulumi/pulumi";',
        "",
        made
            .reverse()
            .map(({ text }) => text)
            .join("\n\n"),
        "",
    ].join("\n");
}
