import { createHash } from "node:crypto";

import * as docker from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";

import type { Deployment } from "../deployment/deployment";
import { awaited, boundedLog, confined, memoryLimit, service } from "../deployment/hardening";
import type { Served } from "../metrics/count";
import { METRICS_FOLDER } from "../metrics/files";
import { ConfigVolume, type FileArgs } from "../registry/config-volume";
import type { ImagesMount, TlsFiles } from "../registry/registry";
import { endsOf } from "../tls/chain";

import { renderNginx } from "./nginx-conf";
import { type PageFacts, pageFiles } from "./page";
import { PAGE_FILES } from "./page-files";
import { KEEP_LOG, keepLogScript, LOG_FILE, LOG_FOLDER, type LogBounds, logVolume } from "./kept-log";
import { withEveryone, withNobody } from "./nobody";
import { ASK, FRONT_USER, Reload, WATCHED } from "./reload";
import {
    blobsFolder,
    FRONT_FOLDER,
    frontName,
    type FrontSettings,
    type FrontSite,
    type FrontUser,
    METRICS_PORT,
    PLAIN_PORT,
    PREVIOUS_FILE,
    SERVED_FOLDER,
    SITES_FOLDER,
    SOCKET_FOLDER,
    siteFiles,
    TLS_PORT,
} from "./settings";

/** A site with its certificate. */
export interface SiteArgs extends Inputs<Omit<FrontSite, "id">> {
    /** Of its files. */
    id: string;
    /** Its certificate; nothing where a directory issues it. */
    tls: TlsFiles | undefined;
    /** Where the images of a mirror lie on the Docker host, mounted for `blobHeaders`. @default they are not */
    images?: ImagesMount | undefined;
}

/** Where the front takes the numbers from, and where it tells them beside the registry's own name. */
export interface MetricsPlace {
    volumeName: pulumi.Input<string>;
    /** How full the store is is among them: the images lie in files. */
    store: boolean;
    /** Port of the Docker host; nothing opens none. */
    port?: pulumi.Input<number> | undefined;
    bindAddress: pulumi.Input<string>;
}

/** The same values, of which any may be an Output. */
type Inputs<T> = { [K in keyof T]: pulumi.Input<T[K]> };

export interface FrontArgs extends Inputs<
    Omit<
        FrontSettings,
        | "generation"
        | "acme"
        | "redirectTo"
        | "sites"
        | "installers"
        | "page"
        | "metrics"
        | "users"
        | "logFile"
    >
