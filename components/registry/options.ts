/** The options of the registry itself: where it is reached, its container, its config.yml. */
import * as z from "zod";

import type { Rule } from "../definition/check";
import { generationOption } from "../definition/generation";
import { option, plain } from "../definition/option";
import { problem, remove, show } from "../definition/problem";
import {
    amount,
    hostName,
    httpUrl,
    IMAGE_ALLOWED,
    imageName,
    ipAddress,
    objectName,
    port,
    PORT_ALLOWED,
    reachableAddress,
    text,
    URL_ALLOWED,
    YES_OR_NO,
} from "../definition/values";
import type { Options } from "../options";

import { conflicts } from "./config-yml";
import { headerProblems } from "./headers";
import { notifications, notificationsRules } from "./notifications";
import { driverOf } from "../storage/options";
import { DEFAULT_IMAGE } from "../../address/default-images";

export const addressOptions = {
    domain: option(z.union([hostName, reachableAddress]), {
        description: "Host name by which clients reach the registry",
        allowed: "a host name (RFC 1123) or an IP address of one machine, without scheme, port or path",
        example: "docker.example.com",
    }),
    dnsNames: option(z.array(hostName).default([]), {
        description: "Further DNS names in the site certificate",
        allowed: "a list of host names",
        example: ["registry.example.com"],
    }),
    ipAddresses: option(z.array(ipAddress).default([]), {
        description: "Further IP addresses in the site certificate",
        allowed: "a list of IP addresses",
        example: ["192.0.2.10"],
    }),
    port: option(port.optional(), {
        description: "Port of the Docker host",
        default: "443, or 5000 without TLS",
        allowed: PORT_ALLOWED,
        example: 8443,
    }),
    bindAddress: option(ipAddress.default("0.0.0.0"), {
        description: "Address of the Docker host on which the port opens",
        allowed: "an IP address of the Docker host",
        example: "127.0.0.1",
    }),
    externalUrl: option(httpUrl.optional(), {
        description: "URL that the registry writes into its Location headers (http.host)",
        default: "relative URLs, right under every name",
        allowed: URL_ALLOWED,
        example: "https://docker.example.com",
    }),
};

export const containerOptions = {
    containerName: plain(objectName.optional(), {
        description: "Name of the registry container",
        default: "PROJECT-STACK",
        allowed: "a Docker container name (letters, digits, _ . -)",
        example: "registry",
    }),
    image: option(imageName.default(DEFAULT_IMAGE), {
        description: "Registry image, CNCF Distribution 3.1.1 or newer",
        allowed: IMAGE_ALLOWED,
        example: DEFAULT_IMAGE,
    }),
    memoryMb: option(z.int().min(64).default(512), {
        description: "Memory limit of the registry container",
        unit: "MiB",
        allowed: "a whole number from 64",
        example: 512,
    }),
    cpus: option(amount.optional(), {
        description: "CPU limit of the registry container",
        default: "none",
        allowed: "a number above 0",
        example: 1.5,
    }),
    httpSecretGeneration: generationOption(
        "secret by which the registry knows its own uploads (http.secret)",
    ),
};

