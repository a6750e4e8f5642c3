/** The CA and the site certificate: what they are, what changes them, what does not. */
import { createHash } from "node:crypto";

import { handshake, pemFile, profile, served, validityDays } from "./certificates";
import { cleanup } from "./cleanup";
import { objectsOf } from "./docker";
import { RegistryClient } from "./http";
import { must } from "./run";
import { ADMIN, DOMAIN, Stack } from "./stack";

const LOCAL = "DNS:localhost, IP Address:127.0.0.1";

describe("certificates", () => {
    const use = cleanup();
    let stack: Stack;
    let address: string;
    let ca: string;
    let blob: string;

    beforeAll(async () => {
        stack = use(await Stack.create("certs", { settings: ADMIN }));
        await stack.up();
        address = `127.0.0.1:${stack.port}`;
        ca = await stack.output("caCertificatePem");
        const client = await RegistryClient.of(stack);
        blob = (await client.upload("team/image")).digest;
        client.close();
    });

    const site = async (name = DOMAIN): Promise<string> => (await served(address, name))[0] ?? "";
    const hasData = async (name = DOMAIN): Promise<boolean> => {
        const client = new RegistryClient(stack.port, ca, "127.0.0.1", name);
        const { status } = await client.ask(`/v2/team/image/blobs/${blob}`, { method: "HEAD" });
        client.close();
        return status === 200;
    };

    test("by default both are ECDSA and keep to today's rules", async () => {
        const leaf = await site();
        const [root, leafProfile] = [await profile(ca), await profile(leaf)];
        const keyId = root["Subject Key Identifier"];
        expect(root).toEqual({
            Subject: "CN = Private Registry CA",
            Issuer: "CN = Private Registry CA",
            Signature: "ecdsa-with-SHA384",
            Key: "384",
            Algorithm: "id-ecPublicKey",
            "Basic Constraints": "critical: CA:TRUE, pathlen:1",
            "Key Usage": "critical: Non Repudiation, Certificate Sign, CRL Sign",
            "Subject Key Identifier": expect.stringMatching(/^[0-9A-F:]{59,}$/) as string,
            "Authority Key Identifier": keyId,
        });
        expect(leafProfile).toEqual({
            Subject: `CN = ${DOMAIN}`,
            Issuer: "CN = Private Registry CA",
            Signature: "ecdsa-with-SHA384",
            Key: "256",
            Algorithm: "id-ecPublicKey",
            "Basic Constraints": "critical: CA:FALSE",
            "Key Usage": "critical: Digital Signature",
            "Extended Key Usage": "TLS Web Server Authentication",
            "Subject Key Identifier": expect.stringMatching(/^[0-9A-F:]{59,}$/) as string,
            "Authority Key Identifier": keyId,
            "Subject Alternative Name": `DNS:${DOMAIN}, ${LOCAL}`,
        });
        expect(await validityDays(ca)).toBe(3650);
        expect(await validityDays(leaf)).toBe(397);
        const caFile = pemFile(stack.folder, "ca.crt", ca);
        const verify = ["verify", "-x509_strict", "-purpose", "sslserver", "-CAfile", caFile];
        await must("openssl", [...verify, pemFile(stack.folder, "site.crt", leaf)]);
    });

    test("a certificate near its end is renewed by `up`, once, and the new one is served", async () => {
        const before = await site();
        const state = await stack.exportState();
        const certificate = state.deployment.resources.find(({ urn }) => urn.endsWith("registry-site-cert"));
        if (certificate?.outputs === undefined) throw new Error("the state has no site certificate");
        // 29 days from now: inside the 30 days of early renewal.
        certificate.outputs.validityEndTime = new Date(Date.now() + 29 * 86_400_000).toISOString();
        await stack.importState(state);
        await stack.up();
        const after = await site();
        expect(after).not.toBe(before);
        expect(await stack.output("caCertificatePem")).toBe(ca);
        expect(await hasData()).toBe(true);
        await stack.up("--expect-no-changes");
        expect(await site()).toBe(after);
    });

    test("a new domain gets a new certificate of the same CA, and the data stays", async () => {
        const containerName = `${stack.prefix}-moved`;
        await stack.configure({ domain: "moved.e2e.test", "dnsNames[0]": DOMAIN, containerName });
        const moves = `The registry moves from https://${DOMAIN}:${stack.port} to https://moved.e2e.test:${stack.port}: `;
        const preview = await stack.must(["preview", "--non-interactive", "--color", "never"]);
        expect(preview).toContain(moves);
        expect(preview).toContain(`docker login moved.e2e.test:${stack.port}`);
        expect(await stack.up()).toContain(moves);
        expect(await stack.up("--expect-no-changes")).not.toContain("moves from");
        expect(await stack.output("endpoint")).toBe(`https://moved.e2e.test:${stack.port}`);
        const containers = (await objectsOf(stack.prefix)).filter((o) => o.startsWith("container "));
        expect(containers).toEqual([`container ${stack.prefix}-config`, `container ${containerName}`]);
        expect(await stack.output("caCertificatePem")).toBe(ca);
        expect(await hasData("moved.e2e.test")).toBe(true);
        const { "Subject Alternative Name": names } = await profile(await site("moved.e2e.test"));
        expect(names).toBe(`DNS:moved.e2e.test, DNS:${DOMAIN}, ${LOCAL}`);
    });

    test("a longer-lived CA certificate keeps the key, so that clients need only the new file", async () => {
        const keyOf = (pem: string) => must("openssl", ["x509", "-noout", "-pubkey"], { input: pem });
        await stack.configure({ "tls.ownCa.validityDays": "7300" });
        const changes = "The CA changes: no client trusts the registry until it has the new certificate.";
        expect(await stack.must(["preview", "--non-interactive", "--color", "never"])).toContain(changes);
        expect(await stack.up()).toContain(changes);
        expect(await stack.up("--expect-no-changes")).not.toContain("The CA changes");
        const longer = await stack.output("caCertificatePem");
        expect(await keyOf(longer)).toBe(await keyOf(ca));
        expect(longer).not.toBe(ca);
        expect(await hasData("moved.e2e.test")).toBe(true);
    });

    test("a renamed stack keeps its data and its CA", async () => {
        const before = await stack.output("caCertificatePem");
        try {
            await stack.must(["stack", "rename", `${stack.name}-renamed`]);
            await stack.up();
            expect(await hasData("moved.e2e.test")).toBe(true);
            expect(await stack.output("caCertificatePem")).toBe(before);
        } finally {
            await stack.must(["stack", "rename", stack.name]);
            await stack.up();
        }
    });
});

