/** Run by inputs.test.ts: a registry of arguments of which one is an Output with a wrong value; tells what was made. */
import { deploy, makeCertificates } from "../../unit/components/deploy";
import { issue } from "../../unit/components/certs";
import { type Args, record, registered } from "../../unit/components/mocks";

import { writeSync } from "node:fs";

import * as pulumi from "@pulumi/pulumi";

import { SiteCertificate } from "../../../components";

const WRONG: Record<string, () => Args> = {
    domain: () => ({ domain: pulumi.output("https://a.b") }),
    password: () => ({ users: { admin: { password: pulumi.secret("hunter2".repeat(11)) } } }),
    port: () => ({ port: pulumi.output(70_000) }),
    // Right by itself, and not beside what else is given.
    image: () => ({ image: pulumi.output("registry:2.8.3") }),
    url: () => ({ externalUrl: pulumi.output("http://docker.example.com") }),
    // A program may make any value a secret.
    secret: () => ({ domain: pulumi.secret("https://hunter2") }),
    secretBesideOthers: () => ({ externalUrl: pulumi.secret("http://hunter2.example.com") }),
    right: () => ({ domain: pulumi.output("docker.example.com") }),
};

async function main(): Promise<void> {
    await makeCertificates();
    const which = process.argv[2] ?? "";
    if (which !== "signer") return void (await deploy(WRONG[which]?.()));
    const { pem: caCertPem } = await issue("One CA", { ca: true });
    const { keyPem } = await issue("Another CA", { ca: true });
    const ca = { caCertPem, caPrivateKeyPem: pulumi.secret(keyPem) };
    await record(
        () => new SiteCertificate("s", { ...ca, names: ["a.b"], validityDays: 1, earlyRenewalDays: 0 }),
        () => ({ privateKeyPem: "k" }),
    );
}

process.on("exit", () => writeSync(1, registered().join("\n")));
void main();
