import * as docker from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";

import { storageProblem } from "../deployment/storage-problem";
import { type Deployment, type Labels, Refused } from "../deployment/deployment";
import type { Path } from "../definition/problem";
import { boundedLog, confined, FORMER_FOLDER, memoryLimit } from "../deployment/hardening";

/** A file of the volume. */
export interface FileArgs {
    content: pulumi.Input<string>;
    /** The content is base64 of what is written, and no secret: in the state it takes no more than that. @default false */
    base64?: boolean | undefined;
    /** Octal permissions. @default "0444" */
    mode?: string | undefined;
}

export interface ConfigVolumeArgs {
    /** Name of the volume, and of the container that writes it. */
    volumeName: string;
    deployment: Deployment;
    /** ID of an image with /bin/sh. */
    imageId: pulumi.Input<string>;
    /** File name → file. Files of the volume that are not named here are removed. */
    files: Record<string, FileArgs>;
    /** Where the volume is mounted while it is written. */
    folder: string;
    /**
     * Shell command that looks at the new files in /staged; where it fails, the former ones stay in place.
     *
     * @default no check
     */
    check?: string | undefined;
    /** Folder of the Docker host that is to be the deployment's own, and the option that chooses it. */
    mark?: { path: string; key: Path } | undefined;
    /** Further volumes that the command sees. @default [] */
    volumes?: docker.types.input.ContainerVolume[] | undefined;
    /** Further labels of the container that writes. @default [] */
    labels?: Labels | undefined;
    onError: pulumi.ErrorHook[];
}

/** Where a folder to be marked is mounted. */
const MARKED = "/marked";

/** Where the new files wait, in the writing container's own file system. */
const STAGE = "/staged";

/**
 * Puts the staged files in place. Each is copied beside its target and renamed over it: a reader sees the old
 * file or the new one, never a part. (Docker's own copy removes the old file before it writes the new one.)
 */
const script = (folder: string, ...checks: string[]) =>
    [
        "set -eu",
        ...checks,
        "umask 077",
        `cd ${folder}`,
        // What reads them may not start with the new ones (deployment/restore.ts).
        `rm -rf ${FORMER_FOLDER}.new; mkdir -m 755 ${FORMER_FOLDER}.new`,
        `for f in *; do [ ! -e "$f" ] || cp -p "$f" ${FORMER_FOLDER}.new/; done`,
        `rm -rf ${FORMER_FOLDER}; mv ${FORMER_FOLDER}.new ${FORMER_FOLDER}`,
        `cd ${STAGE}`,
        `for f in *; do cp -p "$f" "${folder}/.$f.new"; mv -f "${folder}/.$f.new" "${folder}/$f"; done`,
        `cd ${folder}`,
        `for f in *; do [ -e "${STAGE}/$f" ] || rm -f "$f"; done`,
    ].join("\n");

/**
 * Files in a named volume, so that they reach an Engine on any host, and show up in no `docker inspect`. A
 * container that runs for a moment writes them; a change replaces that container and nothing else.
 */
export class ConfigVolume extends pulumi.ComponentResource {
    readonly volumeName: pulumi.Output<string>;
    /** Resolves when the files are in place; fails with the reason where they are not. */
    readonly written: pulumi.Output<boolean>;
    /** Containers that read the volume must depend on this. */
    readonly writer: docker.Container;

    constructor(name: string, args: ConfigVolumeArgs, opts?: pulumi.ComponentResourceOptions) {
        super("private-registry:index:ConfigVolume", name, {}, opts);
        const volume = new docker.Volume(
            `${name}-volume`,
            { name: args.volumeName, labels: args.deployment.volume(args.volumeName) },
            // A volume of version 0.1 keeps its labels: with a new one the former files would be gone.
            { parent: this, ignoreChanges: ["labels"] },
        );
        const { mark, check } = args;
        const checks = pulumi
            .output(mark && args.deployment.markScript(MARKED, mark))
            .apply((text) => [text, check].filter((one) => one !== undefined));
        this.writer = new docker.Container(
            `${name}-writer`,
            {
                name: args.volumeName,
                image: args.imageId,
                labels: [...args.deployment.task(args.volumeName), ...(args.labels ?? [])],
                entrypoints: ["/bin/sh", "-c", checks.apply((all) => script(args.folder, ...all))],
                command: [],
                // The container ends at once: `up` waits for that, and an ended container is no drift.
                attach: true,
                // What the check says.
                ...(check === undefined && mark === undefined ? {} : { logs: true }),
                mustRun: false,
                restart: "no",
                networkMode: "none",
                volumes: [
                    { volumeName: volume.name, containerPath: args.folder },
                    ...(args.volumes ?? []),
                    ...(mark === undefined ? [] : [{ hostPath: mark.path, containerPath: MARKED }]),
                ],
                uploads: Object.entries(args.files).map(([file, { content, base64, mode }]) => ({
                    file: `${STAGE}/${file}`,
                    ...(base64 ? { contentBase64: content } : { content: pulumi.secret(content) }),
                    permissions: mode ?? "0444",
                })),
                ...confined,
                ...boundedLog,
                ...memoryLimit(64),
            },
            { parent: this, hooks: { onError: args.onError } },
        );
        this.volumeName = volume.name;
        const { exitCode, urn, containerLogs } = this.writer;
        this.written = pulumi.all([exitCode, urn, containerLogs]).apply(([code, urn, logs]) => {
            if (code !== undefined && code !== 0) {
                if (mark !== undefined && code === 3)
                    throw new Refused(
                        `The registry was not touched. ${storageProblem(logs ?? "") ?? (logs ?? "").trim()}`,
                    );
                if (check !== undefined && logs) {
                    throw new Error(
                        `The new configuration in ${args.volumeName} was refused, and the former one stays: ${logs.trim()}`,
                    );
                }
                throw new Error(
                    `The configuration was not written into the volume ${args.volumeName} (exit code ${code}; is the disk full?). ` +
                        `Look at \`docker logs ${args.volumeName}\`, then run: pulumi up --replace '${urn}'`,
                );
            }
            return true;
        });
        this.registerOutputs({ volumeName: this.volumeName });
    }
}
