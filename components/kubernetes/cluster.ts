/** A deployment on a Kubernetes cluster: what runs there, and how it is reached. */
import * as pulumi from "@pulumi/pulumi";

import { servedInstallers } from "../../clients/served";
import type { Accounts } from "../auth/accounts";
import type { Given, Settled } from "../definition/inputs";
import { IDENTITY_LABEL } from "../deployment/hardening";
import { blobHeaders } from "../front/blobs";
import { frontFiles, servedCertificates } from "../front/files";
import { type FrontChoice, frontFilesArgs, unsignedSites } from "../front/made";
import { SOCKET } from "../front/settings";
import type { MirrorAccess } from "../mirror/mirror";
import type { Options } from "../options";
import { type RegistrySettings, renderConfig, renderStorageCheck } from "../registry/config-yml";
import { entrypoint, healthy, registryEnvs, registryFiles, SERVE } from "../registry/registry";
import { remoteStorage } from "../storage/remote";
import type { RemoteStorageArgs } from "../storage/storage";
import type { SiteTls } from "../tls/site-tls";

import { autoscaler } from "./autoscale";
import { certificateOf, followed } from "./certificate";
import { claimOf } from "./claim";
import { filesVolume } from "./files";
import { counter, monitors, NUMBERS } from "./metrics";
import { mirrorNames, mirrorsOf } from "./mirrors";
import { policyOf, serviceOf } from "./network";
import { KubernetesObject, KubernetesProvider } from "./object";
import { KUBERNETES_DEFAULTS, type KubernetesOptions } from "./options";
import { type Place } from "./place";
import { LEAVING_SECONDS, podTemplate, RESOLVER_FILE } from "./pod";
import { pullSecrets } from "./pull-secrets";
import { gatewayRoute, ingressOf } from "./routes";
import { type SharedCache, sharedCache } from "./redis";
import { trustNodes } from "./trust-nodes";
import { deploymentName, holdingName, podLabels } from "./names";

/** What the cluster gets from the deployment. */
export interface ClusterContext {
    prefix: string;
    identity: pulumi.Output<string>;
    front: FrontChoice;
    /** Of the registry as it would be without a front. */
    settings: pulumi.Output<RegistrySettings>;
    /** `https://docker.example.com:8443` */
    endpoint: pulumi.Output<string>;
    /** `docker.example.com:8443`, as in image names. */
    address: pulumi.Output<string>;
    port: Given<number>;
    accounts: Accounts | undefined;
    /** @default the cluster keeps it, in the Secret that tls.secret names */
    certificate: SiteTls | undefined;
}

/** What runs on the cluster, as the deployment tells it. */
export interface OnCluster {
    /** Resolves when clients get an answer. */
    answering: pulumi.Output<unknown>;
    /** Snippets for clients by which one line sets a client up; resolves when they work. Nothing without `front.clientInstaller`. */
    oneLines: pulumi.Output<Record<string, string>> | undefined;
    /** What clients must trust, PEM. Empty where everyone trusts the certificate. */
    caPem: pulumi.Output<string>;
    mirrors: pulumi.Output<Record<string, MirrorAccess>>;
}

/** The registry's configuration behind the front. */
function configured(
    { settings }: ClusterContext,
    storage: RemoteStorageArgs | undefined,
    cache: SharedCache | undefined,
    numbers: boolean,
) {
    const own = pulumi.all([settings, cache?.access]).apply(([all, redis]) => ({
        ...all,
        ...{ tls: false, realm: undefined, socket: SOCKET, redis, shared: true },
        ...(numbers ? { numbers } : {}),
    }));
    return {
        configYml: own.apply(renderConfig),
        store: storage && { storage, checkYml: own.apply((of) => renderStorageCheck(of) ?? "") },
    };
}

