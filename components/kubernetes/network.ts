/** How the pods are reached, and whom they may reach. */
import * as pulumi from "@pulumi/pulumi";

import type { Given, Settled } from "../definition/inputs";
import type { FrontChoice } from "../front/made";
import { PLAIN_PORT, TLS_PORT } from "../front/settings";
import type { Options } from "../options";
import type { RemoteStorageArgs } from "../storage/storage";

import { KubernetesObject } from "./object";
import type { KubernetesOptions } from "./options";
import { HTTPS } from "./routes";
import { type Place } from "./place";
import { ownPods } from "./names";

/** Whether the store's login is asked of the machine that the pod runs on. */
function asksMachine(store: RemoteStorageArgs): boolean {
    switch (store.driver) {
        case "s3":
            return store.accessKey === undefined;
        case "azure":
            return store.accountKey === undefined;
        case "gcs":
            return store.keyFile === undefined;
    }
}

/** Where a Service is reached: by its address, which it has for life, so that no name server stands in the way of a request. */
export const atService = ({ clusterIP }: { clusterIP: string }, port: number): string =>
    `${clusterIP.includes(":") ? `[${clusterIP}]` : clusterIP}:${port}`;

/** Pods of the deployment beside the registry's, which these speak with. */
export interface Beside {
    /** The labels by which they are found. */
    selected: Record<string, pulumi.Input<string>>;
    port: number;
}

export interface PolicyContext {
    front: FrontChoice;
    store: RemoteStorageArgs | undefined;
    beside: readonly Beside[];
}

const tcp = (port: number) => ({ protocol: "TCP", port });

/**
 * To whoever answers for names. A policy counts behind the Service that is asked, and on OpenShift its pods have 5353
 * (github.com/openshift/cluster-dns-operator, assets/dns/daemonset.yaml).
 */
const NAME_SERVERS = { ports: [53, 5353].flatMap((port) => [{ protocol: "UDP", port }, tcp(port)]) };

/** To what answers on a cloud's machine alone (RFC 3927; of IPv6 AWS has some of its own), at whatever port it has there: on GKE several. */
const MACHINE = { to: ["169.254.0.0/16", "fd00:ec2::/32"].map((cidr) => ({ ipBlock: { cidr } })) };

/**
 * Namespace of the Service that a host names, as `store` or `store.team.svc…`; `store.team` may as well be a host elsewhere
 * (kubernetes.io/docs/concepts/services-networking/dns-pod-service).
 *
 * @param own namespace of who asks
 */
function namespaceIn({ hostname }: URL, own: string): string | undefined {
    const [, namespace, kind] = hostname.split(".");
    if (kind === "svc") return namespace;
    return namespace === undefined && !hostname.startsWith("[") ? own : undefined;
}

/**
 * To where a URL leads, and to port 443, where redirects and those who give tokens are. Of a Service to any port of its namespace's pods:
 * behind it they have other ports than it has itself.
 *
 * @param url by default one of a cloud
 * @param own namespace of who asks
 */
function towards(url: string | undefined, own: string) {
    const to = new URL(url ?? "https://cloud.example.com");
    const port = to.port === "" ? (to.protocol === "http:" ? 80 : 443) : Number(to.port);
    const namespace = namespaceIn(to, own);
    const selected = { matchLabels: { "kubernetes.io/metadata.name": namespace } };
    return [
        { ports: [...new Set([443, port])].map(tcp) },
        ...(namespace === undefined ? [] : [{ to: [{ namespaceSelector: selected }] }]),
    ];
}

/** What pods beside the registry's reach themselves. */
export interface BesideReach {
    /** Start of the resource's name. */
    part: string;
    /** URL. @default none: nothing is reached */
    upstream?: Given<string>;
    /** All of it. @default false */
    anywhere?: boolean;
}

