/** A registry with mirrors of others beside it: each a cache of its own, with a port of its own. */
import * as pulumi from "@pulumi/pulumi";

import { type MirrorSettings, PrivateRegistry } from "../../components";

const config = new pulumi.Config();

const registry = new PrivateRegistry("registry", {
    prefix: `${pulumi.getProject()}-${pulumi.getStack()}`,
    domain: config.get("domain") ?? "localhost",
    port: config.getNumber("port"),
    bindAddress: config.get("bindAddress") ?? "127.0.0.1",
    image: "registry:3.1.2",
    users: [{ name: "admin", generate: true }],
    mirrors: config.getObject<Record<string, MirrorSettings>>("mirrors") ?? {
        // Without a login Docker Hub counts pulls by address: all clients of this mirror share one budget, and each
        // image is counted once.
        hub: { upstream: "https://registry-1.docker.io", port: 5443 },
        quay: { upstream: "https://quay.io", port: 5444, ttl: "24h" },
    },
});

export const caCertificatePem = registry.caCertificatePem;
export const mirrors = registry.mirrors;
