/** `up` within another command: what came of it as data, nothing on standard output. */
import { hostname } from "node:os";

import { rememberClone } from "../setup/clone";
import type { Told } from "../setup/events";
import { breakDeadLock } from "../setup/file-backend";
import { note } from "../setup/log";
import { SetupError } from "../setup/errors";
import type { Machine } from "../setup/machine";
import { prepare } from "../setup/prepare";
import { lackingText } from "../setup/presence";
import { findStack } from "../setup/stack";
import { preparedLines } from "../setup/summary";
import { lackingNow, lostOnCluster, movedImages, refreshNeeded } from "./lost";
import { ClusterUp } from "./shared/cluster-up";
import { PulumiRun } from "./shared/pulumi-run";
import { fileFlags } from "./shared/stack-config";

/**
 * Deploys the stack as it is configured now.
 *
 * @param args the command's own, which may name the stack and its file
 * @param before done last before Pulumi runs
 * @returns why it failed, in the words of who refused; nothing where all is deployed and runs
 * @throws SetupError where nothing was begun
 */
export async function quietUp(
    machine: Machine,
    args: string[],
    configFile: string | undefined,
    before: () => Promise<void> = async () => {},
): Promise<string | undefined> {
    const stack = findStack(machine, args);
    const prepared = await prepare(machine, stack);
    for (const text of preparedLines(prepared)) note(text);
    breakDeadLock(machine, stack, hostname());
    const again = [...(await refreshNeeded(machine, prepared)), ...(await movedImages(machine, prepared))];
    const cluster = await ClusterUp.begin(machine, stack, configFile);
    if (cluster !== undefined) again.push(...(await lostOnCluster(machine, prepared, cluster)));
    await before();
    const pulumi = new PulumiRun(machine, prepared, "up", configFile);
    const apply = () => pulumi.apply([...again, "--stack", stack.name, ...fileFlags(configFile)]);
    const { code, told } = await (cluster === undefined ? apply() : cluster.deploying(apply));
    rememberClone(machine, stack);
    if (code !== 0) return refusal(told, stack.name);
    const missing = await lackingNow(machine, prepared);
    return missing.length === 0 ? undefined : `not all runs: ${lackingText(missing)}`;
}

function refusal({ errors }: Told, stack: string): string {
    for (const error of errors) note(error);
    if (errors.some((error) => /currently locked/.test(error)))
        throw new SetupError(
            `A Pulumi that a killed command left is still at work on ${stack}: wait for its end, and run the same command again.`,
        );
    return errors[0]?.split("\n")[0] ?? "see the log";
}
