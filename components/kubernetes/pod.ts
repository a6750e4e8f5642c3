/** The pod: a registry, and before it nginx, which alone has a port. They share a socket, so no network leads past the front. */
import type * as pulumi from "@pulumi/pulumi";

import { ASK } from "../front/reload";
import { resolver } from "../front/nginx-conf";
import {
    blobsFolder,
    DRAIN_FILE,
    FRONT_FOLDER,
    PLAIN_PORT,
    SOCKET_FOLDER,
    TLS_PORT,
} from "../front/settings";
import { CONFIG_FOLDER, DATA_FOLDER } from "../storage/folders";

import type { followed } from "./certificate";
import { CONFINED, confinedPod, hostAliases, inMemory, resources, shell, TOLD } from "./confined";
import type { FilesVolume } from "./files";
import { type counter, NUMBERS, NUMBERS_MOUNT } from "./metrics";
import { FRONT_CONTAINER, HOLDING_KEY, HOLDING_VOLUME, REGISTRY_CONTAINER, variable } from "./names";

/** Where the front has it. */
const HOLDING_FOLDER = "/run/holding";

/** Seconds in which a pod that is to end still takes connections: until every node and what stands before it know of it. */
export const LEAVING_SECONDS = 15;
/** Seconds that a push in flight has to end after that. A node that is drained waits no longer than this for a pod. */
const GRACE_SECONDS = 600;

/**
 * Has the name servers of a pod for the front. A mask of one name: nginx takes its files, to be tried, where nothing has written this one.
 */
export const RESOLVER_FILE = "/tmp/resolver.con[f]";

/** Writes it, of what kubelet has put into the pod. */
const NAME_SERVERS = [
    'servers=$(while read -r key value rest; do case "$key $value" in',
    '    ("nameserver "*:*) echo "[$value]" ;;',
    '    ("nameserver "*) echo "$value" ;;',
    "esac; done < /etc/resolv.conf)",
    `[ -z "$servers" ] || echo "${resolver("$(echo $servers)")}" > /tmp/resolver.conf`,
].join("\n");

/** What a container that clients reach does before it is asked to end: it goes on until every node knows that it goes. */
export const LEAVING = { preStop: shell(`sleep ${LEAVING_SECONDS}`) };

/**
 * nginx below a shell, for which SIGTERM is what SIGQUIT is for nginx: it takes no connection any more, and ends with its last request.
 * A hook before the stop could send that, too; but then the container ends while the hook still runs, just when kubelet stops it, and
 * where that fails ("ttrpc: closed") the sidecar waits for its whole grace, ten minutes (Kubernetes 1.34, kuberuntime_container.go,
 * killContainer: without `containerTerminated`).
 */
const UNTIL_ANSWERED = [
    'nginx "$@" &',
    "nginx=$!",
    'trap "kill -QUIT $nginx" TERM QUIT',
    'trap "kill -HUP $nginx" HUP',
    "wait $nginx; code=$?",
    "# A signal ends the wait, too.",
    "while kill -0 $nginx 2>/dev/null; do wait $nginx; code=$?; done",
    "exit $code",
];

export interface PodArgs {
    labels: Record<string, pulumi.Input<string>>;
    registry: {
        image: pulumi.Input<string>;
        command: string[];
        /** Shell command that succeeds once it can take a push. */
        healthy: string;
        /** `NAME=value` */
        envs: readonly string[];
        files: FilesVolume;
        memoryMb: pulumi.Input<number>;
        cpus: pulumi.Input<number> | undefined;
    };
    front: {
        image: pulumi.Input<string>;
        files: FilesVolume;
        memoryMb: pulumi.Input<number>;
        /** A certificate that the cluster keeps. @default it is among the files */
        certificate: ReturnType<typeof followed> | undefined;
        /** It answers plain HTTP too. */
        plain: boolean;
    };
    /** The container that counts. @default nothing counts */
    counter: ReturnType<typeof counter> | undefined;
    /** Name of the ConfigMap that holds writes. */
    holding: pulumi.Input<string>;
    /** Name of the claim with the images; nothing where they lie in a store elsewhere. */
    claim: pulumi.Input<string> | undefined;
    serviceAccount: pulumi.Input<string> | undefined;
    /** Host name → IP address. */
    extraHosts: pulumi.Input<Record<string, pulumi.Input<string>>>;
}

