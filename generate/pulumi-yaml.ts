/** The config section of Pulumi.yaml. */
import type * as z from "zod";
import { parseDocument } from "yaml";

import { unwrap } from "../components/definition/option";
import { options } from "../config/options";

import { fixedDefault, infoOf } from "./told";

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
