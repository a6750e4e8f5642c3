import { createHash } from "node:crypto";

import * as pulumi from "@pulumi/pulumi";

import type { Deployment } from "../deployment/deployment";
import { registryEndpoint } from "../client/address";
import type { OutboundArgs } from "../outbound";
import { CONFIG_FOLDER, type RegistrySettings, renderConfig } from "../registry/config-yml";
import { Registry, type TlsFiles } from "../registry/registry";

import { containerdHostsToml, dockerDaemonJson, registriesConf } from "./clients";
import { LOGIN_FILE, renderLogin } from "./login";
import { mirrorNameProblem, upstreamName, upstreamOrigin, upstreamProblem } from "./upstream";

/** A pull-through cache of another registry. */
export interface MirrorSettings {
    /** URL of the registry to mirror, `https://registry-1.docker.io` for Docker Hub. No path. */
    upstream: string;
    /** Login at the upstream. Whoever reaches the mirror can read what this login can. @default none */
    username?: string | undefined;
    /** Kept as a secret. */
    password?: pulumi.Input<string> | undefined;
    /** PEM of the CA that signed the upstream's certificate. @default the public ones */
    ca?: pulumi.Input<string> | undefined;
    /** How long an image is kept after it was fetched, `168h`; `0` for ever. @default "168h" */
    ttl?: string | undefined;
    /**
     * Port of the Docker host. Without one the mirror is not published: it serves plain HTTP on the deployment's
     * network, for a front that publishes it.
     */
    port?: number | undefined;
    /** Name under which a front publishes a mirror without a port. @default `${mirror}.${domain}` */
    domain?: string | undefined;
    /** @default the registry's */
    bindAddress?: string | undefined;
    /** Volume for the cache. @default `${prefix}-mirror-${mirror}-data` */
    dataVolume?: string | undefined;
    /** Folder of the Docker host for the cache, instead of a volume. */
    dataPath?: string | undefined;
    /** The volume outlives the mirror. @default the registry's */
    keepData?: boolean | undefined;
    /** MiB. @default 256 */
    memoryMb?: number | undefined;
    /** @default no limit */
    cpus?: number | undefined;
}

export interface MirrorArgs extends MirrorSettings {
    /** Name of the mirror: letters, digits and inner hyphens. */
    mirror: string;
    deployment: Deployment;
    /** Start of the names of the deployment's objects. */
    prefix: string;
    /** Host name or IP address by which clients reach the mirror. */
    domain: string;
    bindAddress: string;
    /** ID of the registry image. */
    imageId: pulumi.Input<string>;
    /** The deployment's network. */
    networkName: pulumi.Input<string>;
    /** Certificate of a published mirror; nothing for plain HTTP. */
    tls?: TlsFiles | undefined;
    /** Clients have to be given a CA to trust that certificate. */
    ownCa: boolean;
    /** URL at which a front publishes it, in place of a port of its own. @default none */
    frontEndpoint?: string | undefined;
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
    /** Name of the mirror's container. */
    container: string;
    /** Keys for daemon.json; "" where Docker needs none. */
    dockerDaemonJson: string;
    /** hosts.toml of the upstream, for containerd. */
    containerdHostsToml: string;
    /** A file for registries.conf.d, for Podman and skopeo. */
    registriesConf: string;
}

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
    }: Pick<MirrorArgs, "mirror" | "prefix" | "domain" | "port" | "frontEndpoint">,
    tls: boolean,
): string {
    if (frontEndpoint !== undefined) return frontEndpoint;
    if (port === undefined) return inside(prefix, mirror);
    return registryEndpoint(domain, port, tls);
}

/** A mirror: a registry that fetches what it is asked for from another one, and keeps it for a time. */
export class Mirror extends pulumi.ComponentResource {
    readonly access: pulumi.Output<MirrorAccess>;

