/** A pod that does one thing for a command, and goes with it; also with the Deployment, whose it is. */
import { type Cluster, type ClusterObject, ClusterRefused } from "../../cluster/cluster";
import { inPlace } from "../../cluster/in-place";
import { type ClusterState, troubles } from "../../cluster/troubles";
import { IDENTITY_LABEL } from "../../components/deployment/hardening";
import { SetupError } from "../../setup/errors";

import {
    type ClusterRegistry,
    type Container,
    type DeploymentObject,
    isReady,
    type PodObject,
    type PodSpec,
} from "./on-cluster";
import { isAtWork, processText, shown } from "./process";
import {
    freeTaskLabels,
    INSTANCE_LABEL,
    REGISTRY_CONTAINER,
    taskLabels,
} from "../../components/kubernetes/names";

/** Seconds in which a node has to start a pod: it may have to pull the image first. */
const START_SECONDS = 300;

/** Seconds for which what keeps a pod from starting may be about to go. */
const TROUBLE_SECONDS = 30;

export interface Task {
    /** What comes after the deployment's name: "gc". */
    name: string;
    containers: Container[];
    /** Beside what the registry's pods have of volumes. @default none */
    volumes?: PodSpec["volumes"];
    /** Name of the machine, as its programs have it. @default the pod's */
    hostname?: string;
    annotations?: Record<string, string>;
    /** It may reach anything, and not only what the registry's pods may. @default false */
    free?: boolean;
}

/** Whose a task is: what of the Deployment counts. Where there is none yet, `metadata` has no `uid`. */
export type TaskOwner = Pick<DeploymentObject, "apiVersion" | "kind" | "metadata" | "spec">;

/** A container of the Deployment's pods. */
export function containerOf({ spec }: DeploymentObject, container: string): Container {
    const { containers, initContainers = [] } = spec.template.spec;
    const found = [...initContainers, ...containers].find(({ name }) => name === container);
    if (found === undefined) throw new Error(`the Deployment has no container ${container}`);
    return found;
}

/** The registry's own container as its Deployment has it, for a pod that does something else with its files and its storage. */
export function registryContainer(deployment: DeploymentObject): Container {
    const {
        name,
        image,
        command = [],
        env = [],
        resources,
        securityContext,
        volumeMounts = [],
    } = containerOf(deployment, REGISTRY_CONTAINER);
    const { requests } = resources ?? {};
    return {
        ...{ name, image, command, env, volumeMounts },
        ...(securityContext && { securityContext }),
        // Without a limit of memory: half a collection helps nobody.
        ...(requests && { resources: { requests } }),
    };
}

/** On what a command has made: its process (process.ts). */
export const PROCESS_ANNOTATION = "private-registry/process";

const MANAGED = { "app.kubernetes.io/managed-by": "private-registry" };

/** By which all that commands have is found. */
const ofTasks = (own: string) => ({ [INSTANCE_LABEL]: own, ...MANAGED });

/** What an object of a command has in common with others of its deployment: with that it goes. */
export const belonging = (
    { name, identity, cluster }: ClusterRegistry,
    { apiVersion, kind, metadata: { name: owner, uid } }: TaskOwner,
    annotations: Record<string, string> = {},
): Omit<ClusterObject["metadata"], "name"> => ({
    namespace: cluster.namespace,
    labels: {
        ...taskLabels(name),
        ...MANAGED,
        [IDENTITY_LABEL]: identity,
    },
    annotations: { [PROCESS_ANNOTATION]: processText(), ...annotations },
    ...(uid === undefined ? {} : { ownerReferences: [{ apiVersion, kind, name: owner, uid }] }),
});

const taskName = ({ name }: ClusterRegistry, { name: task }: Pick<Task, "name">) => `${name}-${task}`;

/** The pod of a task. */
export function taskPod(
    registry: ClusterRegistry,
    deployment: TaskOwner,
    { name, containers, volumes = [], hostname, annotations, free = false }: Task,
): ClusterObject & { spec: object } {
    const { spec } = deployment.spec.template;
    const shared = spec.volumes ?? [];
    const all = [...shared, ...volumes];
    const mounted = new Set(
        containers.flatMap(({ volumeMounts = [] }) => volumeMounts.map((one) => one.name)),
    );
    const claimed = shared.some((one) => mounted.has(one.name) && one.persistentVolumeClaim !== undefined);
    const metadata = belonging(registry, deployment, annotations);
    if (free) metadata.labels = { ...metadata.labels, ...freeTaskLabels(registry.name) };
    const { securityContext, serviceAccountName, hostAliases, imagePullSecrets, tolerations, nodeSelector } =
        spec;
    return {
        apiVersion: "v1",
        kind: "Pod",
        metadata: { name: taskName(registry, { name }), ...metadata },
        spec: {
            restartPolicy: "Never",
            automountServiceAccountToken: false,
            enableServiceLinks: false,
            terminationGracePeriodSeconds: 5,
            ...(hostname === undefined ? {} : { hostname }),
            ...{
                securityContext,
                serviceAccountName,
                hostAliases,
                imagePullSecrets,
                tolerations,
                nodeSelector,
            },
            // A volume that one node mounts is where the registry's pod is.
            ...(claimed
                ? {
                      affinity: {
                          podAffinity: {
                              requiredDuringSchedulingIgnoredDuringExecution: [
                                  {
                                      topologyKey: "kubernetes.io/hostname",
                                      labelSelector: {
                                          matchLabels: {
                                              "app.kubernetes.io/name": "private-registry",
                                              "app.kubernetes.io/instance": registry.name,
                                          },
                                      },
                                  },
                              ],
                          },
                      },
                  }
                : {}),
            containers,
            volumes: all.filter((one) => mounted.has(one.name)),
        },
    };
}

