/** A registry behind nginx: CI pushes, anyone reads, and a second site answers on the same port. */
import * as pulumi from "@pulumi/pulumi";

import { PrivateRegistry } from "../../components";

const config = new pulumi.Config();

const registry = new PrivateRegistry("registry", {
    prefix: `${pulumi.getProject()}-${pulumi.getStack()}`,
    domain: config.get("domain") ?? "localhost",
    port: config.getNumber("port"),
    bindAddress: config.get("bindAddress") ?? "127.0.0.1",
    image: config.get("registryImage") ?? "registry:3.1.2",
    users: { admin: { generate: true }, ci: { generate: true, repositories: ["builds/*"] } },
    front: {
        image: config.get("frontImage") ?? "nginx:1.30",
        anonymousPull: true,
        sites: { "app.example.com": { upstream: config.get("app") ?? "http://192.0.2.10:8080" } },
    },
});

export const endpoint = registry.endpoint;
export const caCertificatePem = registry.caCertificatePem;
export const passwords = registry.passwords;
