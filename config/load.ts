/** Reads a stack's configuration: the only place that does. */
import { existsSync, readFileSync } from "node:fs";

import * as pulumi from "@pulumi/pulumi";

import { speak } from "../components/definition/mend";
import { thisMachine } from "../setup/machine";
import { findStack } from "../setup/stack";

import { check } from "./check";
import { forStack } from "./commands";
import type { Config } from "./options";
import { commands, ConfigError } from "./print";
import { textKeys } from "./stack-file";
import { warnings } from "./warnings";

/** The file that Pulumi keeps the stack's configuration in; nothing where it is elsewhere (`--config-file`). */
function stackFileText(): string | undefined {
    const file = `Pulumi.${pulumi.getStack()}.yaml`;
    return existsSync(file) ? readFileSync(file, "utf8") : undefined;
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
    const entries = Object.entries(pulumi.runtime.allConfig())
        .filter(([key]) => key.startsWith(prefix))
        .map(([key, value]) => [key.slice(prefix.length), value] as const);
    const stackFile = stackFileText();
    const texts = textKeys(project, stackFile);
    speak((steps) => commands(steps, texts));
    try {
        const config = check(project, Object.fromEntries(entries), texts);
        for (const warning of warnings(config, { project, stackFile, texts }))
            void pulumi.log.warn(forStack(warning, stackToName()));
        return config;
    } catch (error) {
        if (error instanceof ConfigError) throw new pulumi.RunError(forStack(error.message, stackToName()));
        throw error;
    }
}
