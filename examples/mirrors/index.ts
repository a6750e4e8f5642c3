/** A registry with mirrors of others beside it: each a cache of its own, with a port of its own. */
import * as pulumi from "@pulumi/pulumi";

import { type MirrorsItemArgs, PrivateRegistry } from "../../components";

const config = new pulumi.Config();

const mirrors = config.getObject<Record<string, MirrorsItemArgs>>("mirrors") ?? {
    // Without a login Docker Hub counts pulls by address: with a mirror each image is counted once for all clients.
    hub: { upstream: "https://registry-1.docker.io", port: 5443 },
    quay: { upstream: "https://quay.io", port: 5444, ttl: "24h" },
};
// Logins of mirrors that have a `username`: pulumi config set --secret --path passwords.NAME PASSWORD
const passwords = config.getSecretObject<Record<string, string>>("passwords") ?? pulumi.output({});

const registry = new PrivateRegistry("registry", {
    prefix: `${pulumi.getProject()}-${pulumi.getStack()}`,
    domain: config.get("domain") ?? "localhost",
    port: config.getNumber("port"),
    bindAddress: config.get("bindAddress") ?? "127.0.0.1",
    image: config.get("registryImage") ?? "registry:3.1.2",
    // Each mirror has a port of its own, and so has the registry.
    front: false,
    users: { admin: { generate: true } },
    mirrors: Object.fromEntries(
        Object.entries(mirrors).map(([name, mirror]) => [
            name,
            mirror.username === undefined
                ? mirror
                : {
                      ...mirror,
                      password: passwords.apply((all: Record<string, string>) => all[name] ?? ""),
                  },
        ]),
    ),
});

export const caCertificatePem = registry.caCertificatePem;
export const mirrorAccess = registry.mirrors;
