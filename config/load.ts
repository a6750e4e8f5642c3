/** Reads a stack's configuration: the only place that does. */
import * as pulumi from "@pulumi/pulumi";

import { check as checkOptions } from "../components/definition/check";
import { speak } from "../components/definition/mend";
import { formatPath, type Problem } from "../components/definition/problem";
import { thisMachine } from "../setup/machine";
import { CONFIG_FILE, findStack } from "../setup/stack";
import { readText } from "../setup/start.cjs";

import { forStack } from "./commands";
import { readFiles } from "./files";
import { moved } from "./moved";
import { type Config, CONFIG, options } from "./options";
import { parse } from "./parse";
import { commands, ConfigError, reachable, type Texts } from "./print";
import { type Entries, holds, readStackFile, type StackFile, textKeys } from "./stack-file";
import { warnings } from "./warnings";

/**
 * Checks a whole configuration.
 *
 * @param project namespace of the keys, the Pulumi project's name
 * @param entries key without namespace → value as Pulumi keeps it
 * @param texts keys whose object or list was set as one JSON text
 * @throws ConfigError with every mistake
 */
export function check(project: string, entries: Entries, texts: Texts = new Set()): Config {
    const given = Object.fromEntries(
        Object.entries(entries)
            // Pulumi.yaml gives every key a default, since Pulumi asks for those that have none: "" stands for none.
            .filter(([key, raw]) => raw !== "" || !(key in options.shape))
            .map(([key, raw]) => [key, parse([key], raw)]),
    );
    const { values: placed, problems: former } = moved(given);
    const { values, problems: unread, named } = readFiles(placed);
    const found = checkOptions(CONFIG, values);
    const at = ({ path }: Problem) => formatPath(path);
    // What is to go need not be read; of what is to stay, nothing can be said before it is.
    const goes = new Set(
        found.problems
            .filter(({ path, mend }) =>
                mend.some((step) => "remove" in step && formatPath(step.remove) === formatPath(path)),
            )
            .map(at),
    );
    const unreadable = unread.filter((one) => !goes.has(at(one)));
    const untold = new Set(unreadable.map(at));
    const problems: Problem[] = [
        ...former,
        ...unreadable,
        ...found.problems.filter((one) => !untold.has(at(one))).map(named),
    ];
    // A text that is no JSON holds nothing.
    const whole = new Set([...texts].filter((key) => typeof given[key] === "object"));
    if (problems.length > 0) throw new ConfigError(project, reachable(problems, given), whole);
    return found.options as Config;
}

/** The file that holds the stack's configuration; undefined where Pulumi was told of another one. */
function stackFile(project: string, entries: Entries): StackFile | undefined {
    const named = process.env[CONFIG_FILE];
    const file = readStackFile(project, readText(named ?? `Pulumi.${pulumi.getStack()}.yaml`) ?? "");
    return named !== undefined || holds(file, entries, readText("Pulumi.yaml") ?? "{}") ? file : undefined;
}

/** The running stack, where a command without `--stack` would mean another one. */
function stackToName(): string | undefined {
    const stack = pulumi.getStack();
    try {
        return findStack(thisMachine(process.cwd()), []).name.split("/").pop() === stack ? undefined : stack;
    } catch {
        // Its name is never wrong.
        return stack;
    }
}

/**
 * The configuration of the running stack.
 *
 * @throws pulumi.RunError with every mistake, the value received, what is allowed, and the command that mends it
 */
export function load(): Config {
    const project = pulumi.getProject();
    const prefix = `${project}:`;
    const entries = Object.fromEntries(
        Object.entries(pulumi.runtime.allConfig())
            .filter(([key]) => key.startsWith(prefix))
            .map(([key, value]) => [key.slice(prefix.length), value] as const),
    );
    const file = stackFile(project, entries);
    const texts = textKeys(entries, file);
    const own = (text: string) => forStack(text, stackToName(), process.env[CONFIG_FILE]);
    speak((steps) => commands(steps, texts));
    try {
        const config = check(project, entries, texts);
        for (const warning of warnings(config, { project, file, texts })) void pulumi.log.warn(own(warning));
        return config;
    } catch (error) {
        if (!(error instanceof ConfigError)) throw error;
        const elsewhere = `\n  Where they are not in Pulumi.${pulumi.getStack()}.yaml, add --config-file FILE to each command.`;
        throw new pulumi.RunError(own(error.message) + (file === undefined ? elsewhere : ""));
    }
}
