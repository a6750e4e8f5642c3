/** What is to be in Nexus for given settings: plain data, without Pulumi. */
import type { NexusRepositoryArgs, NexusTaskArgs } from "./resources";

/** The release whose REST API plugins/nexus follows. */
export const NEXUS_IMAGE = "sonatype/nexus3:3.94.0";
/** Port of Nexus inside its container: UI, REST API and, by path, every repository. */
export const NEXUS_PORT = 8081;
/** Where Nexus keeps everything. */
export const NEXUS_FOLDER = "/nexus-data";
export const DOCKER_HUB = "https://registry-1.docker.io";
/** The realm with which Docker clients log in. */
export const DOCKER_REALM = "DockerToken";
export const POLICY = "private-registry";

/** A hosted repository beside the Docker ones. */
export interface HostedRepository {
    format: "maven" | "yum" | "pypi";
    /** Whether what is there may be replaced. @default "allow_once" */
    writePolicy?: "allow" | "allow_once" | "deny" | undefined;
    /** maven. @default "MIXED" */
    versionPolicy?: "RELEASE" | "SNAPSHOT" | "MIXED" | undefined;
    /** yum. @default 0 */
    repodataDepth?: number | undefined;
}

export interface DockerRepositories {
    /** `docker-hosted`, for images of one's own. @default true */
    hosted?: boolean | undefined;
    /** `docker-proxy`, a cache of `upstream`. @default true */
    proxy?: boolean | undefined;
    /** What the proxy caches: Docker Hub, or a mirror of the kit. @default Docker Hub */
    upstream?: string | undefined;
    /** `docker-group`, both under one name. @default true */
    group?: boolean | undefined;
    /** path: HOST/docker-hosted/image. ports: each repository on a port of its own, at its root. @default "path" */
    routing?: "path" | "ports" | undefined;
    /** Whether a tag may be replaced. @default "allow" */
    writePolicy?: "allow" | "allow_once" | "deny" | undefined;
}

export interface Cleanup {
    /** Days without a download. */
    unusedDays?: number | undefined;
    /** Days since the upload. */
    olderThanDays?: number | undefined;
}

/** Quartz cron expressions, UTC. */
export interface Schedule {
    /** Unreferenced layers and manifests of Docker repositories are deleted. @default "0 0 1 * * ?" */
    dockerGc?: string | undefined;
    /** The space of all that was deleted is given back. @default "0 0 3 * * ?" */
    compact?: string | undefined;
}

export interface Wishes {
    docker?: DockerRepositories | undefined;
    repositories?: Readonly<Record<string, HostedRepository>> | undefined;
    cleanup?: Cleanup | undefined;
    schedule?: Schedule | undefined;
    /** Repositories may be deleted with what is in them. */
    force: boolean;
}

/** Ports of the Docker connectors inside the container. */
const CONNECTORS = { "docker-hosted": 8082, "docker-proxy": 8083, "docker-group": 8084 } as const;
type DockerName = keyof typeof CONNECTORS;
export const DOCKER_NAMES = Object.keys(CONNECTORS) as DockerName[];

const upper = <T extends string>(text: T | undefined): Uppercase<T> | undefined =>
    text?.toUpperCase() as Uppercase<T> | undefined;

export const hasPolicy = ({ unusedDays, olderThanDays }: Cleanup = {}): boolean =>
    unusedDays !== undefined || olderThanDays !== undefined;

function dockerRepositories(wishes: Wishes): NexusRepositoryArgs[] {
    const { hosted = true, proxy = true, group = true, upstream, routing, writePolicy } = wishes.docker ?? {};
    const one = (name: DockerName, args: Omit<NexusRepositoryArgs, "name" | "format">) => ({
        name,
        format: "docker" as const,
        ...(routing === "ports" ? { httpPort: CONNECTORS[name] } : {}),
        force: wishes.force,
        ...args,
    });
    const cleanupPolicies = hasPolicy(wishes.cleanup) ? [POLICY] : [];
    const members = [...(hosted ? ["docker-hosted"] : []), ...(proxy ? ["docker-proxy"] : [])];
    return [
        ...(hosted
            ? [
                  one("docker-hosted", {
                      type: "hosted",
                      writePolicy: upper(writePolicy) ?? "ALLOW",
                      cleanupPolicies,
                  }),
              ]
            : []),
        ...(proxy
            ? [one("docker-proxy", { type: "proxy", remoteUrl: upstream ?? DOCKER_HUB, cleanupPolicies })]
            : []),
        ...(group && members.length > 0 ? [one("docker-group", { type: "group", members })] : []),
    ];
}

/** Every repository; one that others are made of stands before them. */
export function plannedRepositories(wishes: Wishes): NexusRepositoryArgs[] {
    const cleanupPolicies = hasPolicy(wishes.cleanup) ? [POLICY] : [];
    const hosted = Object.entries(wishes.repositories ?? {}).map(
        ([name, { format, writePolicy, versionPolicy, repodataDepth }]): NexusRepositoryArgs => ({
            name,
            format: format === "maven" ? "maven2" : format,
            type: "hosted",
            writePolicy: upper(writePolicy) ?? "ALLOW_ONCE",
            ...(format === "maven" ? { versionPolicy: versionPolicy ?? "MIXED" } : {}),
            ...(format === "yum" ? { repodataDepth: repodataDepth ?? 0 } : {}),
            cleanupPolicies,
            force: wishes.force,
        }),
    );
    return [...dockerRepositories(wishes), ...hosted];
}

/** The scheduled tasks. Nexus itself runs the clean-up by policies once a day. */
export function plannedTasks({ docker, schedule }: Wishes): NexusTaskArgs[] {
    const compact: NexusTaskArgs = {
        name: "private-registry: compact blob store default",
        type: "blobstore.compact",
        cron: schedule?.compact ?? "0 0 3 * * ?",
        properties: { blobstoreName: "default" },
    };
    if (docker?.hosted === false) return [compact];
    const gc: NexusTaskArgs = {
        name: "private-registry: delete unused Docker layers",
        type: "repository.docker.gc",
        cron: schedule?.dockerGc ?? "0 0 1 * * ?",
        // Hours: a layer that a push under way has sent belongs to no manifest yet.
        properties: { repositoryName: "docker-hosted", deployOffset: "24" },
    };
    return [gc, compact];
}

/** The options of Nexus's Java machine; the last one is that of the image itself. */
export const vmParams = (heapMb: number, directMemoryMb: number): string =>
    [
        `-Xms${heapMb}m`,
        `-Xmx${heapMb}m`,
        `-XX:MaxDirectMemorySize=${directMemoryMb}m`,
        `-Djava.util.prefs.userRoot=${NEXUS_FOLDER}/javaprefs`,
    ].join(" ");

/** MiB that the container may use: heap, direct memory, and what Java needs beside them. */
export const containerMemory = (heapMb: number, directMemoryMb: number): number =>
    heapMb + directMemoryMb + 768;

/**
 * What a front proxies: host name → URL inside the deployment's network.
 *
 * @param domain name of Nexus itself; a Docker repository with a port of its own gets NAME.domain
 */
export function upstreams(domain: string, container: string, wishes: Wishes): Record<string, string> {
    const connectors = plannedRepositories(wishes).flatMap(({ name, httpPort }) =>
        httpPort === undefined ? [] : [[`${name}.${domain}`, `http://${container}:${httpPort}`] as const],
    );
    return { [domain]: `http://${container}:${NEXUS_PORT}`, ...Object.fromEntries(connectors) };
}
