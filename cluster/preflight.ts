/** What stands in the way of a deployment, before anything is made. */
import { lackingRights } from "../setup/cluster-errors";
import { SetupError } from "../setup/errors";

import { type Cluster, ClusterRefused, type Right } from "./cluster";
import { DEPLOY, rightsOf, rightText } from "./rights";

type Asked = Pick<Cluster, "lacking" | "create" | "user" | "namespace">;

/**
 * Asks a cluster whether a registry may be deployed to the namespace. Pulumi's provider says nothing of what it may not look at, and
 * waits for it for ever.
 *
 * @param isNeeded which of the rights that a deployment may need the login must have there
 * @throws SetupError where the cluster does not answer, has no such namespace, or does not allow it
 */
export async function mayDeploy(cluster: Asked, isNeeded: (right: Right) => boolean): Promise<void> {
    const [lacking, namespace] = await Promise.all([
        cluster.lacking(rightsOf(DEPLOY).filter(isNeeded)),
        noPlace(cluster),
    ]);
    if (namespace !== undefined) throw namespace;
    if (lacking.length > 0)
        throw new SetupError(lackingRights(await cluster.user(), lacking.map(rightText), cluster.namespace));
}

/** Why the namespace takes nothing: there is none, or it is on its way out. Whoever has rights in one alone may not look at it itself. */
async function noPlace(cluster: Asked): Promise<ClusterRefused | undefined> {
    const probe = { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "private-registry-probe" } };
    try {
        await cluster.create(probe, { dryRun: true });
    } catch (error) {
        if (!(error instanceof ClusterRefused)) throw error;
        // That it may not make one is told with what else it may not.
        if (error.reason === "NotFound" || /is being removed/.test(error.message)) return error;
    }
    return undefined;
}