export const settingsOptions = {
    deleteEnabled: option(z.boolean().default(true), {
        description: "Images and tags may be deleted (storage.delete.enabled)",
        allowed: YES_OR_NO,
        example: true,
    }),
    uploadsKept: option(
        z
            .string()
            .regex(/^\d+(m|h)$/)
            .optional(),
        {
            description:
                "How long an upload that nobody finished is kept (storage.maintenance.uploadpurging.age)",
            default: "a week, as the registry has it",
            allowed: "a number with m or h",
            example: "24h",
        },
    ),
    logLevel: option(z.enum(["error", "warn", "info", "debug"]).optional(), {
        description: "Log level of the registry",
        default: "info; behind a front, whose log has each request, warn",
        allowed: "error, warn, info or debug",
        example: "info",
    }),
    logFormat: option(z.enum(["text", "json", "logstash"]).default("text"), {
        description: "Log format of the registry",
        allowed: "text, json or logstash",
        example: "json",
    }),
    logFields: option(z.record(z.string(), text).default({}), {
        description: "Fields added to each log line",
        default: "service registry, environment STACK",
        allowed: "an object of strings",
        example: { environment: "production" },
    }),
    accessLog: option(z.boolean().default(false), {
        description: "Access log in Apache's combined format as well",
        allowed: YES_OR_NO,
        example: true,
    }),
    headers: option(z.record(z.string(), z.array(text)).default({ "X-Content-Type-Options": ["nosniff"] }), {
        description: "HTTP headers of every answer",
        allowed: "an object of header names, each with a list of values",
        example: { "X-Frame-Options": ["DENY"] },
    }),
    health: option(
        z
            .strictObject({
                enabled: option(z.boolean().default(true), {
                    description: "The registry watches its storage, and answers 503 when it fails",
                    allowed: YES_OR_NO,
                    example: true,
                }),
                interval: option(
                    z
                        .string()
                        .regex(/^\d+(ms|s|m|h)$/)
                        .default("10s"),
                    {
                        description: "Time between two checks of the storage",
                        allowed: "a number with ms, s, m or h",
                        example: "10s",
                    },
                ),
                threshold: option(z.int().min(1).default(3), {
                    description: "Failures in a row that make the storage unhealthy",
                    allowed: "a whole number from 1",
                    example: 3,
                }),
            })
            .prefault({}),
        {
            description: "The registry's check of its own storage",
            allowed: "an object of enabled, interval, threshold",
            example: { interval: "10s" },
        },
    ),
    notifications,
    registryConfig: option(z.record(z.string(), z.unknown()).default({}), {
        description: "Any further option of the registry's config.yml, merged last",
        allowed: "an object, without the options that have one of their own",
        example: { catalog: { maxentries: 5000 } },
        secret: true,
    }),
};

const externalUrl: Rule<Options> = ({ externalUrl, tls }) => {
    if (!externalUrl || !tls) return [];
    const scheme = tls.off ? "http" : "https";
    if (externalUrl.startsWith(`${scheme}:`)) return [];
    const text = `is ${show(externalUrl)}; ${tls.off ? "without" : "with"} TLS it must begin with ${scheme}://`;
    return [problem(["externalUrl"], text, remove(["externalUrl"]))];
};

/** Names of the registry image whose tags tell its version. */
const VERSIONED = /(^|\/)(registry|distribution\/distribution):v?(\d+)(?:\.(\d+))?(?:\.(\d+))?/;

const image: Rule<Options> = ({ image }) => {
    const [, , , major, minor, patch] = VERSIONED.exec(image ?? "") ?? [];
    if (major === undefined) return [];
    const old = Number(major) < 3 || (major === "3" && (minor === "0" || (minor === "1" && patch === "0")));
    if (!old) return [];
    const text = `is ${show(image)}; it must be 3.1.1 or newer (CVE-2026-41888: tags are deleted although deleteEnabled is false)`;
    return [problem(["image"], text, remove(["image"]))];
};

const registryConfig: Rule<Options> = ({ registryConfig, storage, cache }) =>
    conflicts(registryConfig ?? {}, driverOf(storage), cache?.valkey !== undefined).map(
        ({ steps, instead }) => {
            const path = ["registryConfig", ...steps];
            return problem(path, `contradicts what the kit sets; change ${instead}`, remove(path));
        },
    );

/** Go's server sends no header with a wrong name, and says nothing. */
const headers: Rule<Options> = ({ headers }) => headerProblems(["headers"], headers ?? {});

export const registryRules: readonly Rule<Options>[] = [
    externalUrl,
    image,
    registryConfig,
    headers,
    ...notificationsRules,
];
