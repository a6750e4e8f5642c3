/** Writes steps into a stack's configuration: all of them or none, and none that would be refused. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { ownInfo } from "../../components/definition/option";
import { formatPath, type Path, type Step } from "../../components/definition/problem";
import { valueAt, withValue } from "../../components/definition/tree";
import { type Config, options } from "../../config/options";
import { parse } from "../../config/parse";
import { readStackFile, textKeys } from "../../config/stack-file";
import { SetupError } from "../../setup/errors";
import { readText } from "../../setup/start.cjs";
import { PROJECT, readConfig, replaceStackFile } from "../shared/stack-config";
import type { StackPulumi } from "../shared/stack-pulumi";

type Change = Exclude<Step, { copy: Path }>;
const pathOf = (step: Change): Path => ("remove" in step ? step.remove : step.set);

/**
 * Whether the whole object is one text, or a default of Pulumi.yaml; else its parts are set one by one. Where that can be, it must be:
 * `pulumi config set --path` takes the place of a whole text, so a generation in one would be lost by the next option that is set.
 */
function inOne(key: string, text: string, entries: Readonly<Record<string, string>>): boolean {
    const file = readStackFile(PROJECT, text);
    return file.has(key) ? textKeys(entries, file).has(key) : !["", "{}", undefined].includes(entries[key]);
}

async function setWhole(
    pulumi: StackPulumi,
    key: string,
    raw: string,
    steps: readonly Change[],
    file: string,
) {
    const value = steps.reduce<unknown>(
        (tree, step) => withValue(tree, pathOf(step).slice(1), "remove" in step ? undefined : step.to),
        parse([key], raw),
    );
    const secret = ownInfo(options, [key])?.secret ? "--secret" : "--plaintext";
    await pulumi(["config", "set", secret, "--config-file", file, key], JSON.stringify(value));
}

async function setPart(pulumi: StackPulumi, step: Change, whole: unknown, file: string) {
    const path = pathOf(step);
    const flags = ["--path", "--config-file", file];
    if ("remove" in step) {
        if (valueAt(whole, path.slice(1)) !== undefined)
            await pulumi(["config", "rm", ...flags, formatPath(path)]);
        return;
    }
    // `true` stands for an object with its defaults, in which nothing can be set.
    for (let i = 2; i < path.length; i++)
        if (["boolean", "string"].includes(typeof valueAt(whole, path.slice(1, i))))
            await pulumi(["config", "rm", ...flags, formatPath(path.slice(0, i))]);
    // By standard input: the arguments of a process are for everyone to read.
    const secret = step.secret ? "--secret" : "--plaintext";
    await pulumi(["config", "set", secret, ...flags, formatPath(path)], String(step.to));
}

/**
 * Changes a stack's file.
 *
 * @param file the stack's file of configuration; entries: what is in it
 * @returns the configuration as it is then
 * @throws SetupError with every mistake that the configuration would have; then nothing was changed
 */
export async function writeSteps(
    pulumi: StackPulumi,
    file: string,
    entries: Readonly<Record<string, string>>,
    steps: readonly Step[],
): Promise<Config> {
    const text = readText(file);
    if (text === undefined)
        throw new SetupError(`${file} is not there: the stack's configuration is elsewhere.`);
    const folder = mkdtempSync(join(tmpdir(), "private-registry-"));
    try {
        const draft = join(folder, "Pulumi.draft.yaml");
        writeFileSync(draft, text, { mode: 0o600 });
        const changes = steps.filter((step): step is Change => !("copy" in step));
        for (const key of new Set(changes.map((step) => String(pathOf(step)[0])))) {
            const own = changes.filter((step) => pathOf(step)[0] === key);
            const raw = entries[key] ?? "";
            if (pathOf(own[0] as Change).length > 1 && inOne(key, text, entries))
                await setWhole(pulumi, key, raw, own, draft);
            else
                for (const step of own)
                    await setPart(pulumi, step, raw === "" ? undefined : parse([key], raw), draft);
        }
        const config = await readConfig(pulumi, draft);
        replaceStackFile(file, readText(draft) ?? "");
        return config;
    } finally {
        rmSync(folder, { recursive: true, force: true });
    }
}
