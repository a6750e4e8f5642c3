/**
 * The record of an upgrade under way: a container that never starts, as the lock is, so that every machine sees it, whatever was
 * killed. The images that ran before get a name, by which they stay in the Engine until the upgrade has ended.
 */
import type { Engine } from "../../engine/client";
import { found } from "../../engine/errors";
import { IDENTITY_LABEL, OWNER_LABEL } from "../../components/deployment/hardening";
import { DATA_FOLDER } from "../../components/storage/folders";
import { remove } from "../gc/engine";
import { isOf } from "../shared/identity";
import type { LockOwner } from "../shared/lock";

import type { Known } from "./answers";
import type { Image, PartName } from "./parts";

/** Its value is the record, JSON. */
const UPGRADE_LABEL = "private-registry.upgrade";
/** Repository of the names that keep images; a tag is `PREFIX-PART`. */
const FORMER = "private-registry/former";

const recordName = (prefix: string) => `${prefix}-upgrade`;

/** Name by which an image that ran before stays. */
export const formerName = (prefix: string, part: PartName) => `${FORMER}:${prefix}-${part}`;

/** A part that changes. */
export interface Step {
    part: PartName;
    containers: string[];
    from: Image;
    to: Image;
}

export interface UnderWay {
    /** RFC 3339. */
    begun: string;
    steps: Step[];
    /** What the registry answered before; nothing where it is not reached from here. */
    known: Known | undefined;
}

export async function readRecord(
    engine: Engine,
    { prefix, identity }: LockOwner,
): Promise<UnderWay | undefined> {
    const there = await found(() => engine.getContainer(recordName(prefix)).inspect());
    const text = there?.Config.Labels[UPGRADE_LABEL];
    if (text === undefined || !isOf(there?.Config.Labels, prefix, identity)) return undefined;
    return JSON.parse(text) as UnderWay;
}

/** Before anything is changed. */
export async function writeRecord(
    engine: Engine,
    { prefix, identity }: LockOwner,
    record: UnderWay,
): Promise<void> {
    for (const { part, from } of record.steps) {
        const [repo = "", tag = ""] = formerName(prefix, part).split(":");
        await engine.getImage(from.id).tag({ repo, tag });
    }
    await engine.createContainer({
        name: recordName(prefix),
        Image: record.steps[0]?.from.id ?? "",
        Cmd: ["true"],
        Labels: {
            [OWNER_LABEL]: prefix,
            ...(identity === undefined ? {} : { [IDENTITY_LABEL]: identity }),
            [UPGRADE_LABEL]: JSON.stringify(record),
        },
        HostConfig: { NetworkMode: "none", Tmpfs: { [DATA_FOLDER]: "" } },
    });
}

/** @param keep parts whose former image the configuration names from now on */
export async function endRecord(
    engine: Engine,
    { prefix }: LockOwner,
    { steps }: UnderWay,
    keep: readonly PartName[] = [],
): Promise<void> {
    await remove(engine, recordName(prefix));
    for (const { part } of steps.filter((one) => !keep.includes(one.part)))
        await found(() => engine.getImage(formerName(prefix, part)).remove());
}

/** After the deployment was destroyed: there is nothing to go back to. */
export async function forgetRecord(engine: Engine, owner: LockOwner): Promise<void> {
    const record = await readRecord(engine, owner);
    if (record !== undefined) await endRecord(engine, owner, record);
}
