/** The mirrors: each a pod beside the registry's, which the front shows under a name of its own. */
import * as pulumi from "@pulumi/pulumi";

import { registryEndpoint } from "../../address/address";
import { upstreamName, upstreamOrigin } from "../../address/upstream";
import type { Given, Settled } from "../definition/inputs";
import { STOP_SECONDS, listens } from "../deployment/hardening";
import type { SiteOptions } from "../front/made";
import { type MirrorAccess, mirrorAccess, mirrorParts, portInside, warnOfLogin } from "../mirror/mirror";
import { frontEndpoint, mirrorPlaces, type Mirrors, nameAtFront } from "../mirror/mirrors";
import { MIRROR_SIZE } from "../mirror/options";
import type { Options } from "../options";
import type { RegistrySettings } from "../registry/config-yml";
import { entrypoint, healthy, registryEnvs, registryFiles, SERVE } from "../registry/registry";
import { CONFIG_FOLDER, DATA_FOLDER } from "../storage/folders";

import { claimOf } from "./claim";
import { CONFINED, confinedPod, hostAliases, resources, shell, TOLD } from "./confined";
import { filesVolume } from "./files";
import { MIRROR_CONTAINER, mirrorLabels, mirrorPart, variable } from "./names";
import { atService, type Beside, besidePolicy } from "./network";
import { KubernetesObject } from "./object";
import type { Place } from "./place";
import { LEAVING, LEAVING_SECONDS } from "./pod";
import type { TrustedPlace } from "./trust-nodes";

type MirrorOptions = Mirrors[string];

/** What the mirrors get from the deployment. */
export interface MirrorsContext {
    prefix: string;
    /** Port at which clients reach the front. */
    port: Given<number>;
    settings: pulumi.Output<RegistrySettings>;
    /** What clients must trust, PEM. Empty where everyone trusts the certificate. */
    caPem: pulumi.Output<string>;
}

/** The mirrors of a deployment. */
export interface MirrorsOnCluster {
    /** Name → how to use it; resolves when all of them answer. */
    access: pulumi.Output<Record<string, MirrorAccess>>;
    /** Where they are, and what they mirror: known before they are made. */
    places: ReturnType<typeof mirrorPlaces>;
    sites: SiteOptions[];
    beside: Beside[];
    /** What nodes are told of their upstreams. */
    upstreams: TrustedPlace[];
}

/** Names under which the front shows them. */
export const mirrorNames = ({
    mirrors,
    domain,
}: Pick<Settled<Options>, "mirrors" | "domain">): Given<string>[] =>
    Object.entries(mirrors).map(([mirror, settings]) => nameAtFront(domain, mirror, settings.domain));

/**
 * Makes one: a Deployment of one pod, since of two each would fetch for itself, and its Service.
 *
 * @returns the resource that tells whether it answers, and `10.96.0.9:12345`
 */
