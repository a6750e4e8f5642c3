import { mkdtempSync, rmSync } from "node:fs";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { breakDeadLock } from "../setup/file-backend";
import type { Machine } from "../setup/machine";
import { type Prepared, prepare } from "../setup/prepare";
import { say } from "../setup/progress";
import { run } from "../setup/run";
import { flagValue } from "../setup/stack";
import { readText } from "../setup/start.cjs";
import { type Outputs, stackOutputs } from "../setup/events";
import { preparedLines, upLines } from "../setup/summary";
import { mendFirst } from "./gc/notice";
import { runChild } from "./run-child";

/** Flags that answer Pulumi's question, or after which it asks none. */
const ANSWERED = ["--yes", "-y", "--skip-preview", "-f", "--preview-only", "--help", "-h", "--remote"];

/** The flags that `pulumi up` and `destroy` get beside the user's own. */
export function extraFlags(args: string[], stack: string, interactive: boolean): string[] {
    const flags = flagValue(args, "stack", "s") === undefined ? ["--stack", stack] : [];
    if (!interactive && !args.some((arg) => ANSWERED.includes(arg))) flags.push("--yes", "--skip-preview");
    return flags;
}

/** `npm run up` and `npm run destroy`: prepares the machine, runs Pulumi on it and says what came of it. */
export async function deploy(machine: Machine, verb: "up" | "destroy", args: string[]): Promise<number> {
    const prepared = await prepare(machine, args, verb === "up");
    say(`Provider plugins: the ${prepared.plugins.kind} ones (${prepared.plugins.reason}).`);
    breakDeadLock(machine, prepared.stack, hostname());
    if (prepared.engine) await mendFirst(machine, prepared.engine, prepared.stack);
    const interactive = Boolean(process.stdin.isTTY && process.stdout.isTTY && !machine.env.CI);
    const folder = mkdtempSync(join(tmpdir(), "private-registry-"));
    try {
        // Pulumi tells its events to a file, which saves the run that `pulumi stack output` would take.
        const log = join(folder, "events");
        // Go takes the working folder's name from PWD, and Pulumi keeps the selected stack under that name.
        const env = { ...machine.env, ...prepared.env, PWD: machine.root, PULUMI_DEBUG_COMMANDS: "true" };
        const flags = [...extraFlags(args, prepared.stack.name, interactive), "--event-log", log];
        const code = await runChild(prepared.cli.path, [verb, ...args, ...flags], { cwd: machine.root, env });
        if (code !== 0) {
            say(
                `pulumi ${verb} ended with code ${code}; nothing is lost. Mend what it says and run the same command again.`,
            );
            return code;
        }
        const asked = ["--preview-only", "--help", "-h"].some((flag) => args.includes(flag));
        if (verb === "up" && !asked) {
            const outputs = stackOutputs(readText(log) ?? "") ?? (await askOutputs(machine, prepared));
            process.stdout.write(
                `\n${[...upLines(machine, prepared, outputs), ...preparedLines(prepared)].join("\n")}\n`,
            );
        }
        return code;
    } finally {
        rmSync(folder, { recursive: true, force: true });
    }
}

async function askOutputs(machine: Machine, prepared: Prepared): Promise<Outputs> {
    const result = await run(
        prepared.cli.path,
        ["stack", "output", "--json", "--stack", prepared.stack.name],
        {
            cwd: machine.root,
            env: { ...machine.env, ...prepared.env, PWD: machine.root },
        },
    );
    return result.code === 0 ? (JSON.parse(result.stdout) as Outputs) : {};
}
