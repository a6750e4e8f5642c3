/**
 * Everything on one port: the registry at its domain, caches of Docker Hub and Quay at hub.DOMAIN and quay.DOMAIN, Nexus
 * at nexus.DOMAIN, with certificates of one CA. DNS must lead all of these names to the Docker host.
 */
import * as pulumi from "@pulumi/pulumi";

import { PrivateRegistry } from "../../components";

const config = new pulumi.Config();
const domain = config.get("domain") ?? "registry.example.com";

const registry = new PrivateRegistry("registry", {
    prefix: `${pulumi.getProject()}-${pulumi.getStack()}`,
    domain,
    port: config.getNumber("port"),
    bindAddress: config.get("bindAddress") ?? "127.0.0.1",
    image: config.get("registryImage") ?? "registry:3.1.2",
    users: { admin: { generate: true } },
    front: { image: config.get("frontImage") ?? "nginx:1.30" },
    mirrors: {
        hub: { upstream: "https://registry-1.docker.io" },
        quay: { upstream: "https://quay.io", ttl: "24h" },
    },
    nexus: {
        domain: `nexus.${domain}`,
        // You accept https://links.sonatype.com/products/nxrm/ce-eula by `pulumi config set acceptEula true`.
        acceptEula: config.getBoolean("acceptEula") ?? false,
        image: config.get("nexusImage"),
        port: config.getNumber("nexusPort"),
        heapMb: config.getNumber("heapMb"),
        directMemoryMb: config.getNumber("directMemoryMb"),
        openFiles: config.getNumber("openFiles"),
    },
});

export const endpoint = registry.endpoint;
export const caCertificatePem = registry.caCertificatePem;
export const passwords = registry.passwords;
export const mirrors = registry.mirrors;
export const nexusAdminPassword = registry.nexus?.adminPassword;
