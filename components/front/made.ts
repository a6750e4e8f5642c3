/** The front as PrivateRegistry takes and makes it. */
import * as docker from "@pulumi/docker";
import type * as pulumi from "@pulumi/pulumi";

import type { AccountArgs } from "../auth/accounts";
import type { Deployment } from "../deployment/deployment";

import type { RegistrySocket, TlsFiles } from "../registry/registry";
import type { SiteTls } from "../tls/site-tls";

import { Front } from "./front";
import { type FrontSite, SOCKET, SOCKET_FOLDER } from "./settings";

/** A site as the user gives it. */
export interface SiteOptions extends FrontSite {
    /** @default one of the registry's CA */
    certificate?: TlsFiles | undefined;
}

export interface FrontOptions {
    /** nginx 1.22 or newer. A local image of that name is used without a pull. @default "nginx:1.28" */
    image?: pulumi.Input<string> | undefined;
    /** Anyone may read, users alone may write. @default false */
    anonymousPull?: boolean | undefined;
    /** Seconds for which a right password is not checked again; 0 checks on every request. @default 60 */
    cacheSeconds?: number | undefined;
    /** Password checks a minute that one client address gets. @default 60 */
    attemptsPerMinute?: number | undefined;
    /** Requests at once that one client address gets. @default 512 */
    connectionsPerClient?: number | undefined;
    /** Further sites on the same port. @default none */
    sites?: SiteOptions[] | undefined;
    /** Folder of the Docker host with the folders that sites serve. */
    sitesFolder?: string | undefined;
    /** `/client.sh` and `/client.ps1`, which set a new client up, are there for anyone. @default true */
    clientInstaller?: boolean | undefined;
    /** Port of the Docker host on which plain HTTP is redirected to TLS. @default none */
    httpPort?: number | undefined;
    /** MiB. @default 128 */
    memoryMb?: number | undefined;
}

/** What the front gets from the deployment. */
interface Context {
    deployment: Deployment;
    port: number;
    bindAddress: string;
    realm: string;
    users: AccountArgs[] | undefined;
    htpasswd: pulumi.Input<string> | undefined;
    certificate: SiteTls;
    /** The provider for the Engine that is named; nothing where the program's own is used. */
    engine: docker.Provider | undefined;
    /** ID of the nginx image. */
    imageId: pulumi.Input<string>;
    socketVolume: pulumi.Input<string>;
    /** Network on which sites have their upstreams. */
    networkName: pulumi.Input<string>;
    /** File name → text that anyone may fetch. */
    installers: Record<string, pulumi.Input<string>> | undefined;
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

/** @throws Error where a site has no certificate and there is no CA to sign one */
export function frontOf(
    name: string,
    options: FrontOptions,
    context: Context,
    parent: { parent: pulumi.Resource },
): Front {
    const { certificate, users, engine, ...rest } = context;
    const tlsOf = (site: SiteOptions): TlsFiles => {
        const tls = site.certificate ?? certificate.sign?.(`${name}-site-${site.name}`, [site.name]);
        if (tls === undefined)
            throw new Error(`The site ${site.name} needs a certificate: there is no CA that could sign one.`);
        return tls;
    };
    return new Front(
        `${name}-front`,
        {
            ...rest,
            tls: certificate.files,
            users: users?.map(({ name, role, repositories }) => ({
                name,
                repositories,
                role: role ?? "push",
            })),
            anonymousPull: options.anonymousPull ?? false,
            cacheSeconds: options.cacheSeconds ?? 60,
            attemptsPerMinute: options.attemptsPerMinute ?? 60,
            connectionsPerClient: options.connectionsPerClient ?? 512,
            sites: (options.sites ?? []).map((site) => ({ ...site, tls: tlsOf(site) })),
            sitesFolder: options.sitesFolder,
            httpPort: options.httpPort,
            memoryMb: options.memoryMb ?? 128,
        },
        { ...parent, providers: engine && { docker: engine } },
    );
}
