import * as docker from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";

import type { Deployment } from "../deployment/deployment";
import { awaited, boundedLog, confined, memoryLimit, service } from "../deployment/hardening";
import type { Served } from "../metrics/count";
import { METRICS_FOLDER } from "../metrics/files";
import { ConfigVolume } from "../registry/config-volume";

import { frontFiles, type FrontFilesArgs, servedCertificates } from "./files";
import { KEEP_LOG, LOG_FOLDER, logVolume } from "./kept-log";
import { ASK, FRONT_USER, Reload, WATCHED } from "./reload";
import {
    blobsFolder,
    FRONT_FOLDER,
    frontName,
    METRICS_PORT,
    PLAIN_PORT,
    SERVED_FOLDER,
    SITES_FOLDER,
    SOCKET_FOLDER,
    TLS_PORT,
} from "./settings";

export interface FrontArgs extends FrontFilesArgs {
    /** Whose prefix is the start of the name of every Docker object. */
    deployment: Deployment;
    /** ID of the nginx image, sha256:… */
    imageId: pulumi.Input<string>;
    /** Volume with what changes without an `up`: a directory's certificate, the answers to its challenges. @default none */
    servedVolume?: pulumi.Input<string> | undefined;
    /** Folder of the Docker host with the folders of the sites. */
    sitesFolder?: string | undefined;
    /** Address of the Docker host. */
    bindAddress: pulumi.Input<string>;
    /** Volume with the registry's socket. */
    socketVolume: pulumi.Input<string>;
    /** Network on which sites have their upstreams. */
    networkName: pulumi.Input<string>;
    /** MiB. */
    memoryMb: pulumi.Input<number>;
    onError: pulumi.ErrorHook[];
    /** What must be there before the front takes its port. */
    after: pulumi.Resource[];
}

const served = (volumeName: pulumi.Input<string>) => ({
    volumeName,
    containerPath: SERVED_FOLDER,
    readOnly: true,
});

/** Where the volume of the log is mounted to be made the front's: nginx, which tries the files as root, is to make no log there. */
const NEW_LOG = "/new-log";

/** nginx before the registry: TLS, users, roles and further sites. What it serves changes by reload. */
export class Front extends pulumi.ComponentResource {
    /** ID of the container; resolves when it serves this configuration. */
    readonly containerId: pulumi.Output<string>;
    /** Each name that it serves, and when its certificate ends. */
    readonly certificates: pulumi.Output<Served[]>;

