/** The commands and mends that messages tell: each names an option that there is. */
import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";

import { typeAt } from "../../../components/definition/option";
import { options } from "../../../config/options";

const ROOT = resolve(__dirname, "../../..");
const COMMAND = /pulumi config (?:set|rm)((?: --[a-z]+)*) ([a-z]\w*(?:\.\w+)*)/g;
/** `set(["tls", "off"], true)` and `remove(["tls"])`. */
const MEND = /\b(?:set|remove)\(\[("\w+"(?:, "\w+")*)\]/g;

const sources = ["bench", "components", "config", "ops", "plugins", "setup"].flatMap((folder) =>
    readdirSync(join(ROOT, folder), { recursive: true, encoding: "utf8" })
        .filter((name) => /\.(ts|cjs|sh)$/.test(name))
        .map((name) => ({ name, text: readFileSync(join(ROOT, folder, name), "utf8") })),
);
const found = (pattern: RegExp) =>
    sources.flatMap(({ name, text }) =>
        [...text.matchAll(pattern)].map((match) => [`${name}: ${match[0]}`, match] as const),
    );
const [commands, mends] = [found(COMMAND), found(MEND)];

test("are found", () => {
    expect(commands.length).toBeGreaterThan(10);
    expect(mends.length).toBeGreaterThan(10);
});

test.each(commands)("%s", (_where, [, flags = "", option = ""]) => {
    expect(typeAt(options, option.split("."))).toBeDefined();
    expect(flags.includes("--path")).toBe(option.includes("."));
});

test.each(mends)("%s", (_where, [, path = ""]) => {
    expect(typeAt(options, JSON.parse(`[${path}]`) as string[])).toBeDefined();
});
