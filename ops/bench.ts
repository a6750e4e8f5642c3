import { join } from "node:path";
import type { Machine } from "../setup/machine";
import { prepareTools } from "../setup/prepare";
import { say } from "../setup/progress";
import { findStack } from "../setup/stack";
import { ensureTestTools } from "../setup/tools";
import { commandFlags } from "./shared/arguments";
import { runChild } from "./shared/run-child";

/** `npm run bench [-- arguments]`: measurements in the prepared environment, on stacks of their own. */
export async function bench(machine: Machine, args: string[]): Promise<number> {
    commandFlags("bench", args, {}, "measures what docs/speed.md shows", "bench/main.ts");
    const stack = findStack(machine, []);
    const settings = { ...stack.settings, front: true, backup: true, nexus: false };
    const tools = await prepareTools(machine, { ...stack, settings });
    const env = { ...machine.env, ...tools.env };
    // The manual steps that the kit is compared with need openssl and htpasswd.
    await ensureTestTools(machine, env);
    say(`Provider plugins: the ${tools.plugins.kind} ones (${tools.plugins.reason}).`);
    const script = join(machine.kit, "bench", "main.ts");
    return runChild(process.execPath, ["--import", "tsx", script, ...args], { cwd: machine.kit, env });
}
