/**
 * The configuration of a stack: every key, what is allowed, its default. One table for the loader, the error
 * messages, Pulumi.yaml and the README (a test holds the four together).
 */
import * as z from "zod";

import { ENGINE_URL } from "../components/engine/endpoint";

import { DEFAULT_IMAGE } from "./defaults";
import { field, imageName, hostKey, hostName, ipAddress, objectName, reachableAddress, text } from "./fields";
import { frontSettings, site as frontSite } from "./schema-front";
import { mirrors } from "./schema-mirrors";
import { nexus } from "./schema-nexus";
import { outboundKeys } from "./schema-outbound";
import { adopt, health, user } from "./schema-parts";
import { cache, redis } from "./schema-redis";
import { storage } from "./schema-storage";
import { ca, certificate, site } from "./schema-tls";

export const schema = z.strictObject({
    domain: field(z.union([hostName, reachableAddress]), {
        description: "Host name by which clients reach the registry",
        allowed: "a host name (RFC 1123) or an IP address of one machine, without scheme, port or path",
        example: "docker.example.com",
    }),
    dnsNames: field(z.array(hostName).default([]), {
        description: "Further DNS names in the site certificate",
        allowed: "a list of host names",
        example: "--path 'dnsNames[0]' registry.example.com",
    }),
    ipAddresses: field(z.array(ipAddress).default([]), {
        description: "Further IP addresses in the site certificate",
        allowed: "a list of IP addresses",
        example: "--path 'ipAddresses[0]' 192.0.2.10",
    }),
    localNames: field(z.boolean().default(true), {
        description: "localhost and 127.0.0.1 stand in the site certificate too",
        allowed: "true or false",
        example: "false",
    }),
    port: field(z.int().min(1).max(65535).optional(), {
        description: "Port of the Docker host. Default: 443, or 5000 with `tls: off`",
        allowed: "a whole number from 1 to 65535",
        example: "8443",
    }),
    bindAddress: field(ipAddress.default("0.0.0.0"), {
        description: "Address of the Docker host on which the port opens",
        allowed: "an IP address of the Docker host",
        example: "127.0.0.1",
    }),
    externalUrl: field(z.url({ protocol: /^https?$/ }).optional(), {
        description:
            "URL that the registry writes into its Location headers (http.host). Default: relative URLs, right under every name",
        allowed: "an http:// or https:// URL",
        example: "https://docker.example.com",
    }),
    tls: field(z.enum(["own-ca", "files", "off"]).default("own-ca"), {
        description:
            "own-ca: a CA of the stack's own, or yours from ca.cert and ca.key. files: your certificate. off: plain HTTP, for a closed LAN",
        allowed: "own-ca, files or off",
        example: "own-ca",
    }),
    ca: field(ca.prefault({}), {
        description: "The CA of `tls: own-ca`",
        allowed: "an object (see ca.* below)",
        example: "--path ca.keyAlgorithm RSA-4096",
        secret: true,
    }),
    site: field(site.prefault({}), {
        description: "The site certificate of `tls: own-ca`",
        allowed: "an object (see site.* below)",
        example: "--path site.validityDays 397",
    }),
    certificate: field(certificate.prefault({}), {
        description: "The certificate of `tls: files`",
        allowed: "an object of cert, key and chain",
        example: "--path certificate.cert ./site.crt",
        secret: true,
    }),
    auth: field(z.boolean().default(true), {
        description: "false: no users, anyone who reaches the port may push and delete",
        allowed: "true or false",
        example: "true",
    }),
    realm: field(
        z
            .string()
            .regex(/^[\x20-\x7e]+$/)
            .default("basic-realm"),
        {
            description: "Realm of the login (RFC 7617)",
            allowed: "printable ASCII characters",
            example: "basic-realm",
        },
    ),
    users: field(z.record(z.string(), user).default({}), {
        description: "User name → one of password, generate: true, bcryptHash",
        allowed: "an object of user names, each with one of password, generate, bcryptHash",
        example: "--path users.admin.generate true",
        secret: true,
    }),
    bcryptCost: field(z.int().min(4).max(14).default(10), {
        description:
            "Cost of the hash of given passwords; each step doubles the time of every request's check",
        allowed: "a whole number from 4 to 14",
        example: "10",
    }),
    front: field(z.enum(["none", "nginx"]).optional(), {
        description:
            "nginx: an nginx before the registry, which checks passwords once, bounds guessing and flooding, knows roles, and serves further sites. Default: nginx, where it can be (docs/front.md)",
        allowed: "none or nginx",
        example: "nginx",
    }),
    frontSettings: field(frontSettings.prefault({}), {
        description: "The front of `front: nginx`",
        allowed: "an object (see frontSettings.* below)",
        example: "--path frontSettings.cacheSeconds 60",
    }),
    anonymousPull: field(z.boolean().default(false), {
        description: "front: nginx. Anyone may read, users alone may write",
        allowed: "true or false",
        example: "true",
    }),
    sites: field(z.record(hostKey, frontSite).default({}), {
        description:
            "front: nginx. Host name → a further site on the same port, from an upstream or a folder",
        allowed: "an object of host names, each with one of upstream and folder",
        example: "--path 'sites[\"docs.example.com\"].folder' docs",
        secret: true,
    }),
    containerName: field(objectName.optional(), {
        description: "Name of the registry container. Default: PROJECT-STACK",
        allowed: "a Docker container name (letters, digits, _ . -)",
        example: "registry",
    }),
    image: field(imageName.default(DEFAULT_IMAGE), {
        description: "Registry image, CNCF Distribution 3.1.1 or newer",
        allowed: "an image reference",
        example: DEFAULT_IMAGE,
    }),
    imageMirror: field(
        z
            .string()
            // Without a login: the Engine has those of `docker login`.
            .regex(/^(\[[0-9a-fA-F:]+\]|[\w.-]+)(:\d+)?(\/[\w./-]*)?$/)
            .optional(),
        {
            description: "Mirror of Docker Hub from which `npm run up` pulls the image",
            allowed: "a registry host, with a path where it needs one",
            example: "mirror.example.com",
        },
    ),
    imageTarball: field(z.string().min(1).optional(), {
        description:
            "File of `docker save` from which `npm run up` loads the image where it cannot be pulled",
        allowed: "the path of a tar file",
        example: "./registry.tar",
    }),
    storage: field(storage.prefault({}), {
        description: "Where the images lie",
        allowed: "an object (see storage.* below)",
        example: "--path storage.volume registry-data",
    }),
    cache,
    redis,
    keepData: field(z.boolean().default(true), {
        description:
            "`pulumi destroy` leaves the data volume. To remove it: set false, `pulumi up`, `pulumi destroy`",
        allowed: "true or false",
        example: "false",
    }),
    deleteEnabled: field(z.boolean().default(true), {
        description: "Images and tags may be deleted (storage.delete.enabled)",
        allowed: "true or false",
        example: "true",
    }),
    logLevel: field(z.enum(["error", "warn", "info", "debug"]).default("info"), {
        description: "Log level of the registry",
        allowed: "error, warn, info or debug",
        example: "info",
    }),
    logFormat: field(z.enum(["text", "json", "logstash"]).default("text"), {
        description: "Log format of the registry",
        allowed: "text, json or logstash",
        example: "json",
    }),
    logFields: field(z.record(z.string(), text).default({}), {
        description: "Fields added to each log line. Default: service registry, environment STACK",
        allowed: "an object of strings",
        example: "--path logFields.environment production",
    }),
    accessLog: field(z.boolean().default(false), {
        description: "Access log in Apache's combined format as well",
        allowed: "true or false",
        example: "true",
    }),
    headers: field(z.record(z.string(), z.array(text)).default({ "X-Content-Type-Options": ["nosniff"] }), {
        description: "HTTP headers of every answer",
        allowed: "an object of header names, each with a list of values",
        example: "--path 'headers.X-Frame-Options[0]' DENY",
    }),
    health: field(health.prefault({}), {
        description: "The registry's check of its own storage",
        allowed: "an object of enabled, interval, threshold",
        example: "--path health.interval 10s",
    }),
    memoryMb: field(z.int().min(64).default(512), {
        description: "Memory limit of the registry container in MiB",
        allowed: "a whole number from 64",
        example: "512",
    }),
    cpus: field(z.number().positive().optional(), {
        description: "CPU limit of the registry container. Default: none",
        allowed: "a number above 0",
        example: "1.5",
    }),
    dockerHost: field(z.string().regex(ENGINE_URL).optional(), {
        description:
            "Docker Engine to deploy to. Default: DOCKER_HOST, the current docker context, the local socket",
        allowed: "a URL that begins with unix://, tcp://, ssh:// or npipe://",
        example: "ssh://root@docker.example.com",
    }),
    adopt,
    target: field(z.enum(["docker", "systemd"]).default("docker"), {
        description:
            "docker: a container. systemd: no Docker at all, `npm run export` makes the files for a host that has none",
        allowed: "docker or systemd",
        example: "systemd",
    }),
    nexus: field(nexus.prefault({}), {
        description: "Sonatype Nexus 3 beside the registry (docs/nexus.md)",
        allowed: "an object (see nexus.* below)",
        example: "--path nexus.enabled true",
        secret: true,
    }),
    registryConfig: field(z.record(z.string(), z.unknown()).default({}), {
        description: "Any further option of the registry's config.yml, merged last",
        allowed: "an object, without the options that have a key of their own",
        example: "--path registryConfig.catalog.maxentries 5000",
        secret: true,
    }),
    mirrors,
    ...outboundKeys,
});

export type Schema = z.output<typeof schema>;
export type UserSchema = z.output<typeof user>;
