import { SetupError, messageOf } from "./errors";
import { type Machine, thisMachine } from "./machine";
import { say } from "./progress";
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
    try {
        return await command(thisMachine(root), args);
    } catch (error) {
        // A stack trace helps only where the fault is the kit's own.
        say(
            error instanceof SetupError || !(error instanceof Error)
                ? messageOf(error)
                : (error.stack ?? error.message),
        );
        return 1;
    }
}