/** Takes the pod of a task away; one that is not there is fine. */
export const removeTask = (registry: ClusterRegistry, task: Pick<Task, "name">): Promise<void> =>
    registry.cluster.remove("pod", taskName(registry, task), 1);

const processOf = ({ metadata }: PodObject) => metadata.annotations?.[PROCESS_ANNOTATION] ?? "";

/** @throws SetupError where another command is at work in it */
async function removeLeftTask(
    { cluster, prefix }: ClusterRegistry,
    pod: PodObject | undefined,
): Promise<void> {
    if (pod === undefined) return;
    const process = processOf(pod);
    if (isAtWork(process, true))
        throw new SetupError(
            `Another command is at work on ${prefix} (${shown(process)}): wait for its end; if that process is gone: npm run gc -- --mend`,
        );
    await cluster.remove("pod", pod.metadata.name, 1);
}

/** Takes away the pods of commands that were killed. @param force also of those that may be at work on another machine */
export async function removeLeftTasks({ cluster, name }: ClusterRegistry, force: boolean): Promise<void> {
    for (const pod of await cluster.list<PodObject>("pods", ofTasks(name)))
        if (force || !isAtWork(processOf(pod), true)) await cluster.remove("pod", pod.metadata.name, 1);
}

/** The claims for which a pod may be waiting, and what the cluster tells of them. */
async function claimsOf(cluster: Cluster, { spec }: PodObject): Promise<ClusterState[]> {
    const names = (spec.volumes ?? []).map((one) => one.persistentVolumeClaim?.claimName);
    if (names.every((name) => name === undefined)) return [];
    const [claims, events] = await Promise.all(
        ["persistentvolumeclaims", "events"].map(
            (kind) => cluster.list(kind, {}) as unknown as Promise<ClusterState[]>,
        ),
    );
    return [
        ...(claims ?? []).filter(({ metadata }) => names.includes(metadata.name)),
        ...(events ?? []).filter(({ involvedObject }) => names.includes(involvedObject?.name)),
    ];
}

/**
 * Makes the pod of a task, and waits until it runs.
 *
 * @throws SetupError where another command has one of the name, or it does not start
 */
export async function startTask(
    registry: ClusterRegistry,
    deployment: TaskOwner,
    task: Task,
    signal?: AbortSignal,
): Promise<string> {
    const { cluster } = registry;
    const name = taskName(registry, task);
    await removeLeftTask(registry, await cluster.get<PodObject>("pod", name));
    await cluster.create(taskPod(registry, deployment, task));
    const began = Date.now();
    for (let trouble: { text: string; since: number } | undefined; ;) {
        const pod = await cluster.get<PodObject>("pod", name);
        if (pod === undefined) throw new SetupError(wentAway(name));
        if (isReady(pod) || /^(Succeeded|Failed)$/.test(pod.status?.phase ?? "")) return name;
        signal?.throwIfAborted();
        const [text] = troubles(
            [...(await claimsOf(cluster, pod)), pod as unknown as ClusterState],
            Date.now(),
        );
        trouble = text === undefined ? undefined : { text, since: trouble?.since ?? Date.now() };
        if (trouble !== undefined && Date.now() - trouble.since > TROUBLE_SECONDS * 1000)
            throw new SetupError(inPlace(trouble.text, registry.access));
        if (Date.now() - began > START_SECONDS * 1000)
            throw new SetupError(
                inPlace(
                    `The pod ${name} does not start within ${START_SECONDS} s: \`kubectl describe pod ${name}\` tells why.`,
                    registry.access,
                ),
            );
        await cluster.waitFor("pod", name, "condition=Ready", 5).catch(() => false);
    }
}

export const wentAway = (name: string) =>
    `The pod ${name} went away while it was at work: run the same command again.`;

/** Runs a task to its end, and takes its pod away. @returns its exit code */
export async function runTask(
    registry: ClusterRegistry,
    deployment: DeploymentObject,
    task: Task,
    onLine: (line: string) => void,
    signal: AbortSignal,
): Promise<number> {
    const { cluster } = registry;
    try {
        const name = await startTask(registry, deployment, task, signal);
        for (let told = 0; ;) {
            let line = 0;
            const take = (text: string) => {
                if (line++ < told) return;
                told = line;
                onLine(text);
            };
            // It ends with the container, or with the connection to it: then it is read anew, past what was told.
            await cluster
                .logs(name, task.containers[0]?.name ?? "", { onLine: take, signal })
                .catch((error: unknown) => {
                    if (!(error instanceof ClusterRefused) || error.reason === "Forbidden") throw error;
                });
            const pod = await cluster.get<PodObject>("pod", name);
            if (pod === undefined) throw new SetupError(wentAway(name));
            const ended = pod.status?.containerStatuses?.[0]?.state?.terminated;
            if (ended !== undefined) return ended.exitCode;
            await new Promise((resolve) => setTimeout(resolve, 500));
        }
    } finally {
        await removeTask(registry, task);
    }
}
