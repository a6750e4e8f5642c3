/** Pulumi's official Kubernetes provider, for stacks on a cluster. There is no embedded one: what is built is the official source. */
import { delimiter, dirname, join, sep } from "node:path";

import { KUBERNETES_PROVIDER_VERSION as VERSION } from "../address/kubernetes-provider";

import { SetupError, messageOf } from "./errors";
import { type GoProgram, goBuild, requireGo } from "./go";
import type { Machine } from "./machine";
import { download, isInstalled } from "./plugins";
import type { ClosedRoutes } from "./probe";
import { say } from "./progress";
import { isExecutable, which } from "./run";
import { acquireLock, makeFolder } from "./start.cjs";

const MODULE = "github.com/pulumi/pulumi-kubernetes/provider/v4";
const PLUGIN = { name: "kubernetes", version: VERSION };

/** The commit of the release: the provider's tags are not those of a module below the repository's root. */
const PROVIDER: GoProgram = {
    name: "Pulumi's Kubernetes provider",
    module: MODULE,
    version: "v4.0.0-20260115033456-f47bc2d6f199",
    package: `${MODULE}/cmd/pulumi-resource-kubernetes`,
    variables: [`${MODULE}/pkg/version.Version=${VERSION}`],
    edits: {
        file: "cmd/pulumi-resource-kubernetes/main.go",
        // A release embeds copies that its build makes of two files: the same, with the version in the schema.
        replacements: [
            ["//go:embed schema-embed.json", "//go:embed schema.json"],
            ["//go:embed terraform-mapping-embed.json", "//go:embed terraform-mapping.json"],
            [
                "version.Version, pulumiSchema,",
                `version.Version, append([]byte(\`{"version":"${VERSION}",\`), pulumiSchema[1:]...),`,
            ],
        ],
    },
    minimumGo: "1.24.7",
    about: "about 13 minutes on 2 cores",
};

export interface ProviderEffects {
    onPath: (path: string) => boolean;
    installed: () => boolean;
    /** Whether the download was closed within the last day. */
    closed: () => boolean;
    rememberClosed: () => void;
    /** False where it cannot be had. */
    download: () => Promise<boolean>;
    /** Whether it was built before. */
    built: () => boolean;
    build: () => Promise<void>;
}

/** Where the built one is. */
const builtProgram = ({ dirs, platform, arch }: Machine): string =>
    join(
        ...[dirs.cache, "kubernetes-provider", `${VERSION}-${platform}-${arch}`],
        `pulumi-resource-kubernetes${platform === "win32" ? ".exe" : ""}`,
    );

/**
 * Makes the provider ready for use: the official plugin wherever it can be had, else one built from its Go module.
 *
 * @param path PATH on which Pulumi looks for it. @returns the PATH on which it finds it
 */
export async function chooseProvider(
    machine: Machine,
    path: string,
    effects: ProviderEffects,
): Promise<string> {
    const forced = machine.env.PRIVATE_REGISTRY_PLUGINS === "official";
    const folder = dirname(builtProgram(machine));
    // What an earlier `npm run env` put there, maybe of another version, is not the user's own.
    const ours = dirname(folder) + sep;
    const rest = path
        .split(delimiter)
        .filter((entry) => !entry.startsWith(ours))
        .join(delimiter);
    if (effects.onPath(rest) || effects.installed()) return rest;
    const withBuilt = [folder, rest].join(delimiter);
    if (!forced && effects.built()) return withBuilt;
    const remembered = !forced && effects.closed();
    if (!remembered && (await effects.download())) return rest;
    if (forced) {
        throw new SetupError(
            `The official Kubernetes provider ${VERSION} is neither installed nor to be downloaded here, and ` +
                "PRIVATE_REGISTRY_PLUGINS=official asks for it: open get.pulumi.com to this machine, or unset it.",
        );
    }
    if (!remembered) effects.rememberClosed();
    await effects.build();
    return withBuilt;
}

/** The same with the machine's own plugins. @param pulumi path of the CLI, which downloads it */
export function ensureKubernetesProvider(
    machine: Machine,
    path: string,
    pulumi: string,
    closed: ClosedRoutes,
): Promise<string> {
    const route = `plugins-${PLUGIN.name}-${VERSION}`;
    return chooseProvider(machine, path, {
        onPath: (where) =>
            which(`pulumi-resource-${PLUGIN.name}`, { ...machine.env, PATH: where }) !== undefined,
        installed: () => isInstalled(machine, PLUGIN),
        closed: () => closed.has(route),
        rememberClosed: () => closed.remember(route),
        download: () => download(machine, pulumi, [PLUGIN]),
        built: () => isExecutable(builtProgram(machine)),
        build: () => build(machine),
    });
}

/** PATH with the one that was built before, where there is one: a stack that leaves its cluster still takes its objects away there. */
export function withBuiltProvider(machine: Machine, path: string): string {
    const program = builtProgram(machine);
    const folder = dirname(program);
    // A shell that `npm run env` was evaluated in has it already.
    if (!isExecutable(program) || path.split(delimiter).includes(folder)) return path;
    return [folder, path].join(delimiter);
}

async function build(machine: Machine): Promise<void> {
    const program = builtProgram(machine);
    try {
        await requireGo(PROVIDER, machine.env);
    } catch (error) {
        throw new SetupError(
            `The Kubernetes provider is not installed and get.pulumi.com cannot be reached; ${messageOf(error)} Or ` +
                `install it by hand: \`pulumi plugin install resource kubernetes ${VERSION}\`.`,
        );
    }
    const release = acquireLock(`${dirname(program)}.lock`, PROVIDER.name);
    try {
        if (isExecutable(program)) return;
        say(
            `Kubernetes provider: ${VERSION} cannot be downloaded here: building it from its Go module, once for ` +
                `this user (${PROVIDER.about}) …`,
        );
        makeFolder(dirname(program));
        await goBuild(machine, PROVIDER, program);
        say(`Kubernetes provider: ${VERSION} is now in ${dirname(program)}.`);
    } finally {
        release();
    }
}
