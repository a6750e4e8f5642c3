/** The front as a deployment makes it. */
import * as docker from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";

import type { Given, Settled } from "../definition/inputs";
import type { Deployment } from "../deployment/deployment";
import type { Options } from "../options";
import type { ImagesMount, RegistrySocket, TlsFiles } from "../registry/registry";
import { endsOf } from "../tls/chain";
import { broughtFiles, changesAlone, type SiteTls } from "../tls/site-tls";

import type { FrontFilesArgs, MetricsPlace, SiteArgs } from "./files";
import { Front } from "./front";
import type { FrontOptions } from "./options";
import type { PageFacts } from "./page";
import { type BlobHeaders, SOCKET, SOCKET_FOLDER } from "./settings";

export type FrontChoice = Settled<FrontOptions>;

/** A site of the deployment's own: a mirror, Nexus. */
export interface SiteOptions {
    /** Of its resources and files, where the name is not known yet. */
    id: string;
    name: Given<string>;
    upstream: pulumi.Input<string>;
    /** Of a mirror whose cached blobs the front serves from its files. @default it serves all itself */
    blobs?: { images: ImagesMount; headers: pulumi.Input<BlobHeaders | undefined> } | undefined;
}

/** What the front gets from the deployment, wherever it runs. */
export interface FrontContext {
    port: Given<number>;
    realm: Given<string>;
    users: Settled<Options["users"]> | undefined;
    htpasswd: pulumi.Input<string> | undefined;
    /** Of passwords that are taken for a while beside those that took their place: until when, seconds since 1970. */
    previous: { htpasswd: pulumi.Input<string>; until: Readonly<Record<string, number>> } | undefined;
    certificate: SiteTls;
    /** The registry's images, where they lie in files that the front may read. */
    images: ImagesMount | undefined;
    /** Headers of the registry's answers, where the front may serve blobs itself. */
    blobHeaders: pulumi.Input<BlobHeaders | undefined>;
    /** File name → text that anyone may fetch. */
    installers: Record<string, pulumi.Input<string>> | undefined;
    /** Snippets of `clientSetup` by which one line sets a client up. */
    setUp: pulumi.Input<Record<string, string>> | undefined;
    /** Of the numbers, where there are some. */
    metrics: MetricsPlace | undefined;
}

/** What it gets on a Docker host besides. */
interface DockerContext extends FrontContext {
    deployment: Deployment;
    bindAddress: Given<string>;
    /** The provider for the Engine that is named; nothing where the program's own is used. */
    engine: docker.Provider | undefined;
    /** ID of the nginx image. */
    imageId: pulumi.Input<string>;
    socketVolume: pulumi.Input<string>;
    /** Volume with what changes without an `up`, where there is one. */
    servedVolume: pulumi.Input<string> | undefined;
    /** Network on which sites have their upstreams. */
    networkName: pulumi.Input<string>;
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
}: Pick<FrontContext, "certificate" | "setUp" | "metrics">): pulumi.Output<PageFacts> =>
    pulumi.all([certificate.files.chainPem, setUp]).apply(([pem, lines]) => ({
        // Of one that a directory issues the end changes without an `up`.
        ...(certificate.acme === undefined ? {} : { renewed: true as const }),
        ...(changesAlone(certificate) ? {} : { ends: endsOf(pem) }),
        setUp: lines,
        ...(metrics?.store ? { store: true as const } : {}),
    }));

/**
 * What the files of a front are made of.
 *
 * @param inside sites of the deployment's own
 * @throws Error where a site has no certificate and there is no CA to sign one
 */
export function frontFilesArgs(
    name: string,
    front: FrontChoice,
    inside: readonly SiteOptions[],
    context: FrontContext,
): FrontFilesArgs {
    const { certificate, users, previous } = context;
    const signed = (id: string, site: Given<string>): TlsFiles | undefined => {
        if (changesAlone(certificate)) return undefined;
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
    return {
        tls: changesAlone(certificate) ? undefined : certificate.files,
        htpasswd: context.htpasswd,
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
        realm: context.realm,
        anonymousPull: front.anonymousPull,
        cacheSeconds: front.cacheSeconds,
        attemptsPerMinute: front.attemptsPerMinute,
        connectionsPerClient: front.connectionsPerClient,
        trustedProxies: front.trustedProxies,
        immutableTags: pulumi.output(front.immutableTags),
        log: front.log.off ? undefined : { days: front.log.days, maxMb: front.log.maxMb },
        page: front.page ? pageFacts(context) : undefined,
        installers: context.installers,
        images: context.images,
        blobHeaders: context.blobHeaders,
        metrics: context.metrics,
        sites,
        port: context.port,
        httpPort: front.httpPort,
    };
}

/** The front of a Docker host. */
export function frontOf(
    name: string,
    front: FrontChoice,
    inside: readonly SiteOptions[],
    context: DockerContext,
    parent: { parent: pulumi.Resource },
): Front {
    const { deployment, bindAddress, engine, imageId, socketVolume, servedVolume, networkName } = context;
    return new Front(
        `${name}-front`,
        {
            ...frontFilesArgs(name, front, inside, context),
            ...{ deployment, bindAddress, imageId, socketVolume, servedVolume, networkName },
            sitesFolder: front.sitesFolder,
            memoryMb: front.memoryMb,
            onError: context.onError,
            after: context.after,
        },
        { ...parent, providers: engine && { docker: engine } },
    );
}
