/** `npx private-registry init`. The package itself: tests/e2e/package.test.ts. */
import { chmodSync, readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";

import { parse } from "yaml";

import { init } from "../../../ops/init";
import { IN_PROJECT } from "../../../ops/main";
import { options } from "../../../config/options";

import { machineIn, put, temporaryFolder } from "./fixture";

const KIT = resolve(__dirname, "..", "..", "..");
const folder = temporaryFolder();
const here = (root = folder.path) => machineIn(folder.path, { root, kit: KIT });

test("writes a project whose program is the package's and whose configuration is the kit's", async () => {
    put(join(folder.path, "package.json"), { dependencies: { other: "1.0.0" }, scripts: { up: "mine" } });
    const said = jest.spyOn(process.stderr, "write").mockReturnValue(true);
    await expect(init(here(), [], IN_PROJECT)).resolves.toBe(0);
    expect(said.mock.calls.join("")).toMatch(/Next: +npm install && npx private-registry up\n/);
    said.mockRestore();
    const text = (file: string) => readFileSync(join(folder.path, file), "utf8");
    const { runtime, config, name } = parse(text("Pulumi.yaml")) as Record<string, Record<string, unknown>>;
    expect(name).toBe("private-registry");
    expect(runtime).toEqual({
        name: "nodejs",
        options: { typescript: false, nodeargs: "--require private-registry/early" },
    });
    expect(Object.keys(config ?? {})).toEqual(Object.keys(options.shape));
    expect(text("index.cjs")).toContain('require("private-registry/program")');
    expect(text("Pulumi.dev.yaml")).toBe(readFileSync(join(KIT, "Pulumi.dev.yaml"), "utf8"));
    const { dependencies, scripts, main } = JSON.parse(text("package.json")) as Record<string, never>;
    expect(main).toBe("index.cjs");
    expect(dependencies).toMatchObject({
        other: "1.0.0",
        "private-registry": expect.stringMatching(/^\^\d/),
    });
    // What the user has is his.
    expect(scripts).toMatchObject({ up: "mine", doctor: "private-registry doctor" });
});

test("every command of the kit that works in a project has its script", () => {
    const { scripts } = JSON.parse(readFileSync(join(KIT, "package.json"), "utf8")) as {
        scripts: Record<string, string>;
    };
    const ofCheckout = [
        "test",
        "test:unit",
        "test:coverage",
        "check",
        "bench",
        "generate",
        "build",
        "prepack",
    ];
    expect([...IN_PROJECT].sort()).toEqual(
        Object.keys(scripts)
            .filter((name) => !ofCheckout.includes(name))
            .sort(),
    );
});

test("a folder that takes no files is refused with a way that works", () => {
    chmodSync(folder.path, 0o555);
    const root = process.geteuid?.() === 0;
    // The rights of a folder are no rule for root.
    if (root) process.seteuid?.(65534);
    try {
        expect(() => init(here(), [], [])).toThrow(
            /^This user may not write into .*: `mkdir ~\/private-registry && cd ~\/private-registry`, and run/,
        );
    } finally {
        if (root) process.seteuid?.(0);
    }
    expect(readdirSync(folder.path)).toEqual([]);
});

test("refuses a folder with other files, a checkout and arguments, and changes nothing", () => {
    put(join(folder.path, "index.ts"), "mine");
    expect(() => init(here(), [], [])).toThrow(/is not empty \(index\.ts\), and nothing was changed/);
    expect(() => init(here(KIT), [], [])).toThrow(/checkout of the kit/);
    expect(() => init(here(), ["name"], [])).toThrow(
        /^npx private-registry init: Unexpected argument 'name'; there are: --help\.$/,
    );
});
