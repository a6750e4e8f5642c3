import { existsSync } from "node:fs";
import { resolve } from "node:path";

import { ownInfo } from "../components/definition/option";
import { formatPath } from "../components/definition/problem";
import { options } from "../config/options";
import { readStackFile } from "../config/stack-file";
import { connectTo, type Engine } from "../engine/client";
import type { Endpoint } from "../engine/endpoint";
import { SetupError, messageOf } from "../setup/errors";
import type { Machine } from "../setup/machine";
import { prepare } from "../setup/prepare";
import { findStack } from "../setup/stack";
import { readText } from "../setup/start.cjs";
import { print, say } from "../setup/progress";

import { composeSource } from "./import/compose";
import { containerSource } from "./import/container";
import { type Plan, planOf, type Setting, shownSetting } from "./import/plan";
import type { Source } from "./import/source";
import { commandFlags, fileGiven, OF_STACK } from "./shared/arguments";
import { agreed, canAsk } from "./shared/ask";
import { stackIdentity } from "./shared/identity";
import { checked, entriesOf, fileFlags, PROJECT } from "./shared/stack-config";
import { type StackPulumi, stackPulumi } from "./shared/stack-pulumi";

const FLAGS = {
    from: {
        type: "string",
        value: "FILE|CONTAINER",
        text: "a file of Docker Compose, or the name of a container",
    },
    service: { type: "string", value: "NAME", text: "which service, where the file has several registries" },
    domain: { type: "string", value: "NAME", text: "the name by which clients reach it" },
    "storage-folder": { type: "string", value: "DIR", text: "the folder to which you copied the images" },
    "dry-run": { type: "boolean", default: false, text: "tells what becomes of it, and writes nothing" },
    json: { type: "boolean", default: false, text: "the plan as JSON, without the values of secrets" },
    yes: { type: "boolean", short: "y", default: false, text: "answers the question" },
    ...OF_STACK,
} as const;

const isSecret = ({ path }: Setting): boolean => ownInfo(options, path)?.secret === true;

async function sourceOf(
    machine: Machine,
    from: string,
    service: string | undefined,
    engine: Endpoint | undefined,
): Promise<Source> {
    const client: Engine | undefined = engine && (await connectTo(engine));
    const file = fileGiven(machine, from);
    if (existsSync(file)) return composeSource(file, service, client, machine.env);
    if (/[/.]ya?ml$/.test(from) || from.includes("/")) throw new SetupError(`There is no file ${file}.`);
    if (client === undefined)
        throw new SetupError(`No Docker Engine answers, which would know the container ${from}.`);
    return containerSource(client, from);
}

/** The plan as the values of a configuration. */
function valuesOf(settings: readonly Setting[]): Record<string, unknown> {
    const values: Record<string, unknown> = {};
    for (const { path, value } of settings) {
        let at = values;
        for (const step of path.slice(0, -1)) at = (at[String(step)] ??= {}) as Record<string, unknown>;
        at[String(path.at(-1))] = value;
    }
    return values;
}

/** What a registry has or has not: of these nothing of the stack's former configuration stays beside what was found. */
const WHOLE = "domain dnsNames ipAddresses port bindAddress tls auth users storage".split(" ");

/**
 * Holds the plan, in the place of what the configuration has of the same, against the definition of the options.
 *
 * @returns the options whose values go
 * @throws SetupError with every mistake
 */
function checkPlan({ settings }: Plan, former: Readonly<Record<string, string>>): string[] {
    const values = Object.entries(valuesOf(settings));
    const own = Object.fromEntries(
        values.map(([key, value]) => [key, typeof value === "string" ? value : JSON.stringify(value)]),
    );
    const goes = (key: string) => former[key] !== "" && (key in own || WHOLE.includes(key));
    const rest = Object.entries(former).filter(([key]) => !goes(key));
    try {
        checked({ ...Object.fromEntries(rest), ...own });
    } catch (error) {
        throw new SetupError(
            `What was found cannot be the stack's configuration; nothing was written.\n${messageOf(error)}`,
        );
    }
    return Object.keys(former).filter(goes);
}

