/** The configuration of a stack, as a command reads it. */
import { check } from "../../config/check";
import type { Config } from "../../config/options";
import { ConfigError } from "../../config/print";
import { SetupError } from "../../setup/errors";

const PROJECT = "private-registry";

/**
 * Reads and checks the whole configuration, secrets included.
 *
 * @param pulumi runs Pulumi on the stack and resolves to its standard output
 * @param file where the configuration is not in `Pulumi.STACK.yaml`
 * @throws SetupError with every mistake and its fix
 */
export async function readConfig(
    pulumi: (...args: string[]) => Promise<string>,
    file?: string,
): Promise<Config> {
    const flags = file === undefined ? [] : ["--config-file", file];
    const all = JSON.parse(await pulumi("config", "--json", "--show-secrets", ...flags)) as Record<
        string,
        { value?: string }
    >;
    const entries = Object.entries(all).flatMap(([key, { value }]) =>
        key.startsWith(`${PROJECT}:`) && value !== undefined
            ? [[key.slice(PROJECT.length + 1), value] as const]
            : [],
    );
    try {
        return check(PROJECT, Object.fromEntries(entries));
    } catch (error) {
        if (error instanceof ConfigError) throw new SetupError(error.message);
        throw error;
    }
}
