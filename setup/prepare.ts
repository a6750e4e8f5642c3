import { useBundle } from "./bundle";
import { type Cli, ensureCli } from "./cli";
import type { Endpoint } from "../engine/endpoint";
import { engineCandidates, engineEnv, ensureEngine } from "./engine";
import { ping } from "../engine/http";
import { SetupError } from "./errors";
import { ensureImages } from "./image";
import { ensureKubernetesProvider, withBuiltProvider } from "./kubernetes-provider";
import type { Machine } from "./machine";
import { type PluginSet, ensurePlugins, pluginEnv } from "./plugins";
import { ClosedRoutes } from "./probe";
import { say } from "./progress";
import type { Stack } from "./stack";
import { type State, ensureStack, ensureState } from "./state";

/** What a stack needs of the machine, whichever stack it is. */
export interface Tools {
    /** Nothing where the stack needs no Docker. */
    engine?: Endpoint | undefined;
    cli: Cli;
    plugins: PluginSet;
    /** Title of each image that the stack runs → where the one in the engine came from. */
    images: Record<string, string>;
    /** Variables to be added to the environment. */
    env: Record<string, string>;
}

export interface Prepared extends Tools {
    stack: Stack;
    state: State;
}

/** What is to be prepared. */
export interface Wanted {
    /** @default true */
    docker?: boolean;
    /** False where nothing is going to run. @default true */
    images?: boolean;
    /** Tries to pull also the images for which something stands in. @default false */
    again?: boolean;
    /** An Engine that does not answer is said, and stops nothing; none is installed. @default false */
    engineMayFail?: boolean;
    /** File that `npm run bundle` made, absolute: what it has is taken from there. */
    bundle?: string | undefined;
}

/** The stack's Engine. */
async function findEngine(
    machine: Machine,
    { settings }: Stack,
    mayFail: boolean,
): Promise<Endpoint | undefined> {
    if (!mayFail) return ensureEngine(machine, settings.dockerHost);
    try {
        const install = () =>
            Promise.reject(
                new SetupError("No Docker Engine answers: `npm run up` installs one, or says how."),
            );
        return await ensureEngine(machine, settings.dockerHost, { ping, install });
    } catch (error) {
        if (!(error instanceof SetupError)) throw error;
        say(`${error.message} All that needs no Engine works, such as \`pulumi config\`.`);
        return undefined;
    }
}

/** Engine, Pulumi CLI, plugins and images. Silent where all is there. */
export async function prepareTools(
    machine: Machine,
    stack: Stack,
    { docker = true, images: wanted = true, again = false, engineMayFail = false, bundle }: Wanted = {},
): Promise<Tools> {
    const engine = docker ? await findEngine(machine, stack, engineMayFail) : undefined;
    if (bundle !== undefined) await useBundle(machine, bundle, engine);
    // The images need only the engine, but their steps talk and so do the others: one after the other reads better.
    const cli = await ensureCli(machine);
    const plugins = await ensurePluginsOf(machine, stack, cli.path);
    const images = engine && wanted ? await ensureImages(machine, engine, stack.settings, again) : {};
    const env = {
        ...engineEnv(engine ?? namedEngine(machine), machine.env),
        ...pluginEnv(machine, plugins, cli.path),
        // The version is pinned, so news of another would only cost time, and much of it where the site is blocked.
        PULUMI_SKIP_UPDATE_CHECK: "true",
    };
    return { engine, cli, plugins, images, env };
}

/** The provider plugins of the stack: of a cluster's alone where it is on one, since that one is large. */
async function ensurePluginsOf(machine: Machine, { settings }: Stack, pulumi: string): Promise<PluginSet> {
    const closed = new ClosedRoutes(machine);
    const set = await ensurePlugins(machine, pulumi, closed);
    if (settings.target !== "kubernetes") return { ...set, path: withBuiltProvider(machine, set.path) };
    return { ...set, path: await ensureKubernetesProvider(machine, set.path, pulumi, closed) };
}

/** The Engine that environment or context name: a stack that leaves Docker still takes its containers away there. */
function namedEngine(machine: Machine): Endpoint | undefined {
    const { candidates, explicit } = engineCandidates(machine, undefined);
    return explicit ? candidates[0] : undefined;
}

/** Whether a deployment runs on a Docker Engine. @param target the option of that name */
const usesDocker = (target = "docker"): boolean => !["kubernetes", "systemd"].includes(target);

/** All that `pulumi up` of a stack needs, the stack included. */
export async function prepare(machine: Machine, stack: Stack, wanted: Wanted = {}): Promise<Prepared> {
    const docker = usesDocker(stack.settings.target);
    // Before minutes of building: what is wrong with the state is quickly found.
    const state = ensureState(machine, stack);
    const tools = await prepareTools(machine, stack, { docker, ...wanted });
    const env = { ...tools.env, ...state.env };
    await ensureStack(machine, stack, tools.cli.path, { ...machine.env, ...env });
    return { ...tools, stack, state, env };
}
