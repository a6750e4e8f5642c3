/** Whether pods are those of the version that was deployed last. */

/** A Deployment, as far as its rollout tells (kubernetes.io/docs/concepts/workloads/controllers/deployment, "Complete Deployment"). */
export interface Rollout {
    metadata: { name: string; generation?: number };
    spec?: { replicas?: number };
    status?: {
        observedGeneration?: number;
        replicas?: number;
        updatedReplicas?: number;
        availableReplicas?: number;
    };
}

/**
 * Names of those whose pods are not all of the last version, or do not all serve. The conditions of a Deployment do not tell: until the
 * cluster has seen a change they are those of the version before.
 */
export const unfinished = (all: readonly Rollout[]): string[] =>
    all
        .filter(({ metadata: { generation = 0 }, spec: { replicas = 1 } = {}, status = {} }) => {
            const { observedGeneration = 0, updatedReplicas = 0, availableReplicas = 0 } = status;
            const former = (status.replicas ?? 0) - updatedReplicas;
            return (
                observedGeneration < generation ||
                updatedReplicas < replicas ||
                availableReplicas < replicas ||
                former > 0
            );
        })
        .map(({ metadata }) => metadata.name);
