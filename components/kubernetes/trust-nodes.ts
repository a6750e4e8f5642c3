/** The nodes as clients: a pod on each tells its containerd of the registry and its CA (containerd docs/hosts.md). */
import * as pulumi from "@pulumi/pulumi";

import { containerdHosts } from "../../clients/toml";
import type { Settled } from "../definition/inputs";
import { IDENTITY_LABEL } from "../deployment/hardening";

import { CONFINED, confinedPod, resources, shell, TOLD } from "./confined";
import { filesVolume } from "./files";
import { KubernetesObject } from "./object";
import type { KubernetesOptions } from "./options";
import type { Place } from "./place";

/** Where the pod has the files, and the node's folder. */
const FILES = "/run/files";
const NODE = "/run/certs.d";

/** Seconds between two looks at the folder. */
const LOOK_SECONDS = 10;

/**
 * Keeps the registry's folder among those of the node's containerd. A mark in it says whose it is, and which pod has it: a folder
 * without the mark is somebody else's, and stays as it is; the pod that has it takes it away when it ends. While one version takes
 * the place of another the new pod has it before the former one ends, so it is there all the time.
 *
 * @param files folder of what containerd is to read
 * @param node the node's folder
 * @param seconds between two looks
 */
export const nodeScript = (files = FILES, node = NODE, seconds = LOOK_SECONDS): string => `umask 022
folder=${node}/$ADDRESS
mark=$folder/.private-registry
free() { [ ! -e $folder ] || [ -z "$(ls -A $folder)" ]; }
ours() { [ "$(cut -d' ' -f1 $mark 2>/dev/null)" = $IDENTITY ]; }
mine() { [ "$(cat $mark 2>/dev/null)" = "$IDENTITY $HOSTNAME" ]; }
same() { for file in ${files}/*; do cmp -s $file $folder/\${file##*/} || return 1; done; }
put() { cat > $1.new && mv $1.new $1; }
take() {
    mkdir -p $folder && echo "$IDENTITY $HOSTNAME" | put $mark || return 1
    for file in ${files}/*; do put $folder/\${file##*/} < $file || return 1; done
}
leave() {
    if mine; then
        for file in ${files}/*; do cmp -s $file $folder/\${file##*/} && rm $folder/\${file##*/}; done
        rm $mark
        rmdir $folder 2>/dev/null
    fi
    exit 0
}
trap leave TERM INT
if ours; then take; fi
while :; do
    if free; then take
    elif mine; then same || take
    elif ! ours; then echo "$ADDRESS is set up on this node by somebody else, and stays as it is: remove that folder of containerd's, and it is set up from here." >&2
    fi
    sleep ${seconds} & wait $!
done`;

/** Whether the node's containerd has what this pod would tell it. */
const READY = `for file in ${FILES}/*; do cmp -s $file ${NODE}/$ADDRESS/\${file##*/} || exit 1; done`;

/**
 * Makes what sets the nodes up.
 *
 * @param image with a shell
 * @param address `docker.example.com:8443`, as in image names
 * @param caPem what they are to trust. Empty where everyone trusts the certificate
 */
export function trustNodes(
    place: Place,
    { namespace, folder }: NonNullable<Settled<KubernetesOptions>["trustNodes"]>,
    image: pulumi.Input<string>,
    address: pulumi.Output<string>,
    caPem: pulumi.Output<string>,
): void {
    const { program, own, opts } = place;
    const selected = { ...place.selected, "app.kubernetes.io/name": "private-registry-nodes" };
    const metadata = {
        namespace,
        labels: { ...place.metadata.labels, ...selected },
    };
    const hosts = pulumi
        .all([address, caPem, folder])
        .apply(([at, ca, root]) =>
            containerdHosts(`https://${at}`, ca === "" ? undefined : `${root}/${at}/ca.crt`),
        );
    const files = filesVolume(
        "nodes",
        { "hosts.toml": { content: hosts }, "ca.crt": { content: caPem } },
        { ...place, metadata },
    );
    new KubernetesObject(
        "DaemonSet",
        `${program}-nodes`,
        {
            metadata: {
                ...metadata,
                name: pulumi.interpolate`${own}-nodes`,
                // A node that is away, or whose folder is somebody else's, is no reason for `up` to fail.
                annotations: { "pulumi.com/skipAwait": "true" },
            },
            spec: {
                selector: { matchLabels: selected },
                revisionHistoryLimit: 0,
                // The new pod is there before the former one ends, on every node.
                updateStrategy: { rollingUpdate: { maxSurge: "100%", maxUnavailable: 0 } },
                template: {
                    metadata: { labels: selected },
                    spec: {
                        ...confinedPod,
                        // The folder is root's.
                        securityContext: {
                            runAsUser: 0,
                            runAsGroup: 0,
                            seccompProfile: { type: "RuntimeDefault" },
                        },
                        tolerations: [{ operator: "Exists" }],
                        terminationGracePeriodSeconds: LOOK_SECONDS,
                        containers: [
                            {
                                name: "nodes",
                                image,
                                command: ["/bin/sh", "-c", nodeScript()],
                                env: [
                                    { name: "ADDRESS", value: address },
                                    {
                                        name: "HOSTNAME",
                                        valueFrom: { fieldRef: { fieldPath: "metadata.name" } },
                                    },
                                    { name: "IDENTITY", value: place.metadata.labels[IDENTITY_LABEL] },
                                ],
                                readinessProbe: { ...shell(READY), periodSeconds: LOOK_SECONDS },
                                resources: { ...resources(32, 8), requests: { cpu: "1m", memory: "8Mi" } },
                                securityContext: CONFINED,
                                ...TOLD,
                                volumeMounts: [
                                    { name: files.name, mountPath: FILES, readOnly: true },
                                    { name: "containerd", mountPath: NODE },
                                ],
                            },
                        ],
                        volumes: [
                            files,
                            { name: "containerd", hostPath: { path: folder, type: "DirectoryOrCreate" } },
                        ],
                    },
                },
            },
        },
        opts,
    );
}
