/** Garbage collection of a running registry, and the way back from it. */
import type { ContainerCreateOptions, ContainerInspectInfo } from "../../engine/types";

import type { Engine } from "../../engine/client";
import { exec, runToEnd } from "../../engine/run";
import { says } from "../../engine/errors";
import { DONE } from "../../components/storage/check";
import { SetupError } from "../../setup/errors";
import { note } from "../../setup/log";

import {
    collector,
    collectorName,
    COMMAND_LABEL,
    nameOf,
    PROCESS_LABEL,
    reader,
    readerName,
    type Owner,
} from "./containers";
import { create, healthy, inspect, remove, start, stop } from "./engine";
import { AtWork, normal } from "./mend";
import { isAtWork, shown } from "../shared/process";
import { type Collected, Transcript } from "./report";
import { type Freed, sizesOf } from "./sizes";
import { checkDryRun, checkUntagged, prepareStore, WAY_OUT } from "./store";
import type { Way } from "./way";
import { DATA_FOLDER } from "../../components/storage/folders";

export interface Collection {
    engine: Engine;
    registry: ContainerInspectInfo;
    owner: Owner;
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
async function run(
    { engine, registry, owner, untagged, update, signal }: Collection,
    dryRun: boolean,
): Promise<Collected> {
    const began = Date.now();
    const seconds = () => (Date.now() - began) / 1000;
    const flags = [...(dryRun ? ["--dry-run"] : []), ...(untagged ? ["--delete-untagged"] : [])];
    const name = collectorName(nameOf(registry));
    const transcript = new Transcript();
    const end = () => void remove(engine, name);
    await create(engine, collector(registry, owner, flags));
    signal.addEventListener("abort", end);
    try {
        signal.throwIfAborted();
        const code = await runToEnd(engine, name, (line) => {
            note(line);
            transcript.add(line, seconds());
            update?.(transcript.progress(seconds()));
        });
        signal.throwIfAborted();
        // A registry that never took an image has no folder yet, in files as elsewhere.
        if (code !== 0 && transcript.nothingThere) return transcript.result;
        if (code !== 0) throw new SetupError(failed(code, transcript));
        return transcript.result;
    } finally {
        signal.removeEventListener("abort", end);
        await remove(engine, name);
    }
}

/** One sentence for a collection that failed; all that it said is in the log. */
function failed(code: number, transcript: Transcript): string {
    return (
        `The registry's own collection ended with code ${code}: ${transcript.problem}. Nothing in use was removed. ` +
        `If the storage is damaged, this finds where: ${WAY_OUT}`
    );
}

/** Bytes that the storage takes; undefined where it is not in files. */
async function used(engine: Engine, container: string): Promise<number | undefined> {
    const text = await exec(engine, container, ["/bin/sh", "-c", `du -sk ${DATA_FOLDER}/docker 2>/dev/null`]);
    const [, kib] = /^(\d+)\s/.exec(text) ?? [];
    return kib === undefined ? undefined : Number(kib) * 1024;
}

/** Begins to measure what a collection frees. @returns gives it, after the collection */
async function freeing(collection: Collection): Promise<() => Promise<Freed>> {
    const { engine, registry } = collection;
    const reader = readerName(nameOf(registry));
    const before = await used(engine, reader);
    if (before !== undefined)
        return async () => ({ bytes: before - ((await used(engine, reader)) ?? before) });
    // A store elsewhere tells no sum: its blobs are asked for one by one, while they are there.
    const freed = await sizesOf(engine, reader, (await run(collection, true)).layers);
    return async () => freed;
}

/** Makes the first container of a collection, by whose name the Engine refuses a second one at the same moment. */
async function claim(engine: Engine, options: ContainerCreateOptions, prefix: string): Promise<void> {
    try {
        await engine.createContainer(options);
    } catch (error) {
        if (!says(error, "already in use")) throw error;
        throw new SetupError(`Another garbage collection of ${prefix} has just begun: wait for its end.`);
    }
}

/** What a collection would remove. The registry goes on as it is. */
export async function dryRun(collection: Collection): Promise<Outcome> {
    await checkDryRun(collection);
    return { ...(await run(collection, true)), freed: undefined };
}

/**
 * Collects while pulls go on. The registry is stopped, after what it has in flight; a second one that only reads
 * answers pulls, and pushes get 503. Then the registry is started again, whatever happened.
 *
 * It is started anew because it remembers blobs: one that was removed would be taken for present by the next push.
 *
 * @param way how clients reach the second one
 */
export async function collect(collection: Collection, way: Way): Promise<Outcome> {
    const { engine, registry, owner, untagged, say, signal } = collection;
    const name = nameOf(registry);
    // Before the registry is stopped for nothing.
    if (untagged) await checkUntagged(collection);
    await claim(engine, reader(registry, owner), owner.prefix);
    // Who reads the storage meanwhile, such as `npm run retain` before its table, has a container of the collection's name.
    const other = await inspect(engine, collectorName(name));
    const process = other?.Config.Labels[PROCESS_LABEL] ?? "";
    if (isAtWork(process, other?.State.Running ?? false)) {
        await remove(engine, readerName(name));
        throw new AtWork(owner.prefix, name, shown(process), other?.Config.Labels[COMMAND_LABEL]);
    }
    try {
        await start(engine, readerName(name));
        // Its health check must not try to write.
        await exec(engine, readerName(name), ["/bin/sh", "-c", `: > ${DONE}`]);
        await healthy(engine, readerName(name));
        signal.throwIfAborted();
        await way.prepare();
        say("Pushes are refused until the collection is over; pulls go on.");
        await stop(engine, name);
        await way.open();
        await collection.before?.();
        signal.throwIfAborted();
        const free = await freeing(collection);
        signal.throwIfAborted();
        const { made, undo } = await prepareStore(collection);
        const collected = await run(collection, false).finally(undo);
        return { ...collected, marked: collected.marked - made, freed: await free() };
    } finally {
        await normal(engine, owner, name);
        say("The registry is back in its normal mode.");
    }
}
