/** Reads the rules of a stack's configuration. */
import { check } from "../../components/definition/check";
import { formatPath } from "../../components/definition/problem";
import { type Retention, RETENTION } from "../../components/retention/options";
import { ensureCli } from "../../setup/cli";
import { SetupError } from "../../setup/errors";
import type { Machine } from "../../setup/machine";
import { lastLines, run } from "../../setup/run";
import type { Stack } from "../../setup/stack";
import { ensureState } from "../../setup/state";

/** @throws SetupError where a rule is wrong */
export async function retentionOf(machine: Machine, stack: Stack, configFile?: string): Promise<Retention> {
    const cli = await ensureCli(machine);
    const env = { ...machine.env, ...ensureState(machine, stack).env, PWD: machine.root };
    const file = configFile === undefined ? [] : ["--config-file", configFile];
    const args = ["config", "--json", "--stack", stack.name, "--non-interactive", ...file];
    const result = await run(cli.path, args, { cwd: machine.root, env });
    if (result.code !== 0)
        throw new SetupError(`The configuration of ${stack.name} cannot be read: ${lastLines(result, 1)}`);
    const entries = JSON.parse(result.stdout) as Record<string, { value?: string; objectValue?: unknown }>;
    const { value, objectValue } =
        Object.entries(entries).find(([key]) => key.endsWith(":retention"))?.[1] ?? {};
    const given = objectValue ?? (value ? (JSON.parse(value) as unknown) : {});
    const { options, problems } = check(RETENTION, { retention: given });
    if (problems.length > 0) {
        const lines = problems.map(({ path, problem }) => `  ${formatPath(path)} ${problem}`);
        throw new SetupError(
            `The rules have mistakes, which \`pulumi preview\` tells how to mend; nothing was changed.\n${lines.join("\n")}`,
        );
    }
    return options.retention ?? {};
}
