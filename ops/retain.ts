import type { Machine } from "../setup/machine";
import { SetupError } from "../setup/errors";
import { say } from "../setup/progress";
import { findStack } from "../setup/stack";
import { commandFlags, OF_STACK } from "./shared/arguments";
import { type RunningRegistry, withMendedStack } from "./gc/stack";
import { readConfig } from "./shared/stack-config";
import { stackPulumi } from "./shared/stack-pulumi";
import { verdictsOf } from "./retain/plan";
import { noPulls, type Pulls, takePull } from "./retain/pulls";
import { type Flags, refuseUnanswered, removeTags } from "./retain/work";

const FLAGS = {
    "dry-run": { type: "boolean", text: "tells what stays and what goes, and changes nothing" },
    json: { type: "boolean", text: "the same as JSON" },
    yes: { type: "boolean", short: "y", text: "answers the question" },
    untagged: { type: "boolean", text: "takes manifests that no tag reaches, too" },
    ...OF_STACK,
} as const;

/** `npm run retain`: removes the tags that no rule keeps. */
export async function retain(machine: Machine, args: string[]): Promise<number> {
    const flags = commandFlags(
        "retain",
        args,
        FLAGS,
        "removes the tags that no rule of the option retention keeps",
    );
    refuseUnanswered("retain", flags);
    return withMendedStack(machine, args, { "config-file": flags["config-file"] }, (running) =>
        retainNow(machine, args, flags, running),
    );
}

async function retainNow(
    machine: Machine,
    args: string[],
    flags: Flags & { "config-file"?: string | undefined },
    running: (command: string) => Promise<RunningRegistry>,
): Promise<number> {
    const pulumi = await stackPulumi(machine, findStack(machine, args));
    const { retention } = await readConfig(pulumi, flags["config-file"]);
    if (Object.keys(retention).length === 0)
        throw new SetupError(
            "There is no rule, so every tag stays. One, for instance: pulumi config set --path retention.all.newest 10",
        );
    const found = await running("retain");
    const days = Object.values(retention).flatMap(({ pulledWithinDays }) => pulledWithinDays ?? []);
    const pulls: Pulls = days.length === 0 ? noPulls() : await pullsOf(found, Math.max(...days));
    // One moment for the whole run: what goes by the table goes by it.
    const now = { now: Date.now() / 1000, logSince: pulls.since };
    if (days.length > 0) tellOfLog(pulls, Math.max(...days), now.now);
    const code = await removeTags(
        found,
        {
            command: "retain",
            verdicts: (name, repository) => verdictsOf(retention, name, repository, now, pulls),
        },
        flags,
    );
    if (code === 0 && !flags["dry-run"]) await found.ground.ended("retain");
    return code;
}

async function pullsOf({ ground }: RunningRegistry, days: number): Promise<Pulls> {
    const pulls = noPulls();
    const since = Date.now() / 1000 - days * 86_400;
    await ground.readLog((line) => takePull(pulls, line), { since });
    return pulls;
}

function tellOfLog({ since }: Pulls, days: number, now: number): void {
    if (since !== undefined && since <= now - days * 86_400) return;
    const begin =
        since === undefined ? "has nothing" : `begins ${new Date(since * 1000).toISOString().slice(0, 10)}`;
    say(
        `The log of the front ${begin}: tags of which it does not tell whether they were pulled within their days stay.`,
    );
}
