/** Names and labels of what a deployment has on a cluster. Pure: the commands find it by them. */
import { createHash } from "node:crypto";

/**
 * The longest start of a name that leaves room for what comes after it: a Service has 63 characters (RFC 1035), a StatefulSet 52,
 * since its pods have it with a digest in a label (github.com/kubernetes/kubernetes/issues/64023).
 */
const NAME_LENGTH = 36;

/** A name as objects of a cluster may begin with. */
export const clusterName = (prefix: string): string =>
    prefix
        .toLowerCase()
        .replace(/[^a-z0-9]+/g, "-")
        .replace(/^[^a-z]+/, "")
        .slice(0, NAME_LENGTH)
        .replace(/-+$/, "") || "registry";

/** Name of the objects of which a deployment has one, and start of the others'. @param identity of the deployment */
export const deploymentName = (prefix: string, identity: string): string =>
    `${clusterName(prefix)}-${identity.slice(0, 8)}`;

const NAME_LABEL = "app.kubernetes.io/name";
export const INSTANCE_LABEL = "app.kubernetes.io/instance";

/** The labels by which the pods of a deployment are found. @param own its name */
export const podLabels = <T>(own: T) => ({
    [NAME_LABEL]: "private-registry",
    [INSTANCE_LABEL]: own,
});

/** Those of a pod that a command runs for a while: no Service leads there. */
export const taskLabels = <T>(own: T) => ({ ...podLabels(own), [NAME_LABEL]: "private-registry-task" });

/** Those of commands whose pods may reach anything, since what they are to reach the deployment does not know: ownPods selects none. */
export const freeTaskLabels = <T>(own: T) => ({
    ...podLabels(own),
    [NAME_LABEL]: "private-registry-free-task",
});

/** Selects the former two. */
export const ownPods = <T>(own: T) => {
    const { [NAME_LABEL]: name, ...matchLabels } = podLabels(own);
    const values = [name, taskLabels(own)[NAME_LABEL]];
    return { matchLabels, matchExpressions: [{ key: NAME_LABEL, operator: "In", values }] };
};

/** Value of the label NAME_LABEL of what mirrors. */
const MIRROR_NAME = "private-registry-mirror";

/** The labels by which the pods of a mirror are found. @param own name of the deployment */
export const mirrorLabels = <T>(own: T, mirror: string) => ({
    ...podLabels(own),
    [NAME_LABEL]: MIRROR_NAME,
    "app.kubernetes.io/component": mirror,
});

/** Names of those labels' kinds of pods that serve, by which they are found while Pulumi waits for them. */
export const SERVING = ["private-registry", "private-registry-redis", MIRROR_NAME] as const;

/** What the name of a mirror's objects has after the deployment's, of which 10 characters are left for a long one. */
export function mirrorPart(mirror: string): string {
    const name = mirror.toLowerCase();
    return `mirror-${name.length <= 10 ? name : createHash("sha256").update(name).digest("hex").slice(0, 10)}`;
}

/** Names of the containers. */
export const REGISTRY_CONTAINER = "registry";
export const FRONT_CONTAINER = "front";
export const MIRROR_CONTAINER = "mirror";

/** Name of the ConfigMap that holds writes while it is there: in every pod, and in each that starts meanwhile. @param own the deployment's */
export const holdingName = (own: string): string => `${own}-holding`;
/** Its only key. */
export const HOLDING_KEY = "writes";
/** The volume that has it in a pod. */
export const HOLDING_VOLUME = "holding";

/** @param text `NAME=value` */
export const variable = (text: string) => {
    const [name = "", ...value] = text.split("=");
    return { name, value: value.join("=") };
};
