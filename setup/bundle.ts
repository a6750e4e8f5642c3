/** What `npm run bundle` made, on the machine without a network: its programs and images are put in their places. */
import { createHash } from "node:crypto";
import {
    cpSync,
    createReadStream,
    createWriteStream,
    existsSync,
    readdirSync,
    renameSync,
    rmSync,
    statSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { Transform } from "node:stream";
import { pipeline } from "node:stream/promises";

import type { ReadEntry } from "tar";

import { Engine } from "../engine/client";
import type { Endpoint } from "../engine/endpoint";
import { found } from "../engine/errors";
import { readEntries, readTar } from "../engine/tar";
import { cliFolder, CLI_VERSION } from "./cli";
import { fileProblem, messageOf, SetupError } from "./errors";
import { contentOf } from "./image-content";
import { loadImages } from "./image-tarball";
import { type Machine, pulumiHome } from "./machine";
import { say, withProgress } from "./progress";
import { isExecutable } from "./run";
import { acquireLock, makeFolder, writeAtomically } from "./start.cjs";

/** Folder of a bundle for what is not the kit itself. */
const PARTS = "bundle";
export const MANIFEST = `${PARTS}/manifest.json`;
export const IMAGES = `${PARTS}/images.tar`;
/** Holds pulumi and its language host. */
export const CLI = `${PARTS}/cli/bin`;
/** Holds a folder for each official plugin, named as Pulumi names it. */
export const PLUGINS = `${PARTS}/plugins`;

/** A file of the bundle that is not the kit's. */
export interface Part {
    bytes: number;
    /** Of its content, in hex. */
    sha256: string;
    executable: boolean;
}

/** First file of a bundle. */
export interface Manifest {
    /** Version of the kit. */
    kit: string;
    /** RFC 3339. */
    made: string;
    /** As Node names them: linux, x64. */
    platform: string;
    arch: string;
    /** Version of the Pulumi CLI. */
    cli: string;
    /** Name under which an Engine has an image → what is in it, by contentOf. */
    images: Record<string, string>;
    /** The stack's file, without its secrets. */
    configuration?: { path: string; text: string } | undefined;
    /** Path in the bundle → file. */
    parts: Record<string, Part>;
}

const again = "make a new one with `npm run bundle -- --out FILE` on a machine that has a network";

const damaged = (file: string, why: string) =>
    new SetupError(
        `The bundle ${file} is damaged (${why}): copy it once more, and compare its checksum with FILE.sha256.`,
    );

/** Reads the manifest, which stands first, so that no more than the start of the file is read. */
async function readManifest(file: string): Promise<Manifest> {
    const stat = statSync(file, { throwIfNoEntry: false });
    if (!stat?.isFile())
        throw new SetupError(
            `--bundle names ${file}, which ${stat ? "is no plain file" : "does not exist"}: name the file that \`npm run bundle\` made.`,
        );
    let text: string | undefined;
    try {
        const files = await readTar(createReadStream(file), (path) => path === MANIFEST, { first: true });
        text = files.get(MANIFEST)?.toString("utf8");
    } catch (error) {
        throw damaged(file, messageOf(error));
    }
    if (text === undefined)
        throw new SetupError(`${file} is no bundle: name the file that \`npm run bundle\` made.`);
    return JSON.parse(text) as Manifest;
}

/** @throws SetupError where the bundle is for another kind of machine, or another version of the kit */
function check(machine: Machine, file: string, { platform, arch, cli }: Manifest): void {
    if (platform !== machine.platform || arch !== machine.arch)
        throw new SetupError(
            `The bundle ${file} is for ${platform} on ${arch}, and this machine is ${machine.platform} on ${machine.arch}: ` +
                "make it on a machine like this one.",
        );
    if (cli !== CLI_VERSION)
        throw new SetupError(
            `The bundle ${file} has Pulumi ${cli}, and this version of the kit needs ${CLI_VERSION}: use the kit in the bundle, or ${again}.`,
        );
}

/** Takes parts out of a bundle; each is what the manifest says, or there is an error. */
async function unpack(
    file: string,
    parts: ReadonlyMap<string, Part>,
    folder: string,
    update: (detail: string) => void,
) {
    const left = new Set(parts.keys());
    const writes: Promise<void>[] = [];
    const take = (entry: ReadEntry): void => {
        const part = parts.get(entry.path);
        if (part === undefined) return entry.resume();
        update(entry.path);
        const target = join(folder, entry.path);
        makeFolder(dirname(target));
        const hash = createHash("sha256");
        const hashed = new Transform({
            transform(chunk: Buffer, _encoding, done) {
                hash.update(chunk);
                done(undefined, chunk);
            },
        });
        const out = createWriteStream(target, { mode: part.executable ? 0o755 : 0o644 });
        const written = pipeline(entry as unknown as NodeJS.ReadableStream, hashed, out).then(() => {
            if (hash.digest("hex") === part.sha256) left.delete(entry.path);
        });
        writes.push(written);
        // Told below; until then nobody listens.
        written.catch(() => undefined);
    };
    try {
        await readEntries(createReadStream(file), take);
        await Promise.all(writes);
    } catch (error) {
        const problem = fileProblem(error);
        throw problem === undefined ? damaged(file, messageOf(error)) : new SetupError(problem);
    }
    const [first] = left;
    if (first !== undefined) throw damaged(file, `${first} is not what was packed`);
}

/** Puts the programs that were unpacked in their places, each by one rename, so that none is ever half there. */
function install(machine: Machine, folder: string): void {
    const place = (from: string, to: string) => {
        if (!existsSync(from)) return;
        makeFolder(dirname(to));
        const temporary = `${to}.${process.pid}.tmp`;
        // Another file system, it may be.
        cpSync(from, temporary, { recursive: true });
        rmSync(to, { recursive: true, force: true });
        renameSync(temporary, to);
    };
    const cli = join(folder, dirname(CLI));
    if (existsSync(cli)) writeAtomically(join(cli, "source"), "from a bundle");
    place(cli, cliFolder(machine));
    const plugins = join(folder, PLUGINS);
    for (const name of existsSync(plugins) ? readdirSync(plugins) : [])
        place(join(plugins, name), join(pulumiHome(machine), "plugins", name));
}

/** What of a bundle goes into its place by one rename. */
const groupOf = (path: string): string =>
    path.startsWith(`${PLUGINS}/`) ? path.split("/").slice(0, 3).join("/") : dirname(path);

/**
 * Puts the stack's file of a bundle where there is none: one that is there may have secrets, and what a rotation counted up.
 *
 * @param file as `--bundle` names it, absolute; nothing where there is no bundle
 */
export async function bringConfiguration({ root }: Machine, file: string | undefined): Promise<void> {
    if (file === undefined) return;
    const { configuration } = await readManifest(file);
    if (configuration === undefined || !/^Pulumi\.[\w.-]+\.yaml$/.test(configuration.path)) return;
    const target = join(root, configuration.path);
    if (existsSync(target)) return;
    writeAtomically(target, configuration.text);
    say(`${configuration.path} is that of the bundle, without its secrets.`);
}

/** Names under which an Engine has no image, or another one. */
async function otherThan(engine: Engine, images: Manifest["images"]): Promise<string[]> {
    const all = await Promise.all(
        Object.entries(images).map(async ([name, content]) => {
            const there = await found(() => engine.getImage(name).inspect());
            return there !== undefined && contentOf(there) === content ? [] : [name];
        }),
    );
    return all.flat();
}

/**
 * Takes from a bundle what this machine does not have: the Pulumi CLI, the official plugins where the bundle has them, the images. Where
 * the Engine has another image under a name, the name leads to the bundle's from then on; the other one stays, without that name.
 *
 * @param file as `--bundle` names it, absolute
 * @param endpoint undefined where the stack needs no Engine
 * @throws SetupError where it is none, damaged, or for another kind of machine
 */
export async function useBundle(
    machine: Machine,
    file: string,
    endpoint: Endpoint | undefined,
): Promise<void> {
    const manifest = await readManifest(file);
    check(machine, file, manifest);
    const engine = endpoint && new Engine(endpoint, 30_000);
    const missing = engine ? await otherThan(engine, manifest.images) : [];
    const isThere = (path: string): boolean => {
        if (path === IMAGES) return missing.length === 0;
        return path.startsWith(PLUGINS)
            ? existsSync(join(pulumiHome(machine), path.slice(PARTS.length)))
            : isExecutable(join(cliFolder(machine), path.slice(dirname(CLI).length)));
    };
    // A program's folder is put in place as a whole, so all of it is taken where anything of it lacks.
    const all = Object.entries(manifest.parts);
    const lacking = new Set(all.flatMap(([path]) => (isThere(path) ? [] : [groupOf(path)])));
    const wanted = new Map(all.filter(([path]) => lacking.has(groupOf(path))));
    if (wanted.size === 0) return;
    // One at a time; and what a killed one left goes.
    const folder = join(machine.dirs.cache, "bundle.tmp");
    const release = acquireLock(join(machine.dirs.cache, "bundle.lock"), `the bundle ${file}`);
    try {
        rmSync(folder, { recursive: true, force: true });
        say(
            `Unpacking ${[...wanted.keys()].map((path) => path.slice(PARTS.length + 1)).join(", ")} of ${file} …`,
        );
        await withProgress("unpacking", (update) => unpack(file, wanted, folder, update));
        install(machine, folder);
        if (endpoint && missing.length > 0) {
            say(`Loading ${missing.join(", ")} …`);
            await loadImages(endpoint, join(folder, IMAGES));
        }
    } finally {
        rmSync(folder, { recursive: true, force: true });
        release();
    }
}
