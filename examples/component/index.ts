/** A registry as a part of a larger program: other resources wait until it answers, and use its outputs. */
import * as pulumi from "@pulumi/pulumi";
import * as random from "@pulumi/random";

import { PrivateRegistry } from "../../components";

const config = new pulumi.Config();

// A password can come from anywhere: here it is a resource of this program.
const ci = new random.RandomPassword("ci", { length: 32, special: false });

const registry = new PrivateRegistry("registry", {
    prefix: `${pulumi.getProject()}-${pulumi.getStack()}`,
    domain: config.get("domain") ?? "localhost",
    port: config.getNumber("port"),
    bindAddress: config.get("bindAddress") ?? "127.0.0.1",
    image: config.get("registryImage") ?? "registry:3.1.2",
    // There by default too; here for an image of another name. false does without.
    front: { image: config.get("frontImage") },
    users: { admin: { generate: true }, ci: { password: ci.result } },
    tls: { ownCa: { subject: { organization: "Example Ltd", commonName: "Example Registry CA" } } },
});

export const endpoint = registry.endpoint;
export const caCertificatePem = registry.caCertificatePem;
export const ciPassword = ci.result;
export const passwords = registry.passwords;