/** The template of the Deployment's pods. */
export function podTemplate(args: PodArgs) {
    const { registry, front, claim } = args;
    const data =
        claim === undefined
            ? { name: "data", emptyDir: { sizeLimit: "4Ki" } }
            : { name: "data", persistentVolumeClaim: { claimName: claim } };
    return {
        metadata: { labels: args.labels },
        spec: {
            ...confinedPod,
            ...(args.serviceAccount === undefined ? {} : { serviceAccountName: args.serviceAccount }),
            hostAliases: hostAliases(args.extraHosts),
            terminationGracePeriodSeconds: LEAVING_SECONDS + GRACE_SECONDS,
            // One node, or one zone, may go: the replicas are on others.
            topologySpreadConstraints: ["kubernetes.io/hostname", "topology.kubernetes.io/zone"].map(
                (topologyKey) => ({
                    ...{ maxSkew: 1, topologyKey, whenUnsatisfiable: "ScheduleAnyway" },
                    labelSelector: { matchLabels: args.labels },
                    // Of this version alone: while one takes the place of another there are pods of both.
                    matchLabelKeys: ["pod-template-hash"],
                }),
            ),
            // A sidecar (kubernetes.io/docs/concepts/workloads/pods/sidecar-containers): it is there before the front takes a
            // connection, and goes when the front has answered its last.
            initContainers: [
                {
                    name: REGISTRY_CONTAINER,
                    restartPolicy: "Always",
                    image: registry.image,
                    command: registry.command,
                    env: registry.envs.map(variable),
                    startupProbe: {
                        ...shell(registry.healthy),
                        ...{ periodSeconds: 1, timeoutSeconds: 50, failureThreshold: 60 },
                    },
                    resources: resources(registry.memoryMb, 64, registry.cpus),
                    securityContext: CONFINED,
                    ...TOLD,
                    volumeMounts: [
                        { name: registry.files.name, mountPath: CONFIG_FOLDER, readOnly: true },
                        { name: "data", mountPath: DATA_FOLDER, readOnly: claim === undefined },
                        { name: "socket", mountPath: SOCKET_FOLDER },
                    ],
                },
                ...(args.counter === undefined ? [] : [args.counter]),
            ],
            containers: [
                {
                    name: FRONT_CONTAINER,
                    image: front.image,
                    // As on a Docker host, it begins with nothing there. A pod's memory outlives its containers, and nginx takes no socket
                    // that a killed one has left. Where writes are held it finds the same file as there.
                    command: [
                        ...["/bin/sh", "-c"],
                        [
                            `rm -rf /tmp/*; ln -s ${HOLDING_FOLDER}/${HOLDING_KEY} ${DRAIN_FILE}`,
                            NAME_SERVERS,
                            ...(front.certificate?.script ?? []),
                            ...UNTIL_ANSWERED,
                        ].join("\n"),
                        "nginx",
                    ],
                    args: ["-e", "stderr", "-c", `${FRONT_FOLDER}/nginx.conf`, "-g", "daemon off;"],
                    ports: [
                        { name: "https", containerPort: TLS_PORT },
                        ...(front.plain ? [{ name: "http", containerPort: PLAIN_PORT }] : []),
                    ],
                    // Not the store: where that does not answer, no replica is better, and all together would be reached by nobody.
                    readinessProbe: {
                        ...shell(`[ -n "$(${ASK})" ]`),
                        ...{ periodSeconds: 5, timeoutSeconds: 5, failureThreshold: 3 },
                    },
                    lifecycle: LEAVING,
                    resources: resources(front.memoryMb, 32),
                    securityContext: CONFINED,
                    ...TOLD,
                    volumeMounts: [
                        { name: front.files.name, mountPath: FRONT_FOLDER, readOnly: true },
                        { name: "socket", mountPath: SOCKET_FOLDER },
                        { name: "tmp", mountPath: "/tmp" },
                        ...(args.counter === undefined ? [] : [NUMBERS_MOUNT]),
                        ...(front.certificate?.mounts ?? []),
                        { name: HOLDING_VOLUME, mountPath: HOLDING_FOLDER, readOnly: true },
                        ...(claim === undefined
                            ? []
                            : [{ name: "data", mountPath: blobsFolder(), readOnly: true }]),
                    ],
                },
            ],
            volumes: [
                registry.files,
                front.files,
                data,
                { name: HOLDING_VOLUME, configMap: { name: args.holding, optional: true } },
                inMemory("socket", "1Mi"),
                // Sockets, and the answers of the password check.
                inMemory("tmp", "32Mi"),
                ...(args.counter === undefined ? [] : [NUMBERS]),
                ...(front.certificate?.volumes ?? []),
            ],
        },
    };
}
