/** The options of the numbers for Prometheus (docs/monitoring.md). */
import { BlockList, isIP } from "node:net";

import * as z from "zod";

import { canonicalAddress } from "../../address/address";
import { option, section } from "../definition/option";
import { port, PORT_ALLOWED } from "../definition/values";

/** Addresses of one machine or of a network of one's own (RFC 1918, RFC 4193, RFC 3927, RFC 4291). */
const NEAR = new BlockList();
for (const [net, bits, family] of [
    ["127.0.0.0", 8, "ipv4"],
    ["10.0.0.0", 8, "ipv4"],
    ["172.16.0.0", 12, "ipv4"],
    ["192.168.0.0", 16, "ipv4"],
    ["169.254.0.0", 16, "ipv4"],
    ["::1", 128, "ipv6"],
    ["fc00::", 7, "ipv6"],
] as const)
    NEAR.addSubnet(net, bits, family);

const near = z
    .string()
    .refine(
        (address) =>
            isIP(address) !== 0 &&
            !address.includes("%") &&
            NEAR.check(address, isIP(address) === 6 ? "ipv6" : "ipv4"),
    )
    .overwrite(canonicalAddress);

const shape = {
    port: option(port.optional(), {
        description:
            "Port of the Docker host on which the numbers are told in plain HTTP without a login, beside /metrics of the registry's own name, which takes a user of role metrics",
        default: "none",
        allowed: PORT_ALLOWED,
        example: 9145,
    }),
    bindAddress: option(near.default("127.0.0.1"), {
        description: "Address of the Docker host on which metrics.port listens",
        allowed: "a loopback or private IP address: the numbers take no login there",
        example: "10.0.0.5",
    }),
};

export const metricsOptions = {
    metrics: option(section(shape), {
        description:
            "Numbers for Prometheus: of the registry, of the front, of certificates, disk and commands (docs/monitoring.md). Takes the front",
        default: "none",
        allowed: "an object (metrics.*), true or false",
        example: { port: 9145 },
    }),
};

export type MetricsOptions = z.output<z.ZodObject<typeof shape>>;
