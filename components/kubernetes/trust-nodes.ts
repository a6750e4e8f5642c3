/** The nodes as clients: a pod on each tells its containerd of the registry, its mirrors and its CA (containerd docs/hosts.md). */
import * as pulumi from "@pulumi/pulumi";

import { containerdHosts } from "../../clients/toml";
import type { Given, Settled } from "../definition/inputs";
import { IDENTITY_LABEL } from "../deployment/hardening";

import { CONFINED, confinedPod, resources, shell, TOLD } from "./confined";
import { filesVolume, type PodFile } from "./files";
import { KubernetesObject } from "./object";
import type { KubernetesOptions } from "./options";
import type { Place } from "./place";

/** Where the pod has the files, and the node's folder. */
const FILES = "/run/files";
const NODE = "/run/certs.d";

/** Seconds between two looks at the folder. */
const LOOK_SECONDS = 10;

/**
 * Keeps folders among those of the node's containerd, one for each name with which images begin. A mark in it says whose it is, and
 * which pod has it: a folder without the mark is somebody else's, and stays as it is; the pod that has it takes it away when it ends.
 * While one version takes the place of another the new pod has it before the former one ends, so it is there all the time. What the
 * deployment has no more is taken away, also where the pod that had it was killed.
 *
 * @param files folder of folders with what containerd is to read
 * @param node the node's folder
 * @param seconds between two looks
 */
export const nodeScript = (files = FILES, node = NODE, seconds = LOOK_SECONDS): string => `umask 022
each() {
    for from in ${files}/*; do
        name=\${from##*/}
        folder=${node}/$name
        mark=$folder/.private-registry
        "$@"
    done
}
free() { [ ! -e $folder ] || [ -z "$(ls -A $folder)" ]; }
ours() { [ "$(cut -d' ' -f1 $mark 2>/dev/null)" = $IDENTITY ]; }
mine() { [ "$(cat $mark 2>/dev/null)" = "$IDENTITY $HOSTNAME" ]; }
same() { for file in $from/*; do cmp -s $file $folder/\${file##*/} || return 1; done; }
put() { cat > $1.new && mv $1.new $1; }
take() {
    mkdir -p $folder && echo "$IDENTITY $HOSTNAME" | put $mark || return 1
    for file in $from/*; do put $folder/\${file##*/} < $file || return 1; done
}
begin() { if ours; then take; fi; }
keep() {
    if free; then take
    elif mine; then same || take
    elif ! ours; then echo "$name is set up on this node by somebody else, and stays as it is: remove that folder of containerd's, and it is set up from here." >&2
    fi
}
leave() {
    if mine; then
        for file in $from/*; do cmp -s $file $folder/\${file##*/} && rm $folder/\${file##*/}; done
        rm $mark
        rmdir $folder 2>/dev/null
    fi
}
sweep() {
    for mark in ${node}/*/.private-registry; do
        folder=\${mark%/*}
        if ours && [ ! -e ${files}/\${folder##*/} ]; then
            rm -f $folder/hosts.toml $folder/ca.crt $mark
            rmdir $folder 2>/dev/null
        fi
    done
}
trap 'each leave; exit 0' TERM INT
each begin
while :; do
    each keep
    sweep
    sleep ${seconds} & wait $!
done`;

/** Whether the node's containerd has what this pod would tell it. */
const READY = `for file in ${FILES}/*/*; do cmp -s $file ${NODE}/\${file#${FILES}/} || exit 1; done`;

/** A name with which images begin, and where they are had. */
export interface TrustedPlace {
    /** Start of the names of its files, each its own. */
    part: string;
    /** `docker.example.com:8443` */
    name: pulumi.Output<string>;
    /** `https://docker.example.com:8443` */
    url: pulumi.Output<string>;
    /** The registry of which that is a mirror. @default none: it is the one that is meant */
    server?: pulumi.Output<string> | undefined;
}

/** What containerd is to read of it. @param root the node's folder */
const filesOf = (
    { part, name, url, server }: TrustedPlace,
    root: Given<string>,
    caPem: pulumi.Output<string>,
): Record<string, PodFile> => {
    const content = pulumi
        .all([name, url, server, caPem, root])
        .apply(([of, at, upstream, ca, folder]) =>
            containerdHosts(at, ca === "" ? undefined : `${folder}/${of}/ca.crt`, upstream),
        );
    const file = (text: pulumi.Output<string>, last: string) => ({
        [`${part}${last}`]: { content: text, path: pulumi.interpolate`${name}/${last}` },
    });
    return { ...file(content, "hosts.toml"), ...file(caPem, "ca.crt") };
};

/**
 * Makes what sets the nodes up.
 *
 * @param image with a shell
 * @param places the registry and its mirrors
 * @param caPem what they are to trust. Empty where everyone trusts the certificate
 */
export function trustNodes(
    place: Place,
    { namespace, folder }: NonNullable<Settled<KubernetesOptions>["trustNodes"]>,
    image: pulumi.Input<string>,
    places: readonly TrustedPlace[],
    caPem: pulumi.Output<string>,
): void {
    const { program, own, opts } = place;
    const selected = { ...place.selected, "app.kubernetes.io/name": "private-registry-nodes" };
    const metadata = {
        namespace,
        labels: { ...place.metadata.labels, ...selected },
    };
    const files = filesVolume(
        "nodes",
        Object.assign({}, ...places.map((one) => filesOf(one, folder, caPem))) as Record<string, PodFile>,
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