/** Who may speak with pods beside the registry's: those alone, and those of commands. */
export function besidePolicy(
    { program, own, opts }: Place,
    metadata: Place["metadata"] & { name: pulumi.Input<string> },
    { selected, port }: Beside,
    { part, upstream, anywhere = false }: BesideReach,
): void {
    new KubernetesObject(
        "NetworkPolicy",
        `${program}-${part}-policy`,
        {
            metadata,
            spec: {
                podSelector: { matchLabels: selected },
                policyTypes: ["Ingress", "Egress"],
                ingress: [{ from: [{ podSelector: ownPods(own) }], ports: [tcp(port)] }],
                egress: anywhere
                    ? [{}]
                    : pulumi
                          .all([upstream, metadata.namespace])
                          .apply(([url, namespace]) =>
                              url === undefined ? [] : [NAME_SERVERS, ...towards(url, namespace)],
                          ),
            },
        },
        opts,
    );
}

/**
 * Who may speak with the pods, those of commands too, and with whom they may: for clusters whose network enforces it. Where the configuration may name
 * further places, such as a proxy, who is notified or a site's upstream, all may be reached.
 */
export function policyOf(
    { program, own, metadata, opts }: Place,
    { registryConfig, notifications, proxy }: Settled<Options>,
    { front, store, beside }: PolicyContext,
): void {
    const isSet = (of: unknown) =>
        pulumi.Output.isInstance(of) || (typeof of === "object" && of !== null && Object.keys(of).length > 0);
    const anywhere =
        [registryConfig, notifications, front.sites].some(isSet) || Boolean(proxy.http ?? proxy.https);
    const endpoint = store?.driver === "s3" ? store.endpoint : undefined;
    new KubernetesObject(
        "NetworkPolicy",
        `${program}-policy`,
        {
            metadata: { ...metadata, name: own },
            spec: {
                podSelector: ownPods(own),
                policyTypes: ["Ingress", "Egress"],
                ingress: [
                    { ports: [TLS_PORT, ...(front.httpPort === undefined ? [] : [PLAIN_PORT])].map(tcp) },
                ],
                egress: anywhere
                    ? [{}]
                    : pulumi.all([endpoint, metadata.namespace]).apply(([url, namespace]) => [
                          NAME_SERVERS,
                          ...(store === undefined ? [] : towards(url, namespace)),
                          ...(store !== undefined && asksMachine(store) ? [MACHINE] : []),
                          ...beside.map(({ selected, port }) => ({
                              to: [{ podSelector: { matchLabels: selected } }],
                              ports: [tcp(port)],
                          })),
                      ]),
            },
        },
        opts,
    );
}

/** Ways to expose → types of a Service. */
const SERVICE_TYPES = {
    ...{ loadBalancer: "LoadBalancer", nodePort: "NodePort", clusterIP: "ClusterIP" },
    ...{ ingress: "ClusterIP", gateway: "ClusterIP" },
};

/** The Service by which clients reach the pods. */
export function serviceOf(
    { program, own, metadata, selected, opts }: Place,
    { expose, annotations }: Settled<KubernetesOptions>,
    port: Given<number>,
    httpPort: Given<number> | undefined,
): KubernetesObject {
    const routed = expose === "ingress" || expose === "gateway";
    /** @param own its number where another one is the clients' */
    const open = (name: string, at: Given<number>, targetPort: number, own: number) => ({
        ...{ name, protocol: "TCP", targetPort },
        port: routed || expose === "nodePort" ? own : at,
        ...(expose === "nodePort" ? { nodePort: at } : {}),
    });
    return new KubernetesObject(
        "Service",
        `${program}-service`,
        {
            metadata: {
                ...metadata,
                name: own,
                annotations: pulumi.output(annotations).apply((of) => ({
                    ...of,
                    // Nothing but an address is to be waited for: the Deployment says when pods answer.
                    ...(expose === "loadBalancer" ? {} : { "pulumi.com/skipAwait": "true" }),
                })),
            },
            spec: {
                type: SERVICE_TYPES[expose as keyof typeof SERVICE_TYPES],
                selector: selected,
                // The front counts by the client's own address, which a detour by another node would hide.
                ...(expose === "loadBalancer" ? { externalTrafficPolicy: "Local" } : {}),
                ports: [
                    {
                        ...open(HTTPS, port, TLS_PORT, 443),
                        // Not of a load balancer: some clouds would ask it whether a page at / is well.
                        ...(routed ? { appProtocol: "https" } : {}),
                    },
                    ...(httpPort === undefined ? [] : [open("http", httpPort, PLAIN_PORT, 80)]),
                ],
            },
        },
        { ...opts, customTimeouts: { create: "5m", update: "5m" } },
    );
}
