import { createHash } from "node:crypto";

import * as docker from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";

import { type Deployment, detached, type Labels } from "../deployment/deployment";
import type { Path } from "../definition/problem";
import { awaited, boundedLog, confined, listens, memoryLimit, service } from "../deployment/hardening";

import { lookups, type OutboundArgs, proxyFiles } from "../outbound/outbound";

import { withProxy } from "../outbound/proxy-file";
import { leavingNumbers } from "../metrics/count";
import { METRICS_FOLDER } from "../metrics/files";
import { ConfigVolume, type FileArgs } from "./config-volume";
import { type RemoteStorageArgs, storageEnvs, storageFiles } from "../storage/storage";
import { CHECK_CONFIG, CHECK_SCRIPT, STORAGE_CHECKED, storageCheckScript } from "../storage/check";
import { CONFIG_FOLDER, DATA_FOLDER } from "../storage/folders";
import { DEBUG_PORT, REGISTRY_PORT } from "./ports";

/** A certificate and its key, PEM. */
export interface TlsFiles {
    chainPem: pulumi.Input<string>;
    privateKeyPem: pulumi.Input<string>;
}

/** Where a registry listens that publishes no port. */
export interface RegistrySocket {
    volumeName: pulumi.Input<string>;
    /** Where the volume is mounted. */
    folder: string;
    /** Path of the socket in it, as config.yml names it. */
    path: string;
}

/** A volume or folder of the Docker host with images. */
export type ImagesMount = { volumeName: pulumi.Input<string> } | { hostPath: string };

export interface RegistryArgs {
    deployment: Deployment;
    /** Start of the name of every Docker object. @default the deployment's */
    prefix?: string | undefined;
    /** @default prefix */
    containerName?: string | undefined;
    /** ID of the registry image, sha256:… */
    imageId: pulumi.Input<string>;
    /** The rendered config.yml. Kept as a secret. */
    configYml: pulumi.Input<string>;
    /** The htpasswd file; nothing where there are no users. */
    htpasswd?: pulumi.Input<string> | undefined;
    /** The certificate; nothing for plain HTTP. */
    tls?: TlsFiles | undefined;
    /** Further files of the configuration, read when the registry starts. @default none */
    files?: Record<string, FileArgs> | undefined;
    /** Further variables, `NAME=value`. Never secrets. @default none */
    envs?: string[] | undefined;
    /** Network to join. @default one of its own, named prefix */
    networkName?: pulumi.Input<string> | undefined;
    /** A further network, with what the registry needs from it. @default none */
    cache?: { networkName: pulumi.Input<string>; container: pulumi.Resource } | undefined;
    /** Port inside the container, as config.yml names it. @default REGISTRY_PORT */
    containerPort?: number | undefined;
    /** Port of the Docker host; nothing publishes none, and the network or the socket alone reaches it. */
    port?: pulumi.Input<number> | undefined;
    /** The option that chooses that port. @default ["port"] */
    portKey?: Path | undefined;
    /** Address of the Docker host. */
    bindAddress: pulumi.Input<string>;
    /** The registry listens on a socket in a volume instead of a port, for a front alone. */
    socket?: RegistrySocket | undefined;
    /** Volume in which it leaves its numbers. @default it tells none */
    metricsVolume?: pulumi.Input<string> | undefined;
    /** A store elsewhere, instead of a volume or folder, and the configuration that checks it. Kept as a secret. */
    store?: { storage: RemoteStorageArgs; checkYml: pulumi.Input<string> } | undefined;
    /** Folder of the Docker host for the images, instead of a volume. */
    folder?: string | undefined;
    /** The option that chooses that folder. @default ["storage", "folder"] */
    folderKey?: Path | undefined;
    /** Volume for the images. @default `${prefix}-data` */
    volume?: string | undefined;
    /** Leave the data volume where the registry is destroyed. @default true */
    keepData?: boolean | undefined;
    /** Proxy, names and name servers by which it reaches its store, its upstream, its webhooks. @default the Docker host's */
    outbound?: OutboundArgs | undefined;
    /** Further labels of the container that writes the configuration. @default [] */
    writerLabels?: Labels | undefined;
    /** MiB. @default 512 */
    memoryMb?: pulumi.Input<number> | undefined;
    /** @default no limit */
    cpus?: pulumi.Input<number> | undefined;
    /** What must be there before the container is made. @default nothing more */
    after?: pulumi.Resource[] | undefined;
    /** Called where the Engine refuses an object. */
    onError: pulumi.ErrorHook[];
}

/** Where the debug server listens: it knows no login, and stays on the container's loopback. */
export const DEBUG = `127.0.0.1:${DEBUG_PORT}`;

/**
 * The shell command that succeeds where images can be written, the storage answers and what the registry listens on is open.
 *
 * @param open the command of the last
 */
