import { closeSync, mkdtempSync, openSync, rmSync, statSync, writeSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";

import { withoutSecrets } from "../config/stack-file";
import { Engine } from "../engine/client";
import { CLI_VERSION } from "../setup/cli";
import { IMAGES, type Manifest, MANIFEST, type Part } from "../setup/bundle";
import { SetupError } from "../setup/errors";
import { ensureImages, nameInEngine } from "../setup/image";
import { contentOf } from "../setup/image-content";
import { neededImages } from "../setup/image-needs";
import { readJson } from "../setup/json";
import type { Machine } from "../setup/machine";
import { prepare, type Prepared } from "../setup/prepare";
import { print, say, withProgress } from "../setup/progress";
import { isExecutable } from "../setup/run";
import { DEFAULT_STACK, type EarlySettings, findStack, type Stack } from "../setup/stack";
import { makeFolder, readText, writeAtomically } from "../setup/start.cjs";

import { bytesOf, type Files, KIT, kitFiles, packages, programs } from "./bundle/contents";
import { sha256, writeArchive } from "./bundle/write";
import { commandFlags, fileGiven, OF_STACK } from "./shared/arguments";
import { abortOnSignal } from "./shared/signals";
import { howFar, size } from "./shared/size";
import { PROJECT, readConfig } from "./shared/stack-config";
import { stackPulumi } from "./shared/stack-pulumi";

const FLAGS = {
    out: { type: "string", value: "FILE", text: "the file to write, such as registry.tar.gz; must be given" },
    "dry-run": {
        type: "boolean",
        default: false,
        text: "prepares all, tells what it would write, and writes nothing",
    },
    json: { type: "boolean", default: false, text: "what is in it, as JSON" },
    ...OF_STACK,
} as const;

/** The images that the stack runs and its commands work with, as the Engine has them. */
async function imagesOf(
    machine: Machine,
    { engine, env, stack }: Prepared,
    file: string | undefined,
): Promise<string[]> {
    if (engine === undefined) return [];
    const { backup, storage, sync, tls } = await readConfig(await stackPulumi(machine, stack, env), file);
    const settings: EarlySettings = {
        ...stack.settings,
        // The gate of a collection is made of it.
        front: true,
        backup: backup !== undefined,
        ...(backup === undefined ? {} : { backupImage: backup.image }),
        acme: tls.acme !== undefined,
        ...(tls.acme === undefined ? {} : { acmeImage: tls.acme.image }),
        sync: Object.keys(sync.jobs).length > 0,
        syncImage: sync.image,
        rclone: storage.s3 !== undefined || storage.azure !== undefined || storage.gcs !== undefined,
    };
    await ensureImages(machine, engine, settings);
    const names = neededImages(machine, engine, settings).map(({ image }) => nameInEngine(engine, image));
    return [...new Set(await Promise.all(names))];
}

const inspectAll = (engine: Engine, names: readonly string[]) =>
    Promise.all(names.map(async (name) => ({ name, ...(await engine.getImage(name).inspect()) })));

/** Bytes of images as the Engine has them unpacked: about those of the archive. */
const bytesOfImages = async (engine: Engine, names: readonly string[]): Promise<number> =>
    (await inspectAll(engine, names)).reduce((sum, { Size = 0 }) => sum + Size, 0);

/** Has the Engine write images into a file. */
async function save(
    engine: Engine,
    names: readonly string[],
    file: string,
    signal: AbortSignal,
): Promise<void> {
    const total = await bytesOfImages(engine, names);
    const fd = openSync(file, "w", 0o600);
    const began = Date.now();
    let done = 0;
    try {
        await withProgress(`saving ${names.length} images`, (update) =>
            engine.saveImages(names, (bytes) => {
                signal.throwIfAborted();
                // At once: what the Engine sends faster than the disk takes it would stay in memory.
                writeSync(fd, bytes);
                done += bytes.length;
                update(howFar(done, Math.max(done, total), (Date.now() - began) / 1000));
            }),
        );
    } finally {
        closeSync(fd);
    }
}

/** The stack's file as it goes with the bundle; nothing where there is none. */
function configuration(machine: Machine, { name }: Stack, given: string | undefined) {
    const short = name.split("/").pop() ?? name;
    const text = readText(resolve(machine.root, given ?? `Pulumi.${short}.yaml`));
    return text === undefined
        ? undefined
        : { path: `Pulumi.${short}.yaml`, ...withoutSecrets(PROJECT, text) };
}

async function partsOf(files: Files): Promise<Record<string, Part>> {
    const parts: Record<string, Part> = {};
    for (const [path, file] of files)
        parts[path] = {
            bytes: statSync(file).size,
            sha256: await sha256(file),
            executable: isExecutable(file),
        };
    return parts;
}

function target(machine: Machine, out: string | undefined): string {
    if (out === undefined)
        throw new SetupError("--out is not set; it must be the file to write: npm run bundle -- --out FILE.");
    const file = fileGiven(machine, out);
    if (statSync(file, { throwIfNoEntry: false })?.isDirectory())
        throw new SetupError(
            `--out is ${file}, which is a folder; it must be the file to write, such as ${join(out, "registry.tar.gz")}.`,
        );
    return file;
}

/** `npm run bundle -- --out FILE`: all that a machine without a network needs for this stack. */
export async function bundle(machine: Machine, args: string[]): Promise<number> {
    const flags = commandFlags(
        "bundle",
        args,
        FLAGS,
        "writes all that a machine without a network needs for this stack into one file",
    );
    const out = target(machine, flags.out);
    const stack = findStack(machine, args);
    const kit = kitFiles(machine);
    const prepared = await prepare(machine, stack);
    const images = await imagesOf(machine, prepared, flags["config-file"]);
    const tools = programs(machine, prepared);
    const config = configuration(machine, stack, flags["config-file"]);
    const { version } = readJson(join(machine.kit, "package.json")) as { version: string };
    const engine = prepared.engine && new Engine(prepared.engine);
    const contents = {
        kit: version,
        packages: packages(machine).length,
        cli: CLI_VERSION,
        plugins: prepared.plugins.kind,
        images,
        leftOut: config?.left ?? [],
    };
    if (flags["dry-run"]) {
        const bytes = bytesOf(kit) + bytesOf(tools) + (engine ? await bytesOfImages(engine, images) : 0);
        if (flags.json) process.stdout.write(`${JSON.stringify({ ...contents, bytes }, undefined, 2)}\n`);
        else print(`${out} would have ${textOf(contents)}: ${size(bytes)} before compression.`);
        return 0;
    }
    makeFolder(dirname(out));
    // Beside the file, where there has to be room for it anyway.
    const folder = mkdtempSync(`${out}.`);
    const { signal, off } = abortOnSignal("ending", `Nothing is in ${out}: run the same command again.`);
    try {
        const made: Files = new Map();
        const write = (path: string, text: string) => {
            const file = join(folder, `${made.size}-${basename(path)}`);
            writeAtomically(file, text);
            made.set(path, file);
        };
        const inBundle: Manifest["images"] = {};
        if (engine && images.length > 0) {
            const file = join(folder, basename(IMAGES));
            for (const image of await inspectAll(engine, images)) inBundle[image.name] = contentOf(image);
            await save(engine, images, file, signal);
            tools.set(IMAGES, file);
        }
        const manifest: Manifest = {
            kit: version,
            made: new Date().toISOString(),
            platform: machine.platform,
            arch: machine.arch,
            cli: CLI_VERSION,
            images: inBundle,
            configuration: config && { path: config.path, text: config.text },
            parts: await partsOf(tools),
        };
        write(MANIFEST, JSON.stringify(manifest, undefined, 2));
        const first = new Map(made);
        const stamp = readText(join(machine.localCache, "packages"));
        // That its packages are complete: without those of the tests, npm would not say so.
        if (stamp !== undefined) write(`${KIT}/node_modules/.cache/${KIT}/packages`, stamp);
        const all: Files = new Map([...first, ...tools, ...kit, ...made]);
        const total = bytesOf(all);
        const began = Date.now();
        let done = 0;
        const sum = await withProgress(`writing ${basename(out)}`, (update) =>
            writeArchive(
                out,
                all,
                (bytes) => update(howFar((done += bytes), total, (Date.now() - began) / 1000)),
                signal,
            ),
        );
        const bytes = statSync(out).size;
        if (flags.json)
            process.stdout.write(
                `${JSON.stringify({ ...contents, file: out, bytes, sha256: sum }, undefined, 2)}\n`,
            );
        else tell(out, bytes, sum, { ...contents, stack });
        return 0;
    } finally {
        off();
        rmSync(folder, { recursive: true, force: true });
    }
}

interface Contents {
    kit: string;
    packages: number;
    cli: string;
    plugins: string;
    images: string[];
    leftOut: string[];
}

const textOf = ({ kit, packages, cli, images }: Contents) =>
    `the kit ${kit}, ${packages} npm packages, Pulumi ${cli}, ${images.length} images (${images.join(", ")})`;

function tell(out: string, bytes: number, sum: string, contents: Contents & { stack: Stack }): void {
    const name = basename(out);
    // Nobody has selected it there.
    const named = contents.stack.name === DEFAULT_STACK ? "" : `--stack ${contents.stack.name} `;
    print(`${out}: ${size(bytes)}, ${textOf(contents)}.`);
    print(`SHA-256 ${sum}, in ${name}.sha256 too.`);
    print(
        `There, with Node 20 or newer and a Docker Engine: tar -xf ${name} && cd ${KIT} && npm run up -- ${named}--bundle ../${name}`,
    );
    if (contents.leftOut.length > 0)
        say(
            `Secrets of the configuration are not in it: set ${contents.leftOut.join(", ")} there with ` +
                "`pulumi config set --secret --path`.",
        );
}
