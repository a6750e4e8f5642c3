/** The containers of a deployment and what they share: Engine, image, network. */
import * as docker from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";

import { servedInstallers } from "./client/served";
import { Deployment } from "./deployment/deployment";
import { FRONT_IMAGE } from "./front/default";
import { type FrontOptions, frontOf, frontSocket, type SiteOptions } from "./front/options";
import type { MirrorAccess } from "./mirror/mirror";
import { createMirrors, mirrorPlaces, mirrorSites } from "./mirror/mirrors";
import { Nexus } from "./nexus/nexus";
import type { ResolvedArgs } from "./private-registry-args";
import { recover } from "./recovery";
import {
    CONFIG_FOLDER,
    type RegistrySettings,
    renderConfig,
    renderStorageCheck,
} from "./registry/config-yml";
import { Redis } from "./registry/redis";
import { Registry } from "./registry/registry";
import type { SiteTls } from "./tls/site-tls";

/** What the containers get from the deployment. */
export interface ContainersContext {
    prefix: string;
    /** What is in config.yml of this deployment alone. */
    httpSecret: pulumi.Output<string>;
    /** Of the registry as it would be without a front. */
    settings: pulumi.Output<RegistrySettings>;
    /** `https://docker.example.com:8443` */
    endpoint: string;
    port: number;
    bindAddress: string;
    htpasswd: pulumi.Output<string> | undefined;
    certificate: SiteTls | undefined;
    /** Clients have to be given a CA to trust the certificate. */
    ownCa: boolean;
}

export interface Containers {
    deployment: Deployment;
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
    { dockerHost }: ResolvedArgs,
    parent: { parent: pulumi.Resource },
): docker.Provider | undefined {
    // A provider for another package says nothing of the Engine.
    const own = parent.parent.getProvider("docker:index/container:Container");
    if (dockerHost === undefined || own !== undefined) return undefined;
    return new docker.Provider(`${name}-engine`, { host: dockerHost }, parent);
}

/** Makes the containers of a deployment: registry, its cache, front, mirrors, Nexus. */
export function containersOf(
    name: string,
    args: ResolvedArgs,
    context: ContainersContext,
    parent: { parent: pulumi.Resource },
): Containers {
    const { prefix, settings, port, bindAddress, htpasswd, certificate, httpSecret } = context;
    const engine = engineOf(name, args, parent);
    const here = { ...parent, providers: engine && { docker: engine } };
    const places = mirrorPlaces(
        args.mirrors ?? {},
        { prefix, domain: args.domain, frontPort: args.front && port },
        certificate !== undefined,
    );
    const deployment = new Deployment(
        name,
        {
            ...args,
            prefix,
            clients: {
                places: {
                    registry: context.endpoint,
                    ...Object.fromEntries(
                        places.map(({ upstream, endpoint }) => [`mirror of ${upstream}`, endpoint]),
                    ),
                },
                caPem: context.ownCa && certificate ? certificate.caPem : pulumi.output(""),
            },
            legacy: {
                containers: [args.containerName ?? prefix, `${prefix}-config`],
                path: `${CONFIG_FOLDER}/config.yml`,
                text: httpSecret,
            },
        },
        parent.parent,
    );
    const portKey = (of: number) => (of === args.front?.httpPort ? "frontSettings.httpPort" : "port");
    const onError = [new pulumi.ErrorHook(`${name}-recovery`, recover(deployment, portKey))];
    const imageOf = (child: string, image: pulumi.Input<string>) =>
        new docker.RemoteImage(child, { name: image, keepLocally: true }, { ...parent, provider: engine });
    const image = imageOf(`${name}-image`, args.image);
    const frontImage = args.front && imageOf(`${name}-front-image`, args.front.image ?? FRONT_IMAGE);
    const socket = args.front && frontSocket(name, deployment, { ...parent, provider: engine });
    const redis = args.redis && new Redis(`${name}-redis`, { ...args.redis, deployment, onError }, here);
    const own = pulumi.all([settings, redis?.access]).apply(([all, access]) => ({
        ...all,
        redis: access,
        // Behind a front, the registry has neither port nor TLS nor users.
        ...(socket === undefined ? {} : { tls: false, realm: undefined, socket: socket.path }),
    }));
    const registry = new Registry(
        name,
        {
            deployment,
            containerName: args.containerName,
            imageId: image.imageId,
            writerLabels: deployment.clients(),
            configYml: own.apply(renderConfig),
            store: args.storage && {
                storage: args.storage,
                checkYml: own.apply((of) => renderStorageCheck(of) ?? ""),
            },
            ...(socket === undefined ? { htpasswd, tls: certificate?.files, port } : { socket }),
            bindAddress,
            cache: redis,
            outbound: args.outbound,
            dataPath: args.dataPath,
            dataVolume: args.dataVolume,
            keepData: args.keepData,
            memoryMb: args.memoryMb,
            cpus: args.cpus,
            onError,
            // A registry that gives its port to a front that cannot be had would be reached by nobody.
            after: frontImage && [frontImage],
        },
        here,
    );
    const mirrors = createMirrors(
        name,
        args.mirrors ?? {},
        {
            prefix,
            deployment,
            domain: args.domain,
            bindAddress,
            keepData: args.keepData,
            imageId: image.imageId,
            outbound: args.outbound,
            networkName: registry.networkName,
            tls: certificate?.files,
            ownCa: context.ownCa,
            settings,
            frontPort: args.front && port,
        },
        here,
    );
    const nexus =
        args.nexus &&
        new Nexus(
            `${name}-nexus`,
            {
                ...args.nexus,
                deployment,
                outbound: args.outbound,
                keepData: args.keepData,
                networkName: registry.networkName,
                dockerHost: args.dockerHost,
            },
            here,
        );
    if (
        args.front === undefined ||
        frontImage === undefined ||
        socket === undefined ||
        certificate === undefined
    )
        return { deployment, answering: registry.containerId, mirrors, nexus };

    const inside: SiteOptions[] = [
        ...mirrorSites(prefix, args.domain, args.mirrors ?? {}),
        ...Object.entries(nexus?.upstreams ?? {}).map(([site, upstream]) => ({ name: site, upstream })),
    ];
    const served =
        (args.front.clientInstaller ?? true)
            ? servedInstallers(context.endpoint, certificate.caPem, places, deployment.identity)
            : undefined;
    const options: FrontOptions = { ...args.front, sites: [...(args.front.sites ?? []), ...inside] };
    const front = frontOf(
        name,
        options,
        {
            deployment,
            port,
            bindAddress,
            realm: args.realm ?? "basic-realm",
            users: args.users,
            htpasswd,
            certificate,
            engine,
            imageId: frontImage.imageId,
            socketVolume: socket.volumeName,
            // Always, so that mirrors and Nexus come and go by reload; the registry itself has no port there.
            networkName: registry.networkName,
            installers: served?.files,
            onError,
            after: [registry.container],
        },
        parent,
    );
    return {
        deployment,
        answering: front.containerId,
        mirrors,
        nexus,
        oneLines: served && pulumi.all([served.oneLines, front.containerId]).apply(([lines]) => lines),
    };
}
