/** What is to be in Nexus for given settings: plain data, without Pulumi. */
import type { Given, Settled } from "../definition/inputs";

import type { NexusOptions } from "./options";
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

/** What of the options of Nexus decides what is in it. */
export interface Wishes extends Partial<
    Pick<Settled<NexusOptions>, "docker" | "repositories" | "cleanup" | "schedule">
> {
    /** Repositories may be deleted with what is in them. */
    force: boolean;
}

type Policy = "allow" | "allow_once" | "deny";

/** A policy in Nexus' own words. */
function inNexus(policy: Given<Policy>): Given<Uppercase<Policy>> {
    const upper = (of: Policy) => of.toUpperCase() as Uppercase<Policy>;
    return typeof policy === "string" ? upper(policy) : policy.apply(upper);
}

/** Ports of the Docker connectors inside the container. */
const CONNECTORS = { "docker-hosted": 8082, "docker-proxy": 8083, "docker-group": 8084 } as const;
type DockerName = keyof typeof CONNECTORS;
export const DOCKER_NAMES = Object.keys(CONNECTORS) as DockerName[];

export const hasPolicy = ({ unusedDays, olderThanDays }: NonNullable<Wishes["cleanup"]> = {}): boolean =>
    unusedDays !== undefined || olderThanDays !== undefined;

function dockerRepositories(wishes: Wishes): NexusRepositoryArgs[] {
    if (wishes.docker === undefined) return [];
    const { hosted, proxy, group, upstream, routing, writePolicy } = wishes.docker;
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
            ? [one("docker-hosted", { type: "hosted", writePolicy: inNexus(writePolicy), cleanupPolicies })]
            : []),
        ...(proxy ? [one("docker-proxy", { type: "proxy", remoteUrl: upstream, cleanupPolicies })] : []),
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
            writePolicy: inNexus(writePolicy),
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

/** What a front proxies: Nexus itself, and each Docker repository with a port of its own, under a label before its name. */
export function upstreams(container: string, wishes: Wishes): { label?: string; upstream: string }[] {
    const connectors = plannedRepositories(wishes).flatMap(({ name, httpPort }) =>
        httpPort === undefined ? [] : [{ label: name, upstream: `http://${container}:${String(httpPort)}` }],
    );
    return [{ upstream: `http://${container}:${NEXUS_PORT}` }, ...connectors];
}
