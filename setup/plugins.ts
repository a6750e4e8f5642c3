import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { delimiter, dirname, join, sep } from "node:path";
import { SetupError } from "./errors";
import { readJson } from "./json";
import { type Machine, pulumiHome } from "./machine";
import { buildPlugins } from "./plugins-embedded";
import { type ClosedRoutes, answers } from "./probe";
import { say, withProgress } from "./progress";
import { lastLines, run, which } from "./run";

export const PLUGIN_NAMES = ["docker", "random", "tls"] as const;
export type PluginName = (typeof PLUGIN_NAMES)[number];

/** The plugins that exist nowhere else, so that they are used beside either set. */
export const KIT_PLUGINS = [
    { name: "private-registry-nexus", source: "nexus" },
    { name: "private-registry", script: "setup/package.cjs" },
] as const;

/** End of the folder in which a clone keeps its embedded plugins: what is found in such a folder is not official. */
const OURS = join("node_modules", ".cache", "private-registry", "plugins");

export interface PluginSet {
    kind: "official" | "embedded";
    /** For the report: why this set. */
    reason: string;
    /** PATH on which Pulumi finds this set, and no embedded plugin of any clone where the official ones are used. */
    path: string;
}

export interface PluginEffects {
    onPath: (name: PluginName, path: string) => boolean;
    installed: (name: PluginName) => boolean;
    /** Whether the download was closed within the last day. */
    closed: () => boolean;
    rememberClosed: () => void;
    /** Downloads the named plugins; false where they cannot be had. */
    download: (names: PluginName[]) => Promise<boolean>;
    /** Builds the embedded plugins; returns their folder. */
    embed: () => Promise<string>;
}

/** Folder of the plugins that go with either set: it does not end as OURS, since official ones go beside it. */
const KIT_SET = "kit-plugins";

/** PATH without the embedded plugins that an earlier `npm run env`, of any clone, put on it. */
export function withoutOurs(path: string): string {
    const kept = path.split(delimiter).filter((folder) => !folder.endsWith(sep + OURS));
    return kept.join(delimiter);
}

/** Chooses one set for all three plugins: the official one wherever it can be had, else the embedded one. */
export async function choosePlugins(env: NodeJS.ProcessEnv, effects: PluginEffects): Promise<PluginSet> {
    const forced = env.PRIVATE_REGISTRY_PLUGINS;
    if (forced && forced !== "official" && forced !== "embedded") {
        throw new SetupError(
            `PRIVATE_REGISTRY_PLUGINS is "${forced}"; allowed are "official" and "embedded", or unset it.`,
        );
    }
    const path = withoutOurs(env.PATH ?? "");
    const embedded = async (reason: string): Promise<PluginSet> => ({
        kind: "embedded",
        reason,
        path: [await effects.embed(), path].join(delimiter),
    });
    if (forced === "embedded") return embedded("as PRIVATE_REGISTRY_PLUGINS says");
    const missing = PLUGIN_NAMES.filter((name) => !effects.onPath(name, path) && !effects.installed(name));
    if (missing.length === 0) return { kind: "official", reason: "installed", path };
    const remembered = !forced && effects.closed();
    if (!remembered && (await effects.download(missing)))
        return { kind: "official", reason: "downloaded", path };
    if (forced) {
        throw new SetupError(
            `The official provider plugins (${missing.join(", ")}) are neither installed nor to be downloaded here, ` +
                "and PRIVATE_REGISTRY_PLUGINS=official asks for them: open get.pulumi.com to this machine, or unset it.",
        );
    }
    if (!remembered) effects.rememberClosed();
    return embedded("the official ones cannot be downloaded here");
}

/** Version of the plugin that belongs to the npm package of this checkout. */
export function pluginVersion(machine: Machine, name: PluginName): string {
    // A package manager may have put it above the kit.
    const { resolve } = createRequire(join(machine.kit, "package.json"));
    try {
        const { version } = readJson(resolve(`@pulumi/${name}/package.json`)) as { version?: string };
        if (version) return version;
    } catch {
        // Told below.
    }
    throw new SetupError(`The npm package @pulumi/${name} is missing: run \`npm install\`.`);
}

/** A provider plugin as Pulumi releases it. */
export interface OfficialPlugin {
    name: string;
    version: string;
}

const official = (machine: Machine, name: PluginName): OfficialPlugin => ({
    name,
    version: pluginVersion(machine, name),
});