describe("the certificates of rows R2 and R3", () => {
    const use = cleanup();
    let stack: Stack;

    beforeAll(async () => {
        stack = use(
            await Stack.create("rsa", {
                settings: {
                    ...ADMIN,
                    domain: "docker.funet8.com",
                    "tls.ownCa.site.localNames": "false",
                    "ipAddresses[0]": "127.0.0.1",
                    "tls.ownCa.keyAlgorithm": "RSA-4096",
                    "tls.ownCa.subject.country": "CN",
                    "tls.ownCa.subject.province": "Shanxi",
                    "tls.ownCa.subject.locality": "Datong",
                    "tls.ownCa.subject.organization": "Your Company Name",
                    "tls.ownCa.subject.commonName": "Your Company Name Docker Registry CA",
                    "tls.ownCa.site.keyAlgorithm": "RSA-2048",
                },
            }),
        );
        await stack.up();
    });

    test("are made from configuration", async () => {
        const address = `127.0.0.1:${stack.port}`;
        const ca = await stack.output("caCertificatePem");
        const [leaf = "", ...others] = await served(address, "docker.funet8.com");
        expect(others).toEqual([]);
        const [root, site] = [await profile(ca), await profile(leaf)];
        const subject = root.Subject?.split(", ").sort();
        expect(subject).toEqual([
            "C = CN",
            "CN = Your Company Name Docker Registry CA",
            "L = Datong",
            "O = Your Company Name",
            "ST = Shanxi",
        ]);
        expect(root).toMatchObject({
            Signature: "sha256WithRSAEncryption",
            Key: "4096",
            "Basic Constraints": "critical: CA:TRUE, pathlen:1",
            "Key Usage": "critical: Non Repudiation, Certificate Sign, CRL Sign",
        });
        expect(site).toMatchObject({
            Signature: "sha256WithRSAEncryption",
            Key: "2048",
            "Basic Constraints": "critical: CA:FALSE",
            "Key Usage": "critical: Digital Signature, Key Encipherment",
            "Extended Key Usage": "TLS Web Server Authentication",
            "Subject Alternative Name": "DNS:docker.funet8.com, IP Address:127.0.0.1",
            "Authority Key Identifier": root["Subject Key Identifier"],
        });
        const caFile = pemFile(stack.folder, "ca.crt", ca);
        const { code } = await handshake(address, "docker.funet8.com", caFile);
        expect(code).toBe(0);
    });

    test("the private key of the state is the one that is served", async () => {
        const [leaf = ""] = await served(`127.0.0.1:${stack.port}`, "docker.funet8.com");
        const digest = (text: string) => createHash("sha256").update(text).digest("hex");
        const clear = JSON.parse(await stack.must(["stack", "export", "--show-secrets"])) as {
            deployment: { resources: { urn: string; outputs?: Record<string, unknown> }[] };
        };
        const key = clear.deployment.resources.find(({ urn }) => urn.endsWith("registry-site-key"));
        const publicKey = await must("openssl", ["x509", "-noout", "-pubkey"], { input: leaf });
        expect(digest(String(key?.outputs?.publicKeyPem))).toBe(digest(publicKey));
    });
});
