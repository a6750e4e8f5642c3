/** Reads a stack's configuration: the only place that does. */
import * as pulumi from "@pulumi/pulumi";

import { speak } from "../components/definition/mend";
import { thisMachine } from "../setup/machine";
import { CONFIG_FILE, findStack } from "../setup/stack";
import { readText } from "../setup/start.cjs";

import { check } from "./check";
import { forStack } from "./commands";
import type { Config } from "./options";
import { commands, ConfigError } from "./print";
import { type Entries, holds, readStackFile, type StackFile, textKeys } from "./stack-file";
import { warnings } from "./warnings";

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
