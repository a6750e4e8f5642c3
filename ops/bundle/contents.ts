/** What a bundle holds, and where it is found on this machine. */
import { execFileSync } from "node:child_process";
import { existsSync, lstatSync, readdirSync } from "node:fs";
import { dirname, join } from "node:path";

import { CLI, PLUGINS } from "../../setup/bundle";
import { SetupError } from "../../setup/errors";
import { readJson } from "../../setup/json";
import { type Machine, pulumiHome } from "../../setup/machine";
import { PLUGIN_NAMES, pluginVersion } from "../../setup/plugins";
import type { Prepared } from "../../setup/prepare";
import { which } from "../../setup/run";

/** Path in the bundle → file of this machine. */
export type Files = Map<string, string>;

/** Folder of a bundle with the kit, or with the project that has it as a package. */
export const KIT = "private-registry";

/** Files of a folder and those below, as paths in it; no folders named node_modules. */
function filesOf(folder: string, below = ""): string[] {
    return readdirSync(join(folder, below), { withFileTypes: true }).flatMap((entry) => {
        const path = join(below, entry.name);
        if (!entry.isDirectory()) return [path];
        return entry.name === "node_modules" ? [] : filesOf(folder, path);
    });
}

/** Files of a project that `init` wrote. */
const OF_PROJECT = ["package.json", "package-lock.json", "Pulumi.yaml", "index.cjs", ".gitignore"];

/** The kit's own files, or the project's: nothing that is only on this machine. */
function sources({ root, kit }: Machine): string[] {
    if (kit !== root) return OF_PROJECT.filter((name) => existsSync(join(root, name)));
    try {
        const listed = execFileSync("git", ["ls-files", "-z"], {
            cwd: root,
            encoding: "utf8",
            stdio: "pipe",
        });
        // Configurations of stacks may have secrets; the one that is meant goes without them.
        return listed
            .split("\0")
            .filter(
                (path) => path !== "" && !/^Pulumi\.[^/]+\.yaml$/.test(path) && existsSync(join(root, path)),
            );
    } catch {
        throw new SetupError(
            `${root} is no clone of the kit's repository, so what belongs to the kit is not known: run this in a clone, or in a ` +
                "project that `npx private-registry init` made. A bundle itself may be copied as it is.",
        );
    }
}

interface Installed {
    packages?: Record<string, { dev?: boolean; devOptional?: boolean }>;
}

/** Bundles the kit's sources on the other machine, too; a published package has them bundled. */
const BUNDLER = /^node_modules\/(esbuild|@esbuild\/[^/]+)$/;

/** Folders of the npm packages that the kit runs on, without those of its tests. */
export function packages({ root, kit }: Machine): string[] {
    const lock = readJson(join(root, "node_modules", ".package-lock.json")) as Installed | undefined;
    return Object.entries(lock?.packages ?? {})
        .filter(([path, { dev }]) => !dev || (kit === root && BUNDLER.test(path)))
        .map(([path]) => path)
        .filter((path) => existsSync(join(root, path)));
}

/** The kit and its npm packages. */
export function kitFiles(machine: Machine): Files {
    const { root } = machine;
    const links = join("node_modules", ".bin");
    const bin = existsSync(join(root, links)) ? readdirSync(join(root, links)) : [];
    const all = [
        ...sources(machine),
        ...packages(machine).flatMap((folder) =>
            filesOf(join(root, folder)).map((path) => join(folder, path)),
        ),
        ...bin.filter((name) => name.includes(KIT)).map((name) => join(links, name)),
    ];
    return new Map(all.map((path) => [`${KIT}/${path.replaceAll("\\", "/")}`, join(root, path)]));
}

/** Pulumi's programs: the CLI, its language host, and the official plugins where they are the ones in use. */
export function programs(machine: Machine, { cli, plugins, env }: Prepared): Files {
    const all = { ...machine.env, ...env };
    const files: Files = new Map([[`${CLI}/pulumi`, cli.path]]);
    const beside = join(dirname(cli.path), "pulumi-language-nodejs");
    const host = existsSync(beside) ? beside : which("pulumi-language-nodejs", all);
    if (host !== undefined) files.set(`${CLI}/pulumi-language-nodejs`, host);
    if (plugins.kind === "embedded") return files;
    for (const name of PLUGIN_NAMES) {
        const folder = `resource-${name}-v${pluginVersion(machine, name)}`;
        const installed = join(pulumiHome(machine), "plugins", folder);
        const program = `pulumi-resource-${name}`;
        const onPath = which(program, all);
        if (existsSync(installed))
            for (const path of filesOf(installed))
                files.set(`${PLUGINS}/${folder}/${path}`, join(installed, path));
        else if (onPath !== undefined) files.set(`${PLUGINS}/${folder}/${program}`, onPath);
    }
    return files;
}

/** Bytes of files, links not followed. */
export const bytesOf = (files: Files): number =>
    [...files.values()].reduce((sum, file) => sum + lstatSync(file).size, 0);
