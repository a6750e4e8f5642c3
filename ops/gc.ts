import { parseArgs } from "node:util";

import { connectTo, type Engine } from "../engine/client";
import { exec } from "../engine/run";
import { DEFAULT_FRONT_IMAGE } from "../components/front/options";
import type { Endpoint } from "../engine/endpoint";
import { ensureEngine } from "../setup/engine";
import { SetupError, messageOf } from "../setup/errors";
import { ensureImages, nameInEngine } from "../setup/image";
import { note, openLog } from "../setup/log";
import type { Machine } from "../setup/machine";
import { say, withProgress } from "../setup/progress";
import { findStack, prefixOf, type Stack } from "../setup/stack";

import { collect, dryRun } from "./gc/collect";
import type { Owner } from "./gc/containers";
import { inspect } from "./gc/engine";
import { mendFirst } from "./gc/notice";
import { summary } from "./gc/report";
import { wayOf } from "./gc/way";
import { isOf, stackIdentity } from "./shared/identity";
import { withLock } from "./shared/lock";
import { processText } from "./shared/process";
import { abortOnSignal } from "./shared/signals";

const USAGE =
    "npm run gc [-- --dry-run] [--untagged] [--mend] [--stack NAME]: removes what no image uses. --dry-run tells what " +
    "would go; --untagged takes manifests without a tag, too; --mend ends a collection, or another command, that was killed.";

const FLAGS = {
    "dry-run": { type: "boolean", default: false },
    untagged: { type: "boolean", default: false },
    mend: { type: "boolean", default: false },
    stack: { type: "string", short: "s" },
    "config-file": { type: "string" },
} as const;

function parse(args: string[]) {
    try {
        return parseArgs({ args, options: FLAGS, strict: true }).values;
    } catch (error) {
        throw new SetupError(`${messageOf(error)}. ${USAGE}`);
    }
}

/** The ID of the gate's image, which is had as the front's is. */
async function gateImage(
    machine: Machine,
    endpoint: Endpoint,
    engine: Engine,
    stack: Stack,
): Promise<string> {
    const settings = { ...stack.settings, front: true, cache: false, nexus: false };
    await ensureImages(machine, endpoint, settings);
    const image = await nameInEngine(endpoint, settings.frontImage ?? DEFAULT_FRONT_IMAGE);
    const { Id } = await engine.getImage(image).inspect();
    return Id;
}

/** Release 2 takes the children of a tagged index for untagged, and removes them. */
async function refuseOldRegistry(engine: Engine, name: string): Promise<void> {
    const version = await exec(engine, name, ["/bin/registry", "--version"]);
    if (/ v?2\./.test(version)) {
        throw new SetupError(
            `--untagged is refused: ${version.trim()} would remove images of multi-arch tags with it. Use registry 3.1.1 or ` +
                "newer (pulumi config rm image, pulumi up), or run npm run gc without --untagged.",
        );
    }
}

/** `npm run gc`: garbage collection of the selected stack's registry. */
export async function gc(machine: Machine, args: string[]): Promise<number> {
    const flags = parse(args);
    const stack = findStack(machine, args);
    const prefix = prefixOf(stack);
    const name = stack.settings.containerName ?? prefix;
    const endpoint = await ensureEngine(machine, stack.settings.dockerHost);
    await mendFirst(machine, endpoint, stack, flags.mend);
    if (flags.mend) return 0;
    const engine = await connectTo(endpoint);
    const registry = await inspect(engine, name);
    const identity = await stackIdentity(machine, stack);
    if (
        registry === undefined ||
        !isOf(registry.Config.Labels, prefix, identity) ||
        !registry.State.Running
    ) {
        throw new SetupError(
            `No registry of ${prefix} is running in this Engine: npm run up -- --stack ${stack.name}`,
        );
    }
    if (flags.untagged) await refuseOldRegistry(engine, name);
    const { file: log } = openLog(machine, `gc-${stack.name.replaceAll("/", "-")}`);
    const owner: Owner = { prefix, identity, process: processText() };
    const image = () => gateImage(machine, endpoint, engine, stack);
    const { signal, off } = abortOnSignal(
        "ending the collection; the registry is put back into its normal mode first",
        "The collection was ended before it was done; nothing in use was removed.",
    );
    try {
        const collection = { engine, registry, owner, untagged: flags.untagged, say, signal };
        const outcome = await withProgress("collecting garbage", async () =>
            flags["dry-run"]
                ? dryRun(collection)
                : withLock(engine, owner, "gc", async () =>
                      collect(collection, await wayOf(engine, registry, owner, image)),
                  ),
        );
        const text = summary(outcome, outcome.freed, flags["dry-run"]);
        note(text);
        process.stdout.write(`${text}\n`);
        say(`Log: ${log}`);
        return 0;
    } catch (error) {
        throw error instanceof SetupError ? new SetupError(`${error.message} Log: ${log}`) : error;
    } finally {
        off();
    }
}
