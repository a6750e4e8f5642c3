/** The part of the schema for the pull-through caches. */
import * as z from "zod";

import { field, hostName, ipAddress, objectName, pemOrFile, text } from "./fields";

export const mirror = z.strictObject({
    upstream: field(z.string().min(1), {
        description: "The registry that is mirrored; Docker Hub is https://registry-1.docker.io",
        allowed: "an http:// or https:// URL of a registry, without a path",
        example: "https://registry-1.docker.io",
    }),
    username: field(text.pipe(z.string().min(1)).optional(), {
        description:
            "Login at the upstream. Whoever reaches the mirror can pull what this user can read. Default: none",
        allowed: "a user name",
        example: "robot",
    }),
    password: field(text.pipe(z.string().min(1)).optional(), {
        description: "Password or token of that user",
        allowed: "a password or token",
        example: "'the password'",
        secret: true,
    }),
    ca: field(pemOrFile.optional(), {
        description: "CA of the upstream's certificate, where it is no public one",
        allowed: "PEM text or the path of a PEM file",
        example: "./upstream-ca.crt",
    }),
    ttl: field(text.pipe(z.string().regex(/^(0|\d+[smh])$/)).default("168h"), {
        description: "How long an image is kept after it was fetched; 0 keeps it for ever",
        allowed: "a whole number with s, m or h, or 0",
        example: "168h",
    }),
    port: field(z.int().min(1).max(65535).optional(), {
        description:
            "Port of the Docker host at which the mirror listens. Default: the front's, under mirrors.NAME.domain",
        allowed: "a whole number from 1 to 65535, another one than the registry's and each other mirror's",
        example: "5443",
    }),
    domain: field(hostName.optional(), {
        description: "Name under which the front publishes a mirror without a port. Default: NAME.DOMAIN",
        allowed: "a host name",
        example: "mirror.example.com",
    }),
    bindAddress: field(ipAddress.optional(), {
        description: "Address of the Docker host on which the mirror's port opens. Default: bindAddress",
        allowed: "an IP address of the Docker host",
        example: "127.0.0.1",
    }),
    volume: field(objectName.optional(), {
        description: "Named volume that holds the cache. Default: PROJECT-STACK-mirror-NAME-data",
        allowed: "a Docker volume name (letters, digits, _ . -)",
        example: "hub-cache",
    }),
    path: field(
        z
            .string()
            .regex(/^\/[^:]+$/)
            .optional(),
        {
            description: "Folder of the Docker host that holds the cache, instead of a named volume",
            allowed: "an absolute path of the Docker host without a colon",
            example: "/opt/data/hub-cache",
        },
    ),
    keepData: field(z.boolean().optional(), {
        description: "The cache's volume outlives the mirror. Default: keepData",
        allowed: "true or false",
        example: "true",
    }),
    memoryMb: field(z.int().min(64).default(256), {
        description: "Memory limit of the mirror's container in MiB",
        allowed: "a whole number from 64",
        example: "256",
    }),
    cpus: field(z.number().positive().optional(), {
        description: "CPU limit of the mirror's container. Default: none",
        allowed: "a number above 0",
        example: "1.5",
    }),
});

export const mirrors = field(z.record(z.string(), mirror).default({}), {
    description: "Pull-through caches: name → upstream and port (docs/mirrors.md)",
    allowed: "an object of names, each with an object of upstream, port and what docs/mirrors.md tells",
    example: "--path mirrors.hub.upstream https://registry-1.docker.io",
    secret: true,
});
