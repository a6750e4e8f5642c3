import type { Machine } from "../setup/machine";
import { prepare } from "../setup/prepare";
import { exportLines, parseShell } from "../setup/shell";
import { flagValue } from "../setup/stack";

/** `eval "$(npm run --silent env)"`: prints only what the shell is to read; notices go to stderr. */
export async function printEnv(machine: Machine, args: string[]): Promise<number> {
    const shell = parseShell(flagValue(args, "shell"));
    const { env } = await prepare(machine, args);
    const stack = flagValue(args, "stack", "s");
    const variables = stack ? { ...env, PULUMI_STACK: stack } : env;
    process.stdout.write(`${exportLines(shell, variables)}\n`);
    return 0;
}
