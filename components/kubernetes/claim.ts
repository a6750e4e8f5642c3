/** Claims: with the images, and with what mirrors keep. */
import { createHash } from "node:crypto";

import * as pulumi from "@pulumi/pulumi";

import type { Given, Settled } from "../definition/inputs";
import { IDENTITY_LABEL } from "../deployment/hardening";
import { stackKeyOf } from "../deployment/stack-key";
import type { Options } from "../options";

import { KubernetesObject } from "./object";
import { type Place } from "./place";
import { clusterName } from "./names";

export interface ClaimArgs {
    size: Given<string>;
    /** @default the cluster's own */
    storageClass?: Given<string> | undefined;
    accessMode: string;
    /** It outlives the deployment. */
    keepData: boolean;
}

/**
 * Makes one. Its name is the stack's, so that the next deployment of the stack finds what this one leaves.
 *
 * @param part whose it is. @default the registry
 */
export function claimOf(
    { program, metadata, opts }: Place,
    { size, storageClass, accessMode, keepData }: ClaimArgs,
    stackKey: Settled<Options>["stackKey"],
    prefix: string,
    part?: string,
): pulumi.Output<string> {
    const {
        [IDENTITY_LABEL]: identity = "",
        "app.kubernetes.io/instance": instance,
        ...labels
    } = metadata.labels;
    void instance;
    // Without a key nothing tells the stack from others of its name, so the claim is the deployment's.
    const suffix = pulumi
        .output(stackKey ?? stackKeyOf() ?? identity)
        .apply((key) => createHash("sha256").update(key).digest("hex").slice(0, 8));
    return new KubernetesObject(
        "PersistentVolumeClaim",
        [program, ...(part === undefined ? [] : [part]), "data"].join("-"),
        {
            metadata: {
                ...metadata,
                labels,
                name: pulumi.interpolate`${clusterName(prefix)}-data-${suffix}${part === undefined ? "" : `-${part}`}`,
                // The Deployment waits for it, and a volume that is made on a node waits for its first pod.
                annotations: { "pulumi.com/skipAwait": "true" },
            },
            spec: {
                accessModes: [accessMode],
                storageClassName: storageClass,
                resources: { requests: { storage: size } },
            },
        },
        // Once it is there its name stays, as a Docker volume's does: under another one, of a stack that is renamed or whose key is
        // another by now, the registry would be empty.
        { ...opts, retainOnDelete: keepData, ignoreChanges: ["metadata.name"] },
    ).metadata.name;
}