/** Makes the objects of a deployment. */
export function onCluster(
    name: string,
    options: Settled<Options>,
    context: ClusterContext,
    component: pulumi.ComponentResource,
): OnCluster {
    const cluster = options.kubernetes ?? (KUBERNETES_DEFAULTS as Settled<KubernetesOptions>);
    const { prefix, identity, front, accounts, endpoint, port } = context;
    const { context: kubeContext, kubeconfig, replicas, autoscale } = cluster;
    const provider =
        component.getProvider("kubernetes:apps/v1:Deployment") ??
        new KubernetesProvider(
            `${name}-cluster`,
            { context: kubeContext, kubeconfig: kubeconfig && pulumi.secret(kubeconfig) },
            { parent: component },
        );
    // The provider takes over what has the name already, and deletes by the name alone.
    const own = identity.apply((id) => deploymentName(prefix, id));
    const selected = podLabels(own);
    const place: Place = {
        program: name,
        ...{ own, selected },
        metadata: {
            namespace: cluster.namespace,
            labels: { ...selected, "app.kubernetes.io/managed-by": "pulumi", [IDENTITY_LABEL]: identity },
        },
        opts: { parent: component, provider },
    };
    const { secret } = options.tls;
    const names = [options.domain, ...unsignedSites(front, []), ...mirrorNames(options)];
    const certificate = context.certificate ?? certificateOf(place, secret ?? "", names);
    // Of a Gateway clients see the certificate that it has itself.
    const caPem = cluster.gateway === undefined ? certificate.caPem : pulumi.output(cluster.gateway.ca ?? "");
    const mirrors = mirrorsOf(place, options, { prefix, port, caPem, settings: context.settings }, component);
    const { valkey } = options.cache;
    const cache = valkey && sharedCache(place, valkey);
    const { configYml, store } = configured(
        context,
        remoteStorage(options.storage),
        cache,
        options.metrics !== undefined,
    );
    const { stackKey, keepData } = options;
    const claim =
        store === undefined ? claimOf(place, { ...cluster.claim, keepData }, stackKey, prefix) : undefined;
    const served = front.clientInstaller
        ? servedInstallers(endpoint, caPem, mirrors.places, identity)
        : undefined;
    const { metrics } = options;
    const frontArgs = {
        ...frontFilesArgs(name, front, mirrors.sites, {
            ...{ port, certificate, realm: options.realm },
            users: options.auth ? options.users : undefined,
            htpasswd: accounts?.htpasswd,
            previous: accounts?.previous,
            images: claim && { volumeName: claim },
            blobHeaders: pulumi.unsecret(context.settings.apply(blobHeaders)),
            installers: served?.files,
            setUp: served?.oneLines,
            metrics: metrics && {
                ...{ volumeName: NUMBERS.name, store: claim !== undefined, port: undefined },
                bindAddress: metrics.bindAddress,
            },
        }),
        // The cluster keeps the log of a container.
        log: undefined,
        resolverFile: RESOLVER_FILE,
    };
    const { files } = frontFiles(frontArgs);
    const outbound = { proxy: options.proxy };
    const mounted = (part: string, all: typeof files) => filesVolume(part, all, place);
    const template = podTemplate({
        labels: selected,
        registry: {
            image: options.image,
            command: [...entrypoint({ socket: SOCKET, outbound }), ...SERVE],
            healthy: healthy(`test -S ${SOCKET}`),
            envs: registryEnvs(store?.storage),
            files: mounted("registry", registryFiles({ configYml, store, outbound })),
            memoryMb: options.memoryMb,
            cpus: options.cpus,
        },
        front: {
            image: front.image,
            files: mounted("front", files),
            memoryMb: front.memoryMb,
            certificate: secret === undefined ? undefined : followed(secret),
            plain: front.httpPort !== undefined,
        },
        counter: metrics && counter(front.image, servedCertificates(frontArgs), claim !== undefined),
        claim,
        holding: own.apply(holdingName),
        serviceAccount: cluster.serviceAccount,
        extraHosts: options.extraHosts,
    });
    const selector = { matchLabels: selected };
    const metadata = { ...place.metadata, name: own };
    const deployment = new KubernetesObject(
        "Deployment",
        `${name}-pods`,
        {
            metadata,
            spec: {
                replicas: autoscale?.min ?? replicas,
                selector,
                template,
                // What a former version read is gone: the way back is the stack's configuration.
                revisionHistoryLimit: 0,
                // A volume that one node may mount cannot be on two.
                strategy:
                    claim !== undefined && cluster.claim.accessMode === "ReadWriteOnce"
                        ? { type: "Recreate" }
                        : { type: "RollingUpdate", rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } },
            },
        },
        {
            ...place.opts,
            // Whoever scales has it then: the provider leaves it out as soon as another has set it.
            ...(autoscale === undefined ? {} : { ignoreChanges: ["spec.replicas"] }),
            customTimeouts: { create: "5m", update: "10m" },
            hooks: { afterUpdate: [formerGone(name)] },
        },
    );
    new KubernetesObject(
        "PodDisruptionBudget",
        `${name}-budget`,
        { metadata, spec: { maxUnavailable: 1, selector } },
        place.opts,
    );
    if (autoscale !== undefined) autoscaler(place, autoscale);
    policyOf(place, options, {
        ...{ front, store: store?.storage },
        beside: [...(cache ? [cache.beside] : []), ...mirrors.beside],
    });
    const service = serviceOf(place, cluster, port, front.httpPort);
    const behind = {
        names: pulumi.all([options.domain, options.dnsNames]).apply(([own, more]) => [own, ...more]),
        ...{ certificate, secret },
    };
    if (cluster.expose === "ingress") ingressOf(place, cluster, behind);
    if (cluster.gateway !== undefined) gatewayRoute(place, cluster.gateway, behind);
    monitors(place, cluster, options, {
        domain: options.domain,
        caPem,
        accounts,
        files: claim !== undefined,
    });
    if (cluster.trustNodes !== undefined)
        trustNodes(
            place,
            cluster.trustNodes,
            front.image,
            [{ part: "", url: endpoint, name: context.address }, ...mirrors.upstreams],
            caPem,
        );
    if (accounts !== undefined)
        pullSecrets(place, cluster.pullSecrets, options.users, accounts.passwords, context.address);
    const answering = pulumi.all([deployment.id, service.id]);
    return {
        answering,
        mirrors: pulumi.all([mirrors.access, answering]).apply(([access]) => access),
        caPem,
        oneLines: served && pulumi.all([served.oneLines, answering]).apply(([lines]) => lines),
    };
}

/** Waits until the pods of the version before take no request any more: then what changed counts everywhere. */
const formerGone = (name: string): pulumi.ResourceHook =>
    new pulumi.ResourceHook(
        `${name}-former-gone`,
        () => new Promise((resolve) => setTimeout(resolve, (LEAVING_SECONDS + 2) * 1000)),
    );
