import { forStack } from "../config/commands";
import { coloured } from "./colour";
import { SetupError, fileProblem, messageOf } from "./errors";
import { keep } from "./log";
import { type Machine, thisMachine } from "./machine";
import { say, speakFor } from "./progress";
import { flagValue } from "./stack";
import { bench } from "../ops/bench";
import { catalog } from "../ops/catalog";
import { check } from "../ops/check";
import { client } from "../ops/client/command";
import { doctor } from "../ops/doctor";
import { printEnv } from "../ops/env";
import { deploy } from "../ops/deploy";
import { gc } from "../ops/gc";
import { exportStack } from "../ops/export";
import { mirrors } from "../ops/mirrors";
import { setup } from "../ops/setup";
import { test } from "../ops/test";

type Command = (machine: Machine, args: string[]) => Promise<number>;

const COMMANDS: Record<string, Command> = {
    up: (machine, args) => deploy(machine, "up", args),
    destroy: (machine, args) => deploy(machine, "destroy", args),
    env: printEnv,
    export: exportStack,
    setup,
    test,
    check,
    bench,
    gc,
    mirrors,
    client,
    doctor,
    catalog,
};

/** Runs one npm script; resolves to its exit code. */
export async function main(root: string, name: string | undefined, args: string[]): Promise<number> {
    const command = COMMANDS[name ?? ""];
    if (!command) {
        say(`Unknown command "${name ?? ""}"; there are: ${Object.keys(COMMANDS).join(", ")}.`);
        return 2;
    }
    // Whoever reads no further, as `| head` does, ends no command half-way.
    for (const stream of [process.stdout, process.stderr])
        stream.on("error", (error: NodeJS.ErrnoException) => {
            if (error.code !== "EPIPE") throw error;
        });
    // Every command that is printed is to mean the stack that this one means.
    const stack = flagValue(args, "stack", "s");
    speakFor((text) => forStack(text, stack));
    const machine = thisMachine(root);
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
