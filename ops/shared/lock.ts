/**
 * One command at a time works on a deployment, from whatever machine: collections, backups, `up` and the like. A container that
 * never starts stands for the one at work, since an Engine has one container of a name.
 */
import type { Engine } from "../../engine/client";
import { found, says } from "../../engine/errors";
import type { ContainerInfo } from "../../engine/types";
import { IDENTITY_LABEL, OWNER_LABEL } from "../../components/deployment/hardening";
import { SetupError } from "../../setup/errors";

import { isOf } from "./identity";
import { isAtWork, processText, shown } from "./process";

/** Its value is what is being done: "backup". */
export const LOCK_LABEL = "private-registry.lock";
/** The command that has the lock, as process.ts names it. */
const LOCK_PROCESS_LABEL = "private-registry.lock.process";
/** On containers that work for the command that has the lock, and go with it. Its value is the deployment's prefix. */
export const JOB_LABEL = "private-registry.job";

export const lockName = (prefix: string) => `${prefix}-lock`;

/** Whose deployment it is. */
export interface LockOwner {
    prefix: string;
    /** Nothing where it is not deployed yet, and for one of version 0.1. */
    identity?: string | undefined;
}

/** Labels of a container that works for the command that has the lock. */
export const jobLabels = ({ prefix, identity }: LockOwner): Record<string, string> => ({
    [OWNER_LABEL]: prefix,
    ...(identity === undefined ? {} : { [IDENTITY_LABEL]: identity }),
    [JOB_LABEL]: prefix,
});

/** Another command is at work on the deployment. */
export class Locked extends SetupError {
    constructor(prefix: string, what: string, process: string) {
        super(
            `Another command is at work on ${prefix}: ${what} (${shown(process)}). Wait for its end; if that process is gone: ` +
                "npm run gc -- --mend",
        );
    }
}

/** All containers of a deployment. */
export const containersOf = (engine: Engine, prefix: string): Promise<ContainerInfo[]> =>
    engine.listContainers({ all: true, filters: { label: [`${OWNER_LABEL}=${prefix}`] } });

const remove = (engine: Engine, id: string) =>
    found(() => engine.getContainer(id).remove({ force: true, v: true })).catch((error) => {
        if (!says(error, "already in progress")) throw error;
    });

const isLock = ({ Labels }: Pick<ContainerInfo, "Labels">) => Labels[LOCK_LABEL] !== undefined;

/** Whether the holder of a lock is gone, as far as this machine can tell. */
function isDead({ Labels }: Pick<ContainerInfo, "Labels">): boolean {
    const process = Labels[LOCK_PROCESS_LABEL] ?? "";
    return process !== processText() && !isAtWork(process, true);
}

/**
 * Takes away the lock of a command that was killed, and what worked for it.
 *
 * @param containers of the deployment
 * @param identity of the deployment, whose alone the work is taken away
 * @param force also where the holder may be at work on another machine
 */
export async function endDead(
    engine: Engine,
    containers: readonly ContainerInfo[],
    { prefix, identity }: LockOwner,
    force = false,
): Promise<void> {
    const locks = containers.filter(isLock);
    if (!force && locks.some((lock) => !isDead(lock))) return;
    // The lock last: until then nobody begins.
    const jobs = containers.filter(({ Labels }) => Labels[JOB_LABEL] === prefix);
    for (const { Id } of jobs.filter(({ Labels }) => isOf(Labels, prefix, identity)))
        await remove(engine, Id);
    for (const { Id } of locks) await remove(engine, Id);
}

/** Whether there is a lock or work of one: `endDead` then tells whose it is. */
export const hasLock = (containers: readonly ContainerInfo[]): boolean =>
    containers.some((one) => isLock(one) || one.Labels[JOB_LABEL] !== undefined);

/** An image that the Engine has, of the deployment where there is one; none runs. */
async function anyImage(engine: Engine, prefix: string): Promise<string | undefined> {
    const [first] = await containersOf(engine, prefix);
    if (first !== undefined) return first.ImageID;
    const [image] = await engine.json<{ Id: string }[]>("GET", "/images/json");
    return image?.Id;
}

/** Folders of which an image declares volumes, each in memory. */
async function declared(engine: Engine, image: string): Promise<Record<string, string>> {
    const there = await found(() => engine.getImage(image).inspect());
    return Object.fromEntries(Object.keys(there?.Config?.Volumes ?? {}).map((folder) => [folder, ""]));
}

/** @returns gives the lock back; nothing where this very command has it already */
async function acquire(
    engine: Engine,
    { prefix, identity }: LockOwner,
    what: string,
): Promise<(() => Promise<void>) | undefined> {
    const image = await anyImage(engine, prefix);
    // Without any image there is no deployment, and nothing that could work on one.
    if (image === undefined) return undefined;
    for (;;) {
        try {
            const { id } = await engine.createContainer({
                name: lockName(prefix),
                Image: image,
                Cmd: ["true"],
                Labels: {
                    [OWNER_LABEL]: prefix,
                    ...(identity === undefined ? {} : { [IDENTITY_LABEL]: identity }),
                    [LOCK_LABEL]: what,
                    [LOCK_PROCESS_LABEL]: processText(),
                },
                // Of a volume that the image declares the Engine would make one.
                HostConfig: { NetworkMode: "none", Tmpfs: await declared(engine, image) },
            });
            return async () => void (await remove(engine, id));
        } catch (error) {
            if (!says(error, "already in use")) throw error;
        }
        const holder = await found(() => engine.getContainer(lockName(prefix)).inspect());
        if (holder === undefined) continue;
        const { [LOCK_LABEL]: doing, [LOCK_PROCESS_LABEL]: process = "" } = holder.Config.Labels;
        if (doing === undefined)
            throw new SetupError(
                `The container ${lockName(prefix)} has the name by which one command at a time works on ${prefix}, and is not ` +
                    `the kit's: docker rename ${lockName(prefix)} OTHER`,
            );
        if (process === processText()) return undefined;
        if (!isDead(holder.Config)) throw new Locked(prefix, doing, process);
        // By its ID: another command may have taken it over in the meantime.
        await remove(engine, holder.Id);
    }
}

/**
 * Does something while no other command works on the deployment. Within itself it is passed through.
 *
 * @param what such as "backup", for who is refused meanwhile
 * @throws Locked where another command is at work
 */
export async function withLock<T>(
    engine: Engine,
    owner: LockOwner,
    what: string,
    work: () => Promise<T>,
): Promise<T> {
    const release = await acquire(engine, owner, what);
    try {
        return await work();
    } finally {
        // One that stays is taken over by the next command.
        await release?.().catch(() => undefined);
    }
}
