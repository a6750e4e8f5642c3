import { existsSync } from "node:fs";
import { join } from "node:path";

import { forStack } from "../config/commands";
import { EngineGone, EngineSilent } from "../engine/http";
import { coloured } from "../setup/colour";
import { SetupError, fileProblem, messageOf } from "../setup/errors";
import { keep } from "../setup/log";
import { type Machine, thisMachine } from "../setup/machine";
import { say, speakFor } from "../setup/progress";
import { findStack, flagValue, isOnCluster } from "../setup/stack";
import { asksUsage, Usage } from "./shared/arguments";
import { ON_DOCKER, onDockerAlone } from "./shared/on-docker";

type Command = (machine: Machine, args: string[]) => Promise<number>;

/** Each is loaded when it is asked for: what one needs, such as a reader of certificates, is no other's time to start. */
export const COMMANDS: Record<string, Command> = {
    up: async (machine, args) => (await import("./deploy")).deploy(machine, "up", args),
    destroy: async (machine, args) => (await import("./deploy")).deploy(machine, "destroy", args),
    env: async (machine, args) => (await import("./env")).printEnv(machine, args),
    export: async (machine, args) => (await import("./export")).exportStack(machine, args),
    init: async (machine, args) => (await import("./init")).init(machine, args, IN_PROJECT),
    setup: async (machine, args) => (await import("./setup")).setup(machine, args),
    test: async (machine, args) => (await import("./test")).test(machine, args),
    check: async (machine, args) => (await import("./check")).check(machine, args),
    bench: async (machine, args) => (await import("./bench")).bench(machine, args),
    gc: async (machine, args) => (await import("./gc")).gc(machine, args),
    import: async (machine, args) => (await import("./import")).importRegistry(machine, args),
    retain: async (machine, args) => (await import("./retain")).retain(machine, args),
    rotate: async (machine, args) => (await import("./rotate")).rotate(machine, args),
    "rotate-ca": async (machine, args) => (await import("./rotate-ca")).rotateCa(machine, args),
    delete: async (machine, args) => (await import("./delete")).remove(machine, args),
    backup: async (machine, args) => (await import("./backup")).backup(machine, args),
    restore: async (machine, args) => (await import("./restore")).restore(machine, args),
    bundle: async (machine, args) => (await import("./bundle")).bundle(machine, args),
    sync: async (machine, args) => (await import("./sync")).sync(machine, args),
    upgrade: async (machine, args) => (await import("./upgrade")).upgrade(machine, args),
    mirrors: async (machine, args) => (await import("./mirrors")).mirrors(machine, args),
    client: async (machine, args) => (await import("./client/command")).client(machine, args),
    doctor: async (machine, args) => (await import("./doctor")).doctor(machine, args),
    monitoring: async (machine, args) => (await import("./monitoring")).monitoring(machine, args),
    schedule: async (machine, args) => (await import("./schedule")).schedule(machine, args),
    audit: async (machine, args) => (await import("./audit")).audit(machine, args),
    catalog: async (machine, args) => (await import("./catalog")).catalog(machine, args),
};

/** Those of a checkout alone: they need its tests and tools. */
const OF_CHECKOUT = ["test", "check", "bench"];
/** Those for which a project has npm scripts. */
export const IN_PROJECT = Object.keys(COMMANDS).filter((one) => one !== "init" && !OF_CHECKOUT.includes(one));

/**
 * Runs one command; resolves to its exit code.
 *
 * @param places kit: folder of the kit's own files; root: of the project
 */
export async function main(
    places: { kit: string; root: string },
    name: string | undefined,
    args: string[],
): Promise<number> {
    const isCheckout = places.kit === places.root;
    const known = Object.keys(COMMANDS).filter((one) => isCheckout || !OF_CHECKOUT.includes(one));
    const command = known.includes(name ?? "") ? COMMANDS[name ?? ""] : undefined;
    if (!command) {
        const asked = name === undefined || ["help", "--help", "-h"].includes(name);
        say(
            `${asked ? "Commands" : `Unknown command "${name}"; there are`}: ${known.join(", ")}. ` +
                "Each tells its flags with --help.",
        );
        return asked && name !== undefined ? 0 : 2;
    }
    if (name !== "init" && !asksUsage(args) && !existsSync(join(places.root, "Pulumi.yaml"))) {
        say(
            `${places.root} has no Pulumi.yaml: \`npx private-registry init\` in an empty folder makes a project.`,
        );
        return 1;
    }
    // Whoever reads no further, as `| head` does, ends no command half-way.
    for (const stream of [process.stdout, process.stderr])
        stream.on("error", (error: NodeJS.ErrnoException) => {
            if (error.code !== "EPIPE") throw error;
        });
    // Every command that is printed is to mean the stack that this one means.
    const [stack, configFile] = [flagValue(args, "stack", "s"), flagValue(args, "config-file")];
    speakFor((text) => forStack(text, stack, configFile));
    const machine = thisMachine(places.root, places.kit);
    try {
        if (ON_DOCKER.includes(name ?? "") && !asksUsage(args)) mustBeOnDocker(machine, name ?? "", args);
        return await command(machine, args);
    } catch (error) {
        if (error instanceof Usage) {
            process.stdout.write(`${error.message}\n`);
            return 0;
        }
        if (error instanceof SetupError) say(coloured(error.message, "red", process.stderr));
        else say(unexpected(machine, name ?? "", error));
        return 1;
    }
}

function mustBeOnDocker(machine: Machine, name: string, args: string[]): void {
    if (isOnCluster(findStack(machine, args))) throw new SetupError(onDockerAlone(name));
}

/** What is said where the Engine ends, or falls silent, while a command works with it. */
export function engineLost(error: unknown): string | undefined {
    if (error instanceof EngineSilent)
        return `The Docker Engine gave ${messageOf(error)}: once \`docker info\` answers, run the same command again.`;
    const refused = (error as NodeJS.ErrnoException | undefined)?.code === "ECONNREFUSED";
    const what = refused
        ? `The Docker Engine does not answer any more (${messageOf(error)})`
        : messageOf(error);
    return refused || error instanceof EngineGone
        ? `${what}: once it is back, run the same command again.`
        : undefined;
}

/** One sentence, whatever happened; where the fault may be the kit's own, the stack trace is kept in a log. */
function unexpected(machine: Machine, name: string, error: unknown): string {
    const trace = error instanceof Error ? (error.stack ?? error.message) : String(error);
    const file = keep(machine, name, trace);
    const where = file === undefined ? "" : ` Log: ${file}`;
    const problem =
        engineLost(error) ??
        fileProblem(error, machine.root) ??
        `npm run ${name} failed: ${messageOf(error).split("\n")[0] ?? ""}`;
    return `${coloured(problem, "red", process.stderr)}${where}`;
}
