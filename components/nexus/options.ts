/** The options of Nexus. */
import * as z from "zod";

import type { Definition, Rule } from "../definition/check";
import { option, plain, section } from "../definition/option";
import {
    problem as problemAt,
    type Problem,
    remove,
    set,
    show,
    type Path,
    type Step,
} from "../definition/problem";
import {
    hostName,
    httpUrl,
    IMAGE_ALLOWED,
    imageName,
    port,
    PORT_ALLOWED,
    text,
    URL_ALLOWED,
    YES_OR_NO,
} from "../definition/values";
import type { Options } from "../options";

import { DOCKER_HUB, DOCKER_NAMES, NEXUS_IMAGE, NEXUS_PORT } from "./plan";

const LICENCE = "https://links.sonatype.com/products/nxrm/ce-eula";

const writePolicy = z.enum(["allow", "allow_once", "deny"]);
const WRITE_POLICIES = "allow, allow_once or deny";
const days = (description: string) =>
    option(z.int().min(1).max(24_855).optional(), {
        description,
        unit: "days",
        allowed: "a whole number from 1 to 24855",
        example: 90,
    });

// Quartz: seconds, minutes, hours, day of month, month, day of week, and the year or not; one of the days is "?".
const cron = (description: string, standard: string) =>
    option(
        z
            .string()
            .regex(
                /^([0-9A-Z*/,#LW-]+ ){3}(\? [0-9A-Z*/,-]+ [0-9A-Z*/,#L-]+|[0-9*/,LW-]+ [0-9A-Z*/,-]+ \?)( [0-9*/,-]+)?$/,
            )
            .default(standard),
        {
            description,
            allowed: "a Quartz cron expression, of which the day of the month or the day of the week is ?",
            example: standard,
        },
    );
const flag = (standard: boolean, description: string) =>
    plain(z.boolean().default(standard), { description, allowed: YES_OR_NO, example: !standard });
const megabytes = (description: string) =>
    option(z.int().min(512).default(2703), {
        description,
        unit: "MiB",
        allowed: "a whole number from 512",
        example: 4096,
    });

const docker = z.strictObject({
    hosted: flag(true, "Repository docker-hosted, for images of your own"),
    proxy: flag(true, "Repository docker-proxy, a cache of nexus.docker.upstream"),
    upstream: option(httpUrl.default(DOCKER_HUB), {
        description: "What docker-proxy caches: Docker Hub, or a mirror of the kit",
        allowed: URL_ALLOWED,
        example: "https://mirror.example.com",
    }),
    group: flag(true, "Repository docker-group, hosted and proxy under one name"),
    routing: plain(z.enum(["path", "ports"]).default("path"), {
        description:
            "path: NEXUS/docker-hosted/image. ports: each Docker repository on a connector of its own, 8082 to 8084 of the container, for a front to proxy",
        allowed: "path or ports",
        example: "ports",
    }),
    writePolicy: option(writePolicy.default("allow"), {
        description: "Whether a tag of docker-hosted may be replaced",
        allowed: WRITE_POLICIES,
        example: "allow_once",
    }),
});

const repository = z.strictObject({
    format: plain(z.enum(["maven", "yum", "pypi"]), {
        description: "Format of the hosted repository NAME",
        allowed: "maven, yum or pypi",
        example: "maven",
    }),
    writePolicy: option(writePolicy.default("allow_once"), {
        description: "Whether what is there may be replaced",
        allowed: WRITE_POLICIES,
        example: "allow",
    }),
    versionPolicy: option(z.enum(["RELEASE", "SNAPSHOT", "MIXED"]).optional(), {
        description: "Of a maven repository: which versions it takes",
        default: "MIXED",
        allowed: "RELEASE, SNAPSHOT or MIXED",
        example: "RELEASE",
    }),
    repodataDepth: option(z.int().min(0).max(5).optional(), {
        description: "Of a yum repository: depth of the folders that have metadata of their own",
        default: "0",
        allowed: "a whole number from 0 to 5",
        example: 1,
    }),
});

const nexus = {
    acceptEula: flag(false, `You accept the licence of Nexus, ${LICENCE}; nothing is made without`),
    domain: option(hostName.optional(), {
        description: "Name under which a front shows Nexus",
        default: "nexus.DOMAIN",
        allowed: "a host name",
        example: "nexus.example.com",
    }),
    image: option(imageName.default(NEXUS_IMAGE), {
        description: "Image of Nexus; docs/nexus.md says which versions fit",
        allowed: IMAGE_ALLOWED,
        example: NEXUS_IMAGE,
    }),
    port: option(port.default(NEXUS_PORT), {
        description: "Port of 127.0.0.1 of the Docker host, for the REST API and the UI",
        allowed: PORT_ALLOWED,
        example: 18081,
    }),
    apiUrl: option(httpUrl.optional(), {
        description: "Where this machine reaches that port, for an Engine on another one",
        default: "http://127.0.0.1:PORT",
        allowed: URL_ALLOWED,
        example: "http://127.0.0.1:18081",
    }),
    heapMb: megabytes("Heap of Java"),
    directMemoryMb: megabytes("Direct memory of Java; the container may use heap + direct memory + 768"),
    openFiles: plain(z.int().min(0).default(65536), {
        description:
            "Files that Nexus may open; 0 leaves it to the Engine, which may have no right to so many",
        allowed: "a whole number from 0",
        example: 0,
    }),
    adminPassword: option(text.pipe(z.string().min(8)).optional(), {
        description: "Password of the user admin",
        default: "24 random characters, shown by `pulumi stack output --show-secrets nexusAdminPassword`",
        allowed: "a string of 8 characters or more",
        example: "a long password",
        secret: true,
    }),
    anonymous: option(z.boolean().default(false), {
        description: "Anyone who reaches Nexus may read every repository",
        allowed: YES_OR_NO,
        example: true,
    }),
    docker: option(docker.prefault({}), {
        description: "The Docker repositories of Nexus",
        allowed: "an object (nexus.docker.*)",
        example: { routing: "ports" },
    }),
    repositories: option(
        z.record(z.string().regex(/^[a-zA-Z0-9-][a-zA-Z0-9_.-]*$/), repository).default({}),
        {
            description: "Hosted repositories of Nexus for Maven, Yum and PyPI: name → format and options",
            allowed: "an object of names (letters, digits, _ . -), each with a format",
            example: { releases: { format: "maven" } },
        },
    ),
    cleanup: option(
        z
            .strictObject({
                unusedDays: days("What nobody downloaded for so long is deleted"),
                olderThanDays: days(
                    "What was uploaded so long ago is deleted; with unusedDays both must hold",
                ),
            })
            .prefault({}),
        {
            description: "The cleanup policy of all hosted and proxy repositories",
            default: "none",
            allowed: "an object of unusedDays and olderThanDays",
            example: { unusedDays: 90 },
        },
    ),
    schedule: option(
        z
            .strictObject({
                dockerGc: cron("When unused layers of docker-hosted are deleted, UTC", "0 0 1 * * ?"),
                compact: cron("When the space of all that was deleted is given back, UTC", "0 0 3 * * ?"),
            })
            .prefault({}),
        {
            description: "When Nexus gives space back",
            allowed: "an object of dockerGc and compact",
            example: { compact: "0 0 3 * * ?" },
        },
    ),
};

export const nexusOptions = {
    nexus: option(section(nexus), {
        description: "Sonatype Nexus 3 beside the registry (docs/nexus.md)",
        default: "none",
        allowed: "an object (nexus.*)",
        example: { acceptEula: true },
        secret: true,
    }),
};
const NEXUS_OPTIONS = z.strictObject(nexus);
export type NexusOptions = z.output<z.ZodObject<typeof nexus>>;

const problem = (path: Path, text: string, ...mend: Step[]): Problem =>
    problemAt(["nexus", ...path], text, ...mend);
const at = (...path: string[]): Path => ["nexus", ...path];

const eula = ({ acceptEula }: NexusOptions): Problem[] =>
    acceptEula
        ? []
        : [
              problem(
                  ["acceptEula"],
                  `is false; Nexus runs only under its licence: read ${LICENCE}, and accept it or do without Nexus`,
                  set(at("acceptEula"), true),
              ),
          ];

const group = ({ docker }: NexusOptions): Problem[] =>
    docker.group && !docker.hosted && !docker.proxy
        ? [
              problem(
                  ["docker", "group"],
                  "is true, and neither nexus.docker.hosted nor nexus.docker.proxy is: a group needs one of them",
                  set(at("docker", "group"), false),
              ),
          ]
        : [];

function repositories({ repositories }: NexusOptions): Problem[] {
    const seen = new Map(DOCKER_NAMES.map((name) => [name as string, "a Docker repository of the kit"]));
    return Object.entries(repositories).flatMap(([name, { format, versionPolicy, repodataDepth }]) => {
        const path = ["repositories", name];
        const wrong: Problem[] = [];
        // Nexus compares names without regard to case.
        const taken = seen.get(name.toLowerCase());
        seen.set(name.toLowerCase(), `the repository ${name}`);
        if (taken) wrong.push(problem(path, `has the name of ${taken}`, remove(at(...path))));
        const unfit = (key: string, of: string) =>
            problem(
                [...path, key],
                `means nothing for a ${format} repository; it is for ${of}`,
                remove(at(...path, key)),
            );
        if (versionPolicy !== undefined && format !== "maven") wrong.push(unfit("versionPolicy", "maven"));
        if (repodataDepth !== undefined && format !== "yum") wrong.push(unfit("repodataDepth", "yum"));
        return wrong;
    });
}

const LOOPBACK = /^(localhost|127\.[\d.]+|\[::1\])$/;

function reach({ apiUrl, port }: NexusOptions, dockerHost: string | undefined): Problem[] {
    const mend = set(at("apiUrl"), `http://127.0.0.1:${port}`);
    if (apiUrl !== undefined) {
        const { protocol, hostname } = new URL(apiUrl);
        if (protocol === "https:" || LOOPBACK.test(hostname)) return [];
        const text = `is ${show(apiUrl)}; the administrator's password would cross the network in clear: use https://, or a tunnel that ends on 127.0.0.1`;
        return [problem(["apiUrl"], text, mend)];
    }
    if (dockerHost === undefined || !/^(ssh|tcp):/.test(dockerHost)) return [];
    const text = `is not set, and dockerHost is ${show(dockerHost)}: the port of Nexus opens on 127.0.0.1 of that host. Open a tunnel (ssh -L ${port}:127.0.0.1:${port} HOST) and name its end here`;
    return [problem(["apiUrl"], text, mend)];
}

const nexusRule: Rule<Options> = ({ nexus, dockerHost }) => {
    if (nexus === undefined) return [];
    return [...eula(nexus), ...group(nexus), ...repositories(nexus), ...reach(nexus, dockerHost)];
};

/** The same problem, told of Nexus by itself. */
const below = ({ path, problem: text, mend }: Problem): Problem =>
    problemAt(
        path.slice(1),
        text.replaceAll("nexus.", ""),
        ...mend.map((step): Step =>
            "set" in step
                ? { ...step, set: step.set.slice(1) }
                : "remove" in step
                  ? { remove: step.remove.slice(1) }
                  : step,
        ),
    );

/** Nexus by itself, without a registry. */
export const NEXUS: Definition<typeof NEXUS_OPTIONS> = {
    options: NEXUS_OPTIONS,
    rules: [(options) => nexusRule({ nexus: options as NexusOptions }).map(below)],
};

export const nexusRules: readonly Rule<Options>[] = [nexusRule];
