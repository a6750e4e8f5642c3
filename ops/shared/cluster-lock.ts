/**
 * One command at a time works on a deployment on a cluster, from whatever machine. An annotation of its Deployment stands for the one at
 * work: it goes with the Deployment, and the cluster takes no change that was made in ignorance of another one.
 */
import { ClusterRefused } from "../../cluster/cluster";

import { Locked } from "./lock";
import { type ClusterRegistry, DEPLOYMENT, type DeploymentObject } from "./on-cluster";
import { isAtWork, processText } from "./process";

/** Its value is what is being done, and by which process (process.ts): `gc HOST:PID:BIRTH`. */
export const LOCK_ANNOTATION = "private-registry/lock";

const holderOf = ({ metadata }: DeploymentObject) => {
    const [what, ...process] = (metadata.annotations?.[LOCK_ANNOTATION] ?? "").split(" ");
    return what === undefined || what === "" ? undefined : { what, process: process.join(" ") };
};

/** Changes the annotation, unless somebody else just has. */
async function change(
    { cluster, name }: ClusterRegistry,
    { metadata }: DeploymentObject,
    value: string | undefined,
): Promise<boolean> {
    try {
        await cluster.annotate(DEPLOYMENT, name, { [LOCK_ANNOTATION]: value }, metadata.resourceVersion);
        return true;
    } catch (error) {
        if (error instanceof ClusterRefused && error.reason === "Conflict") return false;
        throw error;
    }
}

/** Takes the lock away where the process that has it is gone. @param force also where that cannot be told from here */
export async function endDeadLock(registry: ClusterRegistry, force: boolean): Promise<void> {
    for (;;) {
        const found = await registry.cluster.get<DeploymentObject>(DEPLOYMENT, registry.name);
        const holder = found && holderOf(found);
        if (found === undefined || holder === undefined) return;
        // This very command's is no dead one's.
        if (holder.process === processText() || (!force && isAtWork(holder.process, true))) return;
        if (await change(registry, found, undefined)) return;
    }
}

/**
 * Does something while no other command works on the deployment. Within itself it is passed through. Where there is no Deployment there
 * is nothing to work on, and nothing to lock.
 *
 * @param what such as "gc", for who is refused meanwhile
 * @throws Locked where another command is at work
 */
export async function withClusterLock<T>(
    registry: ClusterRegistry,
    what: string,
    work: () => Promise<T>,
): Promise<T> {
    for (;;) {
        const found = await registry.cluster.get<DeploymentObject>(DEPLOYMENT, registry.name);
        if (found === undefined) return work();
        const holder = holderOf(found);
        if (holder?.process === processText()) return work();
        if (holder !== undefined && isAtWork(holder.process, true))
            throw new Locked(registry.prefix, holder.what, holder.process);
        if (await change(registry, found, `${what} ${processText()}`)) break;
    }
    try {
        return await work();
    } finally {
        // One that stays is taken over by the next command.
        await release(registry).catch(() => undefined);
    }
}

async function release(registry: ClusterRegistry): Promise<void> {
    for (;;) {
        const found = await registry.cluster.get<DeploymentObject>(DEPLOYMENT, registry.name);
        if (found === undefined || holderOf(found)?.process !== processText()) return;
        if (await change(registry, found, undefined)) return;
    }
}
