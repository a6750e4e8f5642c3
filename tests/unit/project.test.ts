/** The places that tell of the configuration agree: the options, Pulumi.yaml, Pulumi.dev.yaml, docs/configuration.md. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

import { parse } from "yaml";

import { infoAt } from "../../components/definition/option";
import { check } from "../../config/check";
import { options } from "../../config/options";

import { accepted, allOptions, entries, MINIMAL } from "./config/base";

interface Project {
    name: string;
    runtime: string;
    config: Record<string, { description: string; default?: unknown; secret?: boolean }>;
    template: { description: string; quickstart: string; config: Record<string, { description: string }> };
}

const read = (name: string) => readFileSync(join(__dirname, "../..", name), "utf8");
const project = parse(read("Pulumi.yaml")) as Project;
const keys = Object.keys(options.shape) as (keyof typeof options.shape & string)[];
/** What Pulumi shows of a key. */
const told = (key: string) => {
    const info = infoAt(options, [key]);
    return `${info?.description}${info?.default === undefined ? "" : `. Default: ${info.default}`}`;
};

test("the project is named as its package", () => {
    expect(project.name).toBe("private-registry");
    expect((JSON.parse(read("package.json")) as { name: string }).name).toBe(project.name);
});

test("Pulumi.yaml has the options, in their order", () => {
    expect(Object.keys(project.config)).toEqual(keys);
});

describe.each(keys)("Pulumi.yaml, %s", (key) => {
    const entry = project.config[key];

    test("has the description of the option, and its default where that is in words", () => {
        expect(entry?.description).toBe(told(key));
    });

    // Pulumi would answer a wrong type by itself, without the value, what is allowed, or a fix.
    test("has no type", () => {
        expect(entry).not.toHaveProperty("type");
        expect(entry).not.toHaveProperty("items");
    });

    if (key !== "domain") {
        // Pulumi asks for a key without a default, also where the schema has one.
        test("has the default of the option", () => {
            const value = project.config[key]?.default;
            expect(value).toBeDefined();
            if (key === "users") expect(value).toEqual({});
            else expect(accepted(entries({ [key]: value }))).toEqual(accepted({}));
            const initial = accepted({})[key];
            if (typeof initial !== "object" && initial !== undefined) expect(value).toEqual(initial);
        });
    }
});

test("domain has an empty default, so that the kit and not Pulumi tells that it is missing", () => {
    expect(project.config.domain?.default).toBe("");
    expect(() => check("private-registry", entries({ users: MINIMAL.users }))).toThrow(
        "domain is not set; it must be a host name",
    );
});

test("the template asks for keys that there are, in the options' words", () => {
    expect(project.template.description).not.toBe("");
    for (const [key, { description }] of Object.entries(project.template.config)) {
        expect(description).toBe(infoAt(options, [key])?.description);
    }
});

test("every option says what it is, what is allowed, and has an example", () => {
    for (const { info } of allOptions()) {
        expect(info).toMatchObject({
            description: expect.stringMatching(/\w/) as string,
            allowed: expect.stringMatching(/\w/) as string,
        });
        expect(info?.example).toBeDefined();
    }
});

const rows = read("docs/configuration.md")
    .split("\n")
    .filter((line) => line.startsWith("|"))
    .map((line) => line.split(/(?<!\\)\|/).map((cell) => cell.trim().replaceAll("\\|", "|")));

test.each(allOptions().map(({ path, info }) => [path, info] as const))(
    "the table of docs/configuration.md tells of `%s`: what it is, what is allowed, its default",
    (path, info) => {
        const own = rows.filter(([, key]) => key?.replace(" (secret)", "") === `\`${path}\``);
        expect(own).toHaveLength(1);
        const [, key, what, allowed, standard] = own[0] ?? [];
        const unit = info?.unit === undefined ? "" : ` (${info.unit})`;
        expect([what, allowed]).toEqual([`${info?.description}${unit}`, info?.allowed]);
        if (info?.default !== undefined) expect(standard).toBe(info.default);
        const isText = typeof info?.example === "string";
        expect(key?.endsWith("(secret)")).toBe(info?.secret === true && isText);
    },
);

test("docs/configuration.md tells the default of each option that has a plain one", () => {
    for (const [key, value] of Object.entries(accepted(MINIMAL))) {
        if (typeof value === "object" || value === undefined || key in MINIMAL) continue;
        const row = rows.find(([, name]) => name === `\`${key}\``);
        expect(row?.[4]).toContain(String(value));
    }
});

test("what Pulumi runs in a checkout is the program, built or not, and what Node imports are the components", () => {
    const { main, exports } = JSON.parse(read("package.json")) as {
        main: string;
        exports: Record<string, Record<string, string>>;
    };
    // Its runner reads `default` of the exports before `main` (@pulumi/pulumi, cmd/run/run.ts).
    expect(exports["."]?.default).toBe(`./${main}`);
    expect(existsSync(join(__dirname, "../..", main))).toBe(true);
    // Node takes the first condition that holds.
    expect(Object.keys(exports["."] ?? {})).toEqual(["types", "require", "import", "default"]);
    for (const condition of ["require", "import"])
        expect(exports["."]?.[condition]).toBe("./dist/components/index.js");
});