/** Writes objects, numbers and texts as they are; secrets each by itself, encrypted. */
async function write(pulumi: StackPulumi, { settings }: Plan, replaced: readonly string[]): Promise<void> {
    for (const key of replaced) await pulumi(["config", "rm", key]);
    const plain = settings.filter((one) => !isSecret(one));
    // A whole object or list is set member by member, so that each is of its kind.
    const members = ({ path, value }: Pick<Setting, "path" | "value">): string[] =>
        typeof value !== "object" || value === null
            ? [`${formatPath(path)}=${String(value)}`]
            : Object.entries(value).flatMap(([key, inner]: [string, unknown]) =>
                  members({ path: [...path, Array.isArray(value) ? Number(key) : key], value: inner }),
              );
    const flags = plain.flatMap(members).flatMap((pair) => ["--plaintext", pair]);
    await pulumi(["config", "set-all", "--path", ...flags]);
    for (const { path, value } of settings.filter(isSecret))
        await pulumi(["config", "set", "--secret", "--path", formatPath(path)], String(value));
}

function show(plan: Plan, source: Source): void {
    print(`${source.title} (${source.image}) becomes:`);
    const rows = plan.settings.map((one) => [shownSetting(one, isSecret(one)), one.from] as const);
    const width = Math.min(72, Math.max(...rows.map(([text]) => text.length)));
    for (const [text, from] of rows) print(`  ${text.padEnd(width)}  ${from}`);
    if (plan.leftOut.length > 0) print("Left out:");
    for (const line of plan.leftOut) print(`  ${line}`);
    for (const line of plan.notes) print(`Note: ${line}`);
}

/** `npm run import -- --from COMPOSE-FILE|CONTAINER`: the configuration of a registry that was set up by hand. */
export async function importRegistry(machine: Machine, args: string[]): Promise<number> {
    const flags = commandFlags(
        "import",
        args,
        FLAGS,
        "the configuration of a registry that was set up by hand",
    );
    if (flags.from === undefined)
        throw new SetupError(
            "--from is not set; it must be a file of Docker Compose or the name of a container: `npm run import -- --from ./docker-compose.yml`, `docker ps`.",
        );
    const prepared = await prepare(machine, findStack(machine, args), { images: false, engineMayFail: true });
    const { stack, engine } = prepared;
    if ((await stackIdentity(machine, stack)) !== undefined)
        throw new SetupError(
            `The stack ${stack.name} is deployed already, and nothing was changed: import into another one, \`pulumi stack init imported\` and \`npm run import -- --stack imported --from ${flags.from}\`.`,
        );
    const source = await sourceOf(machine, flags.from, flags.service, engine);
    const plan = await planOf(source, { domain: flags.domain, storageFolder: flags["storage-folder"] });
    const file = flags["config-file"];
    const pulumi = await stackPulumi(machine, stack);
    const former = await entriesOf(pulumi, file);
    const text = readText(resolve(machine.root, file ?? `Pulumi.${stack.name.split("/").pop()}.yaml`)) ?? "";
    const set = readStackFile(PROJECT, text);
    // The defaults of Pulumi.yaml are the stack's too, and need not go.
    const replaced = checkPlan(plan, former).filter((key) => set.has(key));
    if (flags.json) {
        const settings = plan.settings.map((one) => ({
            path: formatPath(one.path),
            ...(isSecret(one) ? { secret: true } : { value: one.value }),
            from: one.from,
        }));
        process.stdout.write(
            `${JSON.stringify({ ...plan, settings, source: source.title }, undefined, 2)}\n`,
        );
    } else {
        show(plan, source);
        if (replaced.length > 0) print(`In place of what the stack has of ${replaced.join(", ")}.`);
    }
    if (flags["dry-run"]) return 0;
    if (!flags.yes) {
        if (!canAsk())
            throw new SetupError(
                "Nothing was changed: without a terminal, --yes says that it is to be written.",
            );
        if (!(await agreed(`Write this into the configuration of the stack ${stack.name}?`))) {
            say("Nothing was changed.");
            return 1;
        }
    }
    await write((more, input) => pulumi([...more, ...fileFlags(file)], input), plan, replaced);
    const name = source.container ?? "the registry";
    say(`Written. The old registry runs on, and its port and images are its own until it is stopped:`);
    say(`  docker stop ${name} && npm run up`);
    say(
        `Back, if need be: \`npm run destroy\` and \`docker start ${name}\`; the images stay where they are.`,
    );
    return 0;
}