export const healthy = (open: string): string =>
    `${STORAGE_CHECKED} && wget -q -O /dev/null http://${DEBUG}/debug/health && ${open}`;

function healthyContainer({ socket, metricsVolume, containerPort = REGISTRY_PORT }: RegistryArgs): string {
    const test = healthy(socket === undefined ? listens(containerPort) : `test -S ${socket.path}`);
    return metricsVolume === undefined ? test : leavingNumbers(DEBUG, test);
}

/** What starts the registry. Always with the path: release 3 looks elsewhere than 2, and without a file it serves without TLS and users. */
export const SERVE = ["serve", `${CONFIG_FOLDER}/config.yml`];

/** The program that starts it, before the arguments. */
export function entrypoint({
    socket,
    outbound,
}: {
    /** It listens on a socket. */
    socket?: unknown;
    outbound?: OutboundArgs | undefined;
}): string[] {
    const before = [
        ...(Object.keys(proxyFiles(outbound?.proxy)).length > 0 ? [withProxy(CONFIG_FOLDER)] : []),
        // A front runs as another user of the same group, and may write to the socket only where that group may.
        ...(socket === undefined ? [] : ["umask 0007"]),
    ];
    if (before.length === 0) return ["/bin/registry"];
    return ["/bin/sh", "-c", [...before, 'exec /bin/registry "$@"'].join("; "), "registry"];
}

/** Variables of its container, `NAME=value`. */
export const registryEnvs = (storage: RemoteStorageArgs | undefined): string[] => [
    "OTEL_TRACES_EXPORTER=none",
    ...storageEnvs(storage),
];

/** Its files, wherever it runs. */
export const registryFiles = ({
    configYml,
    store,
    outbound,
}: Pick<RegistryArgs, "configYml" | "store" | "outbound">): Record<string, FileArgs> => ({
    "config.yml": { content: configYml, mode: "0400" },
    [CHECK_SCRIPT]: { content: storageCheckScript(store !== undefined) },
    ...(store === undefined ? {} : { [CHECK_CONFIG]: { content: store.checkYml, mode: "0400" } }),
    ...storageFiles(store?.storage),
    ...proxyFiles(outbound?.proxy),
});

/** The provider keeps a whole number as "1.0", and would replace the container for "1" on every `up`. */
const cpuLimit = (cpus: pulumi.Input<number>): pulumi.Output<string> =>
    pulumi.output(cpus).apply((of) => (Number.isInteger(of) ? of.toFixed(1) : String(of)));

const published = (external: pulumi.Input<number>, ip: pulumi.Input<string>) => ({
    internal: REGISTRY_PORT,
    external,
    ip,
    protocol: "tcp",
});

/** The registry: its configuration, data, network and container. */
export class Registry extends pulumi.ComponentResource {
    /** ID of the container; resolves when the registry answers. */
    readonly containerId: pulumi.Output<string>;
    /** Network of the deployment. */
    readonly networkName: pulumi.Output<string>;
    readonly container: docker.Container;
    /** Its images; nothing where they lie in a store elsewhere. */
    readonly images: ImagesMount | undefined;

