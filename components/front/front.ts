import { createHash } from "node:crypto";

import * as docker from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";

import type { Deployment } from "../deployment/deployment";
import { awaited, boundedLog, confined, memoryLimit, service } from "../deployment/hardening";
import { ConfigVolume, type FileArgs } from "../registry/config-volume";
import type { ImagesMount, TlsFiles } from "../registry/registry";

import { renderNginx } from "./nginx-conf";
import { type PageFacts, pageFiles } from "./page";
import { PAGE_FILES } from "./page-files";
import { withEveryone, withNobody } from "./nobody";
import { ASK, FRONT_USER, Reload } from "./reload";
import {
    FRONT_FOLDER,
    type FrontSettings,
    type FrontSite,
    type FrontUser,
    PLAIN_PORT,
    BLOBS_FOLDER,
    PREVIOUS_FILE,
    SITES_FOLDER,
    SOCKET_FOLDER,
    siteFiles,
    TLS_PORT,
} from "./settings";

/** A site with its certificate. */
export interface SiteArgs extends Inputs<Omit<FrontSite, "id">> {
    /** Of its files. */
    id: string;
    tls: TlsFiles;
}

/** The same values, of which any may be an Output. */
type Inputs<T> = { [K in keyof T]: pulumi.Input<T[K]> };

export interface FrontArgs extends Inputs<
    Omit<FrontSettings, "generation" | "redirectTo" | "sites" | "installers" | "page" | "users">
> {
    /** Nothing lets anyone do anything. */
    users?: Inputs<FrontUser>[] | undefined;
    /** Whose prefix is the start of the name of every Docker object. */
    deployment: Deployment;
    /** ID of the nginx image, sha256:… */
    imageId: pulumi.Input<string>;
    /** The registry's certificate. */
    tls: TlsFiles;
    /** The htpasswd file; nothing where there are no users. */
    htpasswd?: pulumi.Input<string> | undefined;
    /** The same of the passwords before, where some are taken for a while. */
    previousHtpasswd?: pulumi.Input<string> | undefined;
    sites: SiteArgs[];
    /** File name → text that anyone may fetch, without a login. @default none */
    installers?: Record<string, pulumi.Input<string>> | undefined;
    /** What the page tells. @default no page */
    page?: pulumi.Input<PageFacts> | undefined;
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

/** nginx before the registry: TLS, users, roles and further sites. What it serves changes by reload. */
export class Front extends pulumi.ComponentResource {
    /** ID of the container; resolves when it serves this configuration. */
    readonly containerId: pulumi.Output<string>;

    constructor(name: string, args: FrontArgs, opts?: pulumi.ComponentResourceOptions) {
        super("private-registry:index:Front", name, {}, opts);
        const parent = { parent: this };
        const files = this.files(args);
        const generation = this.generation(args, files);
        const { deployment } = args;
        const containerName = `${deployment.prefix}-front`;
        const common = { deployment, imageId: args.imageId, onError: args.onError };
        const ip = args.bindAddress;
        const redirect =
            args.httpPort === undefined ? [] : [{ port: args.httpPort, ip, key: ["front", "httpPort"] }];

        const config = new ConfigVolume(
            `${name}-config`,
            {
                ...common,
                volumeName: `${containerName}-config`,
                folder: FRONT_FOLDER,
                files: { ...files, "nginx.conf": { content: this.conf(args, generation), mode: SECRET } },
                // As root: without a user nginx would give its folders to another one, for which it has no right here.
                check: "nginx -e stderr -t -q -c /staged/nginx.conf -g 'user root;'",
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
                ]),
                entrypoints: ["nginx"],
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
                ],
                volumes: [
                    { volumeName: config.volumeName, containerPath: FRONT_FOLDER, readOnly: true },
                    { volumeName: args.socketVolume, containerPath: SOCKET_FOLDER, readOnly: true },
                    ...(args.images === undefined
                        ? []
                        : [{ ...args.images, containerPath: BLOBS_FOLDER, readOnly: true }]),
                    ...(args.sitesFolder === undefined
                        ? []
                        : [{ hostPath: args.sitesFolder, containerPath: SITES_FOLDER, readOnly: true }]),
                ],
                // Sockets, and the answers of the password check: in memory alone.
                tmpfs: { "/tmp": "uid=101,gid=0,mode=0700,size=32m,noexec" },
                networksAdvanced: [{ name: args.networkName }],
                readOnly: true,
                stopSignal: "SIGQUIT",
                ...awaited(`[ -n "$(${ASK})" ]`),
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
        this.containerId = pulumi.all([container.id, reload.done]).apply(([id]) => id);
        this.registerOutputs({ containerId: this.containerId });
    }

    private files(args: FrontArgs): Record<string, FileArgs> {
        const pair = (crt: string, key: string, tls: TlsFiles): Record<string, FileArgs> => ({
            [crt]: { content: tls.chainPem },
            [key]: { content: tls.privateKeyPem, mode: SECRET },
        });
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
            blobHeaders: args.images && args.blobHeaders,
            sites: args.sites.map(({ id, name, upstream, folder }) => ({ id, name, upstream, folder })),
            installers: Object.keys(args.installers ?? {}),
            page:
                args.page === undefined
                    ? undefined
                    : PAGE_FILES.map(({ path, file, type }) => ({ path, file, type })),
            redirectTo: args.httpPort === undefined ? undefined : args.port,
        });
    }

    private conf(args: FrontArgs, generation: pulumi.Output<string>): pulumi.Output<string> {
        return pulumi
            .all([this.settings(args), generation])
            .apply(([settings, text]) => renderNginx({ ...settings, generation: text }));
    }

    /** SHA-256 of all that is served. There is a private key among it, so it gives nothing away. */
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
