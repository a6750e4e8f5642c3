import { existsSync } from "node:fs";
import { join } from "node:path";

import { forStack } from "../config/commands";
import { coloured } from "../setup/colour";
import { SetupError, fileProblem, messageOf } from "../setup/errors";
import { keep } from "../setup/log";
import { type Machine, thisMachine } from "../setup/machine";
import { say, speakFor } from "../setup/progress";
import { flagValue } from "../setup/stack";
import { backup } from "./backup";
import { bench } from "./bench";
import { catalog } from "./catalog";
import { check } from "./check";
import { client } from "./client/command";
import { doctor } from "./doctor";
import { printEnv } from "./env";
import { deploy } from "./deploy";
import { gc } from "./gc";
import { init } from "./init";
import { exportStack } from "./export";
import { mirrors } from "./mirrors";
import { restore } from "./restore";
import { setup } from "./setup";
import { test } from "./test";

type Command = (machine: Machine, args: string[]) => Promise<number>;

const COMMANDS: Record<string, Command> = {
    up: (machine, args) => deploy(machine, "up", args),
    destroy: (machine, args) => deploy(machine, "destroy", args),
    env: printEnv,
    export: exportStack,
    init,
    setup,
    test,
    check,
    bench,
    gc,
    backup,
    restore,
    mirrors,
    client,
    doctor,
    catalog,
};

/** Those of a checkout alone: they need its tests and tools. */
const OF_CHECKOUT = ["test", "check", "bench"];

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
        say(`${asked ? "Commands" : `Unknown command "${name}"; there are`}: ${known.join(", ")}.`);
        return asked && name !== undefined ? 0 : 2;
    }
    if (name !== "init" && !existsSync(join(places.root, "Pulumi.yaml"))) {
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
    const stack = flagValue(args, "stack", "s");
    speakFor((text) => forStack(text, stack));
    const machine = thisMachine(places.root, places.kit);
    try {
        return await command(machine, args);
    } catch (error) {
        if (error instanceof SetupError) say(coloured(error.message, "red", process.stderr));
        else say(unexpected(machine, name ?? "", error));
        return 1;
    }
}

/** One sentence, whatever happened; where the fault may be the kit's own, the stack trace is kept in a log. */
function unexpected(machine: Machine, name: string, error: unknown): string {
    const trace = error instanceof Error ? (error.stack ?? error.message) : String(error);
    const file = keep(machine, name, trace);
    const where = file === undefined ? "" : ` Log: ${file}`;
    const problem = fileProblem(error) ?? `npm run ${name} failed: ${messageOf(error).split("\n")[0] ?? ""}`;
    return `${coloured(problem, "red", process.stderr)}${where}`;
}
