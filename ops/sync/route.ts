/** How a job's container reaches this registry: past no rule of the front's, whatever address is published. */
import { isIP } from "node:net";

import { addressAt, hostAndPort } from "../../address/address";
import { TLS_PORT } from "../../components/front/settings";
import { REGISTRY_PORT } from "../../components/registry/ports";
import type { ContainerInspectInfo, HostConfig } from "../../engine/types";
import { nameOf, networkOf } from "../gc/containers";

export interface Route {
    /** As image names have it. */
    address: string;
    /** What is connected to, HOST:PORT. */
    hostname: string;
    host: Pick<HostConfig, "NetworkMode" | "ExtraHosts" | "Dns">;
}

/**
 * @param registry has what is told of names and name servers
 * @param server the container that clients talk to: the front where there is one, else the registry
 */
export function routeTo(endpoint: URL, registry: ContainerInspectInfo, server: ContainerInspectInfo): Route {
    const { host, port } = hostAndPort(endpoint);
    const network = networkOf(server);
    const inside = server === registry ? REGISTRY_PORT : TLS_PORT;
    const { ExtraHosts, Dns } = registry.HostConfig;
    const lookups = { ExtraHosts: [...(ExtraHosts ?? [])], Dns: Dns ?? [] };
    const written = isIP(host) === 6 ? `[${host}]` : host;
    const address = addressAt(endpoint.href);
    const ip = server.NetworkSettings.Networks[network]?.IPAddress ?? "";
    if (endpoint.protocol === "http:")
        return { address, hostname: `${ip}:${inside}`, host: { NetworkMode: network, ...lookups } };
    // On the loopback that it shares with the server.
    if (/^127\.|^::1$/.test(host))
        return {
            address,
            hostname: `${written}:${inside}`,
            host: { NetworkMode: `container:${nameOf(server)}` },
        };
    // As a client does: no certificate is for another address.
    if (isIP(host) !== 0)
        return { address, hostname: `${written}:${port}`, host: { NetworkMode: network, ...lookups } };
    // Of localhost its own addresses come first, where nothing listens.
    lookups.ExtraHosts.push(`${host}:${ip}`);
    return { address, hostname: `${host}:${inside}`, host: { NetworkMode: network, ...lookups } };
}
