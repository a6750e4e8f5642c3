import type { Machine } from "../setup/machine";
import { prepare } from "../setup/prepare";
import { exportLines, parseShell } from "../setup/shell";
import { flagValue } from "../setup/stack";
import { noticeCollection } from "./gc/notice";

/** `eval "$(npm run --silent env)"`: prints only what the shell is to read; notices go to stderr. */
export async function printEnv(machine: Machine, args: string[]): Promise<number> {
    const shell = parseShell(flagValue(args, "shell"));
    const { env, engine, stack } = await prepare(machine, args, { engineMayFail: true });
    // Plain `pulumi`, which these lines are for, would not notice.
    if (engine) await noticeCollection(machine, engine, stack);
    const named = flagValue(args, "stack", "s");
    const variables = named ? { ...env, PULUMI_STACK: named } : env;
    process.stdout.write(`${exportLines(shell, variables)}\n`);
    return 0;
}
