/** What keeps the pods of a registry from serving, by its objects and what the cluster says of those that are in trouble. */
import type { Cluster } from "./cluster";
import { type ClusterState, troubles, unexplained } from "./troubles";

/** Objects whose events are asked for at once: of more pods in trouble the others have the same as these. */
const ASKED = 8;

/**
 * @param objects of a registry: its Deployments, pods, claims and Services
 * @param now in milliseconds
 * @returns a sentence for each trouble, with the way out. Where the cluster tells no events, what is known without
 */
export async function troublesOf(
    cluster: Pick<Cluster, "warningsOf">,
    objects: readonly ClusterState[],
    now: number,
    signal?: AbortSignal,
): Promise<string[]> {
    const events = await Promise.all(
        unexplained(objects, now)
            .slice(0, ASKED)
            .map(({ kind, metadata }) => cluster.warningsOf(kind, metadata.name, signal).catch(() => [])),
    );
    return troubles([...objects, ...(events.flat() as unknown as ClusterState[])], now);
}
