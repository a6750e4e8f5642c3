/** Plain `pulumi up` looks into the Engine only with `--refresh`: what vanished there is at least told. */
import * as pulumi from "@pulumi/pulumi";

import { thisMachine } from "../setup/machine";
import { knownObjects, lacking, lackingText, presentIn, readState, stateHost } from "../setup/presence";
import { findStack } from "../setup/stack";

import { forStack } from "./commands";
import { engineOf } from "./engine";
import type { Config } from "./options";

/**
 * Warns of objects that the state knows and the Engine does not have. Where the state lies in files: of others the program
 * cannot read it. `npm run up` has looked by itself and says so in the environment.
 */
export async function warnOfVanished(
    { target, dockerHost }: Config,
    env: NodeJS.ProcessEnv = process.env,
): Promise<void> {
    if (target !== "docker" || env.PRIVATE_REGISTRY_CHECKED !== undefined) return;
    try {
        const machine = thisMachine(process.cwd());
        const resources = readState(machine, findStack(machine, ["--stack", pulumi.getStack()])) ?? [];
        const host = stateHost(resources);
        if (host !== undefined && host !== dockerHost) return;
        const known = knownObjects(resources);
        if (known.length === 0) return;
        const lost = lacking(known, await presentIn(engineOf(dockerHost), known));
        if (lost.length === 0) return;
        const text =
            `Not in the Engine any more: ${lackingText(lost)}. Unless this run has --refresh: ` +
            "`pulumi up --refresh` makes it again, and so does `npm run up`.";
        await pulumi.log.warn(forStack(text, pulumi.getStack()));
    } catch {
        // Nothing here may keep the deployment from going on; where the Engine is wrong, the provider tells.
    }
}
