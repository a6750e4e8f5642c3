/** Garbage collection of a running registry, and the way back from it. */
import { SetupError } from "../../setup/errors";
import { note } from "../../setup/log";

import { DATA_FOLDER } from "../../components/storage/folders";
import { shell } from "../store/broom";
import type { Ground } from "./ground";
import { type Collected, Transcript } from "./report";
import { type Freed, sizesOf } from "./sizes";
import { checkDryRun, checkUntagged, prepareStore, WAY_OUT } from "./store";

export interface Collection {
    ground: Ground;
    /** Also manifests that no tag reaches. */
    untagged: boolean;
    /** Done before it, when nobody writes any more. */
    before?: (() => Promise<void>) | undefined;
    say: (text: string) => void;
    /** Told how far it is. */
    update?: (text: string) => void;
    /** Ends the collection early; the registry comes back all the same. */
    signal: AbortSignal;
}

export interface Outcome extends Collected {
    /** Nothing where nothing was removed yet. */
    freed: Freed | undefined;
}

/** Runs the registry's garbage-collect to its end. @throws SetupError with its last line */
async function run({ ground, untagged, update, signal }: Collection, dryRun: boolean): Promise<Collected> {
    const began = Date.now();
    const seconds = () => (Date.now() - began) / 1000;
    const flags = [...(dryRun ? ["--dry-run"] : []), ...(untagged ? ["--delete-untagged"] : [])];
    const transcript = new Transcript();
    const take = (line: string) => {
        note(line);
        transcript.add(line, seconds());
        update?.(transcript.progress(seconds()));
    };
    const code = await ground.collect(flags, take, signal);
    // A registry that never took an image has no folder yet, in files as elsewhere.
    if (code !== 0 && !transcript.nothingThere) throw new SetupError(failed(code, transcript));
    return transcript.result;
}

/** One sentence for a collection that failed; all that it said is in the log. */
function failed(code: number, transcript: Transcript): string {
    return (
        `The registry's own collection ended with code ${code}: ${transcript.problem}. Nothing in use was removed. ` +
        `If the storage is damaged, this finds where: ${WAY_OUT}`
    );
}

/** Bytes that the storage takes; undefined where it is not in files. */
async function used({ run }: Ground): Promise<number | undefined> {
    const text = await run(shell(`du -sk ${DATA_FOLDER}/docker 2>/dev/null`));
    const [, kib] = /^(\d+)\s/.exec(text) ?? [];
    return kib === undefined ? undefined : Number(kib) * 1024;
}

/** Begins to measure what a collection frees. @returns gives it, after the collection */
async function freeing(collection: Collection): Promise<() => Promise<Freed>> {
    const { ground } = collection;
    const before = await used(ground);
    if (before !== undefined) return async () => ({ bytes: before - ((await used(ground)) ?? before) });
    // A store elsewhere tells no sum: its blobs are asked for one by one, while they are there.
    const freed = await sizesOf(ground.run, (await run(collection, true)).layers);
    return async () => freed;
}

/** What a collection would remove. The registry goes on as it is. */
export async function dryRun(collection: Collection): Promise<Outcome> {
    await checkDryRun(collection);
    return { ...(await run(collection, true)), freed: undefined };
}

/** Collects while pulls go on; pushes get 503 meanwhile. Then the registry is back in its normal mode, whatever happened. */
export async function collect(collection: Collection): Promise<Outcome> {
    const { ground, untagged, say, signal } = collection;
    // Before anything is held for nothing.
    if (untagged) await checkUntagged(collection);
    await ground.claim();
    try {
        await ground.prepare();
        signal.throwIfAborted();
        say("Pushes are refused until the collection is over; pulls go on.");
        await ground.hold(signal);
        await collection.before?.();
        signal.throwIfAborted();
        const free = await freeing(collection);
        signal.throwIfAborted();
        const { made, undo } = await prepareStore(collection);
        const collected = await run(collection, false).finally(undo);
        return { ...collected, marked: collected.marked - made, freed: await free() };
    } finally {
        await ground.release();
        say("The registry is back in its normal mode.");
    }
}
