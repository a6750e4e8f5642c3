/** Why pods of a registry do not serve, by what a cluster tells of them. Pure. */
import { clusterSentence } from "../setup/cluster-errors";

interface ContainerStatus {
    name: string;
    image: string;
    started?: boolean;
    state: Partial<Record<"waiting" | "running" | "terminated", Ended>>;
    lastState: { terminated?: Ended };
}

interface Ended {
    reason?: string;
    message?: string;
    exitCode?: number;
    startedAt?: string;
}

/** An object of the cluster, as far as it is looked at: kubernetes.io/docs/reference/kubernetes-api. */
export interface ClusterState {
    kind: string;
    metadata: {
        name: string;
        labels?: Record<string, string>;
        creationTimestamp?: string;
        deletionTimestamp?: string;
    };
    spec?: { type?: string; template?: unknown };
    status?: {
        phase?: string;
        conditions?: { type: string; status: string; reason?: string; message?: string }[];
        initContainerStatuses?: ContainerStatus[];
        containerStatuses?: ContainerStatus[];
        loadBalancer?: { ingress?: unknown[] };
    };
    // Of an event.
    involvedObject?: { kind: string; name: string };
    reason?: string;
    message?: string;
    lastTimestamp?: string | null;
    eventTime?: string | null;
}

/** Seconds in which a container begins, and a cluster gives an address, where all is well. */
const BEGINNING_SECONDS = 20;

/** What the kubelet says of a container that it does not start (kubernetes, pkg/kubelet/images, pkg/kubelet/kuberuntime). */
const NO_IMAGE = /^(ErrImagePull|ImagePullBackOff|InvalidImageName|ErrImageNeverPull|RegistryUnavailable)$/;
const NO_START = /^(CreateContainer(Config)?Error|RunContainerError|StartError|PreCreateHookError)$/;

const condition = ({ status }: ClusterState, type: string) =>
    status?.conditions?.find((one) => one.type === type);

/** Container → the option of its memory, where that is not the registry's. */
const MEMORY: Readonly<Record<string, string>> = { front: "front.memoryMb", mirror: "mirrors.NAME.memoryMb" };

/** One line, without the part of it that the kubelet repeats. */
const brief = (text = ""): string =>
    text
        .replace(/\s+/g, " ")
        .replace(/^Back-off pulling image "[^"]*": /, "")
        .trim();

/** Of the end of a log what tells why: a usage, or a stack trace, comes after it. */
function reason(text = ""): string {
    const lines = text.trim().split("\n");
    const found = lines.findIndex((line) => /error|panic|fatal|emerg/i.test(line));
    const first = found < 0 ? lines.length - 1 : found;
    const open = lines.slice(first).findIndex((line) => !line.endsWith(":"));
    return brief(lines.slice(first, first + open + 1).join(" "));
}

/** The newest message that an object has of some reason. */
type Said = (object: ClusterState, reason: RegExp) => string | undefined;

/**
 * What keeps pods from serving.
 *
 * @param objects of a registry: its Deployments, pods, claims and Services, and the events of those that `unexplained` names
 * @param now in milliseconds
 * @returns a sentence for each trouble, with the way out; the cause before what comes of it
 */
export function troubles(objects: readonly ClusterState[], now: number): string[] {
    const events = objects.filter(({ kind }) => kind === "Event");
    return sentences(
        objects,
        now,
        ({ kind, metadata }, reason) =>
            events
                .filter(
                    (one) =>
                        one.involvedObject?.kind === kind &&
                        one.involvedObject.name === metadata.name &&
                        reason.test(one.reason ?? ""),
                )
                .sort((a, b) => when(a) - when(b))
                .pop()?.message,
    );
}

/** Those of a registry's objects of whose trouble their events tell more: none where all is well. Of claims and Services before pods. */
export function unexplained(objects: readonly ClusterState[], now: number): ClusterState[] {
    const asked = new Set<ClusterState>();
    sentences(objects, now, (object) => void asked.add(object));
    return [...asked].sort((a, b) => Number(a.kind === "Pod") - Number(b.kind === "Pod"));
}

function sentences(objects: readonly ClusterState[], now: number, said: Said): string[] {
    const waits = (since = "") => now - Date.parse(since) > BEGINNING_SECONDS * 1000;
    const troubleOf = (object: ClusterState): string | undefined => {
        switch (object.kind) {
            case "PersistentVolumeClaim":
                return ofClaim(object, said);
            case "Deployment":
                return ofDeployment(object);
            case "Pod":
                return ofPod(object, waits, said);
            case "Service":
                return waits(object.metadata.creationTimestamp) ? ofService(object, said) : undefined;
            default:
                return undefined;
        }
    };
    const found = new Map<string, string>();
    for (const object of objects) {
        const sentence = object.metadata.deletionTimestamp === undefined ? troubleOf(object) : undefined;
        // What several pods have in common is told of one.
        const kind = sentence?.replaceAll(object.metadata.name, "") ?? "";
        if (sentence !== undefined && !found.has(kind)) found.set(kind, sentence);
    }
    return [...found.values()];
}

