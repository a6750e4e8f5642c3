import { ensureCli } from "../../setup/cli";
import { SetupError } from "../../setup/errors";
import type { Machine } from "../../setup/machine";
import { lastLines, run } from "../../setup/run";
import type { Stack } from "../../setup/stack";
import { ensureState, wrongPassphrase } from "../../setup/state";

/**
 * Runs Pulumi on a stack. @returns its standard output
 *
 * @param input what it gets on its standard input: a secret is no argument, which every process may read
 */
export type StackPulumi = (args: string[], input?: string) => Promise<string>;

/**
 * Pulumi for one stack.
 *
 * @param more variables beside the machine's and those of the stack's state
 * @throws SetupError one sentence where Pulumi refuses, without what it printed, which may hold secrets
 */
export async function stackPulumi(
    machine: Machine,
    stack: Stack,
    more: NodeJS.ProcessEnv = {},
): Promise<StackPulumi> {
    const cli = await ensureCli(machine);
    const state = ensureState(machine, stack);
    const env = {
        ...machine.env,
        ...more,
        ...state.env,
        PULUMI_SKIP_UPDATE_CHECK: "true",
        PWD: machine.root,
    };
    return async (args, input) => {
        const all = [...args, "--stack", stack.name, "--non-interactive"];
        const result = await run(cli.path, all, { cwd: machine.root, env, input });
        if (result.code === 0) return result.stdout;
        if (/incorrect passphrase/.test(result.stderr))
            throw new SetupError(wrongPassphrase(machine, stack, state));
        throw new SetupError(
            `The stack ${stack.name} in ${state.backend} cannot be read: ${lastLines({ ...result, stdout: "" }, 1)}`,
        );
    };
}