    /** @throws pulumi.ResourceError where the name, the upstream or the login cannot be used */
    constructor(name: string, args: MirrorArgs, opts?: pulumi.ComponentResourceOptions) {
        super("private-registry:index:Mirror", name, {}, opts);
        this.validate(args);
        const upstream = upstreamOrigin(args.upstream);
        const { username, password, ca, ttl } = args;
        if (username !== undefined) void pulumi.log.warn(exposure(args, username, upstream), this);
        const tls = args.port === undefined ? undefined : args.tls;
        const containerPort = args.port === undefined ? portInside(args.mirror) : undefined;
        const container = containerName(args.prefix, args.mirror);

        const registry = new Registry(
            name,
            {
                prefix: container,
                deployment: args.deployment,
                portKey: `mirrors.${args.mirror}.port`,
                dataPathKey: `mirrors.${args.mirror}.path`,
                imageId: args.imageId,
                configYml: pulumi.output(args.settings).apply((shared) =>
                    renderConfig({
                        ...shared,
                        tls: tls !== undefined,
                        port: containerPort,
                        realm: undefined,
                        externalUrl: undefined,
                        // The cache lies on the Docker host, wherever the registry's own images are.
                        storage: undefined,
                        // Without it the registry cannot remove what is over its time.
                        deleteEnabled: true,
                        logFields: { ...shared.logFields, mirror: args.mirror },
                        proxy: {
                            remoteUrl: upstream,
                            ttl: ttl ?? "168h",
                            loginCommand: `${CONFIG_FOLDER}/${LOGIN_FILE}`,
                        },
                        extra: READ_ONLY,
                    }),
                ),
                files: {
                    [LOGIN_FILE]: {
                        content: pulumi
                            .output(password)
                            .apply((secret) =>
                                renderLogin(username && secret ? { username, password: secret } : undefined),
                            ),
                        mode: "0500",
                    },
                    ...(ca === undefined ? {} : { "upstream-ca.crt": { content: ca } }),
                },
                // Go reads the folders of public CAs besides this file.
                envs: ca === undefined ? [] : [`SSL_CERT_FILE=${CONFIG_FOLDER}/upstream-ca.crt`],
                networkName: args.networkName,
                tls,
                containerPort,
                port: args.port,
                bindAddress: args.bindAddress,
                dataPath: args.dataPath,
                dataVolume: args.dataVolume,
                keepData: args.keepData,
                outbound: args.outbound,
                memoryMb: args.memoryMb ?? 256,
                cpus: args.cpus,
                onError: args.onError,
            },
            { parent: this },
        );

        const endpoint = mirrorEndpoint(args, tls !== undefined);
        const facts = { endpoint, upstream, ownCa: endpoint.startsWith("https:") && args.ownCa };
        this.access = registry.containerId.apply(() => ({
            endpoint,
            upstream,
            container,
            dockerDaemonJson: dockerDaemonJson(facts),
            containerdHostsToml: containerdHostsToml(facts),
            registriesConf: registriesConf(facts),
        }));
        this.registerOutputs({ access: this.access });
    }

    private validate({ mirror, upstream, username, password }: MirrorArgs): void {
        const wrongName = mirrorNameProblem(mirror);
        if (wrongName) throw new pulumi.ResourceError(`The mirror "${mirror}" ${wrongName}.`, this);
        const wrong = upstreamProblem(upstream);
        if (wrong)
            throw new pulumi.ResourceError(
                `The upstream of the mirror ${mirror} ${wrong.problem}: ${wrong.instead}, for instance.`,
                this,
            );
        if ((username === undefined) !== (password === undefined))
            throw new pulumi.ResourceError(
                `The mirror ${mirror} has ${username === undefined ? "a password and no username" : "a username and no password"}.`,
                this,
            );
    }
}

/**
 * A mirror takes no push by itself, but answers one in a way that has Docker try again for 50 seconds, and lets anyone
 * remove a tag. Read-only it refuses both at once; its own clean-up does not ask for leave.
 */
const READ_ONLY = { storage: { maintenance: { readonly: { enabled: true } } } };

/** What a login at the upstream gives away. */
function exposure({ mirror, frontEndpoint }: MirrorArgs, username: string, upstream: string): string {
    const clear = upstream.startsWith("http:") ? " The password goes there in clear, by plain HTTP." : "";
    const reach =
        frontEndpoint === undefined
            ? "a bindAddress that no one else reaches"
            : "a port of its own with a bindAddress that no one else reaches, since the front asks for no login there";
    return (
        `Whoever reaches the mirror ${mirror} can pull, without a login, everything that ${username} can read at ` +
        `${upstreamName(upstream)}: give it a user that reads no more than it should, and ${reach}.${clear}`
    );
}
