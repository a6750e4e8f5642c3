/** A stack's material, as the tests of the export use it. */
import { LAYOUTS, type Layout } from "../../../../host/layouts";
import type { HostMaterial } from "../../../../host/material";

export const [DEBIAN, RPM] = LAYOUTS as readonly [Layout, Layout];

const SETTINGS: HostMaterial["settings"] = {
    tls: true,
    realm: "basic-realm",
    secret: "0123456789abcdef",
    deleteEnabled: true,
    logLevel: "info",
    logFormat: "text",
    logFields: { service: "registry", environment: "dev" },
    accessLog: false,
    notifications: {},
    headers: { "X-Content-Type-Options": ["nosniff"] },
    health: { enabled: true, interval: "10s", threshold: 3 },
    drainSeconds: 30,
    extra: {},
};

/** @param extra options of registryConfig */
export const host = (
    more: Partial<HostMaterial> = {},
    extra: Record<string, unknown> = {},
): HostMaterial => ({
    name: "private-registry-dev",
    identity: "0123456789abcdef0123456789abcdef",
    stack: "private-registry/dev",
    settings: { ...SETTINGS, extra, tls: !("tls" in more) || more.tls !== undefined },
    port: 443,
    bindAddress: "0.0.0.0",
    memoryMb: 512,
    htpasswd: "admin:$2y$04$hash\n",
    tls: {
        chainPem: "-----BEGIN CERTIFICATE-----\nsite\n",
        privateKeyPem: "-----BEGIN PRIVATE KEY-----\nkey\n",
    },
    caPem: "-----BEGIN CERTIFICATE-----\nca\n",
    ...more,
});
