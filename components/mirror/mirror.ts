import { createHash } from "node:crypto";

import * as pulumi from "@pulumi/pulumi";

import type { Given, Settled } from "../definition/inputs";
import type { Deployment } from "../deployment/deployment";
import { registryEndpoint } from "../../address/address";
import { blobHeaders } from "../front/blobs";
import type { SiteOptions } from "../front/made";
import type { Options } from "../options";
import type { OutboundArgs } from "../outbound/outbound";
import { type RegistrySettings, renderConfig } from "../registry/config-yml";
import type { FileArgs } from "../registry/config-volume";
import { Registry, type TlsFiles } from "../registry/registry";
import { trusted } from "../tls/inspect";

import { containerdHostsToml, dockerDaemonJson, registriesConf } from "./clients";
import { LOGIN_FILE, renderLogin } from "./login";
import { upstreamName, upstreamOrigin } from "../../address/upstream";
import { CONFIG_FOLDER } from "../storage/folders";

/** A pull-through cache of another registry: its options, and what it has in common with the deployment. */
export interface MirrorArgs extends Omit<Settled<Options["mirrors"]>[string], "domain" | "keepData"> {
    /** Name of the mirror: letters, digits and inner hyphens. */
    mirror: string;
    deployment: Deployment;
    /** Start of the names of the deployment's objects. */
    prefix: string;
    /** Host name or IP address by which clients reach the mirror. */
    domain: Given<string>;
    bindAddress: Given<string>;
    keepData: boolean;
    /** ID of the registry image. */
    imageId: pulumi.Input<string>;
    /** The deployment's network. */
    networkName: pulumi.Input<string>;
    /** Certificate of a published mirror; nothing for plain HTTP. */
    tls?: TlsFiles | undefined;
    /** Clients have to be given a CA to trust that certificate. */
    ownCa: pulumi.Input<boolean>;
    /** URL at which a front publishes it, in place of a port of its own. @default none */
    frontEndpoint?: pulumi.Input<string> | undefined;
    /** How it reaches its upstream. @default as the Docker host */
    outbound?: OutboundArgs | undefined;
    /** Settings of config.yml that the mirror shares with the registry. */
    settings: pulumi.Input<RegistrySettings>;
    onError: pulumi.ErrorHook[];
}

/** Where a mirror is, and what clients need to use it. */
export interface MirrorAccess {
    /** `https://docker.example.com:5443`; resolves when the mirror answers. */
    endpoint: string;
    upstream: string;
    /** Name of the mirror's container, on a cluster of its Deployment. */
    container: string;
    /** Keys for daemon.json; "" where Docker needs none. */
    dockerDaemonJson: string;
    /** hosts.toml of the upstream, for containerd. */
    containerdHostsToml: string;
    /** A file for registries.conf.d, for Podman and skopeo. */
    registriesConf: string;
}

/** File name of the CA of the upstream's certificate. */
const CA_FILE = "upstream-ca.crt";

const containerName = (prefix: string, mirror: string) => `${prefix}-mirror-${mirror}`;

/**
 * Port of a mirror on the deployment's network, where a front publishes it: hardly another mirror's. The Engine gives the
 * address of a container that is gone to the next one, and a front that still has the old address in mind would take
 * one mirror for another, and hand out the images of another upstream.
 */
export const portInside = (mirror: string): number =>
    10_000 + (createHash("sha256").update(mirror).digest().readUInt32BE() % 40_000);

/** Where a mirror without a port answers on the deployment's network. */
export const inside = (prefix: string, mirror: string) =>
    `http://${containerName(prefix, mirror)}:${portInside(mirror)}`;

/**
 * Where clients reach a mirror: known before it is made. One with neither a port nor a front is reached on the
 * deployment's network alone.
 */
export function mirrorEndpoint(
    {
        mirror,
        prefix,
        domain,
        port,
        frontEndpoint,
    }: {
        mirror: string;
        prefix: string;
        domain: string;
        port: number | undefined;
        frontEndpoint: string | undefined;
    },
    tls: boolean,
): string {
    if (frontEndpoint !== undefined) return frontEndpoint;
    if (port === undefined) return inside(prefix, mirror);
    return registryEndpoint(domain, port, tls);
}

/** What decides what a mirror fetches and keeps, wherever it runs. */
type Fetching = Pick<MirrorArgs, "mirror" | "upstream" | "username" | "password" | "ca" | "ttl" | "settings">;

/**
 * What its registry reads when it starts.
 *
 * @param listens whether in TLS, and at which port. @default REGISTRY_PORT
 */
export function mirrorParts(
    { mirror, upstream, username, password, ca, ttl, settings }: Fetching,
    listens: { tls: boolean; port: number | undefined },
): { configYml: pulumi.Output<string>; files: Record<string, FileArgs>; envs: string[] } {
    const configYml = pulumi.all([settings, upstream, ttl]).apply(([shared, url, kept]) =>
        renderConfig({
            ...mirrorSettings(shared),
            ...listens,
            realm: undefined,
            externalUrl: undefined,
            // Without it the registry cannot remove what is over its time.
            deleteEnabled: true,
            logFields: { ...shared.logFields, mirror },
            proxy: {
                remoteUrl: upstreamOrigin(url),
                ttl: kept,
                loginCommand: `${CONFIG_FOLDER}/${LOGIN_FILE}`,
            },
        }),
    );
    const login = pulumi
        .all([username, password])
        .apply(([user, secret]) =>
            renderLogin(user && secret ? { username: user, password: secret } : undefined),
        );
    return {
        configYml,
        files: {
            [LOGIN_FILE]: { content: login, mode: "0500" },
            ...(ca === undefined ? {} : { [CA_FILE]: { content: pulumi.output(ca).apply(trusted) } }),
        },
        // Go reads the folders of public CAs besides this file.
        envs: ca === undefined ? [] : [`SSL_CERT_FILE=${CONFIG_FOLDER}/${CA_FILE}`],
    };
}

