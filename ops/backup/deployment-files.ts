/** What a backup has beside the images: all that brings a deployment back on another machine. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

import type { LockOwner } from "../shared/lock";
import { SetupError } from "../../setup/errors";
import { readJson } from "../../setup/json";
import type { Machine } from "../../setup/machine";
import { configurationFile, type Stack } from "../../setup/stack";
import { ensureState } from "../../setup/state";

import type { Place } from "./place";

/** backup.json: what the rest is. */
export interface Manifest {
    /** Of the kit. */
    version: string;
    stack: string;
    prefix: string;
    identity: string | undefined;
    /** Image of the registry's container. */
    registry: string;
    /** Where the images lay. */
    place: Place;
    /** RFC 3339. */
    time: string;
}

export const MANIFEST = "backup.json";
export const STATE = "state.json";
export const PROJECT = "Pulumi.yaml";
export const CONFIGURATION = "Pulumi.STACK.yaml";
export const PASSPHRASE = "passphrase";

/** The passphrase of the stack's secrets. @throws SetupError where it has none */
export function passphraseOf(machine: Machine, stack: Stack): string {
    const { env } = machine;
    if (env.PULUMI_CONFIG_PASSPHRASE !== undefined) return env.PULUMI_CONFIG_PASSPHRASE;
    const file = env.PULUMI_CONFIG_PASSPHRASE_FILE ?? ensureState(machine, stack).passphraseFile;
    if (file === undefined || !existsSync(file))
        throw new SetupError(
            `backup.escrow is true, and the secrets of ${stack.name} have no passphrase that is known here: pulumi config set --path ` +
                "backup.escrow false, npm run up, or set PULUMI_CONFIG_PASSPHRASE_FILE.",
        );
    return readFileSync(file, "utf8").trim();
}

/** @param state of `pulumi stack export`, in which secrets are encrypted */
export function deploymentFiles(
    machine: Machine,
    {
        stack,
        owner,
        registry,
        place,
        state,
        escrow,
        configFile,
    }: {
        stack: Stack;
        owner: LockOwner;
        registry: string;
        place: Place;
        state: string;
        escrow: boolean;
        configFile: string | undefined;
    },
): Record<string, string> {
    const manifest: Manifest = {
        version: (readJson(join(machine.kit, "package.json")) as { version: string }).version,
        stack: stack.name,
        prefix: owner.prefix,
        identity: owner.identity,
        registry,
        place,
        time: new Date().toISOString(),
    };
    const configuration = configurationFile(machine, stack, configFile);
    return {
        [MANIFEST]: `${JSON.stringify(manifest, undefined, 2)}\n`,
        [STATE]: state,
        [PROJECT]: readFileSync(join(machine.root, "Pulumi.yaml"), "utf8"),
        ...(existsSync(configuration) ? { [CONFIGURATION]: readFileSync(configuration, "utf8") } : {}),
        ...(escrow ? { [PASSPHRASE]: passphraseOf(machine, stack) } : {}),
    };
}
