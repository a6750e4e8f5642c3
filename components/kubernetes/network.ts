/** How the pods are reached, and whom they may reach. */
import * as pulumi from "@pulumi/pulumi";

import { REDIS_PORT } from "../cache/redis-conf";
import type { Given, Settled } from "../definition/inputs";
import { TLS_PORT } from "../front/settings";
import type { Options } from "../options";
import type { RemoteStorageArgs } from "../storage/storage";

import { KubernetesObject } from "./object";
import type { KubernetesOptions } from "./options";
import { HTTPS } from "./routes";
import { type Place } from "./place";
import type { SharedCache } from "./redis";
import { ownPods } from "./names";

/** Whether the store's login is asked of the machine that the pod runs on, at port 80 of an address of its own. */
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

/** Ports at which the pods reach their store, and who gives them its login. */
function egressPorts(store: RemoteStorageArgs | undefined): pulumi.Output<number[]> {
    if (store === undefined) return pulumi.output([]);
    const endpoint = store.driver === "s3" ? store.endpoint : undefined;
    return pulumi.output(endpoint).apply((url) => {
        const { port = "", protocol = "https:" } = url === undefined ? {} : new URL(url);
        const own = port !== "" ? [Number(port)] : protocol === "http:" ? [80] : [];
        return [...new Set([443, ...own, ...(asksMachine(store) ? [80] : [])])];
    });
}

/**
 * Who may speak with the pods, those of commands too, and with whom they may: for clusters whose network enforces it. Where the configuration may name
 * further places, such as a proxy or who is notified, all may be reached.
 */
export function policyOf(
    { program, own, metadata, opts }: Place,
    { registryConfig, notifications, proxy }: Settled<Options>,
    store: RemoteStorageArgs | undefined,
    cache: SharedCache | undefined,
): void {
    const isSet = (of: unknown) =>
        pulumi.Output.isInstance(of) || (typeof of === "object" && of !== null && Object.keys(of).length > 0);
    const anywhere = [registryConfig, notifications].some(isSet) || Boolean(proxy.http ?? proxy.https);
    const tcp = (port: number) => ({ protocol: "TCP", port });
    new KubernetesObject(
        "NetworkPolicy",
        `${program}-policy`,
        {
            metadata: { ...metadata, name: own },
            spec: {
                podSelector: ownPods(own),
                policyTypes: ["Ingress", "Egress"],
                ingress: [{ ports: [tcp(TLS_PORT)] }],
                egress: anywhere
                    ? [{}]
                    : egressPorts(store).apply((ports) => [
                          { ports: [{ protocol: "UDP", port: 53 }, tcp(53)] },
                          ...(ports.length === 0 ? [] : [{ ports: ports.map(tcp) }]),
                          ...(cache === undefined
                              ? []
                              : [
                                    {
                                        to: [{ podSelector: { matchLabels: cache.selected } }],
                                        ports: [tcp(REDIS_PORT)],
                                    },
                                ]),
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
): KubernetesObject {
    const routed = expose === "ingress" || expose === "gateway";
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
                        name: HTTPS,
                        protocol: "TCP",
                        port: routed || expose === "nodePort" ? 443 : port,
                        // Not of a load balancer: some clouds would ask it whether a page at / is well.
                        ...(routed ? { appProtocol: "https" } : {}),
                        targetPort: TLS_PORT,
                        ...(expose === "nodePort" ? { nodePort: port } : {}),
                    },
                ],
            },
        },
        { ...opts, customTimeouts: { create: "5m", update: "5m" } },
    );
}
