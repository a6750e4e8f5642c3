import * as pulumi from "@pulumi/pulumi";

import type {
    AccountArgs,
    FilesTls,
    FrontOptions,
    NoTls,
    OwnCaTls,
    PrivateRegistryArgs,
} from "../components";

import { remoteStorage } from "./args-storage";
import { readPem } from "./pem";
import type { Schema } from "./schema";

function tls(config: Schema): OwnCaTls | FilesTls | NoTls {
    const { ca, site, certificate } = config;
    switch (config.tls) {
        case "off":
            return { mode: "off" };
        case "files":
            // The rules have made sure that both are there.
            return {
                mode: "files",
                certPem: readPem(certificate.cert ?? ""),
                privateKeyPem: pulumi.secret(readPem(certificate.key ?? "")),
                chainPem: certificate.chain && readPem(certificate.chain),
            };
        case "own-ca":
            return {
                mode: "own-ca",
                ca: {
                    ...ca,
                    given:
                        ca.cert && ca.key
                            ? { certPem: readPem(ca.cert), privateKeyPem: pulumi.secret(readPem(ca.key)) }
                            : undefined,
                },
                names: [...config.dnsNames, ...config.ipAddresses],
                localNames: config.localNames,
                ...site,
            };
    }
}

const accounts = (users: Schema["users"]): AccountArgs[] =>
    Object.entries(users).map(([name, { password, generate, bcryptHash, role, repositories }]) => ({
        name,
        role,
        repositories,
        generate,
        password: password === undefined ? undefined : pulumi.secret(password),
        bcryptHash: bcryptHash === undefined ? undefined : pulumi.secret(bcryptHash),
    }));

const mirrors = (mirrors: Schema["mirrors"]): PrivateRegistryArgs["mirrors"] =>
    Object.fromEntries(
        Object.entries(mirrors).map(([name, { password, ca, volume, path, ...rest }]) => [
            name,
            {
                ...rest,
                password: password === undefined ? undefined : pulumi.secret(password),
                ca: ca === undefined ? undefined : readPem(ca),
                dataVolume: volume,
                dataPath: path,
            },
        ]),
    );

function nexus({ nexus, domain }: Schema): PrivateRegistryArgs["nexus"] {
    if (!nexus.enabled) return undefined;
    const { adminPassword } = nexus;
    return {
        ...nexus,
        domain: nexus.domain ?? `nexus.${domain}`,
        adminPassword: adminPassword === undefined ? undefined : pulumi.secret(adminPassword),
    };
}

function front({ front, frontSettings, sites, anonymousPull }: Schema): FrontOptions | undefined {
    if (front !== "nginx") return undefined;
    const { redirectHttp, httpPort, ...settings } = frontSettings;
    return {
        ...settings,
        anonymousPull,
        httpPort: redirectHttp ? httpPort : undefined,
        sites: Object.entries(sites).map(([name, { upstream, folder, cert, key }]) => ({
            name,
            upstream,
            folder,
            certificate:
                cert && key
                    ? { chainPem: readPem(cert), privateKeyPem: pulumi.secret(readPem(key)) }
                    : undefined,
        })),
    };
}

/** What PrivateRegistry is given for a stack's configuration. */
export function registryArgs(config: Schema, project: string, stack: string): PrivateRegistryArgs {
    return {
        ...config,
        prefix: `${project}-${stack}`,
        tls: tls(config),
        front: front(config),
        users: config.auth ? accounts(config.users) : undefined,
        storage: remoteStorage(config.storage),
        redis: config.cache === "redis" ? config.redis : undefined,
        dataPath: config.storage.path,
        dataVolume: config.storage.volume,
        logFields:
            Object.keys(config.logFields).length > 0
                ? config.logFields
                : { service: "registry", environment: stack },
        extra: config.registryConfig,
        mirrors: mirrors(config.mirrors),
        nexus: nexus(config),
    };
}
