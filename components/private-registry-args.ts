import type * as pulumi from "@pulumi/pulumi";

import type { AccountArgs } from "./auth/accounts";
import { defaultFront } from "./front/default";
import type { FrontOptions } from "./front/options";
import type { MirrorSettings } from "./mirror/mirror";
import type { NexusArgs } from "./nexus/nexus";
import type { OutboundArgs } from "./outbound";
import type { RedisOptions } from "./registry/redis";
import type { RegistrySettings } from "./registry/config-yml";
import type { RemoteStorageArgs } from "./registry/storage";
import type { TlsArgs } from "./tls/site-tls";

/** Settings of config.yml; what the kit decides by itself is left out. */
type Settings = Partial<
    Omit<
        RegistrySettings,
        "tls" | "socket" | "proxy" | "secret" | "realm" | "drainSeconds" | "storage" | "redis"
    >
>;

export interface PrivateRegistryArgs extends Settings {
    /** Host name or IP address by which clients reach the registry; capitals count as small letters. */
    domain: string;
    /**
     * docker: a container. systemd: no Docker object at all; `host` has what a host without Docker needs.
     *
     * @default "docker"
     */
    target?: "docker" | "systemd" | undefined;
    /** Start of the name of every Docker object. @default the component's name */
    prefix?: string | undefined;
    /** @default { mode: "own-ca" } */
    tls?: TlsArgs | undefined;
    /** Nothing turns authentication off. */
    users?: AccountArgs[] | undefined;
    /** Cost of the hash of given passwords, 4 to 31. @default 10 */
    bcryptCost?: number | undefined;
    /** Realm of the login. @default "basic-realm" */
    realm?: string | undefined;
    /** @default 443, or 5000 without TLS */
    port?: number | undefined;
    /** @default "0.0.0.0" */
    bindAddress?: string | undefined;
    /** CNCF Distribution 3.1.1 or newer. A local image of that name is used without a pull. */
    image: pulumi.Input<string>;
    /** @default prefix */
    containerName?: string | undefined;
    /** A store elsewhere for the images: S3, Azure or Google. @default a volume of the Docker host */
    storage?: RemoteStorageArgs | undefined;
    /** A Redis beside the registry that keeps what is known of blobs. @default the registry's own memory */
    redis?: RedisOptions | undefined;
    /** Folder of the Docker host for the images, instead of a volume. */
    dataPath?: string | undefined;
    /** @default `${prefix}-data` */
    dataVolume?: string | undefined;
    /** The data volume outlives the deployment. @default true */
    keepData?: boolean | undefined;
    /** MiB. @default 512 */
    memoryMb?: number | undefined;
    /** @default no limit */
    cpus?: number | undefined;
    /**
     * nginx before the registry. `"none"`: the registry itself takes the port.
     *
     * @default a front wherever the kit's configuration has one by default: with TLS, users and Docker, and nothing that it
     * would be in the way of (docs/front.md)
     * @example { anonymousPull: true }
     */
    front?: FrontOptions | "none" | undefined;
    /** How registry, mirrors and Nexus reach what lies outside. @default as the Docker host */
    outbound?: OutboundArgs | undefined;
    /** Name → pull-through cache. @default none */
    mirrors?: Record<string, MirrorSettings> | undefined;
    /** A Sonatype Nexus 3 beside the registry. @default none */
    nexus?: Omit<NexusArgs, "prefix" | "deployment" | "keepData" | "networkName" | "dockerHost"> | undefined;
    /**
     * Engine to deploy to, as in DOCKER_HOST. The provider that the component is given for docker goes before it.
     *
     * @default what the docker provider finds
     */
    dockerHost?: string | undefined;
    /**
     * What counts as the deployment's own although another one made it: identities of lost deployments, or names of
     * Docker objects. Its containers and networks are replaced, its volumes used.
     *
     * @default none
     */
    adopt?: string[] | undefined;
    /**
     * A text that no other stack has and that outlives `pulumi destroy`: by it kept data is known again.
     *
     * @default what Pulumi wrote into the stack's file
     */
    stackKey?: string | undefined;
}

/** The same, with what is decided where nothing is said. */
export interface ResolvedArgs extends Omit<PrivateRegistryArgs, "front"> {
    front: FrontOptions | undefined;
}

/** Of a site the front shows a certificate, and of those that a program brings there is one for the registry alone. */
const unsigned = ({ tls, mirrors }: PrivateRegistryArgs): boolean =>
    tls?.mode === "files" && Object.values(mirrors ?? {}).some(({ port }) => port === undefined);

// Host names are one name whatever their capitals (RFC 4343), and stand in certificates, addresses and files as one.
const lower = (name: string): string => name.toLowerCase();

/** The same front with the names of its sites in small letters. */
const withSites = (front: FrontOptions): FrontOptions =>
    front.sites
        ? { ...front, sites: front.sites.map((site) => ({ ...site, name: lower(site.name) })) }
        : front;

/** Whether there is a front where the program does not say so. */
const frontByDefault = (args: PrivateRegistryArgs): boolean =>
    !unsigned(args) &&
    defaultFront({
        tls: args.tls?.mode,
        auth: args.users !== undefined,
        target: args.target,
        domain: args.domain,
        // Without a domain it is called nexus, of which the CA signs a certificate.
        nexus: args.nexus && { enabled: true, domain: args.nexus.domain ?? "nexus" },
        users: Object.fromEntries((args.users ?? []).map(({ name }) => [name, {}])),
        registryConfig: args.extra,
    }) === "nginx";

/** Decides what is not said. Pure. */
export function resolved({ front, ...given }: PrivateRegistryArgs): ResolvedArgs {
    const { tls, mirrors, nexus } = given;
    return {
        ...given,
        domain: lower(given.domain),
        ...(tls?.mode === "own-ca" && tls.names ? { tls: { ...tls, names: tls.names.map(lower) } } : {}),
        ...(nexus?.domain ? { nexus: { ...nexus, domain: lower(nexus.domain) } } : {}),
        ...(mirrors && {
            mirrors: Object.fromEntries(
                Object.entries(mirrors).map(([name, { domain, ...mirror }]) => [
                    name,
                    domain === undefined ? mirror : { ...mirror, domain: lower(domain) },
                ]),
            ),
        }),
        front:
            front === "none" ? undefined : front ? withSites(front) : frontByDefault(given) ? {} : undefined,
    };
}
