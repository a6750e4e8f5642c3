import * as docker from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";

import type { Deployment } from "../deployment/deployment";
import { awaited, boundedLog, confined, memoryLimit, service } from "../deployment/hardening";
import { DATA_FOLDER } from "../storage/folders";

import { countScript, type Served } from "./count";
import { METRICS_FILE, METRICS_FOLDER, metricsName, RUNS_FOLDER } from "./files";

/**
 * The volume of the numbers: in memory, so that they are told where the disk is full, and of a size that is enough for a day of
 * 10 requests a second should nobody take the lines away. Then nginx leaves them out, and goes on.
 */
export function metricsVolume(
    name: string,
    deployment: Deployment,
    opts: pulumi.CustomResourceOptions,
): pulumi.Output<string> {
    const volumeName = metricsName(deployment.prefix);
    const volume = new docker.Volume(
        `${name}-metrics`,
        {
            name: volumeName,
            driver: "local",
            // Of root and its group, as which each of them writes.
            driverOpts: { type: "tmpfs", device: "tmpfs", o: "size=48m,mode=0770,noexec,nosuid,nodev" },
            labels: deployment.volume(volumeName),
        },
        { ...opts, ignoreChanges: ["labels"] },
    );
    return volume.name;
}

export interface MetricsArgs {
    deployment: Deployment;
    /** ID of an image with a shell and awk, sha256:… */
    imageId: pulumi.Input<string>;
    /** User and group as which the front writes its lines. */
    user: string;
    /** The volume of the numbers. */
    volumeName: pulumi.Input<string>;
    /** The images; nothing where they lie in a store elsewhere. */
    data: { volumeName: pulumi.Input<string> } | { hostPath: string } | undefined;
    /** What the front serves. */
    certificates: pulumi.Input<readonly Served[]>;
    onError: pulumi.ErrorHook[];
    after: pulumi.Resource[];
}

/** What counts: it may die at any time, nobody waits for it. It has no network and reads the images alone. */
export class Metrics extends pulumi.ComponentResource {
    constructor(name: string, args: MetricsArgs, opts?: pulumi.ComponentResourceOptions) {
        super("private-registry:index:Metrics", name, {}, opts);
        const { deployment, data, onError } = args;
        const containerName = metricsName(deployment.prefix);
        const runsName = `${containerName}-runs`;
        const runs = new docker.Volume(
            `${name}-runs`,
            { name: runsName, labels: deployment.volume(runsName) },
            { parent: this, ignoreChanges: ["labels"] },
        );
        const script = pulumi
            .output(args.certificates)
            .apply((certificates) => countScript(certificates, data !== undefined));
        new docker.Container(
            `${name}-container`,
            {
                name: containerName,
                image: args.imageId,
                labels: deployment.container(containerName),
                entrypoints: ["/bin/sh", "-c", script],
                command: [],
                user: args.user,
                networkMode: "none",
                volumes: [
                    { volumeName: args.volumeName, containerPath: METRICS_FOLDER },
                    { volumeName: runs.name, containerPath: RUNS_FOLDER },
                    ...(data === undefined ? [] : [{ ...data, containerPath: DATA_FOLDER, readOnly: true }]),
                ],
                readOnly: true,
                ...awaited(
                    `[ $(($(date +%s) - $(date -r ${METRICS_FOLDER}/${METRICS_FILE} +%s))) -lt 60 ] 2>/dev/null`,
                ),
                ...confined,
                ...boundedLog,
                ...service,
                ...memoryLimit(64),
            },
            {
                parent: this,
                hooks: { onError },
                dependsOn: args.after,
                replaceOnChanges: ["#initerror", "healthcheck"],
                deleteBeforeReplace: true,
            },
        );
        this.registerOutputs({});
    }
}
