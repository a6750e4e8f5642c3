/** What is said of a file that is no bundle, or not for this machine; and that only whole parts are put in their places. */
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";

import { tar } from "../../../engine/tar";
import { bringConfiguration, type Manifest, useBundle } from "../../../setup/bundle";
import { CLI_VERSION, cliFolder } from "../../../setup/cli";

import { machineIn, temporaryFolder } from "./fixture";

const folder = temporaryFolder();
const PARTS = { "bundle/cli/bin/pulumi": "#!the CLI", "bundle/cli/bin/pulumi-language-nodejs": "#!its host" };

/** A bundle as `npm run bundle` writes it, small. */
async function written(
    over: Partial<Manifest> = {},
    contents: Record<string, string> = PARTS,
): Promise<string> {
    const { platform, arch } = machineIn(folder.path);
    const manifest: Manifest = {
        kit: "0.2.0",
        made: "2026-11-26T00:00:00Z",
        platform,
        arch,
        cli: CLI_VERSION,
        images: {},
        parts: Object.fromEntries(
            Object.entries(PARTS).map(([path, text]) => [
                path,
                {
                    bytes: text.length,
                    sha256: createHash("sha256").update(text).digest("hex"),
                    executable: true,
                },
            ]),
        ),
        ...over,
    };
    const entries = { "bundle/manifest.json": JSON.stringify(manifest), ...contents };
    const archive = await tar(
        Object.entries(entries).map(([path, text]) => ({ path, mode: 0o755, content: Buffer.from(text) })),
    );
    const file = join(folder.path, "registry.tar.gz");
    writeFileSync(file, gzipSync(archive));
    return file;
}

const use = (file: string) => useBundle(machineIn(folder.path), file, undefined);

test("its programs are put where the setup looks for them, and only once", async () => {
    const machine = machineIn(folder.path);
    const file = await written();
    await use(file);
    const program = join(cliFolder(machine), "bin", "pulumi");
    expect(readFileSync(program, "utf8")).toBe("#!the CLI");
    expect(statSync(program).mode & 0o111).toBe(0o111);
    expect(readFileSync(join(cliFolder(machine), "source"), "utf8")).toBe("from a bundle");
    const before = statSync(program).ino;
    await use(file);
    expect(statSync(program).ino).toBe(before);
});

test("of a program's folder all is taken where anything of it lacks", async () => {
    const file = await written();
    await use(file);
    const bin = join(cliFolder(machineIn(folder.path)), "bin");
    rmSync(join(bin, "pulumi-language-nodejs"));
    await use(file);
    for (const name of ["pulumi", "pulumi-language-nodejs"]) expect(existsSync(join(bin, name))).toBe(true);
});

test("the stack's file comes along, and never over one that is there", async () => {
    const machine = machineIn(folder.path);
    mkdirSync(machine.root, { recursive: true });
    const own = join(machine.root, "Pulumi.prod.yaml");
    const configuration = { path: "Pulumi.prod.yaml", text: "config: {}\n" };
    await bringConfiguration(machine, await written({ configuration }));
    expect(readFileSync(own, "utf8")).toBe("config: {}\n");
    writeFileSync(own, "encryptionsalt: s\n");
    await bringConfiguration(machine, await written({ configuration }));
    expect(readFileSync(own, "utf8")).toBe("encryptionsalt: s\n");
    await bringConfiguration(machine, await written({ configuration: { ...configuration, path: "../out" } }));
    expect(existsSync(join(machine.root, "..", "out"))).toBe(false);
});

test("no file, a folder, another archive", async () => {
    const { path } = folder;
    await expect(use(join(path, "none"))).rejects.toThrow(
        `--bundle names ${join(path, "none")}, which does not exist: name the file that \`npm run bundle\` made.`,
    );
    mkdirSync(join(path, "some"), { recursive: true });
    await expect(use(join(path, "some"))).rejects.toThrow("which is no plain file");
    for (const [name, bytes] of [
        ["text", Buffer.from("not an archive".repeat(100))],
        ["images.tar", await tar([{ path: "manifest.json", mode: 0o644, content: Buffer.from("[]") }])],
        ["empty", Buffer.alloc(0)],
    ] as const) {
        writeFileSync(join(path, name), bytes);
        await expect(use(join(path, name))).rejects.toThrow(`${join(path, name)} is no bundle`);
    }
});

test.each<[string, Partial<Manifest>, RegExp]>([
    ["processor", { arch: "riscv64" }, /is for \w+ on riscv64, and this machine is/],
    ["system", { platform: "aix" }, /is for aix on \w+/],
    ["kit", { cli: "3.1.0" }, /has Pulumi 3\.1\.0, and this version of the kit needs/],
])("one for another %s", async (_name, over, words) => {
    await expect(use(await written(over))).rejects.toThrow(words);
});

test.each<[string, (bytes: Buffer) => Buffer]>([
    ["cut off", (bytes) => bytes.subarray(0, bytes.length - 40)],
    [
        "with another byte",
        (bytes) => Buffer.from(bytes.map((byte, i) => (i === bytes.length - 60 ? byte ^ 255 : byte))),
    ],
])("one that is %s leaves nothing behind", async (_name, damage) => {
    const file = await written({ cli: CLI_VERSION });
    writeFileSync(file, damage(readFileSync(file)));
    const machine = machineIn(join(folder.path, "damaged"));
    await expect(useBundle(machine, file, undefined)).rejects.toThrow(
        /^The bundle \S+ is damaged \(.+\): copy it once more/,
    );
    expect(existsSync(cliFolder(machine))).toBe(false);
    expect(existsSync(join(machine.dirs.cache, "bundle.tmp"))).toBe(false);
});

test("one with other content than its manifest says, and one that lacks a part", async () => {
    const machine = machineIn(join(folder.path, "other"));
    const other = await written({}, { ...PARTS, "bundle/cli/bin/pulumi": "#!another" });
    await expect(useBundle(machine, other, undefined)).rejects.toThrow(
        "bundle/cli/bin/pulumi is not what was packed",
    );
    const [[path, text]] = Object.entries(PARTS) as [[string, string]];
    const lacking = await written({}, { [path]: text });
    await expect(useBundle(machine, lacking, undefined)).rejects.toThrow(
        "pulumi-language-nodejs is not what was packed",
    );
    expect(existsSync(cliFolder(machine))).toBe(false);
});