/** Whether Pulumi's own folder has it. */
export function isInstalled(machine: Machine, { name, version }: OfficialPlugin): boolean {
    const folder = join(pulumiHome(machine), "plugins", `resource-${name}-v${version}`);
    // Pulumi keeps the .partial file beside the folder until the plugin is complete.
    return existsSync(folder) && !existsSync(`${folder}.partial`);
}

/** Downloads plugins into Pulumi's own folder; false where they cannot be had. */
export async function download(
    machine: Machine,
    pulumi: string,
    plugins: readonly OfficialPlugin[],
): Promise<boolean> {
    const os = machine.platform === "win32" ? "windows" : machine.platform;
    const arch = machine.arch === "x64" ? "amd64" : machine.arch;
    const sites = plugins.slice(0, 1).flatMap(({ name, version }) => {
        const file = `pulumi-resource-${name}-v${version}-${os}-${arch}.tar.gz`;
        return [
            `https://get.pulumi.com/releases/plugins/${file}`,
            `https://github.com/pulumi/pulumi-${name}/releases/download/v${version}/${file}`,
        ];
    });
    const open = await Promise.all(sites.map((site) => answers(site, machine.env)));
    if (!open.includes(true)) return false;
    say("Provider plugins: downloading Pulumi's official ones …");
    for (const { name, version } of plugins) {
        const result = await withProgress(`downloading plugin ${name} ${version}`, () =>
            run(pulumi, ["plugin", "install", "resource", name, version], {
                env: { ...machine.env, PULUMI_SKIP_UPDATE_CHECK: "true" },
                timeoutMs: 300_000,
            }),
        );
        if (result.code !== 0) {
            say(`Provider plugins: ${name} ${version} could not be downloaded: ${lastLines(result, 1)}`);
            return false;
        }
    }
    return true;
}

/** Makes one set of the three provider plugins ready for use, and the kit's own beside it. */
export async function ensurePlugins(
    machine: Machine,
    pulumi: string,
    closed: ClosedRoutes,
): Promise<PluginSet> {
    const set = await chooseFor(machine, pulumi, closed);
    const own = await buildPlugins(machine, KIT_SET, KIT_PLUGINS);
    const rest = set.path.split(delimiter).filter((folder) => folder !== own);
    return { ...set, path: [own, ...rest].join(delimiter) };
}

function chooseFor(machine: Machine, pulumi: string, closed: ClosedRoutes): Promise<PluginSet> {
    const versions = () => PLUGIN_NAMES.map((name) => `${name}-${pluginVersion(machine, name)}`).join("-");
    return choosePlugins(machine.env, {
        onPath: (name, path) =>
            which(`pulumi-resource-${name}`, { ...machine.env, PATH: path }) !== undefined,
        installed: (name) => isInstalled(machine, official(machine, name)),
        closed: () => closed.has(`plugins-${versions()}`),
        rememberClosed: () => {
            closed.remember(`plugins-${versions()}`);
            say(
                "Provider plugins: the official ones cannot be downloaded here, so the kit's embedded ones are used.",
            );
        },
        download: (names) =>
            download(
                machine,
                pulumi,
                names.map((name) => official(machine, name)),
            ),
        embed: () =>
            buildPlugins(
                machine,
                "plugins",
                PLUGIN_NAMES.map((name) => ({ name })),
            ),
    });
}

/** The set that the next `pulumi up` uses, without downloading or building any. */
export function pluginsInUse(machine: Machine): Promise<PluginSet> {
    return choosePlugins(machine.env, {
        onPath: (name, path) =>
            which(`pulumi-resource-${name}`, { ...machine.env, PATH: path }) !== undefined,
        installed: (name) => isInstalled(machine, official(machine, name)),
        closed: () => true,
        rememberClosed: () => {},
        download: () => Promise.resolve(false),
        embed: () => Promise.resolve(join(machine.localCache, "plugins")),
    });
}

/** Settings that keep Pulumi from passing over the chosen set. */
export function pluginEnv(machine: Machine, set: PluginSet, pulumi: string): Record<string, string> {
    const folder = dirname(pulumi);
    // The CLI finds its language host beside itself or on PATH; a folder that is there already keeps its place.
    const parts = set.path.split(delimiter);
    const path = parts.includes(folder) ? set.path : [folder, set.path].join(delimiter);
    if (set.kind === "official") return { PATH: path };
    const ambient: Record<string, string> = machine.env.PULUMI_IGNORE_AMBIENT_PLUGINS
        ? { PULUMI_IGNORE_AMBIENT_PLUGINS: "false" }
        : {};
    return { PATH: path, PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "true", ...ambient };
}
