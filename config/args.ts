import * as pulumi from "@pulumi/pulumi";

import type {
    AccountArgs,
    FilesTls,
    FrontOptions,
    NoTls,
    OutboundArgs,
    OwnCaTls,
    PrivateRegistryArgs,
} from "../components";

import { remoteStorage } from "./args-storage";
import { caBundle, siteBundle, trustPem } from "./certificates";
import type { ImageChoice } from "./images";
import type { Schema } from "./schema";
import { chosenWay } from "./users";

/** The rules have made sure that certificate and key are there. */
function pair({ cert, key, chain }: Schema["certificate"]) {
    const { certPem, keyPem, chainPem } = siteBundle(cert, key, chain);
    return { certPem, privateKeyPem: pulumi.secret(keyPem), chainPem: chainPem || undefined };
}

function siteFiles(cert: string, key: string) {
    const { certPem, keyPem } = siteBundle(cert, key);
    return { chainPem: certPem, privateKeyPem: pulumi.secret(keyPem) };
}

function givenCa({ cert, key }: Schema["ca"]) {
    if (!cert || !key) return undefined;
    const { certPem, keyPem } = caBundle(cert, key);
    return { certPem, privateKeyPem: pulumi.secret(keyPem) };
}

function tls(config: Schema): OwnCaTls | FilesTls | NoTls {
    const { ca, site, certificate } = config;
    switch (config.tls) {
        case "off":
            return { mode: "off" };
        case "files":
            return { mode: "files", ...pair(certificate) };
        case "own-ca":
            return {
                mode: "own-ca",
                ca: {
                    ...ca,
                    given: givenCa(ca),
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
                ca: trustPem(ca),
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
): FrontOptions | "none" {
    if (front !== "nginx") return "none";
    const { redirectHttp, httpPort, ...settings } = frontSettings;
    return {
        ...settings,
        image: imageFor(settings.image),
        anonymousPull,
        httpPort: redirectHttp ? httpPort : undefined,
        sites: Object.entries(sites).map(([name, { upstream, folder, cert, key }]) => ({
            name: name.toLowerCase(),
            upstream,
            folder,
            certificate: cert && key ? siteFiles(cert, key) : undefined,
        })),
    };
}

/** What a program knows beside the configuration. */
export interface Surroundings {
    /** The image to run for a configured one. @default the same */
    imageFor?: ImageChoice | undefined;
    /** Variables of this machine, for proxy.fromEnvironment. @default none */
    environment?: NodeJS.ProcessEnv | undefined;
}

function outbound({ proxy, extraHosts, dnsServers }: Schema, environment: NodeJS.ProcessEnv): OutboundArgs {
    const own = (name: string) =>
        (proxy.fromEnvironment && (environment[name] || environment[name.toLowerCase()])) || undefined;
    const secret = (url: string | undefined) => (url === undefined ? undefined : pulumi.secret(url));
    return {
        proxy: {
            http: secret(proxy.http ?? own("HTTP_PROXY")),
            https: secret(proxy.https ?? own("HTTPS_PROXY")),
            none:
                proxy.none.length > 0
                    ? proxy.none
                    : (own("NO_PROXY")
                          ?.split(/[\s,]+/)
                          .filter(Boolean) ?? []),
        },
        extraHosts,
        dnsServers,
    };
}

/** What PrivateRegistry is given for a stack's configuration. */
export function registryArgs(
    config: Schema,
    project: string,
    stack: string,
    { imageFor = (image) => image, environment = {} }: Surroundings = {},
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
        outbound: outbound(config, environment),
        mirrors: mirrors(config.mirrors),
        nexus: nexus(config),
    };
}
