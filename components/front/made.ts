/** The front as a deployment makes it. */
import * as docker from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";

import type { Given, Settled } from "../definition/inputs";
import type { Deployment } from "../deployment/deployment";
import type { Options } from "../options";
import type { ImagesMount, RegistrySocket, TlsFiles } from "../registry/registry";
import { endsOf } from "../tls/chain";
import { broughtFiles, type SiteTls } from "../tls/site-tls";

import { Front, type MetricsPlace, type SiteArgs } from "./front";
import type { FrontOptions } from "./options";
import type { PageFacts } from "./page";
import { type BlobHeaders, SOCKET, SOCKET_FOLDER } from "./settings";

export type FrontChoice = Settled<FrontOptions>;

/** A site of the deployment's own: a mirror, Nexus. */
export interface SiteOptions {
    /** Of its resources and files, where the name is not known yet. */
    id: string;
    name: Given<string>;
    upstream: string;
    /** Of a mirror whose cached blobs the front serves from its files. @default it serves all itself */
    blobs?: { images: ImagesMount; headers: pulumi.Input<BlobHeaders | undefined> } | undefined;
}

/** What the front gets from the deployment. */
interface Context {
    deployment: Deployment;
    port: Given<number>;
    bindAddress: Given<string>;
    realm: Given<string>;
    users: Settled<Options["users"]> | undefined;
    htpasswd: pulumi.Input<string> | undefined;
    /** Of passwords that are taken for a while beside those that took their place: until when, seconds since 1970. */
    previous: { htpasswd: pulumi.Input<string>; until: Readonly<Record<string, number>> } | undefined;
    certificate: SiteTls;
    /** The provider for the Engine that is named; nothing where the program's own is used. */
    engine: docker.Provider | undefined;
    /** ID of the nginx image. */
    imageId: pulumi.Input<string>;
    socketVolume: pulumi.Input<string>;
    /** Volume with what changes without an `up`, where there is one. */
    servedVolume: pulumi.Input<string> | undefined;
    /** The registry's images, where they lie on the Docker host. */
    images: ImagesMount | undefined;
    /** Headers of the registry's answers, where the front may serve blobs itself. */
    blobHeaders: pulumi.Input<BlobHeaders | undefined>;
    /** Network on which sites have their upstreams. */
    networkName: pulumi.Input<string>;
    /** File name → text that anyone may fetch. */
    installers: Record<string, pulumi.Input<string>> | undefined;
    /** Snippets of `clientSetup` by which one line sets a client up. */
    setUp: pulumi.Input<Record<string, string>> | undefined;
    /** Of the numbers, where there are some. */
    metrics: MetricsPlace | undefined;
    onError: pulumi.ErrorHook[];
    after: pulumi.Resource[];
}

/** The socket of a registry behind a front, in a volume of its own. */
export function frontSocket(
    name: string,
    deployment: Deployment,
    opts: pulumi.CustomResourceOptions,
): RegistrySocket {
    const volumeName = `${deployment.prefix}-socket`;
    const volume = new docker.Volume(
        `${name}-socket`,
        { name: volumeName, labels: deployment.volume(volumeName) },
        { ...opts, ignoreChanges: ["labels"] },
    );
    return { volumeName: volume.name, folder: SOCKET_FOLDER, path: SOCKET };
}

/**
 * The volume of what changes without an `up`. It is there wherever plain HTTP is answered: so a directory can take the place of another
 * certificate, and the other way round, by reload alone.
 */
export function servedVolume(
    name: string,
    deployment: Deployment,
    opts: pulumi.CustomResourceOptions,
): pulumi.Output<string> {
    const volumeName = `${deployment.prefix}-served`;
    return new docker.Volume(
        `${name}-served`,
        { name: volumeName, labels: deployment.volume(volumeName) },
        { ...opts, ignoreChanges: ["labels"] },
    ).name;
}

/** Names of the sites that have no certificate of their own. */
export const unsignedSites = (front: FrontChoice, inside: readonly SiteOptions[]): Given<string>[] => [
    ...Object.entries(front.sites)
        .filter(([, { cert }]) => cert === undefined)
        .map(([written]) => written.toLowerCase()),
    ...inside.map(({ name }) => name),
];

const pageFacts = ({
    certificate,
    setUp,
    metrics,
}: Pick<Context, "certificate" | "setUp" | "metrics">): pulumi.Output<PageFacts> =>
    pulumi.all([certificate.files.chainPem, setUp]).apply(([pem, lines]) => ({
        // Of one that a directory issues the end changes without an `up`.
        ...(certificate.acme === undefined ? { ends: endsOf(pem) } : { renewed: true as const }),
        setUp: lines,
        ...(metrics?.store ? { store: true as const } : {}),
    }));

/**
 * @param inside sites of the deployment's own
 * @throws Error where a site has no certificate and there is no CA to sign one
 */
export function frontOf(
    name: string,
    front: FrontChoice,
    inside: readonly SiteOptions[],
    context: Context,
    parent: { parent: pulumi.Resource },
): Front {
    const { certificate, users, previous, engine, setUp, ...rest } = context;
    const signed = (id: string, site: Given<string>): TlsFiles | undefined => {
        if (certificate.acme !== undefined) return undefined;
        const tls = certificate.sign?.(`${name}-site-${typeof site === "string" ? site : id}`, [site]);
        if (tls === undefined)
            throw new Error(`The site ${id} needs a certificate: there is no CA that could sign one.`);
        return tls;
    };
    const sites: SiteArgs[] = [
        ...Object.entries(front.sites).map(([written, { cert, key, upstream, folder }]) => {
            const site = written.toLowerCase();
            const brought = cert === undefined ? undefined : broughtFiles({ cert, key }, [site]).files;
            return {
                ...{ id: site, name: site, upstream, folder },
                tls: brought ?? signed(site, site),
                brought: brought !== undefined,
            };
        }),
        ...inside.map(({ id, name: site, upstream, blobs }) => ({
            id,
            name: site,
            upstream,
            tls: signed(id, site),
            images: blobs?.images,
            blobHeaders: blobs?.headers,
        })),
    ];
    return new Front(
        `${name}-front`,
        {
            ...rest,
            tls: certificate.acme === undefined ? certificate.files : undefined,
            previousHtpasswd: previous?.htpasswd,
            signer: certificate.signer,
            users:
                users &&
                Object.entries(users).map(([user, { role, repositories }]) => ({
                    name: user,
                    repositories,
                    previousUntil: previous?.until[user],
                    role: pulumi.output(role).apply((of) => of ?? "push"),
                })),
            anonymousPull: front.anonymousPull,
            cacheSeconds: front.cacheSeconds,
            attemptsPerMinute: front.attemptsPerMinute,
            connectionsPerClient: front.connectionsPerClient,
            immutableTags: pulumi.output(front.immutableTags),
            log: front.log.off ? undefined : { days: front.log.days, maxMb: front.log.maxMb },
            page: front.page ? pageFacts({ certificate, setUp, metrics: rest.metrics }) : undefined,
            sites,
            sitesFolder: front.sitesFolder,
            httpPort: front.httpPort,
            memoryMb: front.memoryMb,
        },
        { ...parent, providers: engine && { docker: engine } },
    );
}
