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
import type { ImageChoice } from "./images";
import { readPem } from "./pem";
import type { Schema } from "./schema";
import { chosenWay } from "./users";

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
    Object.entries(users).map(([name, user]) => {
        const { password, generate, bcryptHash, role, repositories } = chosenWay(user);
        return {
            name,
            role,
            repositories,
            generate,
            password: password === undefined ? undefined : pulumi.secret(password),
            bcryptHash: bcryptHash === undefined ? undefined : pulumi.secret(bcryptHash),
        };
    });

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

function front(
    { front, frontSettings, sites, anonymousPull }: Schema,
    imageFor: ImageChoice,
): FrontOptions | undefined {
    if (front === "none") return undefined;
    const { redirectHttp, httpPort, ...settings } = frontSettings;
    return {
        ...settings,
        image: imageFor(settings.image),
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

/**
 * What PrivateRegistry is given for a stack's configuration.
 *
 * @param imageFor the image to run for a configured one. @default the same
 */
export function registryArgs(
    config: Schema,
    project: string,
    stack: string,
    imageFor: ImageChoice = (image) => image,
): PrivateRegistryArgs {
    const { redis } = config;
    return {
        ...config,
        image: imageFor(config.image),
        prefix: `${project}-${stack}`,
        tls: tls(config),
        front: front(config, imageFor),
        users: config.auth ? accounts(config.users) : undefined,
        storage: remoteStorage(config.storage),
        redis: config.cache === "redis" ? { ...redis, image: imageFor(redis.image) } : undefined,
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
