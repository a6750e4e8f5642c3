/** The containers of a deployment and what they share: Engine, image, network. */
import * as docker from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";

import { Acme } from "./acme/acme";
import type { Accounts } from "./auth/accounts";
import { servedInstallers } from "../clients/served";
import type { Given, Settled } from "./definition/inputs";
import { Deployment } from "./deployment/deployment";
import { blobHeaders } from "./front/blobs";
import { FRONT_USER } from "./front/reload";
import {
    type FrontChoice,
    frontOf,
    frontSocket,
    servedVolume,
    type SiteOptions,
    unsignedSites,
} from "./front/made";
import type { MirrorAccess } from "./mirror/mirror";
import { Metrics, metricsVolume } from "./metrics/metrics";
import { createMirrors, mirrorPlaces } from "./mirror/mirrors";
import { Nexus } from "./nexus/nexus";
import type { Options } from "./options";
import { recover } from "./deployment/recovery";
import { type RegistrySettings, renderConfig, renderStorageCheck } from "./registry/config-yml";
import { Redis } from "./cache/redis";
import { Registry } from "./registry/registry";
import { remoteStorage } from "./storage/remote";
import type { SiteTls } from "./tls/site-tls";
import { CONFIG_FOLDER } from "./storage/folders";

/** What the containers get from the deployment. */
export interface ContainersContext {
    prefix: string;
    /** Fails where an option that is an Output turns out to be wrong. */
    right: pulumi.Output<boolean>;
    front: FrontChoice | undefined;
    /** What is in config.yml of this deployment alone. */
    httpSecret: pulumi.Output<string>;
    /** Of the registry as it would be without a front. */
    settings: pulumi.Output<RegistrySettings>;
    /** `https://docker.example.com:8443` */
    endpoint: pulumi.Output<string>;
    port: Given<number>;
    htpasswd: pulumi.Output<string> | undefined;
    /** Of passwords that are taken beside those for a while. */
    previous: Accounts["previous"];
    certificate: SiteTls | undefined;
    /** Clients have to be given a CA to trust the certificate. */
    ownCa: boolean;
}

export interface Containers {
    /** What is written on every object of the deployment. */
    identity: pulumi.Output<string>;
    /** Resolves when clients get an answer. */
    answering: pulumi.Output<unknown>;
    mirrors: pulumi.Output<Record<string, MirrorAccess>>;
    nexus: Nexus | undefined;
    /** Snippets for clients by which one line sets a client up; resolves when they work. Nothing without a front. */
    oneLines?: pulumi.Output<Record<string, string>> | undefined;
}

/** The provider for the Engine that is named; nothing where the program's own is to be used. */
function engineOf(
    name: string,
    { dockerHost }: Pick<Settled<Options>, "dockerHost">,
    parent: { parent: pulumi.Resource },
): docker.Provider | undefined {
    if (dockerHost === undefined) return undefined;
    return new docker.Provider(`${name}-engine`, { host: dockerHost }, parent);
}

