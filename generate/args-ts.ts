/** components/args.ts. */
import type * as z from "zod";

import { unwrap } from "../components/definition/option";
import { inPrograms } from "../components/definition/problem";

import { ROOTS } from "./roots";
import { defaultText, infoOf } from "./told";

/** Names of the interfaces of objects: `tls.ownCa.site` of PrivateRegistry → TlsOwnCaSiteArgs. */
function interfaceName([root = "", ...path]: readonly string[]): string {
    const own = root === "PrivateRegistry" && path.length > 0 ? path : [root, ...path];
    return `${own.map((step) => (step === "NAME" ? "Item" : step.charAt(0).toUpperCase() + step.slice(1))).join("")}Args`;
}

/** How the text of a file begins: a program gives that, and no path. */
const PEM_EXAMPLE = { pem: "-----BEGIN …", json: "{…}" };

interface Printed {
    name: string;
    text: string;
    /** Its members: two of the same are one. */
    body: string;
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
    const name = interfaceName(path);
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
            `${info?.description ?? ""}${info?.unit === undefined ? "" : `, ${info.unit}`}. Must be ${inPrograms(info?.allowed ?? "")}.${info?.secret && !nested ? " Kept as a secret." : ""}`,
            ...(told === undefined ? [] : [`@default ${told}`]),
            `@example ${JSON.stringify(info?.file ? PEM_EXAMPLE[info.file] : info?.example)}`,
        ];
        return [
            "    /**",
            ...doc.map((line) => `     * ${line}`),
            "     */",
            `    ${key}${optional ? "?" : ""}: ${given}${optional ? " | undefined" : ""};`,
        ];
    });
    const info = infoOf(type);
    const body = lines.join("\n");
    const twin = made.find((one) => one.body === body);
    if (twin !== undefined) return twin.name;
    made.push({
        name,
        body,
        text: [
            `/** ${info?.description ?? `Arguments of ${path[0]}`}. */`,
            `export interface ${name} {`,
            ...lines,
            "}",
        ].join("\n"),
    });
    return name;
}

/** The arguments of the components as interfaces. */
export function argsTs(): string {
    const made: Printed[] = [];
    const texts = ROOTS.flatMap(({ name, options }) => {
        const before = made.length;
        objectText(options, [name], made);
        // An interface before those of its members.
        return made
            .slice(before)
            .reverse()
            .map(({ text }) => text);
    });
    return [
        "// Written by `npm run generate` from the options' own definitions.",
        'import type * as pulumi from "@pulumi/pulumi";',
        "",
        texts.join("\n\n"),
        "",
    ].join("\n");
}
