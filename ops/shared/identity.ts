import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";

import { IDENTITY_LABEL, OWNER_LABEL } from "../../components/deployment/hardening";
import { ensureCli } from "../../setup/cli";
import { backendFolder } from "../../setup/file-backend";
import type { Machine } from "../../setup/machine";
import { run } from "../../setup/run";
import type { Stack } from "../../setup/stack";
import { ensureState, isStackReady } from "../../setup/state";

interface Saved {
    checkpoint?: {
        latest?: { resources?: { urn: string; type: string; outputs?: { hex?: string } }[] };
    };
}

/**
 * The identity in a stack's state, by which its Docker objects are known (docs/ownership.md).
 *
 * @returns nothing for a stack that is not there, or that version 0.1 deployed
 */
export async function stackIdentity(machine: Machine, stack: Stack): Promise<string | undefined> {
    const folder = backendFolder(machine, stack.backend);
    if (folder !== undefined) {
        // Without Pulumi, which takes half a second.
        const path = join(
            folder,
            ".pulumi",
            "stacks",
            "private-registry",
            `${stack.name.split("/").pop()}.json`,
        );
        const file = [path, `${path}.gz`].find((one) => existsSync(one));
        if (file === undefined) return undefined;
        const bytes = readFileSync(file);
        const saved = JSON.parse(String(file.endsWith(".gz") ? gunzipSync(bytes) : bytes)) as Saved;
        return saved.checkpoint?.latest?.resources?.find(
            ({ type, urn }) =>
                type === "random:index/randomId:RandomId" && urn.endsWith("::registry-identity"),
        )?.outputs?.hex;
    }
    if (!isStackReady(machine, { ...stack, named: true })) return undefined;
    const cli = await ensureCli(machine);
    const env = { ...machine.env, ...ensureState(machine, stack).env, PWD: machine.root };
    const args = ["stack", "output", "identity", "--stack", stack.name, "--non-interactive"];
    const { code, stdout } = await run(cli.path, args, { cwd: machine.root, env });
    return code === 0 ? stdout.trim() || undefined : undefined;
}

/** Whether labels are those of a deployment. Of version 0.1 neither the state nor the objects have an identity. */
export const isOf = (
    labels: Record<string, string> | null | undefined,
    prefix: string,
    identity: string | undefined,
): boolean => labels?.[OWNER_LABEL] === prefix && labels[IDENTITY_LABEL] === identity;
