/** What the kit does in the namespace of a registry: examples/kubernetes/role.yaml has the same rules. */
import type { Right } from "./cluster";

/** A rule of a Role (rbac.authorization.k8s.io/v1). */
export interface Rule {
    apiGroups: readonly string[];
    resources: readonly string[];
    verbs: readonly string[];
}

const OWN = ["get", "list", "watch", "create", "patch", "delete"] as const;

/** `npm run up` and `destroy`: the provider applies (patch, create), waits (get, list, watch) and deletes. */
export const DEPLOY: readonly Rule[] = [
    {
        apiGroups: [""],
        resources: ["secrets", "configmaps", "services", "persistentvolumeclaims"],
        verbs: OWN,
    },
    { apiGroups: ["apps"], resources: ["deployments", "statefulsets", "daemonsets"], verbs: OWN },
    { apiGroups: ["autoscaling"], resources: ["horizontalpodautoscalers"], verbs: OWN },
    { apiGroups: ["policy"], resources: ["poddisruptionbudgets"], verbs: OWN },
    { apiGroups: ["networking.k8s.io"], resources: ["networkpolicies", "ingresses"], verbs: OWN },
    {
        apiGroups: ["gateway.networking.k8s.io"],
        resources: ["httproutes", "backendtlspolicies"],
        verbs: OWN,
    },
    {
        apiGroups: ["monitoring.coreos.com"],
        resources: ["servicemonitors", "prometheusrules"],
        verbs: OWN,
    },
    { apiGroups: ["apps"], resources: ["replicasets"], verbs: ["list", "watch"] },
    { apiGroups: [""], resources: ["pods", "endpoints", "events"], verbs: ["list", "watch"] },
];

/** The other commands: they look into pods, read their logs, and run pods of their own. */
export const OPERATE: readonly Rule[] = [
    { apiGroups: [""], resources: ["pods"], verbs: ["get", "create", "patch", "delete"] },
    { apiGroups: [""], resources: ["pods/exec"], verbs: ["get", "create"] },
    { apiGroups: [""], resources: ["pods/log"], verbs: ["get"] },
];

/** Each right of some rules by itself. */
export const rightsOf = (rules: readonly Rule[]): Right[] =>
    rules.flatMap(({ apiGroups, resources, verbs }) =>
        apiGroups.flatMap((group) =>
            resources.flatMap((name) => {
                const [resource = "", subresource] = name.split("/");
                return verbs.map((verb) => ({ group, resource, subresource, verb }));
            }),
        ),
    );

/** "list deployments" */
export const rightText = ({ resource, subresource, verb }: Right): string =>
    `${verb} ${resource}${subresource === undefined ? "" : `/${subresource}`}`;