> {
    /** Nothing lets anyone do anything. */
    users?: Inputs<FrontUser>[] | undefined;
    /** Whose prefix is the start of the name of every Docker object. */
    deployment: Deployment;
    /** ID of the nginx image, sha256:… */
    imageId: pulumi.Input<string>;
    /** The registry's certificate; nothing where a directory issues it. */
    tls: TlsFiles | undefined;
    /** Volume with what changes without an `up`: a directory's certificate, the answers to its challenges. @default none */
    servedVolume?: pulumi.Input<string> | undefined;
    /** The htpasswd file; nothing where there are no users. */
    htpasswd?: pulumi.Input<string> | undefined;
    /** The same of the passwords before, where some are taken for a while. */
    previousHtpasswd?: pulumi.Input<string> | undefined;
    sites: SiteArgs[];
    /** File name → text that anyone may fetch, without a login. @default none */
    installers?: Record<string, pulumi.Input<string>> | undefined;
    /** What the page tells. @default no page */
    page?: pulumi.Input<PageFacts> | undefined;
    /** Keeps the access log in a volume. @default the container's own log */
    log?: Inputs<LogBounds> | undefined;
    /** Volume of the numbers, and where they are told without a login. @default no numbers */
    metrics?: MetricsPlace | undefined;
    /** Folder of the Docker host with the folders of the sites. */
    sitesFolder?: string | undefined;
    /** Port of the Docker host. */
    port: pulumi.Input<number>;
    /** Port of the Docker host for plain HTTP, which is redirected; nothing opens none. */
    httpPort?: pulumi.Input<number> | undefined;
    /** Address of the Docker host. */
    bindAddress: pulumi.Input<string>;
    /** Where the registry's images lie on the Docker host, mounted for `blobHeaders`. @default elsewhere */
    images?: ImagesMount | undefined;
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

/** Readable for the front's group. */
const SECRET = "0440";

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
        const files = this.files(args);
        const generation = this.generation(args, files);
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
                files: { ...files, "nginx.conf": { content: this.conf(args, generation), mode: SECRET } },
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
        this.certificates = pulumi.unsecret(
            pulumi
                .all(
                    [{ name: "registry", tls: args.tls }, ...args.sites].map(({ name: site, tls }) =>
                        pulumi.all([site, tls?.chainPem]),
                    ),
                )
                .apply((all) =>
                    all.flatMap(([site, pem]) => {
                        if (pem === undefined) return [{ site }];
                        const ends = endsOf(pem);
                        return ends === undefined ? [] : [{ site, ends }];
                    }),
                ),
        );
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

    private files(args: FrontArgs): Record<string, FileArgs> {
        const pair = (crt: string, key: string, tls: TlsFiles | undefined): Record<string, FileArgs> =>
            tls === undefined
                ? {}
                : { [crt]: { content: tls.chainPem }, [key]: { content: tls.privateKeyPem, mode: SECRET } };
        return Object.assign(
            pair("site.crt", "site.key", args.tls),
            args.htpasswd === undefined
                ? {}
                : { htpasswd: { content: pulumi.output(args.htpasswd).apply(withNobody), mode: SECRET } },
            args.previousHtpasswd === undefined
                ? {}
                : {
                      [PREVIOUS_FILE]: {
                          content: pulumi
                              .all([args.previousHtpasswd, args.htpasswd ?? ""])
                              .apply(([previous, all]) => withEveryone(previous, all)),
                          mode: SECRET,
                      },
                  },
            args.log === undefined
                ? {}
                : { [KEEP_LOG]: { content: pulumi.output(args.log).apply(keepLogScript) } },
            ...Object.entries(args.installers ?? {}).map(([file, content]) => ({ [file]: { content } })),
            args.page === undefined
                ? {}
                : pageFiles(pulumi.output(args.page).apply((facts) => `${JSON.stringify(facts)}\n`)),
            ...args.sites.map((site) => {
                const { crt, key } = siteFiles(site.id);
                return pair(crt, key, site.tls);
            }),
        ) as Record<string, FileArgs>;
    }

    /** What nginx.conf is rendered from, all but its generation. */
    private settings(args: FrontArgs): pulumi.Output<Omit<FrontSettings, "generation">> {
        const { users, anonymousPull, realm, cacheSeconds, attemptsPerMinute, connectionsPerClient } = args;
        return pulumi.output({
            ...{ users, anonymousPull, realm, cacheSeconds, attemptsPerMinute, connectionsPerClient },
            immutableTags: args.immutableTags,
            signer: args.signer,
            logFile: args.log === undefined ? undefined : `${LOG_FOLDER}/${LOG_FILE}`,
            acme: args.tls === undefined,
            sites: args.sites.map(({ id, name, upstream, folder, tls, images, blobHeaders, brought }) => ({
                ...{ id, name, upstream, folder, brought },
                blobHeaders: images && blobHeaders,
                acme: tls === undefined,
            })),
            blobHeaders: args.images && args.blobHeaders,
            installers: Object.keys(args.installers ?? {}),
            page:
                args.page === undefined
                    ? undefined
                    : PAGE_FILES.map(({ path, file, type }) => ({ path, file, type })),
            metrics: args.metrics && { open: args.metrics.port !== undefined, store: args.metrics.store },
            redirectTo: args.httpPort === undefined ? undefined : args.port,
        });
    }

    private conf(args: FrontArgs, generation: pulumi.Output<string>): pulumi.Output<string> {
        return pulumi
            .all([this.settings(args), generation])
            .apply(([settings, text]) => renderNginx({ ...settings, generation: text }));
    }

    /**
     * SHA-256 of all that is served. There is a private key among it, or a salted hash of each password, so it gives nothing away.
     */
    private generation(args: FrontArgs, files: Record<string, FileArgs>): pulumi.Output<string> {
        const texts = Object.entries(files).map(([file, { content }]) => pulumi.all([file, content]));
        return pulumi.unsecret(
            pulumi.all([this.settings(args), pulumi.all(texts)]).apply(([settings, parts]) =>
                createHash("sha256")
                    .update(JSON.stringify([renderNginx({ ...settings, generation: "" }), parts]))
                    .digest("hex"),
            ),
        );
    }
}
