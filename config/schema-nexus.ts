/** The part of the schema that is about Nexus. */
import * as z from "zod";

import { DOCKER_HUB, NEXUS_IMAGE, NEXUS_PORT } from "../components/nexus/plan";

import { field, imageName, hostName, text } from "./fields";

const writePolicy = z.enum(["allow", "allow_once", "deny"]);
const WRITE_POLICIES = "allow, allow_once or deny";
const days = (description: string) =>
    field(z.int().min(1).max(24_855).optional(), {
        description,
        allowed: "a whole number from 1 to 24855",
        example: "90",
    });

// Quartz: seconds, minutes, hours, day of month, month, day of week, and the year or not; one of the days is "?".
const cron = (description: string, standard: string) =>
    field(
        z
            .string()
            .regex(
                /^([0-9A-Z*/,#LW-]+ ){3}(\? [0-9A-Z*/,-]+ [0-9A-Z*/,#L-]+|[0-9*/,LW-]+ [0-9A-Z*/,-]+ \?)( [0-9*/,-]+)?$/,
            )
            .default(standard),
        {
            description,
            allowed: "a Quartz cron expression, of which the day of the month or the day of the week is ?",
            example: `'${standard}'`,
        },
    );
const flag = (standard: boolean, description: string) =>
    field(z.boolean().default(standard), {
        description,
        allowed: "true or false",
        example: String(!standard),
    });

const docker = z.strictObject({
    hosted: flag(true, "Repository docker-hosted, for images of your own"),
    proxy: flag(true, "Repository docker-proxy, a cache of nexus.docker.upstream"),
    upstream: field(z.url({ protocol: /^https?$/ }).default(DOCKER_HUB), {
        description: "What docker-proxy caches: Docker Hub, or a mirror of the kit",
        allowed: "an http:// or https:// URL",
        example: "https://mirror.example.com",
    }),
    group: flag(true, "Repository docker-group, hosted and proxy under one name"),
    routing: field(z.enum(["path", "ports"]).default("path"), {
        description:
            "path: NEXUS/docker-hosted/image. ports: each Docker repository on a connector of its own, 8082 to 8084 of the container, for a front to proxy",
        allowed: "path or ports",
        example: "ports",
    }),
    writePolicy: field(writePolicy.default("allow"), {
        description: "Whether a tag of docker-hosted may be replaced",
        allowed: WRITE_POLICIES,
        example: "allow_once",
    }),
});

const repository = z.strictObject({
    format: field(z.enum(["maven", "yum", "pypi"]), {
        description: "Format of the hosted repository NAME",
        allowed: "maven, yum or pypi",
        example: "maven",
    }),
    writePolicy: field(writePolicy.default("allow_once"), {
        description: "Whether what is there may be replaced",
        allowed: WRITE_POLICIES,
        example: "allow",
    }),
    versionPolicy: field(z.enum(["RELEASE", "SNAPSHOT", "MIXED"]).optional(), {
        description: "Of a maven repository: which versions it takes. Default: MIXED",
        allowed: "RELEASE, SNAPSHOT or MIXED",
        example: "RELEASE",
    }),
    repodataDepth: field(z.int().min(0).max(5).optional(), {
        description: "Of a yum repository: depth of the folders that have metadata of their own. Default: 0",
        allowed: "a whole number from 0 to 5",
        example: "1",
    }),
});

export const nexus = z.strictObject({
    enabled: flag(false, "Sonatype Nexus 3 beside the registry"),
    acceptEula: flag(
        false,
        "You accept the licence of Nexus, https://links.sonatype.com/products/nxrm/ce-eula; nothing is made without",
    ),
    domain: field(hostName.optional(), {
        description: "Name under which a front shows Nexus. Default: nexus.DOMAIN",
        allowed: "a host name",
        example: "nexus.example.com",
    }),
    image: field(imageName.default(NEXUS_IMAGE), {
        description: "Image of Nexus; docs/nexus.md says which versions fit",
        allowed: "an image reference",
        example: NEXUS_IMAGE,
    }),
    port: field(z.int().min(1).max(65535).default(NEXUS_PORT), {
        description: "Port of 127.0.0.1 of the Docker host, for the REST API and the UI",
        allowed: "a whole number from 1 to 65535",
        example: "18081",
    }),
    apiUrl: field(z.url({ protocol: /^https?$/ }).optional(), {
        description:
            "Where this machine reaches that port, for an Engine on another one. Default: http://127.0.0.1:PORT",
        allowed: "an http:// or https:// URL",
        example: "http://127.0.0.1:18081",
    }),
    heapMb: field(z.int().min(512).default(2703), {
        description: "Heap of Java in MiB",
        allowed: "a whole number from 512",
        example: "4096",
    }),
    directMemoryMb: field(z.int().min(512).default(2703), {
        description: "Direct memory of Java in MiB; the container may use heap + direct memory + 768",
        allowed: "a whole number from 512",
        example: "4096",
    }),
    openFiles: field(z.int().min(0).default(65536), {
        description:
            "Files that Nexus may open; 0 leaves it to the Engine, which may have no right to so many",
        allowed: "a whole number from 0",
        example: "0",
    }),
    adminPassword: field(text.pipe(z.string().min(8)).optional(), {
        description:
            "Password of the user admin. Default: 24 random characters, shown by `pulumi stack output --show-secrets nexusAdminPassword`",
        allowed: "a string of 8 characters or more",
        example: "'a long password'",
        secret: true,
    }),
    anonymous: flag(false, "Anyone who reaches Nexus may read every repository"),
    docker: field(docker.prefault({}), {
        description: "The Docker repositories of Nexus",
        allowed: "an object (see nexus.docker.* below)",
        example: "--path nexus.docker.routing ports",
    }),
    repositories: field(z.record(z.string().regex(/^[a-zA-Z0-9-][a-zA-Z0-9_.-]*$/), repository).default({}), {
        description: "Hosted repositories of Nexus for Maven, Yum and PyPI: name → format and options",
        allowed: "an object of names (letters, digits, _ . -), each with a format",
        example: "--path nexus.repositories.releases.format maven",
    }),
    cleanup: field(
        z
            .strictObject({
                unusedDays: days("What nobody downloaded for so many days is deleted"),
                olderThanDays: days(
                    "What was uploaded so many days ago is deleted; with unusedDays both must hold",
                ),
            })
            .prefault({}),
        {
            description: "The cleanup policy of all hosted and proxy repositories. Default: none",
            allowed: "an object of unusedDays and olderThanDays",
            example: "--path nexus.cleanup.unusedDays 90",
        },
    ),
    schedule: field(
        z
            .strictObject({
                dockerGc: cron("When unused layers of docker-hosted are deleted, UTC", "0 0 1 * * ?"),
                compact: cron("When the space of all that was deleted is given back, UTC", "0 0 3 * * ?"),
            })
            .prefault({}),
        {
            description: "When Nexus gives space back",
            allowed: "an object of dockerGc and compact",
            example: "--path nexus.schedule.compact '0 0 3 * * ?'",
        },
    ),
});
