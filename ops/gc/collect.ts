/** Garbage collection of a running registry, and the way back from it. */
import type { ContainerInspectInfo } from "dockerode";

import type { Engine } from "../../components/engine/client";
import { DATA_FOLDER, REGISTRY_PORT } from "../../components/registry/config-yml";
import { DONE } from "../../components/registry/storage-check";

import {
    collector,
    collectorName,
    gate,
    type Gate,
    gateName,
    gateTrial,
    nameOf,
    reader,
    readerName,
    type Owner,
} from "./containers";
import { create, exec, healthy, listening, remove, runToEnd, start, stop } from "./engine";
import { gateConf } from "./gate-conf";
import { normal } from "./mend";
import { type Collected, Transcript } from "./report";

export interface Collection {
    engine: Engine;
    registry: ContainerInspectInfo;
    owner: Owner;
    /** Also manifests that no tag reaches. */
    untagged: boolean;
    say: (text: string) => void;
    /** Ends the collection early; the registry comes back all the same. */
    signal: AbortSignal;
}

export interface Outcome extends Collected {
    /** Bytes; undefined where the storage is not in files. */
    freed: number | undefined;
}

const RETRY_AFTER = 60;

/** Runs the registry's garbage-collect to its end. @throws Error with its last lines */
async function run(
    { engine, registry, owner, untagged, signal }: Collection,
    dryRun: boolean,
): Promise<Collected> {
    const flags = [...(dryRun ? ["--dry-run"] : []), ...(untagged ? ["--delete-untagged"] : [])];
    const name = collectorName(nameOf(registry));
    const transcript = new Transcript();
    const end = () => void remove(engine, name);
    await create(engine, collector(registry, owner, flags));
    signal.addEventListener("abort", end);
    try {
        signal.throwIfAborted();
        const code = await runToEnd(engine, name, (line) => transcript.add(line));
        signal.throwIfAborted();
        if (code !== 0) throw new Error(`Garbage collection failed (exit code ${code}):\n${transcript.tail}`);
        return transcript.result;
    } finally {
        signal.removeEventListener("abort", end);
        await remove(engine, name);
    }
}

/** Bytes that the storage takes; undefined where it is not in files. */
async function used(engine: Engine, container: string): Promise<number | undefined> {
    const text = await exec(engine, container, ["/bin/sh", "-c", `du -sk ${DATA_FOLDER}/docker 2>/dev/null`]);
    const [, kib] = /^(\d+)\s/.exec(text) ?? [];
    return kib === undefined ? undefined : Number(kib) * 1024;
}

/** What a collection would remove. The registry goes on as it is. */
export async function dryRun(collection: Collection): Promise<Outcome> {
    return { ...(await run(collection, true)), freed: undefined };
}

/**
 * Collects while pulls go on. The registry is stopped, after what it has in flight; a second one that only reads
 * answers pulls, and pushes get 503. Then the registry is started again, whatever happened.
 *
 * It is started anew because it remembers blobs: one that was removed would be taken for present by the next push.
 *
 * @param nginx ID of the image of the gate
 */
export async function collect(collection: Collection, nginx: string): Promise<Outcome> {
    const { engine, registry, owner, say, signal } = collection;
    const name = nameOf(registry);
    const tls = registry.Config.ExposedPorts !== undefined && (await hasCertificate(engine, name));
    try {
        await create(engine, reader(registry, owner));
        const conf = gateConf({ reader: readerName(name), tls, retryAfter: RETRY_AFTER });
        await start(engine, readerName(name));
        // Its health check must not try to write.
        await exec(engine, readerName(name), ["/bin/sh", "-c", `: > ${DONE}`]);
        await healthy(engine, readerName(name));
        await prepareGate(collection, { image: nginx, conf });
        signal.throwIfAborted();
        say("Pushes are refused until the collection is over; pulls go on.");
        await stop(engine, name);
        await start(engine, gateName(name));
        await listening(engine, gateName(name), REGISTRY_PORT);
        const before = await used(engine, readerName(name));
        const collected = await run(collection, false);
        const after = await used(engine, readerName(name));
        return {
            ...collected,
            freed: before === undefined || after === undefined ? undefined : before - after,
        };
    } finally {
        await normal(engine, name);
        say("The registry is back in its normal mode.");
    }
}

/** Makes the gate, after a trial: once it is needed it must not fail. */
async function prepareGate({ engine, registry, owner }: Collection, conf: Gate): Promise<void> {
    const lines: string[] = [];
    await create(engine, gateTrial(registry, owner, conf));
    const code = await runToEnd(engine, gateName(nameOf(registry)), (line) => lines.push(line));
    if (code !== 0) throw new Error(`nginx refuses the gate's configuration:\n${lines.join("\n")}`);
    await create(engine, gate(registry, owner, conf));
}

/** Whether the registry itself speaks TLS. */
async function hasCertificate(engine: Engine, name: string): Promise<boolean> {
    const text = await exec(engine, name, ["/bin/sh", "-c", "[ -e /etc/distribution/site.crt ] && echo yes"]);
    return text.includes("yes");
}