/** Makes the containers of a deployment: registry, its cache, front, mirrors, Nexus. */
export function containersOf(
    name: string,
    options: Settled<Options>,
    context: ContainersContext,
    parent: { parent: pulumi.Resource },
): Containers {
    const { prefix, front, settings, port, htpasswd, certificate, httpSecret, endpoint } = context;
    const { domain, bindAddress, keepData } = options;
    const engine = engineOf(name, options, parent);
    const here = { ...parent, providers: engine && { docker: engine } };
    const frontPort = front && port;
    const places = mirrorPlaces(options.mirrors, { prefix, domain, frontPort }, certificate !== undefined);
    const deployment = new Deployment(
        name,
        {
            prefix,
            dockerHost: options.dockerHost,
            adopt: options.adopt,
            stackKey: options.stackKey,
            right: context.right,
            clients: {
                places: pulumi.all([endpoint, places]).apply(([registry, all]): Record<string, string> => ({
                    registry,
                    ...Object.fromEntries(
                        all.map(({ upstream, endpoint }) => [`mirror of ${upstream}`, endpoint]),
                    ),
                })),
                cas: context.ownCa && certificate ? certificate.cas : [],
            },
            legacy: {
                containers: [options.containerName ?? prefix, `${prefix}-config`],
                path: `${CONFIG_FOLDER}/config.yml`,
                text: httpSecret,
            },
        },
        parent.parent,
    );
    const onError = [new pulumi.ErrorHook(`${name}-recovery`, recover(deployment))];
    const outbound = { proxy: options.proxy, extraHosts: options.extraHosts, dnsServers: options.dnsServers };
    const imageOf = (child: string, image: pulumi.Input<string>) =>
        new docker.RemoteImage(child, { name: image, keepLocally: true }, { ...parent, provider: engine });
    const image = imageOf(`${name}-image`, options.image);
    const frontImage = front && imageOf(`${name}-front-image`, front.image);
    const socket = front && frontSocket(name, deployment, { ...parent, provider: engine });
    const { metrics } = options;
    const numbers = metrics && front && metricsVolume(name, deployment, { ...parent, provider: engine });
    const { valkey } = options.cache;
    const cache = valkey && new Redis(`${name}-redis`, { ...valkey, deployment, onError }, here);
    const own = pulumi.all([settings, cache?.access]).apply(([all, access]) => ({
        ...all,
        redis: access,
        ...(numbers === undefined ? {} : { numbers: true }),
        // Behind a front, the registry has neither port nor TLS nor users.
        ...(socket === undefined ? {} : { tls: false, realm: undefined, socket: socket.path }),
    }));
    const storage = remoteStorage(options.storage);
    const registry = new Registry(
        name,
        {
            deployment,
            containerName: options.containerName,
            imageId: image.imageId,
            writerLabels: deployment.clients(),
            configYml: own.apply(renderConfig),
            store: storage && {
                storage,
                checkYml: own.apply((of) => renderStorageCheck(of) ?? ""),
            },
            ...(socket === undefined ? { htpasswd, tls: certificate?.files, port } : { socket }),
            bindAddress,
            metricsVolume: numbers,
            cache,
            outbound,
            folder: options.storage.folder,
            volume: options.storage.volume,
            keepData,
            memoryMb: options.memoryMb,
            cpus: options.cpus,
            onError,
            // A registry that gives its port to a front that cannot be had would be reached by nobody.
            after: frontImage && [frontImage],
        },
        here,
    );
    const mirrors = createMirrors(
        name,
        options.mirrors,
        {
            prefix,
            deployment,
            domain,
            bindAddress,
            keepData,
            imageId: image.imageId,
            outbound,
            networkName: registry.networkName,
            tls: certificate?.files,
            ownCa: context.ownCa,
            settings,
            frontPort,
        },
        here,
    );
    const nexus =
        options.nexus &&
        new Nexus(
            `${name}-nexus`,
            {
                ...options.nexus,
                domain: options.nexus.domain ?? pulumi.interpolate`nexus.${domain}`,
                deployment,
                outbound,
                keepData,
                networkName: registry.networkName,
                dockerHost: options.dockerHost,
            },
            here,
        );
    if (front === undefined || frontImage === undefined || socket === undefined || certificate === undefined)
        return {
            identity: deployment.identity,
            answering: registry.containerId,
            mirrors: mirrors.access,
            nexus,
        };

    const inside: SiteOptions[] = [...mirrors.sites, ...(nexus?.sites ?? [])];
    const served = front.clientInstaller
        ? servedInstallers(endpoint, certificate.caPem, places, deployment.identity)
        : undefined;
    const { acme: directory } = certificate;
    const names = pulumi
        .all([domain, options.dnsNames, pulumi.all(unsignedSites(front, inside))])
        .apply(([first, further, sites]) => [...new Set([first, ...further, ...sites])]);
    const volume =
        directory === undefined && front.httpPort === undefined
            ? undefined
            : servedVolume(name, deployment, { ...parent, provider: engine });
    const acme =
        directory &&
        certificate.sign &&
        volume &&
        new Acme(
            `${name}-acme`,
            {
                deployment,
                imageId: imageOf(`${name}-acme-image`, directory.image).imageId,
                options: directory,
                names,
                until: certificate.sign(`${name}-until-acme`, names),
                servedVolume: volume,
                metricsVolume: numbers,
                networkName: registry.networkName,
                outbound,
                onError,
            },
            here,
        );
    const frontMade = frontOf(
        name,
        front,
        inside,
        {
            deployment,
            port,
            bindAddress,
            realm: options.realm,
            users: options.auth ? options.users : undefined,
            htpasswd,
            previous: context.previous,
            certificate,
            engine,
            imageId: frontImage.imageId,
            socketVolume: socket.volumeName,
            servedVolume: acme?.servedVolume ?? volume,
            images: registry.images,
            // Every client gets them: they are no secret of the configuration.
            blobHeaders: pulumi.unsecret(settings.apply(blobHeaders)),
            // Always, so that mirrors and Nexus come and go by reload; the registry itself has no port there.
            networkName: registry.networkName,
            installers: served?.files,
            setUp: served?.oneLines,
            metrics: metrics && numbers && { ...metrics, volumeName: numbers, store: storage === undefined },
            onError,
            after: [registry.container, ...(acme ? [acme.writer] : [])],
        },
        parent,
    );
    const started = acme?.start(frontMade);
    const answering = pulumi.all([frontMade.containerId, started]).apply(([id]) => id);
    if (numbers !== undefined) {
        new Metrics(
            `${name}-metrics`,
            {
                deployment,
                imageId: frontImage.imageId,
                user: FRONT_USER,
                volumeName: numbers,
                data: registry.images,
                certificates: frontMade.certificates,
                onError,
                after: [registry.container],
            },
            here,
        );
    }
    return {
        identity: deployment.identity,
        answering,
        mirrors: mirrors.access,
        nexus,
        oneLines: served && pulumi.all([served.oneLines, answering]).apply(([lines]) => lines),
    };
}
