/** The four places that tell of the configuration agree: the schema, Pulumi.yaml, Pulumi.dev.yaml and the README. */
import { readFileSync } from "node:fs";
import { join } from "node:path";

import { parse } from "yaml";

import { check } from "../../config/load";
import { fieldAt } from "../../config/mistakes";
import { schema } from "../../config/schema";

import { accepted, allKeys, entries, MINIMAL } from "./config/base";

interface Project {
    name: string;
    runtime: string;
    config: Record<string, { description: string; default?: unknown; secret?: boolean }>;
    template: { description: string; quickstart: string; config: Record<string, { description: string }> };
}

const read = (name: string) => readFileSync(join(__dirname, "../..", name), "utf8");
const project = parse(read("Pulumi.yaml")) as Project;
const keys = Object.keys(schema.shape) as (keyof typeof schema.shape)[];

test("the project is named as its package", () => {
    expect(project.name).toBe("private-registry");
    expect((JSON.parse(read("package.json")) as { name: string }).name).toBe(project.name);
});

test("Pulumi.yaml has the keys of the schema, in its order", () => {
    expect(Object.keys(project.config)).toEqual(keys);
});

describe.each(keys)("Pulumi.yaml, %s", (key) => {
    const entry = project.config[key];

    test("has the description of the schema", () => {
        expect(entry?.description).toBe(fieldAt(schema, [key])?.description);
    });

    // Pulumi would answer a wrong type by itself, without the value, what is allowed, or a fix.
    test("has no type", () => {
        expect(entry).not.toHaveProperty("type");
        expect(entry).not.toHaveProperty("items");
    });

    if (key !== "domain") {
        // Pulumi asks for a key without a default, also where the schema has one.
        test("has the default of the schema", () => {
            const value = project.config[key]?.default;
            expect(value).toBeDefined();
            if (key === "users") expect(value).toEqual({});
            else expect(accepted(entries({ [key]: value }))).toEqual(accepted({}));
            // Whether there is a front depends on other keys, where none is set.
            if (key === "front") return;
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

test("the template asks for keys that there are, in the schema's words", () => {
    expect(project.template.description).not.toBe("");
    for (const [key, { description }] of Object.entries(project.template.config)) {
        expect(description).toBe(fieldAt(schema, [key])?.description);
    }
});

test("the committed Pulumi.dev.yaml is a configuration that works, and holds no secret", () => {
    const text = read("Pulumi.dev.yaml");
    const { config } = parse(text) as { config: Record<string, unknown> };
    const own = Object.entries(config).map(([key, value]) => [key.replace("private-registry:", ""), value]);
    expect(check("private-registry", entries(Object.fromEntries(own)))).toMatchObject({
        domain: "localhost",
    });
    expect(text).not.toMatch(/secure:|password|encryptionsalt/);
});

test("every field says what it is, what is allowed, and has an example", () => {
    for (const path of allKeys()) {
        expect(fieldAt(schema, path.split("."))).toMatchObject({
            description: expect.stringMatching(/\w/) as string,
            allowed: expect.stringMatching(/\w/) as string,
            example: expect.stringMatching(/\w/) as string,
        });
    }
});

const rows = read("README.md")
    .split("\n")
    .filter((line) => line.startsWith("|"));

test.each(allKeys())("a table of the README tells of `%s` in the words of the schema", (path) => {
    const description = fieldAt(schema, path.split("."))?.description;
    expect(rows.filter((row) => row.startsWith(`| \`${path}\` | ${description} |`))).toHaveLength(1);
});

test("the README tells the default of each key that has a plain one", () => {
    for (const [key, value] of Object.entries(accepted(MINIMAL))) {
        if (typeof value === "object" || value === undefined || key in MINIMAL) continue;
        const row = rows.find((line) => line.includes(`\`${key}\``));
        expect(row).toContain(String(value));
    }
});
