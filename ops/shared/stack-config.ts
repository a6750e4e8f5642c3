/** The configuration of a stack, as a command reads it. */
import { realpathSync, statSync } from "node:fs";

import { check } from "../../config/check";
import type { Config } from "../../config/options";
import { ConfigError } from "../../config/print";
import { SetupError } from "../../setup/errors";
import { writeAtomically } from "../../setup/start.cjs";
import type { StackPulumi } from "./stack-pulumi";

/** Namespace of the keys. */
export const PROJECT = "private-registry";

/** Names a file, where the configuration is not in `Pulumi.STACK.yaml`. */
export const fileFlags = (file: string | undefined): string[] =>
    file === undefined ? [] : ["--config-file", file];

/** The configuration as Pulumi keeps it: key without namespace → text, or JSON text; secrets in clear. */
export async function entriesOf(pulumi: StackPulumi, file?: string): Promise<Record<string, string>> {
    const text = await pulumi(["config", "--json", "--show-secrets", ...fileFlags(file)]);
    const all = JSON.parse(text) as Record<string, { value?: string }>;
    return Object.fromEntries(
        Object.entries(all).flatMap(([key, { value }]) =>
            key.startsWith(`${PROJECT}:`) && value !== undefined
                ? [[key.slice(PROJECT.length + 1), value] as const]
                : [],
        ),
    );
}

/** Puts another text in the place of a stack's file, whole: it stays where it is, a link too, for whom it was. */
export function replaceStackFile(file: string, text: string): void {
    const real = realpathSync(file);
    writeAtomically(real, text, statSync(real).mode & 0o777);
}

/** @throws SetupError with every mistake and its fix */
export function checked(entries: Readonly<Record<string, string>>): Config {
    try {
        return check(PROJECT, entries);
    } catch (error) {
        if (error instanceof ConfigError) throw new SetupError(error.message);
        throw error;
    }
}

/**
 * Reads and checks the whole configuration, secrets included.
 *
 * @param file where the configuration is not in `Pulumi.STACK.yaml`
 * @throws SetupError with every mistake and its fix
 */
export const readConfig = async (pulumi: StackPulumi, file?: string): Promise<Config> =>
    checked(await entriesOf(pulumi, file));
