/** The part of the schema about how containers reach what lies outside. */
import * as z from "zod";

import { field, hostName, ipAddress } from "./fields";

/** A proxy's URL; a login in it is allowed. */
const proxyUrl = (of: string) =>
    field(
        z
            .string()
            .refine((value) => {
                const url = URL.canParse(value) ? new URL(value) : undefined;
                return (
                    url !== undefined &&
                    /^(https?|socks5h?):$/.test(url.protocol) &&
                    url.hostname !== "" &&
                    /^\/?$/.test(url.pathname + url.search)
                );
            })
            .optional(),
        {
            description: `Proxy through which mirrors, registry and stores are reached at ${of}:// URLs`,
            allowed:
                "an http://, https:// or socks5:// URL of a host and port, with a login where it needs one",
            example: "http://proxy.example.com:3128",
            secret: true,
        },
    );

export const proxy = z.strictObject({
    http: proxyUrl("http"),
    https: proxyUrl("https"),
    none: field(z.array(z.string().regex(/^[A-Za-z0-9.*:/_[\]-]+$/)).default([]), {
        description: "What is reached without the proxy; localhost always is",
        allowed: "a list of names, domains (.example.com), IP addresses and networks (10.0.0.0/8)",
        example: "--path 'proxy.none[0]' .example.com",
    }),
    fromEnvironment: field(z.boolean().default(false), {
        description:
            "Takes what is not set here from HTTP_PROXY, HTTPS_PROXY and NO_PROXY of the machine that runs `up`",
        allowed: "true or false",
        example: "true",
    }),
});

export const outboundKeys = {
    proxy: field(proxy.prefault({}), {
        description: "HTTP proxy of a network whose only way out it is (docs/mirrors.md)",
        allowed: "an object of http, https, none and fromEnvironment",
        example: "--path proxy.https http://proxy.example.com:3128",
        secret: true,
    }),
    extraHosts: field(z.record(hostName, ipAddress).default({}), {
        description: "Host name → IP address, for names that containers look up and no name server knows",
        allowed: "an object of host names, each with an IP address",
        example: `--path 'extraHosts["store.example.com"]' 192.0.2.20`,
    }),
    dnsServers: field(z.array(ipAddress).default([]), {
        description: "Name servers of the containers. Default: those of the Docker host",
        allowed: "a list of IP addresses",
        example: "--path 'dnsServers[0]' 192.0.2.53",
    }),
};
