import { existsSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";

import type { BuildOptions } from "esbuild";

import { inQuotes } from "../text/shell";
import { SetupError, messageOf } from "./errors";
import type { Machine } from "./machine";
import { say } from "./progress";
import { acquireLock, fingerprint, makeFolder, readText, writeAtomically } from "./start.cjs";

const LOCK = "package-lock.json";

/** A plugin of this checkout. */
export interface OwnPlugin {
    /** Pulumi's name of it. */
    name: string;
    /** Its folder under plugins/. @default name */
    source?: string;
    /** A script of the checkout that is the plugin, and bundles it when it is started. @default it is bundled here */
    script?: string;
}

/**
 * Bundles plugins/<source>/main.ts, each with a program `pulumi-resource-<name>` beside it that starts it, when a source
 * changed. Returns their folder. They stay in the clone: in Pulumi's own plugin folder they would pass for official.
 *
 * @param set name of the folder in the clone's cache
 */
export async function buildPlugins(
    machine: Machine,
    set: string,
    plugins: readonly OwnPlugin[],
): Promise<string> {
    const folder = join(machine.localCache, set);
    const stamp = join(folder, "fingerprint");
    // The programs name this very Node, which an upgrade may remove.
    const isPackage = !existsSync(join(machine.kit, "plugins"));
    const sources = isPackage ? ["dist"] : ["plugins", "components", "engine", "address", "text", LOCK];
    const current = `${fingerprint(machine.kit, sources)} ${machine.kit} ${process.execPath}`;
    if (readText(stamp) === current) return folder;
    const release = acquireLock(`${folder}.lock`, `the provider plugins in ${folder}`);
    try {
        if (readText(stamp) === current) return folder;
        say(`Provider plugins: bundling ${plugins.map(({ name }) => name).join(", ")} …`);
        makeFolder(folder);
        for (const plugin of plugins) await buildOne(machine, folder, plugin);
        writeAtomically(stamp, current);
    } finally {
        release();
    }
    return folder;
}

async function buildOne(machine: Machine, folder: string, plugin: OwnPlugin): Promise<void> {
    const { name, script } = plugin;
    launcher(
        machine,
        folder,
        name,
        script === undefined ? await bundled(machine, folder, plugin) : join(machine.kit, script),
    );
}

/** How esbuild bundles a plugin. */
export const pluginOptions = (entry: string, outfile: string): BuildOptions => ({
    entryPoints: [entry],
    outfile,
    bundle: true,
    platform: "node",
    target: "node20",
    minify: true,
    // Stack traces and Pulumi's type checks go by class and function names.
    keepNames: true,
    // Compiled code is kept from run to run where Node can (22.1 and later).
    banner: { js: 'require("node:module").enableCompileCache?.(__dirname+"/v8");' },
    logLevel: "error",
});

/** Bundles a plugin. @returns the file */
async function bundled(machine: Machine, folder: string, { name, source }: OwnPlugin): Promise<string> {
    const built = join(machine.kit, "dist", `plugin-${source ?? name}.cjs`);
    const entry = join(machine.kit, "plugins", source ?? name, "main.ts");
    // A published package has them bundled, and no sources.
    if (!existsSync(entry) && existsSync(built)) return built;
    if (!existsSync(entry))
        throw new SetupError(`${entry} is missing: restore it with \`git checkout plugins\`.`);
    const bundle = join(folder, `${name}.cjs`);
    const temporary = `${bundle}.${process.pid}.tmp`;
    const esbuild = await import("esbuild");
    try {
        await esbuild.build(pluginOptions(entry, temporary));
        renameSync(temporary, bundle);
    } catch (error) {
        // esbuild has shown where on stderr.
        throw new SetupError(`The plugin ${name} does not build: ${messageOf(error)}`);
    } finally {
        rmSync(temporary, { force: true });
    }
    return bundle;
}

/** Writes the program that Pulumi starts. */
function launcher(machine: Machine, folder: string, name: string, bundle: string): void {
    const program = join(folder, `pulumi-resource-${name}`);
    if (machine.platform === "win32") {
        writeAtomically(`${program}.cmd`, `@"${process.execPath}" "${bundle}" %*\r\n`);
    } else {
        writeAtomically(
            program,
            `#!/bin/sh\nexec ${inQuotes(process.execPath)} ${inQuotes(bundle)} "$@"\n`,
            0o755,
        );
    }
}
