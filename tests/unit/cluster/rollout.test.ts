import { type Rollout, unfinished } from "../../../cluster/rollout";

const done: Rollout = {
    metadata: { name: "registry", generation: 4 },
    spec: { replicas: 3 },
    status: { observedGeneration: 4, replicas: 3, updatedReplicas: 3, availableReplicas: 3 },
};
const after = (status: Rollout["status"]): Rollout => ({ ...done, status: { ...done.status, ...status } });

test.each([
    ["all pods are of the last version and serve", done, []],
    [
        "there are to be none",
        { ...after({ replicas: 0, updatedReplicas: 0, availableReplicas: 0 }), spec: { replicas: 0 } },
        [],
    ],
    ["the cluster has not seen the change yet", after({ observedGeneration: 3 }), ["registry"]],
    ["pods of the version before serve", after({ replicas: 4, updatedReplicas: 1 }), ["registry"]],
    ["one of the version before is on its way out", after({ replicas: 4 }), ["registry"]],
    ["a new one does not serve", after({ availableReplicas: 2 }), ["registry"]],
    ["nothing is known", { metadata: { name: "registry", generation: 1 } }, ["registry"]],
] as const)("%s", (_, deployment, names) => expect(unfinished([deployment as Rollout])).toEqual(names));
