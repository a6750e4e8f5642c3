/** The options of how containers reach what lies outside. */
import * as z from "zod";

import { option } from "../definition/option";
import { hostName, ipAddress } from "../definition/values";

const isProxy = (value: string): boolean => {
    const url = URL.canParse(value) ? new URL(value) : undefined;
    return (
        url !== undefined &&
        /^(https?|socks5h?):$/.test(url.protocol) &&
        url.hostname !== "" &&
        /^\/?$/.test(url.pathname + url.search)
    );
};

/** A proxy's URL; a login in it is allowed. */
const proxyUrl = (of: string) =>
    option(z.string().refine(isProxy).optional(), {
        description: `Proxy through which mirrors, registry and stores are reached at ${of}:// URLs`,
        allowed: "an http://, https:// or socks5:// URL of a host and port, with a login where it needs one",
        example: "http://proxy.example.com:3128",
        secret: true,
    });

export const outboundOptions = {
    proxy: option(
        z
            .strictObject({
                http: proxyUrl("http"),
                https: proxyUrl("https"),
                none: option(z.array(z.string().regex(/^[A-Za-z0-9.*:/_[\]-]+$/)).default([]), {
                    description: "What is reached without the proxy; localhost always is",
                    allowed:
                        "a list of names, domains (.example.com), IP addresses and networks (10.0.0.0/8)",
                    example: [".example.com"],
                }),
            })
            .prefault({}),
        {
            description: "HTTP proxy of a network whose only way out it is (docs/mirrors.md)",
            allowed: "an object of http, https and none",
            example: { https: "http://proxy.example.com:3128" },
            secret: true,
        },
    ),
    extraHosts: option(z.record(hostName, ipAddress).default({}), {
        description: "Host name → IP address, for names that containers look up and no name server knows",
        allowed: "an object of host names, each with an IP address",
        example: { "store.example.com": "192.0.2.20" },
    }),
    dnsServers: option(z.array(ipAddress).default([]), {
        description: "Name servers of the containers",
        default: "those of the Docker host",
        allowed: "a list of IP addresses",
        example: ["192.0.2.53"],
    }),
};
