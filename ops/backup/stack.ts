/** Where backups of a stack are made, and come back. */
import { Cluster } from "../../cluster/cluster";
import { ensureEngine } from "../../setup/engine";
import type { Machine } from "../../setup/machine";
import { isOnCluster, type Stack } from "../../setup/stack";
import { engineOf, type StackFacts } from "../facts/stack-facts";
import { mendClusterFirst, mendFirst } from "../gc/notice";
import { withClusterRegistry } from "../shared/on-cluster";

import type { Ground } from "./ground";
import { ClusterGround, namedIn } from "./on-cluster";
import { EngineGround } from "./on-engine";

/**
 * Does something where a stack's registry is, or is going to be, once what a killed command left is mended.
 *
 * @param of.facts nothing where the stack is not known here
 * @param of.configFile where the configuration is not in `Pulumi.STACK.yaml`
 * @throws SetupError where no Engine answers, or there is no kubectl
 */
export async function withGround<T>(
    {
        machine,
        stack,
        facts,
        configFile,
    }: { machine: Machine; stack: Stack; facts: StackFacts | undefined; configFile: string | undefined },
    work: (ground: Ground) => Promise<T>,
): Promise<T> {
    if (!isOnCluster(stack)) {
        const endpoint = facts ? engineOf(facts) : await ensureEngine(machine, stack.settings.dockerHost);
        await mendFirst(machine, endpoint, stack);
        return work(await EngineGround.of(machine, stack, endpoint, facts));
    }
    if (facts === undefined)
        return Cluster.with(namedIn(stack), machine.env, async (cluster) =>
            work(await ClusterGround.bare(cluster, stack)),
        );
    return withClusterRegistry(machine, stack, configFile, async (registry) => {
        await mendClusterFirst(machine, registry);
        return work(await ClusterGround.of(registry, facts.backup?.image));
    });
}
