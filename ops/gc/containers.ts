/** The containers that run while garbage is collected. Each takes after the registry's own, which is only stopped. */
import type { ContainerCreateOptions, ContainerInspectInfo, HostConfig } from "../../engine/types";

import { SECOND_SOCKET, SOCKET_FOLDER } from "../../components/front/settings";
import { IDENTITY_LABEL, OWNER_LABEL } from "../../components/deployment/hardening";

/** Its value is the deployment's prefix. */
export const GC_LABEL = "private-registry.gc";
/** Name of the registry's own container. */
export const REGISTRY_LABEL = "private-registry.gc.registry";
/** Name of the command that made the container: "retain". */
export const COMMAND_LABEL = "private-registry.gc.command";
/** The process of that command, as ops/shared/process.ts names it. */
export const PROCESS_LABEL = "private-registry.gc.process";

/** A descriptor that it kept beyond the collection would make the registry take a removed blob for present. */
const OWN_CACHE = "REGISTRY_STORAGE_CACHE={blobdescriptor: inmemory}";
/** Serves pulls while the storage is cleaned. Purging uploads would write. */
const READ_ONLY = "REGISTRY_STORAGE_MAINTENANCE={uploadpurging: {enabled: false}, readonly: {enabled: true}}";

/** Nothing but what is asked of it. */
const QUIET = "REGISTRY_STORAGE_MAINTENANCE={uploadpurging: {enabled: false}}";

/** Does nothing by itself: what is to be done is run beside it. */
export const IDLE = ["/bin/sh", "-c", "trap 'exit 0' TERM; while :; do sleep 1; done"];

export const readerName = (registry: string) => `${registry}-gc-reader`;
export const gateName = (registry: string) => `${registry}-gc-gate`;
export const rcloneName = (registry: string) => `${registry}-gc-rclone`;
export const collectorName = (registry: string) => `${registry}-gc`;

