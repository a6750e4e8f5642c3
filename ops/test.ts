import { join } from "node:path";
import { SetupError, messageOf } from "../setup/errors";
import type { Machine } from "../setup/machine";
import { prepareTools } from "../setup/prepare";
import { say } from "../setup/progress";
import { findStack } from "../setup/stack";
import { ensureTestTools } from "../setup/tools";
import { commandFlags } from "./shared/arguments";
import { runChild } from "./shared/run-child";

/** `npm test [-- jest arguments]`: all three tiers. They make state of their own, so none is prepared. `npm run test:unit` needs none of this. */
export async function test(machine: Machine, args: string[]): Promise<number> {
    commandFlags("test", args, {}, "runs all tests, on a real Docker Engine", "jest");
    let env: NodeJS.ProcessEnv;
    try {
        const stack = findStack(machine, []);
        // The tests deploy set-ups that the selected stack does not ask for.
        const all = { front: true, cache: true, backup: true, sync: true, acme: true, nexus: false };
        const settings = { ...stack.settings, ...all };
        const tools = await prepareTools(machine, { ...stack, settings });
        env = { ...machine.env, ...tools.env };
        await ensureTestTools(machine, env);
        say(`Provider plugins: the ${tools.plugins.kind} ones (${tools.plugins.reason}).`);
    } catch (error) {
        if (!(error instanceof SetupError)) throw error;
        say(messageOf(error));
        // The closing line that tests/reporter.cjs prints where jest could start.
        process.stdout.write("0 passed, 1 failed\n");
        return 1;
    }
    const jest = join(machine.kit, "node_modules", "jest", "bin", "jest.js");
    return runChild(process.execPath, [jest, ...args], { cwd: machine.kit, env });
}
