import { parseArgs, type ParseArgsConfig } from "node:util";
import { SetupError, messageOf } from "../../setup/errors";

type Options = NonNullable<ParseArgsConfig["options"]>;

/**
 * Values of a command's flags; anything else is refused in one sentence.
 *
 * @param names takes what is no flag, where the command has names
 */
export function commandFlags<T extends Options>(
    command: string,
    args: string[],
    options: T,
    names?: string[],
) {
    try {
        const found = parseArgs({ args, options, strict: true, allowPositionals: names !== undefined });
        names?.push(...found.positionals);
        return found.values;
    } catch (error) {
        const known = Object.keys(options).map((name) => `--${name}`);
        const problem = messageOf(error)
            .split(/\. (?=To specify)/)[0]
            ?.replace(/\.$/, "");
        throw new SetupError(`npm run ${command}: ${problem}; there are: ${known.join(", ")}.`);
    }
}