/** Name of a container, without the slash that the Engine puts before it. */
export const nameOf = (container: ContainerInspectInfo) => container.Name.replace(/^\//, "");

/** The network that a container is in. */
export const networkOf = (container: ContainerInspectInfo) =>
    Object.keys(container.NetworkSettings.Networks)[0] ?? "bridge";

/** The names by which a network knows a container, its own ID aside. */
export function aliasesOf(container: ContainerInspectInfo): string[] {
    const { Aliases } = container.NetworkSettings.Networks[networkOf(container)] ?? {};
    return (Aliases ?? []).filter((alias: string) => !container.Id.startsWith(alias));
}

export interface Owner {
    prefix: string;
    /** Of the deployment; nothing for one of version 0.1. */
    identity: string | undefined;
    /** As ops/shared/process.ts names it. */
    process: string;
    /** Name of the command at work. @default "gc" */
    command?: string | undefined;
}

/** What a command is doing, for messages. */
export const doing = (command: string | undefined): string =>
    command === undefined || command === "gc" ? "garbage collection" : `\`npm run ${command}\``;

const labels = (registry: ContainerInspectInfo, { prefix, identity, process, command = "gc" }: Owner) => ({
    [OWNER_LABEL]: prefix,
    ...(identity === undefined ? {} : { [IDENTITY_LABEL]: identity }),
    [GC_LABEL]: prefix,
    [REGISTRY_LABEL]: nameOf(registry),
    [PROCESS_LABEL]: process,
    [COMMAND_LABEL]: command,
});

/** What a container of the registry's image has in common with the registry. */
function like({ Config, HostConfig, ...registry }: ContainerInspectInfo): ContainerCreateOptions {
    return {
        Image: registry.Image,
        Entrypoint: Config.Entrypoint,
        Env: Config.Env,
        User: Config.User,
        HostConfig: {
            NetworkMode: networkOf({ Config, HostConfig, ...registry }),
            ReadonlyRootfs: HostConfig.ReadonlyRootfs,
            CapAdd: HostConfig.CapAdd,
            CapDrop: HostConfig.CapDrop,
            SecurityOpt: HostConfig.SecurityOpt,
            Tmpfs: HostConfig.Tmpfs,
        },
    };
}

/** Whether a registry listens on a socket alone, for a front. */
export const behindFront = (registry: ContainerInspectInfo) =>
    registry.Mounts.some(({ Destination }) => Destination === SOCKET_FOLDER);

/** The registry's mounts without the right to write, but for a socket of its own beside the registry's. */
const readOnlyMounts = (registry: ContainerInspectInfo): HostConfig["Mounts"] =>
    registry.Mounts.map(({ Type, Name, Source, Destination }) => ({
        Type,
        Source: Name ?? Source,
        Target: Destination,
        ReadOnly: Destination !== SOCKET_FOLDER,
    }));

/** The same registry with the same storage, configuration and users, which only reads. */
export function reader(registry: ContainerInspectInfo, owner: Owner): ContainerCreateOptions {
    const base = like(registry);
    const { Config, HostConfig } = registry;
    const listen = behindFront(registry) ? [`REGISTRY_HTTP_ADDR=${SECOND_SOCKET}`] : [];
    return {
        ...base,
        name: readerName(nameOf(registry)),
        Cmd: Config.Cmd,
        Env: [...(Config.Env ?? []), READ_ONLY, OWN_CACHE, ...listen],
        Labels: labels(registry, owner),
        Healthcheck: Config.Healthcheck,
        StopTimeout: Config.StopTimeout,
        HostConfig: {
            ...base.HostConfig,
            Mounts: readOnlyMounts(registry),
            Memory: HostConfig.Memory,
            MemorySwap: HostConfig.MemorySwap,
            LogConfig: HostConfig.LogConfig,
            // It has to serve until the collection is over. With a new Engine the registry itself is back.
            RestartPolicy: { Name: "on-failure" },
        },
        NetworkingConfig: {
            EndpointsConfig: { [networkOf(registry)]: { Aliases: aliasesOf(registry) } },
        },
    };
}

/** The registry's own garbage-collect on the same storage. Without a memory limit: half a collection helps nobody. */
export function collector(
    registry: ContainerInspectInfo,
    owner: Owner,
    flags: readonly string[],
): ContainerCreateOptions {
    const base = like(registry);
    return {
        ...base,
        name: collectorName(nameOf(registry)),
        Cmd: ["garbage-collect", ...flags, registry.Config.Cmd?.at(-1) ?? ""],
        Labels: labels(registry, owner),
        HostConfig: {
            ...base.HostConfig,
            VolumesFrom: [registry.Id],
            // Its output is read as it comes, and may be longer than a bounded log.
            LogConfig: { Type: "none", Config: {} },
        },
    };
}

/** A container that may write to the storage and does nothing by itself: what is to be done is run in it. */
export function broom(registry: ContainerInspectInfo, owner: Owner): ContainerCreateOptions {
    return {
        ...collector(registry, owner, []),
        Entrypoint: IDLE,
        Cmd: [],
    };
}

/** Variables of a registry without users beside the registry. @param write it may delete */
export const besideEnvs = (write: boolean): string[] => [
    OWN_CACHE,
    ...(write ? ["REGISTRY_STORAGE_DELETE={enabled: true}", QUIET] : [READ_ONLY]),
];

/**
 * A registry without users on the loopback of its container, with the right to delete whatever clients may. What is asked of it is
 * run in it.
 *
 * @param script starts it
 */
export function loopback(
    registry: ContainerInspectInfo,
    owner: Owner,
    { script, write }: { script: string; write: boolean },
): ContainerCreateOptions {
    return {
        ...collector(registry, owner, []),
        Entrypoint: ["/bin/sh", "-c", script],
        Cmd: [],
        Env: [...(registry.Config.Env ?? []), ...besideEnvs(write)],
    };
}

/** rclone beside the registry, in its network and with its configuration's files: what it is to do is run in it. */
export function rclone(registry: ContainerInspectInfo, owner: Owner, image: string): ContainerCreateOptions {
    const { HostConfig } = registry;
    return {
        name: rcloneName(nameOf(registry)),
        Image: image,
        Entrypoint: IDLE,
        Cmd: [],
        // Among them the authority of the store.
        Env: registry.Config.Env,
        User: "0:0",
        Labels: labels(registry, owner),
        HostConfig: {
            NetworkMode: networkOf(registry),
            VolumesFrom: [`${registry.Id}:ro`],
            CapDrop: ["ALL"],
            SecurityOpt: HostConfig.SecurityOpt,
            ExtraHosts: HostConfig.ExtraHosts,
            Dns: HostConfig.Dns,
            LogConfig: { Type: "none", Config: {} },
        },
    };
}

export interface Gate {
    /** ID of the nginx image. */
    image: string;
    /** Its configuration, without secrets. */
    conf: string;
}

/** Only tries the gate's configuration, in the place where it is to serve. */
export function gateTrial(registry: ContainerInspectInfo, owner: Owner, { image, conf }: Gate) {
    const { HostConfig } = registry;
    return {
        name: gateName(nameOf(registry)),
        Image: image,
        Entrypoint: [
            "/bin/sh",
            "-c",
            `printf '%s' "$0" > /tmp/nginx.conf && exec nginx "$@" -c /tmp/nginx.conf`,
        ],
        Cmd: [conf, "-t"],
        Labels: labels(registry, owner),
        HostConfig: {
            NetworkMode: networkOf(registry),
            VolumesFrom: [`${registry.Id}:ro`],
            ReadonlyRootfs: true,
            Tmpfs: { "/tmp": "" },
            CapDrop: ["ALL"],
            // nginx changes its user in any case.
            CapAdd: ["SETUID", "SETGID"],
            SecurityOpt: HostConfig.SecurityOpt,
            LogConfig: HostConfig.LogConfig,
        },
    } satisfies ContainerCreateOptions;
}

/** Takes the registry's published port where no front has it. */
export function gate(registry: ContainerInspectInfo, owner: Owner, gate: Gate): ContainerCreateOptions {
    const trial = gateTrial(registry, owner, gate);
    return {
        ...trial,
        Cmd: [gate.conf],
        ExposedPorts: registry.Config.ExposedPorts,
        HostConfig: {
            ...trial.HostConfig,
            PortBindings: registry.HostConfig.PortBindings,
            RestartPolicy: { Name: "on-failure" },
        },
    };
}
