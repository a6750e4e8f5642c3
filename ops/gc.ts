import { SetupError } from "../setup/errors";
import { note, openLog } from "../setup/log";
import type { Machine } from "../setup/machine";
import { say, withProgress } from "../setup/progress";

import { collect, dryRun } from "./gc/collect";
import { summary } from "./gc/report";
import { type RunningRegistry, versionOf, withMendedStack } from "./gc/stack";
import { commandFlags, OF_STACK } from "./shared/arguments";
import { abortOnSignal } from "./shared/signals";

const FLAGS = {
    "dry-run": { type: "boolean", default: false, text: "tells what would go, and changes nothing" },
    json: { type: "boolean", default: false, text: "the result as JSON" },
    untagged: { type: "boolean", default: false, text: "takes manifests that no tag reaches, too" },
    mend: { type: "boolean", default: false, text: "ends a collection that was killed" },
    ...OF_STACK,
} as const;

/** Release 2 takes the children of a tagged index for untagged, and removes them. */
async function refuseOldRegistry(of: RunningRegistry): Promise<void> {
    const { text, old } = await versionOf(of);
    if (old) {
        throw new SetupError(
            `--untagged is refused: ${text} would remove images of multi-arch tags with it. Use registry 3.1.1 or ` +
                "newer (pulumi config rm image, pulumi up), or run npm run gc without --untagged.",
        );
    }
}

/** `npm run gc`: garbage collection of the selected stack's registry. */
export async function gc(machine: Machine, args: string[]): Promise<number> {
    const flags = commandFlags("gc", args, FLAGS, "gives back the space of what no image uses");
    return withMendedStack(machine, args, flags, async (running) =>
        flags.mend ? 0 : collectNow(await running("gc"), flags),
    );
}

async function collectNow(
    found: RunningRegistry,
    flags: { untagged: boolean; json: boolean; "dry-run": boolean },
): Promise<number> {
    const { machine, ground, stack } = found;
    if (flags.untagged) await refuseOldRegistry(found);
    const { file: log } = openLog(machine, `gc-${stack.name.replaceAll("/", "-")}`);
    const { signal, off } = abortOnSignal(
        "ending the collection; the registry is put back into its normal mode first",
        "The collection was ended before it was done; nothing in use was removed.",
    );
    try {
        const outcome = await withProgress("collecting garbage", async (update) => {
            const collection = { ground, untagged: flags.untagged, say, signal, update };
            return flags["dry-run"]
                ? dryRun(collection)
                : ground.alone("gc", async () => collect(collection));
        });
        if (!flags["dry-run"]) await ground.ended("gc");
        const text = summary(outcome, outcome.freed, flags["dry-run"]);
        note(text);
        const { blobs, manifests, marked, freed } = outcome;
        const result = { dryRun: flags["dry-run"], blobs, manifests, inUse: marked, freed };
        process.stdout.write(flags.json ? `${JSON.stringify(result, undefined, 2)}\n` : `${text}\n`);
        say(`Log: ${log}`);
        return 0;
    } catch (error) {
        throw error instanceof SetupError ? new SetupError(`${error.message} Log: ${log}`) : error;
    } finally {
        off();
    }
}