    constructor(name: string, args: RegistryArgs, opts?: pulumi.ComponentResourceOptions) {
        super("private-registry:index:Registry", name, {}, opts);
        const parent = { parent: this };
        const hooks = { onError: args.onError };
        const { deployment } = args;
        const prefix = args.prefix ?? deployment.prefix;
        const containerName = args.containerName ?? prefix;
        const { port, bindAddress: ip, portKey: key = ["port"] } = args;
        const labels = deployment.container(containerName, port === undefined ? [] : [{ port, ip, key }]);

        const config = new ConfigVolume(
            `${name}-config`,
            {
                volumeName: `${prefix}-config`,
                labels: args.writerLabels,
                deployment,
                imageId: args.imageId,
                folder: CONFIG_FOLDER,
                files: {
                    ...registryFiles(args),
                    ...(args.htpasswd === undefined
                        ? {}
                        : { htpasswd: { content: args.htpasswd, mode: "0400" } }),
                    ...(args.tls === undefined
                        ? {}
                        : {
                              "site.crt": { content: args.tls.chainPem },
                              "site.key": { content: args.tls.privateKeyPem, mode: "0400" },
                          }),
                    ...args.files,
                },
                mark:
                    args.folder === undefined || args.store !== undefined
                        ? undefined
                        : { path: args.folder, key: args.folderKey ?? ["storage", "folder"] },
                onError: args.onError,
            },
            parent,
        );
        this.networkName =
            args.networkName === undefined
                ? new docker.Network(
                      `${name}-network`,
                      { name: prefix, labels: deployment.network(prefix) },
                      // One of version 0.1 keeps its labels: Pulumi deletes every container before a new network, long
                      // before it makes the first of them again.
                      { ...parent, hooks, ignoreChanges: ["labels"] },
                  ).name
                : pulumi.output(args.networkName);
        this.images = this.mountOf(name, prefix, args);
        const container = new docker.Container(
            `${name}-container`,
            {
                name: containerName,
                image: args.imageId,
                entrypoints: entrypoint(args),
                command: SERVE,
                envs: [...registryEnvs(args.store?.storage), ...(args.envs ?? [])],
                // The registry reads htpasswd by itself when it changes, all else when it starts. So this label
                // replaces the container for all else.
                labels: [
                    ...labels,
                    { label: "private-registry.config", value: this.startsWith(args, config) },
                ],
                ...(args.port === undefined ? {} : { ports: [published(args.port, args.bindAddress)] }),
                volumes: [
                    { volumeName: config.volumeName, containerPath: CONFIG_FOLDER, readOnly: true },
                    ...(this.images === undefined ? [] : [{ ...this.images, containerPath: DATA_FOLDER }]),
                    ...(args.socket === undefined
                        ? []
                        : [{ volumeName: args.socket.volumeName, containerPath: args.socket.folder }]),
                    ...(args.metricsVolume === undefined
                        ? []
                        : [{ volumeName: args.metricsVolume, containerPath: METRICS_FOLDER }]),
                ],
                // The image declares a volume there: Docker would make a nameless one.
                ...(args.store === undefined ? {} : { tmpfs: { [DATA_FOLDER]: "ro,size=4k" } }),
                networksAdvanced: [this.networkName, ...(args.cache ? [args.cache.networkName] : [])].map(
                    (of) => ({
                        name: of,
                    }),
                ),
                ...lookups(args.outbound),
                readOnly: true,
                ...awaited(healthyContainer(args), args.store !== undefined),
                ...(args.cpus === undefined ? {} : { cpus: cpuLimit(args.cpus) }),
                ...confined,
                ...boundedLog,
                ...service,
                ...memoryLimit(args.memoryMb ?? 512),
            },
            {
                ...parent,
                hooks,
                dependsOn: [
                    config.writer,
                    ...(args.cache ? [args.cache.container] : []),
                    ...(args.after ?? []),
                ],
                // A registry that did not become healthy is made anew by the next `up`; the provider updates a
                // health check in state alone (pulumi/pulumi-docker, container Update).
                replaceOnChanges: ["#initerror", "healthcheck"],
                // The name is fixed; for these two the provider does not ask for it by itself.
                deleteBeforeReplace: true,
            },
        );
        this.container = container;
        this.containerId = pulumi.all([container.id, config.written]).apply(([id]) => id);
        this.registerOutputs({ containerId: this.containerId });
    }

    private mountOf(name: string, prefix: string, args: RegistryArgs): ImagesMount | undefined {
        if (args.store !== undefined) return undefined;
        if (args.folder !== undefined) return { hostPath: args.folder };
        const volumeName = args.volume ?? `${prefix}-data`;
        const given = args.volume !== undefined;
        const volume = new docker.Volume(
            `${name}-data`,
            { name: volumeName, labels: args.deployment.volume(volumeName, { data: true, given }) },
            {
                parent: this,
                retainOnDelete: args.keepData ?? true,
                // A stack that is renamed keeps its images: labels never replace the volume, and its name does only
                // where the user gives another one.
                ignoreChanges: ["labels", ...(args.volume === undefined ? ["name"] : [])],
            },
        );
        return { volumeName: volume.name };
    }

    /** The digest of the configuration, once that is in place: where it is not, the container that runs goes on. */
    private startsWith(args: RegistryArgs, config: ConfigVolume): pulumi.Output<string> {
        const digest = this.configDigest(args);
        // A preview does not know how a writer will end, and would show a new container for each change of a user. Nor may
        // the container depend on the writer by a property: Pulumi would delete it with the writer.
        return pulumi.runtime.isDryRun()
            ? digest
            : pulumi.all([digest, detached(config.written)]).apply(([text]) => text);
    }

    /** SHA-256 of what the registry reads at its start. Of a text with a random secret, so it gives nothing away. */
    private configDigest(args: RegistryArgs): pulumi.Output<string> {
        const files = {
            ...storageFiles(args.store?.storage),
            ...proxyFiles(args.outbound?.proxy),
            ...args.files,
        };
        const texts = pulumi.all([
            args.configYml,
            args.tls?.chainPem ?? "",
            args.tls?.privateKeyPem ?? "",
            ...Object.values(files).map(({ content }) => content),
        ]);
        return pulumi.unsecret(
            texts.apply((parts) => createHash("sha256").update(JSON.stringify(parts)).digest("hex")),
        );
    }
}
