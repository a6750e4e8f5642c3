/** What every rotation does: shows where it stands and what comes, asks, changes the configuration, and runs `up`. */
import { configurationFile, isOnCluster } from "../../setup/stack";
import { keysOf } from "../../config/keys";
import type { Config } from "../../config/options";
import { connectTo } from "../../engine/client";
import { checkClone } from "../../setup/clone";
import { SetupError } from "../../setup/errors";
import type { Machine } from "../../setup/machine";
import { print, say } from "../../setup/progress";
import { readText } from "../../setup/start.cjs";
import { readStack, type StackFacts } from "../facts/stack-facts";
import { stackFlags } from "../shared/arguments";
import { agreed, canAsk } from "../shared/ask";
import { withClusterLock } from "../shared/cluster-lock";
import { withLock } from "../shared/lock";
import { withReachable } from "../shared/on-cluster";
import { checked, entriesOf } from "../shared/stack-config";

import { isDeployed, type Plan } from "./plan";
import { writeSteps } from "./write";

/** Of every command that rotates something. */
export const ROTATE_FLAGS = {
    "dry-run": { type: "boolean", text: "tells what it would do, and changes nothing" },
    json: { type: "boolean", text: "the same as JSON; changes nothing either" },
    yes: { type: "boolean", short: "y", text: "answers the question" },
} as const;

export interface Flags {
    "dry-run"?: boolean | undefined;
    json?: boolean | undefined;
    yes?: boolean | undefined;
    "config-file"?: string | undefined;
}

/** What is known before anything is changed. */
export interface Standing {
    facts: StackFacts;
    /** The stack's file of configuration, and its text. */
    file: string;
    text: string | undefined;
    /** What is in it, as Pulumi keeps it and checked. */
    entries: Readonly<Record<string, string>>;
    config: Config;
    /** What the configuration asks for is deployed whole. */
    deployed: boolean;
}

export async function standing(machine: Machine, args: string[], flags: Flags): Promise<Standing> {
    const facts = await readStack(machine, args);
    // `up` would refuse it, and the configuration of this folder would be changed by then.
    checkClone(machine, facts.stack, args);
    const file = configurationFile(machine, facts.stack, flags["config-file"]);
    const text = readText(file);
    const entries = await entriesOf(facts.pulumi, flags["config-file"]);
    const config = checked(entries);
    return { facts, file, text, entries, config, deployed: isDeployed(keysOf(config), facts.keys) };
}

/** What an earlier call began, or a hand changed in the configuration: an `up` first, and nothing beside it. */
const UNFINISHED: Plan = {
    does: [
        "The configuration asks for keys that are not deployed yet: an `up` was ended before its end, or did not run. This call has it run, and changes nothing else.",
    ],
    steps: [],
    then: ["Then the same command again."],
};

export interface Rotation {
    /** For messages and the lock: `rotate-ca`. */
    command: string;
    /** Runs `up`. */
    up: (flags: string[]) => Promise<number>;
    /** Lines of where it stands, and the same as data. */
    stands: { lines: string[]; data: Record<string, unknown> };
    plan: () => Plan;
    /** It takes something back: also what an `up` has not deployed to its end, which is not to go on first. */
    back?: boolean;
}

/** Shows, asks, and does one step. @returns the exit code */
export async function rotate(
    machine: Machine,
    args: string[],
    flags: Flags,
    { facts, file, text, entries, deployed }: Standing,
    { command, up, stands, plan: make, back = false }: Rotation,
): Promise<number> {
    const plan = deployed || back ? make() : UNFINISHED;
    if (flags.json) {
        const data = { stack: facts.stack.name, deployed, ...stands.data, next: plan.does };
        process.stdout.write(`${JSON.stringify(data, undefined, 2)}\n`);
        return 0;
    }
    for (const line of [...stands.lines, ...plan.does]) print(line);
    if (flags["dry-run"]) return 0;
    if (!flags.yes) {
        if (!canAsk())
            throw new SetupError(
                "Nothing was changed: without a terminal, --yes says that it is to be done.",
            );
        if (!(await agreed("Go on?"))) {
            say("Nothing was changed.");
            return 1;
        }
    }
    const work = async () => {
        if (readText(file) !== text)
            throw new SetupError(
                "Another command changed the configuration meanwhile; nothing was changed here. The same command again shows what it is now.",
            );
        if (plan.steps.length > 0) await writeSteps(facts.pulumi, file, entries, plan.steps);
        return up([...stackFlags(args), "--yes"]);
    };
    const { engine, engineProblem, prefix, identity } = facts;
    const alone = async () =>
        engineProblem === undefined
            ? withLock(await connectTo(engine), { prefix, identity }, command, work)
            : work();
    const code = isOnCluster(facts.stack)
        ? await withReachable(machine, facts.stack, flags["config-file"], (registry) =>
              registry === undefined ? work() : withClusterLock(registry, command, work),
          )
        : await alone();
    if (code === 0) for (const line of plan.then) print(line);
    else say(`The configuration is changed. Once the cause is mended, the same command runs \`up\` again.`);
    return code;
}
