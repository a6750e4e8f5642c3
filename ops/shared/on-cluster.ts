/** The registry of a stack on a cluster, as the commands find it. */
import { Cluster, type ClusterAccess, type ClusterObject, kubectlOf } from "../../cluster/cluster";
import { deploymentName, podLabels } from "../../components/kubernetes/names";
import { SetupError } from "../../setup/errors";
import type { Machine } from "../../setup/machine";
import { isOnCluster, prefixOf, type Stack } from "../../setup/stack";

import type { ClusterConfig } from "./cluster-options";
import { stackIdentity } from "./identity";

export const DEPLOYMENT = "deployment.apps";

export interface Container {
    name: string;
    image: string;
    command?: string[];
    args?: string[];
    env?: { name: string; value?: string }[];
    resources?: { requests?: object; limits?: Record<string, string> };
    securityContext?: object;
    volumeMounts?: { name: string; mountPath: string; subPath?: string; readOnly?: boolean }[];
}

/** Of a pod, as far as the commands look at it. */
export interface PodSpec {
    nodeName?: string;
    containers: Container[];
    initContainers?: Container[];
    volumes?: {
        name: string;
        persistentVolumeClaim?: { claimName: string };
        emptyDir?: object;
        downwardAPI?: object;
    }[];
    securityContext?: object;
    serviceAccountName?: string;
    hostAliases?: object[];
    imagePullSecrets?: object[];
    tolerations?: object[];
    nodeSelector?: object;
}

export interface DeploymentObject extends ClusterObject {
    metadata: ClusterObject["metadata"] & { generation?: number };
    spec: { replicas?: number; template: { spec: PodSpec } };
    status?: {
        observedGeneration?: number;
        replicas?: number;
        updatedReplicas?: number;
        readyReplicas?: number;
    };
}

interface ContainerStatus {
    name: string;
    ready: boolean;
    restartCount: number;
    image?: string;
    state?: {
        running?: object;
        waiting?: { reason?: string; message?: string };
        terminated?: { exitCode: number; reason?: string; message?: string };
    };
    lastState?: { terminated?: { exitCode: number; reason?: string; message?: string } };
}

export interface PodObject extends ClusterObject {
    spec: PodSpec;
    status?: {
        phase?: "Pending" | "Running" | "Succeeded" | "Failed" | "Unknown";
        conditions?: { type: string; status: string; reason?: string; message?: string }[];
        containerStatuses?: ContainerStatus[];
        initContainerStatuses?: ContainerStatus[];
    };
}

export interface ServiceObject extends ClusterObject {
    spec: { type: string; ports: { port: number; nodePort?: number }[] };
    status?: { loadBalancer?: { ingress?: { ip?: string; hostname?: string }[] } };
}

/** What a cluster gives a Service of type LoadBalancer, addresses or names; nothing of another type. */
export const addressesOf = ({ status }: ServiceObject): string[] =>
    (status?.loadBalancer?.ingress ?? []).flatMap(({ ip, hostname }) => ip ?? hostname ?? []);

export interface ClusterRegistry {
    cluster: Cluster;
    /** Of the Deployment, and start of the other objects'. */
    name: string;
    prefix: string;
    identity: string;
    access: ClusterAccess;
    /** Image of rclone, which reads a store elsewhere. */
    rcloneImage: string;
    /** What was read to find it: reading it again takes another Pulumi. */
    options?: ClusterConfig;
}

/**
 * Does something with the registry of a stack, which need not run.
 *
 * @param configFile where the configuration is not in `Pulumi.STACK.yaml`
 * @throws SetupError where the stack is not deployed, or there is no kubectl
 */
export async function withClusterRegistry<T>(
    machine: Machine,
    stack: Stack,
    configFile: string | undefined,
    work: (registry: ClusterRegistry) => Promise<T>,
): Promise<T> {
    const prefix = prefixOf(stack);
    const identity = await stackIdentity(machine, stack);
    if (identity === undefined)
        throw new SetupError(`The stack ${stack.name} is not deployed: npm run up -- --stack ${stack.name}`);
    const { readClusterOptions } = await import("./cluster-options");
    const options = await readClusterOptions(machine, stack, configFile);
    const { context, kubeconfig, namespace, rcloneImage } = options.kubernetes;
    const access = { context, kubeconfig, namespace };
    return Cluster.with(access, machine.env, (cluster) =>
        work({
            cluster,
            prefix,
            identity,
            access,
            rcloneImage,
            options,
            name: deploymentName(prefix, identity),
        }),
    );
}

/** @throws SetupError where there is none */
export async function deploymentOf({ cluster, name, prefix }: ClusterRegistry): Promise<DeploymentObject> {
    const found = await cluster.get<DeploymentObject>(DEPLOYMENT, name);
    if (found === undefined)
        throw new SetupError(
            `No registry of ${prefix} is in the namespace ${cluster.namespace} of the cluster: npm run up`,
        );
    return found;
}

/** Its pods, those too that are on their way out. */
export const podsOf = ({ cluster, name }: Pick<ClusterRegistry, "cluster" | "name">): Promise<PodObject[]> =>
    cluster.list<PodObject>("pods", podLabels(name));

/** Whether a pod takes requests, and is not on its way out. */
export const isReady = ({ metadata, status }: PodObject): boolean =>
    metadata.deletionTimestamp === undefined &&
    status?.conditions?.some(({ type, status: is }) => type === "Ready" && is === "True") === true;

/** One that is ready. @throws SetupError where none is */
export async function readyPod(registry: ClusterRegistry): Promise<PodObject> {
    const found = (await podsOf(registry)).find(isReady);
    if (found === undefined)
        throw new SetupError(`No pod of ${registry.prefix} is ready: npm run doctor tells why.`);
    return found;
}

/**
 * Does something with the registry of a stack on a cluster where it can be reached from here: it need not be deployed, and there may be
 * no kubectl, no answer, or a configuration that is being mended.
 *
 * @param work gets nothing there, and for a stack that is on no cluster
 */
export async function withReachable<T>(
    machine: Machine,
    stack: Stack,
    configFile: string | undefined,
    work: (registry: ClusterRegistry | undefined) => Promise<T>,
): Promise<T> {
    let begun = false;
    const begin = (registry: ClusterRegistry | undefined) => {
        begun = true;
        return work(registry);
    };
    if (!isOnCluster(stack) || kubectlOf(machine.env) === undefined) return begin(undefined);
    try {
        return await withClusterRegistry(machine, stack, configFile, async (registry) => {
            const found = await registry.cluster.get(DEPLOYMENT, registry.name);
            return begin(found && registry);
        });
    } catch (error) {
        if (begun || !(error instanceof SetupError)) throw error;
        return begin(undefined);
    }
}
