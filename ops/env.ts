import type { Machine } from "../setup/machine";
import { prepare } from "../setup/prepare";
import { exportLines, parseShell, SHELLS } from "../setup/shell";
import { findStack } from "../setup/stack";
import { noticeCollection } from "./gc/notice";
import { commandFlags, OF_STACK } from "./shared/arguments";

const FLAGS = {
    shell: { type: "string", value: SHELLS.join("|"), text: "whose lines; posix where it is not set" },
    ...OF_STACK,
} as const;

/** `eval "$(npm run --silent env)"`: prints only what the shell is to read; notices go to stderr. */
export async function printEnv(machine: Machine, args: string[]): Promise<number> {
    const flags = commandFlags(
        "env",
        args,
        FLAGS,
        "prints lines for a shell, in which plain Pulumi then works",
    );
    const shell = parseShell(flags.shell);
    const stack = findStack(machine, args);
    const { env, engine } = await prepare(machine, stack, { engineMayFail: true });
    // Plain `pulumi`, which these lines are for, would not notice.
    if (engine) await noticeCollection(machine, engine, stack);
    const variables = flags.stack ? { ...env, PULUMI_STACK: flags.stack } : env;
    process.stdout.write(`${exportLines(shell, variables)}\n`);
    return 0;
}
