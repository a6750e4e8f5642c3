/** How containers reach what lies outside: through an HTTP proxy, with names and name servers of their own. */
import type * as docker from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";

import { PROXY_FILE, renderProxy } from "./proxy-file";

/** An HTTP proxy, as the variables of the same names say it (golang.org/x/net/http/httpproxy). */
export interface ProxyArgs {
    /** Proxy for http:// URLs, `http://proxy.example.com:3128`. May hold a login. Kept as a secret. @default none */
    http?: pulumi.Input<string> | undefined;
    /** Proxy for https:// URLs. @default none */
    https?: pulumi.Input<string> | undefined;
    /** Names, domains (`.example.com`), addresses and networks (`10.0.0.0/8`) that are reached without it. @default [] */
    none?: pulumi.Input<string[]> | undefined;
}

export interface OutboundArgs {
    proxy?: ProxyArgs | undefined;
    /** Host name → IP address, for names that no name server knows. @default {} */
    extraHosts?: pulumi.Input<Record<string, pulumi.Input<string>>> | undefined;
    /** IP addresses of name servers. @default the Docker host's */
    dnsServers?: pulumi.Input<string[]> | undefined;
}

/** The file, for a configuration volume; nothing where there is no proxy. */
export function proxyFiles(
    proxy: ProxyArgs | undefined,
): Record<string, { content: pulumi.Input<string>; mode: string }> {
    if (proxy === undefined || (proxy.http === undefined && proxy.https === undefined)) return {};
    const content = pulumi
        .all([proxy.http, proxy.https, proxy.none ?? []])
        .apply(([http, https, none]) => renderProxy({ http, https, none }));
    return { [PROXY_FILE]: { content: pulumi.secret(content), mode: "0400" } };
}

const isEmpty = (value: unknown): boolean =>
    !pulumi.Output.isInstance(value) && Object.keys(value as object).length === 0;

/** Names and name servers, as a container's arguments. */
export const lookups = ({
    extraHosts = {},
    dnsServers = [],
}: OutboundArgs = {}): Partial<docker.ContainerArgs> => ({
    ...(isEmpty(extraHosts)
        ? {}
        : {
              hosts: pulumi
                  .output(extraHosts)
                  .apply((all) => Object.entries(all).map(([host, ip]) => ({ host, ip }))),
          }),
    ...(isEmpty(dnsServers) ? {} : { dns: dnsServers }),
});