    constructor(name: string, args: FrontArgs, opts?: pulumi.ComponentResourceOptions) {
        super("private-registry:index:Front", name, {}, opts);
        const parent = { parent: this };
        const { files, generation } = frontFiles(args);
        const { deployment } = args;
        const containerName = frontName(deployment.prefix);
        const common = { deployment, imageId: args.imageId, onError: args.onError };
        const ip = args.bindAddress;
        const redirect =
            args.httpPort === undefined ? [] : [{ port: args.httpPort, ip, key: ["front", "httpPort"] }];

        const log = args.log === undefined ? undefined : this.logVolume(name, deployment);
        const config = new ConfigVolume(
            `${name}-config`,
            {
                ...common,
                volumeName: `${containerName}-config`,
                folder: FRONT_FOLDER,
                files,
                volumes: [
                    ...(args.servedVolume === undefined ? [] : [served(args.servedVolume)]),
                    ...(log === undefined ? [] : [{ volumeName: log, containerPath: NEW_LOG }]),
                ],
                // As root: without a user nginx would give its folders to another one, for which it has no right here.
                check:
                    (log === undefined ? "" : `chmod 770 ${NEW_LOG}; `) +
                    `mkdir -p ${LOG_FOLDER}; nginx -e stderr -t -q -c /staged/nginx.conf -g 'user root;'`,
            },
            parent,
        );
        const container = new docker.Container(
            `${name}-container`,
            {
                name: containerName,
                image: args.imageId,
                labels: deployment.container(containerName, [
                    { port: args.port, ip, key: ["port"] },
                    ...redirect,
                    ...this.openNumbers(args).map(({ external, ip }) => ({
                        port: external,
                        ip,
                        key: ["metrics", "port"],
                    })),
                ]),
                entrypoints:
                    args.servedVolume === undefined ? ["nginx"] : ["/bin/sh", "-c", WATCHED, "nginx"],
                command: ["-e", "stderr", "-c", `${FRONT_FOLDER}/nginx.conf`, "-g", "daemon off;"],
                user: FRONT_USER,
                ports: [
                    { internal: TLS_PORT, external: args.port, ip: args.bindAddress, protocol: "tcp" },
                    ...(args.httpPort === undefined
                        ? []
                        : [
                              {
                                  internal: PLAIN_PORT,
                                  external: args.httpPort,
                                  ip: args.bindAddress,
                                  protocol: "tcp",
                              },
                          ]),
                    ...this.openNumbers(args),
                ],
                volumes: [
                    { volumeName: config.volumeName, containerPath: FRONT_FOLDER, readOnly: true },
                    { volumeName: args.socketVolume, containerPath: SOCKET_FOLDER, readOnly: true },
                    ...(log === undefined ? [] : [{ volumeName: log, containerPath: LOG_FOLDER }]),
                    ...(args.servedVolume === undefined ? [] : [served(args.servedVolume)]),
                    ...(args.metrics === undefined
                        ? []
                        : [{ volumeName: args.metrics.volumeName, containerPath: METRICS_FOLDER }]),
                    ...[{ id: undefined, images: args.images }, ...args.sites].flatMap(({ id, images }) =>
                        images === undefined
                            ? []
                            : [{ ...images, containerPath: blobsFolder(id), readOnly: true }],
                    ),
                    ...(args.sitesFolder === undefined
                        ? []
                        : [{ hostPath: args.sitesFolder, containerPath: SITES_FOLDER, readOnly: true }]),
                ],
                // Sockets, and the answers of the password check: in memory alone.
                tmpfs: { "/tmp": "uid=101,gid=0,mode=0700,size=32m,noexec" },
                networksAdvanced: [{ name: args.networkName }],
                readOnly: true,
                stopSignal: "SIGQUIT",
                ...awaited(
                    `[ -n "$(${ASK})" ]` +
                        (log === undefined ? "" : ` && { sh ${FRONT_FOLDER}/${KEEP_LOG}; true; }`),
                ),
                ...confined,
                ...boundedLog,
                ...service,
                ...memoryLimit(args.memoryMb),
            },
            {
                ...parent,
                hooks: { onError: args.onError },
                // Not what it says: a change of that is a reload.
                dependsOn: [config.writer, ...args.after],
                replaceOnChanges: ["#initerror", "healthcheck", "tmpfs"],
                deleteBeforeReplace: true,
            },
        );
        const reload = new Reload(
            `${name}-reload`,
            {
                ...common,
                containerName: `${containerName}-reload`,
                frontId: container.id,
                generation: pulumi.all([generation, config.written]).apply(([text]) => text),
            },
            parent,
        );
        this.certificates = servedCertificates(args);
        this.containerId = pulumi.all([container.id, reload.done]).apply(([id]) => id);
        this.registerOutputs({ containerId: this.containerId });
    }

    private logVolume(name: string, deployment: Deployment): pulumi.Output<string> {
        const volumeName = logVolume(deployment.prefix);
        return new docker.Volume(
            `${name}-log`,
            { name: volumeName, labels: deployment.volume(volumeName) },
            { parent: this, ignoreChanges: ["labels"] },
        ).name;
    }

    /** The port on which the numbers are told without a login. */
    private openNumbers({ metrics }: FrontArgs) {
        return metrics?.port === undefined
            ? []
            : [
                  {
                      internal: METRICS_PORT,
                      external: metrics.port,
                      ip: metrics.bindAddress,
                      protocol: "tcp",
                  },
              ];
    }
}
