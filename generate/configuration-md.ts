/** docs/configuration.md. */
import type * as z from "zod";

import { type OptionInfo, unwrap } from "../components/definition/option";
import { formatPath } from "../components/definition/problem";
import { options } from "../config/options";

import { defaultText, infoOf } from "./told";

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
