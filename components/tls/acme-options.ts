/** The options of `tls.acme`: a certificate of a directory that everyone trusts (RFC 8555, docs/acme.md). */
import * as z from "zod";

import { DEFAULT_ACME_IMAGE } from "../../address/default-images";
import { option, section } from "../definition/option";
import { hostKey, IMAGE_ALLOWED, imageName, pem, PEM_ALLOWED, text, YES_OR_NO } from "../definition/values";

/** Let's Encrypt's own, for use and for trying (letsencrypt.org/docs/staging-environment). */
export const LETS_ENCRYPT = "https://acme-v02.api.letsencrypt.org/directory";
export const LETS_ENCRYPT_STAGING = "https://acme-staging-v02.api.letsencrypt.org/directory";

/** Kinds of keys → lego's names. */
export const ACME_KEYS = {
    "ECDSA-P256": "ec256",
    "ECDSA-P384": "ec384",
    "RSA-2048": "rsa2048",
    "RSA-4096": "rsa4096",
} as const;
const KEYS = Object.keys(ACME_KEYS) as (keyof typeof ACME_KEYS)[];

/** A host name, of which the first label may be a star. */
const acmeName = z
    .string()
    .refine((value) => hostKey.safeParse(value.replace(/^\*\./, "")).success)
    .toLowerCase();

/** A login in it would stand in lego's arguments, which every program of the host reads; RFC 8555 knows none. */
const directoryUrl = z.url({ protocol: /^https$/ }).refine((url) => !/^https:\/\/[^/?#]*@/i.test(url));

const authorities = (description: string, standard: string, file: string) =>
    option(pem.optional(), {
        description,
        default: standard,
        allowed: PEM_ALLOWED,
        example: `./${file}.crt`,
        file: "pem",
    });

const dns = {
    provider: option(
        z
            .string()
            .regex(/^[a-z0-9-]+$/)
            // They want a person, and a program that the image does not have.
            .refine((value) => value !== "manual" && value !== "exec"),
        {
            description: "Code of the DNS provider (go-acme.github.io/lego/dns)",
            allowed:
                "a code of lego's, such as cloudflare, route53, rfc2136 or httpreq; not manual, not exec",
            example: "cloudflare",
        },
    ),
    credentials: option(
        z
            .record(
                z
                    .string()
                    .regex(/^[A-Z_][A-Z0-9_]*$/)
                    .refine((name) => name !== "PATH" && !/^(LD|LEGO)_/.test(name)),
                text,
            )
            .default({}),
        {
            description: "Variables of that provider, which lego alone gets",
            allowed: "an object of variables",
            example: { CLOUDFLARE_DNS_API_TOKEN: "TOKEN" },
            secret: true,
        },
    ),
    resolvers: option(z.array(z.string().regex(/^([\w.-]+|\[[0-9a-fA-F:]+\]):\d{1,5}$/)).default([]), {
        description: "Name servers that are asked for the zone, where this network's own show another one",
        default: "the Docker host's",
        allowed: "a list of host:port",
        example: ["9.9.9.9:53"],
    }),
    checkPropagation: option(z.boolean().default(true), {
        description: "Waits until every name server of the zone has the record",
        allowed: YES_OR_NO,
        example: false,
    }),
};

const acme = {
    email: option(z.email(), {
        description: "Address of the account at the directory, to which it writes where it must",
        allowed: "an e-mail address",
        example: "admin@example.com",
    }),
    acceptTerms: option(z.boolean().default(false), {
        description:
            "You accept the directory's terms of service (of Let's Encrypt: letsencrypt.org/repository); nothing is asked for without",
        allowed: YES_OR_NO,
        example: true,
    }),
    directory: option(directoryUrl.default(LETS_ENCRYPT), {
        description: `URL of the directory. To try: ${LETS_ENCRYPT_STAGING}, whose certificates nobody trusts`,
        allowed: "an https:// URL without a login",
        example: LETS_ENCRYPT_STAGING,
    }),
    directoryCa: authorities(
        "Authority of a private directory's own certificate, such as step-ca's; with it names need not be public",
        "those that everyone trusts",
        "directory-ca",
    ),
    trust: authorities(
        "Authority of the certificates that a private directory issues, which clients are given to trust",
        "clients trust it already",
        "issuing-ca",
    ),
    dns: option(section(dns), {
        description:
            "Shows by a record in DNS (dns-01) whose the names are: also of names with a star, and of a host that the world does not reach",
        default: "by port 80 of each name (http-01)",
        allowed: "an object of provider, credentials, resolvers, checkPropagation",
        example: { provider: "cloudflare", credentials: { CLOUDFLARE_DNS_API_TOKEN: "TOKEN" } },
        secret: true,
    }),
    names: option(z.array(acmeName).max(100).default([]), {
        description: "Names of the certificate, where one with a star is to stand for several",
        default: "the domain, dnsNames, and the sites of the front without a certificate of their own",
        allowed: "a list of at most 100 host names, of which the first label may be *",
        example: ["docker.example.com", "*.docker.example.com"],
    }),
    renewBeforeDays: option(z.int().min(1).max(365).default(30), {
        description: "How long before its end the certificate is renewed; at most a third of its life",
        unit: "days",
        allowed: "a whole number from 1 to 365",
        example: 30,
    }),
    keyAlgorithm: option(z.enum(KEYS as [(typeof KEYS)[number], ...typeof KEYS]).default("ECDSA-P256"), {
        description: "Key of the certificate, a new one at each renewal",
        allowed: `one of ${KEYS.join(", ")}`,
        example: "RSA-2048",
    }),
    image: option(imageName.default(DEFAULT_ACME_IMAGE), {
        description: "Image of lego 4, 4.9 or newer, with a shell and busybox",
        allowed: IMAGE_ALLOWED,
        example: DEFAULT_ACME_IMAGE,
    }),
};

export const acmeOption = option(section(acme), {
    description:
        "A directory such as Let's Encrypt issues the certificate, and the front renews it by itself (docs/acme.md). tls.ownCa beside it signs what is shown until it is there",
    default: "none",
    allowed: "an object (tls.acme.*)",
    example: { email: "admin@example.com", acceptTerms: true },
    secret: true,
});

/** How the directory is shown whose the names are (RFC 8555 section 8). */
export type Challenge = "http-01" | "dns-01";
/** @param dns the option: it decides */
export const challengeOf = ({ dns: given }: { dns?: unknown }): Challenge => (given ? "dns-01" : "http-01");

export type AcmeOptions = NonNullable<z.output<typeof acmeOption>>;