const when = ({ lastTimestamp, eventTime }: ClusterState): number =>
    Date.parse(lastTimestamp ?? eventTime ?? "") || 0;

function ofClaim(claim: ClusterState, said: Said): string | undefined {
    const { metadata, status } = claim;
    const { name } = metadata;
    if (status?.phase === "Lost")
        return `The volume of the claim ${name} is gone, and the images with it: \`kubectl describe persistentvolumeclaim ${name}\` tells which it was.`;
    if (status?.phase !== "Pending") return undefined;
    const why = said(claim, /Failed/);
    if (why === undefined) return undefined;
    const key = /-data-[0-9a-f]{8}-mirror-/.test(name)
        ? "mirrors.NAME.storageClass"
        : "kubernetes.claim.storageClass";
    return `No volume comes for the claim ${name} (${brief(why)}): \`kubectl get storageclasses\` lists what the cluster has; then \`pulumi config set --path ${key} CLASS\`, and \`kubectl delete persistentvolumeclaim ${name}\`, which has none yet.`;
}

function ofDeployment(object: ClusterState): string | undefined {
    const failure = condition(object, "ReplicaFailure");
    if (failure?.status !== "True") return undefined;
    const why = brief(failure.message);
    return clusterSentence(why) ?? `The cluster makes no pods: ${why}.`;
}

function ofService(service: ClusterState, said: Said): string | undefined {
    const { spec, status, metadata } = service;
    const { name } = metadata;
    if (spec?.type !== "LoadBalancer" || (status?.loadBalancer?.ingress ?? []).length > 0) return undefined;
    const why = said(service, /LoadBalancer.*Fail|Fail.*LoadBalancer/i);
    return why === undefined
        ? `The cluster has given the Service ${name} no address so far. A cloud takes some minutes; where nobody gives any, \`pulumi config set --path kubernetes.expose nodePort\`, with a port from 30000 to 32767, does without.`
        : `The cluster gives the Service ${name} no address: ${brief(why)}`;
}

function ofPod(pod: ClusterState, waits: (since?: string) => boolean, said: Said): string | undefined {
    if (condition(pod, "Ready")?.status === "True") return undefined;
    const { metadata, status } = pod;
    const scheduled = condition(pod, "PodScheduled");
    if (scheduled?.status === "False") {
        const why = brief(scheduled.message);
        // Told of the claim, with the way out.
        return /PersistentVolumeClaim/i.test(why)
            ? undefined
            : `No node takes a pod (${why}): make room, add nodes, or ask for less by memoryMb, front.memoryMb and cpus.`;
    }
    const containers = [...(status?.initContainerStatuses ?? []), ...(status?.containerStatuses ?? [])];
    for (const container of containers) {
        const trouble = ofContainer(container, metadata.name);
        if (trouble !== undefined) return trouble;
    }
    if (!containers.some(({ state }) => state.running) && waits(metadata.creationTimestamp)) {
        const why = said(pod, /Fail|NotReady/);
        if (why !== undefined) return `A node does not get a pod ready: ${brief(why)}`;
    }
    const silent = containers.find(
        ({ state: { running }, started }) => running && started === false && waits(running.startedAt),
    );
    return (
        silent &&
        `${silent.name} of ${metadata.name} does not begin to serve (${brief(said(pod, /Unhealthy/)) || "its probe fails"}): ${logs(silent.name, metadata.name)} tells why.`
    );
}

const logs = (container: string, pod: string, ...flags: string[]): string =>
    `\`${["kubectl logs", ...flags, `--container ${container} ${pod}`].join(" ")}\``;

function ofContainer({ name, image, state, lastState }: ContainerStatus, pod: string): string | undefined {
    const { reason: waiting = "", message } = state.waiting ?? {};
    if (NO_IMAGE.test(waiting))
        return `A node cannot pull ${image} (${brief(message) || waiting}): \`kubectl describe pod ${pod}\` tells which node; where the image's registry asks for a login, the ServiceAccount of kubernetes.serviceAccount has it in its imagePullSecrets.`;
    if (NO_START.test(waiting)) return `${name} cannot start in its pod: ${brief(message) || waiting}.`;
    const ended = state.terminated ?? (state.running ? undefined : lastState.terminated);
    if (ended === undefined || ended.exitCode === 0) return undefined;
    if (ended.reason === "OOMKilled")
        return `${name} took more memory than it may, and was ended: \`pulumi config set --path ${MEMORY[name] ?? "memoryMb"} 1024\` gives it more.`;
    const said = reason(ended.message);
    return `${name} ends by itself (exit code ${ended.exitCode ?? "unknown"}${said && `: ${said}`}): ${logs(name, pod, "--previous")} tells more.`;
}