/**
 * Says what a login at the upstream gives away.
 *
 * @param narrower what lets fewer machines reach the mirror; nothing where nothing does
 */
export function warnOfLogin(
    { mirror, upstream, username }: Pick<MirrorArgs, "mirror" | "upstream" | "username">,
    narrower: string | undefined,
    resource: pulumi.Resource,
): void {
    if (username !== undefined)
        pulumi
            .all([username, upstream])
            .apply(([user, of]) =>
                pulumi.log.warn(exposure(mirror, user, upstreamOrigin(of), narrower), resource),
            );
}

/**
 * What clients need to use it.
 *
 * @param container name of what runs it
 * @param tls it shows a certificate itself
 */
export const mirrorAccess = (
    {
        mirror,
        prefix,
        port,
        ...args
    }: Pick<MirrorArgs, "mirror" | "prefix" | "port" | "domain" | "frontEndpoint" | "upstream" | "ownCa">,
    container: pulumi.Input<string>,
    tls: boolean,
): pulumi.Output<MirrorAccess> =>
    pulumi
        .all([args.domain, args.frontEndpoint, args.upstream, args.ownCa, container])
        .apply(([domain, frontEndpoint, of, given, name]) => {
            const endpoint = mirrorEndpoint({ mirror, prefix, domain, port, frontEndpoint }, tls);
            const ownCa = endpoint.startsWith("https:") && given;
            const facts = { endpoint, upstream: upstreamOrigin(of), ownCa };
            return {
                ...{ endpoint, upstream: facts.upstream, container: name },
                dockerDaemonJson: dockerDaemonJson(facts),
                containerdHostsToml: containerdHostsToml(facts),
                registriesConf: registriesConf(facts),
            };
        });

/** A mirror: a registry that fetches what it is asked for from another one, and keeps it for a time. */
export class Mirror extends pulumi.ComponentResource {
    readonly access: pulumi.Output<MirrorAccess>;
    /** Of which the front serves its cached blobs; nothing where it serves all itself. */
    readonly blobs: SiteOptions["blobs"];

    /** @throws pulumi.ResourceError where the name, the upstream or the login cannot be used */
    constructor(name: string, args: MirrorArgs, opts?: pulumi.ComponentResourceOptions) {
        super("private-registry:index:Mirror", name, {}, opts);
        const narrower =
            args.frontEndpoint === undefined
                ? "a bindAddress that no one else reaches"
                : "a port of its own with a bindAddress that no one else reaches, since the front asks for no login there";
        warnOfLogin(args, narrower, this);
        const tls = args.port === undefined ? undefined : args.tls;
        const containerPort = args.port === undefined ? portInside(args.mirror) : undefined;
        const container = containerName(args.prefix, args.mirror);

        const registry = new Registry(
            name,
            {
                prefix: container,
                deployment: args.deployment,
                portKey: ["mirrors", args.mirror, "port"],
                folderKey: ["mirrors", args.mirror, "folder"],
                imageId: args.imageId,
                ...mirrorParts(args, { tls: tls !== undefined, port: containerPort }),
                networkName: args.networkName,
                tls,
                containerPort,
                port: args.port,
                bindAddress: args.bindAddress,
                folder: args.folder,
                volume: args.volume,
                keepData: args.keepData,
                outbound: args.outbound,
                memoryMb: args.memoryMb,
                cpus: args.cpus,
                onError: args.onError,
            },
            { parent: this },
        );

        this.blobs =
            args.blobsFromDisk && registry.images
                ? {
                      images: registry.images,
                      // Every client gets them: they are no secret of the configuration.
                      headers: pulumi.unsecret(
                          pulumi.output(args.settings).apply((all) => blobHeaders(mirrorSettings(all))),
                      ),
                  }
                : undefined;
        this.access = pulumi
            .all([mirrorAccess(args, container, tls !== undefined), registry.containerId])
            .apply(([access]) => access);
        this.registerOutputs({ access: this.access });
    }
}

/**
 * A mirror takes no push by itself, but answers one in a way that has Docker try again for 50 seconds, and lets anyone
 * remove a tag. Read-only it refuses both at once; its own clean-up does not ask for leave.
 */
const READ_ONLY = { storage: { maintenance: { readonly: { enabled: true } } } };

/** What a mirror shares with the registry of its settings, as far as they say what it does for a blob. */
const mirrorSettings = (shared: RegistrySettings): RegistrySettings => ({
    ...shared,
    // Of the registry's own images.
    notifications: {},
    // The cache lies on the Docker host, wherever the registry's own images are.
    storage: undefined,
    extra: READ_ONLY,
});

/** What a login at the upstream gives away. */
function exposure(mirror: string, username: string, upstream: string, narrower: string | undefined): string {
    const clear = upstream.startsWith("http:") ? " The password goes there in clear, by plain HTTP." : "";
    return (
        `Whoever reaches the mirror ${mirror} can pull, without a login, everything that ${username} can read at ` +
        `${upstreamName(upstream)}: give it a user that reads no more than it should` +
        `${narrower === undefined ? "" : `, and ${narrower}`}.${clear}`
    );
}
