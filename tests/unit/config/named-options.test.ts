/** The commands that messages and checks print: each names an option that there is. */
import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";

import { typeAt } from "../../../components/definition/option";
import { options } from "../../../config/options";

const ROOT = resolve(__dirname, "../../..");
const COMMAND = /pulumi config (?:set|rm)((?: --[a-z]+)*) ([a-z]\w*(?:\.\w+)*)/g;

/** Every command with an option's name in a folder's sources: where it stands, its flags and the name. */
const commands = ["bench", "components", "config", "ops", "plugins", "setup"].flatMap((folder) =>
    readdirSync(join(ROOT, folder), { recursive: true, encoding: "utf8" })
        .filter((name) => /\.(ts|cjs|sh)$/.test(name))
        .flatMap((name) =>
            [...readFileSync(join(ROOT, folder, name), "utf8").matchAll(COMMAND)].map(
                ([text, flags = "", option = ""]) => ({ text: `${folder}/${name}: ${text}`, flags, option }),
            ),
        ),
);

test("are found", () => {
    expect(commands.length).toBeGreaterThan(20);
    expect(commands.map(({ option }) => option)).toEqual(
        expect.arrayContaining(["tls.off", "storage.folder", "users.admin.generate"]),
    );
});

test.each(commands.map((one) => [one.text, one] as const))("%s", (_text, { flags, option }) => {
    expect(typeAt(options, option.split("."))).toBeDefined();
    expect(flags.includes("--path")).toBe(option.includes("."));
});
