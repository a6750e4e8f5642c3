import { bringConfiguration } from "../setup/bundle";
import type { Machine } from "../setup/machine";
import { prepare } from "../setup/prepare";
import { ClosedRoutes } from "../setup/probe";
import { findStack } from "../setup/stack";
import { preparedLines } from "../setup/summary";
import { BUNDLE, commandFlags, fileGiven, OF_STACK } from "./shared/arguments";

const FLAGS = {
    recheck: { type: "boolean", default: false, text: "asks again for what could not be reached before" },
    ...BUNDLE,
    ...OF_STACK,
} as const;

/** `npm run setup`: all that `npm run up` prepares, and no more. */
export async function setup(machine: Machine, args: string[]): Promise<number> {
    const { recheck: again, bundle } = commandFlags(
        "setup",
        args,
        FLAGS,
        "prepares what `npm run up` needs, and no more",
    );
    if (again) new ClosedRoutes(machine).forget();
    const file = fileGiven(machine, bundle);
    await bringConfiguration(machine, file);
    const prepared = await prepare(machine, findStack(machine, args), { again, bundle: file });
    process.stdout.write(`${preparedLines(prepared).join("\n")}\n`);
    return 0;
}
