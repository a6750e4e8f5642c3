/** The components whose arguments are options: what a program in any language can make. */
import type * as z from "zod";

import { accounts } from "../components/auth/options";
import { options as deployment } from "../components/options";
import { authority, siteCertificate } from "../components/tls/options";

/** An output of a component, as the package schema has it. */
export interface RootOutput {
    description: string;
    /** @default a text */
    type?: "map" | "mirrors";
    secret?: boolean;
}

export interface Root {
    /** Name of the component's class. */
    name: string;
    description: string;
    options: z.ZodObject;
    outputs: Record<string, RootOutput>;
}

export const ROOTS: readonly Root[] = [
    {
        name: "PrivateRegistry",
        description: "A registry with its CA, certificate, users, configuration, data and containers",
        options: deployment,
        outputs: {
            endpoint: { description: "URL of the registry; resolves when it answers" },
            caCertificatePem: { description: "What clients must trust, PEM; empty without TLS" },
            passwords: { description: "User name → password", type: "map", secret: true },
            loginCommand: { description: "Command that logs a client in" },
            clientSetup: { description: "Client → what to do there", type: "map" },
            mirrors: {
                description: "Name of a mirror → its endpoint and its clients' files",
                type: "mirrors",
            },
            identity: { description: "What is written on every Docker object of the deployment" },
        },
    },
    {
        name: "CertificateAuthority",
        description: "A CA of its own, or one that the user brings",
        options: authority,
        outputs: {
            certPem: {
                description: "PEM of the signing certificate, followed by its issuers where there are some",
            },
            privateKeyPem: { description: "Private key of the CA, PEM", secret: true },
        },
    },
    {
        name: "SiteCertificate",
        description: "A certificate for TLS, signed by a CA and renewed by `pulumi up` before it ends",
        options: siteCertificate,
        outputs: {
            chainPem: { description: "PEM of the certificate and of the CAs between it and the root" },
            privateKeyPem: { description: "Private key of the certificate, PEM", secret: true },
        },
    },
    {
        name: "Accounts",
        description: "Users with their passwords, and the htpasswd file",
        options: accounts,
        outputs: {
            htpasswd: { description: "A line `name:bcrypt hash` for each user", secret: true },
            passwords: {
                description: "User name → password, of the users whose password is known",
                type: "map",
                secret: true,
            },
        },
    },
];