function mirrorOf(
    place: Place,
    options: Settled<Options>,
    { prefix, settings }: MirrorsContext,
    [mirror, of]: readonly [string, MirrorOptions],
    beside: Beside,
) {
    const { program, own, opts } = place;
    const { proxy } = options;
    const part = mirrorPart(mirror);
    const { selected, port } = beside;
    const metadata = { ...place.metadata, labels: { ...place.metadata.labels, ...selected } };
    const named = { ...metadata, name: pulumi.interpolate`${own}-${part}` };
    const { configYml, files, envs } = mirrorParts({ ...of, mirror, settings }, { tls: false, port });
    const outbound = { proxy };
    const mounted = filesVolume(
        part,
        { ...registryFiles({ configYml, store: undefined, outbound }), ...files },
        { ...place, metadata },
    );
    const { size = MIRROR_SIZE, storageClass, keepData = options.keepData } = of;
    const claim = { ...{ size, storageClass, keepData }, accessMode: "ReadWriteOnce" };
    const data =
        storageClass === undefined
            ? { emptyDir: { sizeLimit: size } }
            : {
                  persistentVolumeClaim: {
                      claimName: claimOf(place, claim, options.stackKey, prefix, part),
                  },
              };
    const service = new KubernetesObject(
        "Service",
        `${program}-${part}-service`,
        {
            metadata: { ...named, annotations: { "pulumi.com/skipAwait": "true" } },
            spec: { selector: selected, ports: [{ name: "http", port }] },
        },
        opts,
    );
    const deployment = new KubernetesObject(
        "Deployment",
        `${program}-${part}`,
        {
            metadata: named,
            spec: {
                replicas: 1,
                revisionHistoryLimit: 0,
                // A volume that one node may mount cannot be on two.
                strategy:
                    storageClass === undefined
                        ? { type: "RollingUpdate", rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } }
                        : { type: "Recreate" },
                selector: { matchLabels: selected },
                template: {
                    metadata: { labels: selected },
                    spec: {
                        ...confinedPod,
                        hostAliases: hostAliases(options.extraHosts),
                        terminationGracePeriodSeconds: LEAVING_SECONDS + STOP_SECONDS,
                        containers: [
                            {
                                name: MIRROR_CONTAINER,
                                image: options.image,
                                command: [...entrypoint({ outbound }), ...SERVE],
                                env: [...registryEnvs(undefined), ...envs].map(variable),
                                ports: [{ name: "http", containerPort: port }],
                                startupProbe: {
                                    ...shell(healthy(listens(port))),
                                    ...{ periodSeconds: 1, timeoutSeconds: 50, failureThreshold: 60 },
                                },
                                lifecycle: LEAVING,
                                resources: resources(of.memoryMb, 32, of.cpus),
                                securityContext: CONFINED,
                                ...TOLD,
                                volumeMounts: [
                                    { name: mounted.name, mountPath: CONFIG_FOLDER, readOnly: true },
                                    { name: "data", mountPath: DATA_FOLDER },
                                ],
                            },
                        ],
                        volumes: [mounted, { name: "data", ...data }],
                    },
                },
            },
        },
        { ...opts, customTimeouts: { create: "5m", update: "5m" } },
    );
    besidePolicy(place, named, beside, {
        part,
        upstream: of.upstream,
        anywhere: Boolean(proxy.http ?? proxy.https),
    });
    return { deployment, at: service.spec.apply((spec) => atService(spec, port)) };
}

/** Makes them. */
export function mirrorsOf(
    place: Place,
    options: Settled<Options>,
    context: MirrorsContext,
    component: pulumi.Resource,
): MirrorsOnCluster {
    const { domain } = options;
    const { prefix, port, caPem } = context;
    const made = Object.entries(options.mirrors).map(([mirror, of]) => {
        const beside = { selected: mirrorLabels(place.own, mirror), port: portInside(mirror) };
        const { deployment, at } = mirrorOf(place, options, context, [mirror, of], beside);
        const name = nameAtFront(domain, mirror, of.domain);
        warnOfLogin({ ...of, mirror }, undefined, component);
        const access = mirrorAccess(
            {
                ...{ mirror, prefix, domain, port: undefined, upstream: of.upstream },
                frontEndpoint: frontEndpoint(domain, mirror, of, port),
                ownCa: caPem.apply((ca) => ca !== ""),
            },
            deployment.metadata.name,
            false,
        );
        const part = mirrorPart(mirror);
        return {
            mirror,
            beside,
            access: pulumi.all([access, deployment.id]).apply(([facts]) => facts),
            site: { id: `mirror-${mirror}`, name, upstream: pulumi.interpolate`http://${at}` },
            upstream: {
                ...{ part: `${part}-` },
                url: pulumi.all([name, port]).apply(([host, of]) => registryEndpoint(host, of, true)),
                name: pulumi.output(of.upstream).apply(upstreamName),
                server: pulumi.output(of.upstream).apply(upstreamOrigin),
            },
        };
    });
    return {
        access: pulumi.all(Object.fromEntries(made.map(({ mirror, access }) => [mirror, access]))),
        places: mirrorPlaces(options.mirrors, { prefix, domain, frontPort: port }),
        sites: made.map(({ site }) => site),
        beside: made.map(({ beside }) => beside),
        upstreams: made.map(({ upstream }) => upstream),
    };
}
