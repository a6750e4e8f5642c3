/** How every command takes its flags, and tells of them. */
import { resolve } from "node:path";
import { parseArgs, type ParseArgsConfig } from "node:util";

import type { Machine } from "../../setup/machine";
import { SetupError } from "../../setup/errors";

interface Flag {
    type: "string" | "boolean";
    short?: string;
    default?: string | boolean;
    /** It may be given several times. */
    multiple?: true;
    /** What it does. */
    text: string;
    /** What its value is, as the usage calls it: `DIR`. Of those with a value. */
    value?: string;
}
type Flags = Readonly<Record<string, Flag>>;
type Values<T> = ReturnType<
    typeof parseArgs<{ options: T extends ParseArgsConfig["options"] ? T : never; strict: true }>
>["values"];

/** Of every command that works on a stack. */
export const OF_STACK = {
    stack: { type: "string", short: "s", value: "NAME", text: "another stack than the selected one" },
    "config-file": { type: "string", value: "FILE", text: "another file than Pulumi.STACK.yaml" },
} as const;

/** Of a command's flags those that say which stack it is, for another command that it runs. */
export const stackFlags = (args: readonly string[]): string[] =>
    args.flatMap((arg, i) => {
        if (/^(--stack|--config-file|-s)$/.test(arg)) return [arg, args[i + 1] ?? ""];
        return /^(--stack=|--config-file=|-s.)/.test(arg) ? [arg] : [];
    });

/** Of the commands that prepare a machine. */
export const BUNDLE = {
    bundle: {
        type: "string",
        value: "FILE",
        text: "takes what this machine lacks from what `npm run bundle` wrote",
    },
} as const;

/** A file that a flag names: npm runs commands in the project's folder, and the user may stand in another. */
export const fileGiven = <T extends string | undefined>({ env }: Pick<Machine, "env">, file: T) =>
    (file === undefined ? undefined : resolve(env.INIT_CWD ?? process.cwd(), file)) as T;

/** What `--help` prints, in place of what the command does. */
export class Usage extends Error {}

/** Whether the usage is asked for. */
export const asksUsage = (args: readonly string[]): boolean => args.includes("--help") || args.includes("-h");

function usage(call: string, text: string, flags: Flags, passes: string | undefined): string {
    const rows = Object.entries({ ...flags, help: { short: "h", text: "this" } as Flag }).map(
        ([name, { short, value, text }]) => {
            const names = `${short === undefined ? "" : `-${short}, `}--${name}`;
            return [value === undefined ? names : `${names} ${value}`, text] as const;
        },
    );
    const width = Math.max(...rows.map(([names]) => names.length)) + 2;
    const lines = rows.map(([names, what]) => `  ${names.padEnd(width)}${what}`);
    const rest = passes === undefined ? [] : [`All other flags go to ${passes}.`];
    return [`${call}: ${text}.`, ...lines, ...rest].join("\n");
}

/**
 * Values of a command's flags; anything else is refused in one sentence.
 *
 * @param text what the command does
 * @param passes the program that gets all flags that are none of these. @default none does
 * @param names takes what is no flag, where the command has names
 * @throws Usage where that is asked for
 */
export function commandFlags<const T extends Flags>(
    command: string,
    args: string[],
    flags: T,
    text: string,
    passes?: string,
    names?: string[],
): Values<T> {
    const call = command === "init" ? "npx private-registry init" : `npm run ${command}`;
    if (asksUsage(args)) throw new Usage(usage(call, text, flags, passes));
    const config = {
        args,
        options: flags,
        strict: passes === undefined,
        allowPositionals: passes !== undefined || names !== undefined,
    };
    try {
        const { values, positionals } = parseArgs(config);
        names?.push(...positionals);
        return values as Values<T>;
    } catch (error) {
        const known = [...Object.keys(flags), "help"].map((name) => `--${name}`);
        const problem = (error as Error).message
            .split(/\. (?=To specify|This command)/)[0]
            ?.replace(/\.$/, "");
        throw new SetupError(`${call}: ${problem}; there are: ${known.join(", ")}.`);
    }
}
