/** The part of the schema that is about certificates. */
import * as z from "zod";

import { field, keyAlgorithm, KEYS_ALLOWED, pemOrFile, subjectPart } from "./fields";

const subject = (commonName: z.ZodOptional<z.ZodString>) =>
    z.strictObject({
        commonName,
        organization: subjectPart("Organization (O)", "'Example Ltd'"),
        organizationalUnit: subjectPart("Organizational unit (OU)", "Platform"),
        country: field(
            z
                .string()
                .regex(/^[A-Z]{2}$/)
                .optional(),
            {
                description: "Country (C), ISO 3166 code",
                allowed: "two capital letters",
                example: "CN",
            },
        ),
        province: subjectPart("State or province (ST)", "Shanxi"),
        locality: subjectPart("Locality (L)", "Datong"),
    });

export const ca = z.strictObject({
    subject: field(subject(subjectPart("Common name (CN) of the CA", "'Example Registry CA'")).prefault({}), {
        description: "Subject of the CA",
        allowed: "an object of commonName, organization, organizationalUnit, country, province, locality",
        example: "--path ca.subject.commonName 'Example Registry CA'",
    }),
    keyAlgorithm: field(keyAlgorithm.default("ECDSA-P384"), {
        description: "Key of the CA. Another algorithm makes a new CA, which every client has to trust anew",
        allowed: KEYS_ALLOWED,
        example: "RSA-4096",
    }),
    validityDays: field(z.int().min(1).max(36500).default(3650), {
        description: "Days that the CA certificate is valid",
        allowed: "a whole number from 1 to 36500",
        example: "3650",
    }),
    pathLength: field(z.int().min(1).max(10).default(1), {
        description: "Path length constraint of the CA (RFC 5280 section 4.2.1.9)",
        allowed: "a whole number from 1 to 10 (the tls provider cannot express 0)",
        example: "1",
    }),
    cert: field(pemOrFile.optional(), {
        description: "Bring your own CA: its certificate, PEM text or the path of a PEM file",
        allowed: "PEM text or the path of a PEM file",
        example: "./ca.crt",
    }),
    key: field(pemOrFile.optional(), {
        description: "Bring your own CA: its private key, PEM text or the path of a PEM file",
        allowed: "PEM text or the path of a PEM file",
        example: "./ca.key",
        secret: true,
    }),
});

export const site = z.strictObject({
    subject: field(
        subject(
            subjectPart(
                "Common name (CN) of the site certificate. Default: the domain",
                "docker.example.com",
            ),
        ).prefault({}),
        {
            description: "Subject of the site certificate; clients read its SAN alone",
            allowed: "an object of commonName, organization, organizationalUnit, country, province, locality",
            example: "--path site.subject.organization 'Example Ltd'",
        },
    ),
    keyAlgorithm: field(keyAlgorithm.default("ECDSA-P256"), {
        description: "Key of the site certificate",
        allowed: KEYS_ALLOWED,
        example: "RSA-4096",
    }),
    validityDays: field(z.int().min(1).max(825).default(397), {
        description:
            "Days that the site certificate is valid; clients of Apple's and the CA/Browser Forum's rules refuse more than 397",
        allowed: "a whole number from 1 to 825",
        example: "397",
    }),
    earlyRenewalDays: field(z.int().min(0).default(30), {
        description: "Days before its end from which `pulumi up` renews the site certificate",
        allowed: "a whole number from 0, less than site.validityDays",
        example: "30",
    }),
});

export const certificate = z.strictObject({
    cert: field(pemOrFile.optional(), {
        description: "tls: files. The site certificate, PEM text or the path of a PEM file",
        allowed: "PEM text or the path of a PEM file",
        example: "./site.crt",
    }),
    key: field(pemOrFile.optional(), {
        description:
            "tls: files. The private key of the site certificate, PEM text or the path of a PEM file",
        allowed: "PEM text or the path of a PEM file",
        example: "./site.key",
        secret: true,
    }),
    chain: field(pemOrFile.optional(), {
        description: "tls: files. The issuing certificates, root last, PEM text or the path of a PEM file",
        allowed: "PEM text or the path of a PEM file",
        example: "./chain.crt",
    }),
});
