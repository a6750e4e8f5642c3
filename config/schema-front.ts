/** The part of the schema that is about the nginx front. */
import * as z from "zod";

import { DEFAULT_FRONT_IMAGE } from "./defaults";
import { field, imageName, pemOrFile } from "./fields";

export const frontSettings = z.strictObject({
    image: field(imageName.default(DEFAULT_FRONT_IMAGE), {
        description: "Image of the front, nginx 1.22 or newer",
        allowed: "an image reference",
        example: DEFAULT_FRONT_IMAGE,
    }),
    cacheSeconds: field(z.int().min(0).max(3600).default(60), {
        description: "Seconds for which a right password is not checked again; 0 checks on every request",
        allowed: "a whole number from 0 to 3600",
        example: "60",
    }),
    attemptsPerMinute: field(z.int().min(1).max(6000).default(60), {
        description: "Password checks a minute that one client address gets, 20 of them at once",
        allowed: "a whole number from 1 to 6000",
        example: "60",
    }),
    connectionsPerClient: field(z.int().min(16).max(8192).default(512), {
        description: "Requests at once that one client address gets; the next ones are answered 429",
        allowed: "a whole number from 16 to 8192",
        example: "512",
    }),
    clientInstaller: field(z.boolean().default(true), {
        description: "Serves /client.sh and /client.ps1, which set a new client up, to anyone",
        allowed: "true or false",
        example: "false",
    }),
    redirectHttp: field(z.boolean().default(false), {
        description: "Plain HTTP on frontSettings.httpPort is redirected to TLS",
        allowed: "true or false",
        example: "true",
    }),
    httpPort: field(z.int().min(1).max(65535).default(80), {
        description: "Port of the Docker host for that redirect",
        allowed: "a whole number from 1 to 65535",
        example: "80",
    }),
    sitesFolder: field(
        z
            .string()
            .regex(/^\/[^:]+$/)
            .optional(),
        {
            description: "Folder of the Docker host with the folders that sites serve",
            allowed: "an absolute path of the Docker host without a colon",
            example: "/srv/www",
        },
    ),
    memoryMb: field(z.int().min(64).default(128), {
        description: "Memory limit of the front in MiB",
        allowed: "a whole number from 64",
        example: "128",
    }),
});

export const site = z.strictObject({
    upstream: field(
        z
            .string()
            .regex(/^https?:\/\/[A-Za-z0-9.-]+(:\d{1,5})?$/)
            .optional(),
        {
            description: "Server to which the site's requests are passed on, as the front reaches it",
            allowed: "an http:// or https:// URL of a host and port alone",
            example: "http://192.0.2.10:8080",
        },
    ),
    folder: field(
        z
            .string()
            .regex(/^\w[\w.-]*(\/\w[\w.-]*)*$/)
            .optional(),
        {
            description: "Folder below frontSettings.sitesFolder whose files the site serves",
            allowed: "a relative path of letters, digits, _ . - and /",
            example: "docs",
        },
    ),
    cert: field(pemOrFile.optional(), {
        description:
            "Certificate of the site with its chain, PEM text or the path of a PEM file. Default: one of the registry's CA",
        allowed: "PEM text or the path of a PEM file",
        example: "./docs.crt",
    }),
    key: field(pemOrFile.optional(), {
        description: "Private key of that certificate, PEM text or the path of a PEM file",
        allowed: "PEM text or the path of a PEM file",
        example: "./docs.key",
        secret: true,
    }),
});
