import { execFileSync } from "node:child_process";
import { createPrivateKey, X509Certificate } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { check } from "../../../plugins/framework/check";
import { diff } from "../../../plugins/framework/diff";
import type { Props } from "../../../plugins/framework/resource";
import { certRequest } from "../../../plugins/tls/cert-request";
import { locallySignedCert } from "../../../plugins/tls/locally-signed-cert";
import { privateKey } from "../../../plugins/tls/private-key";
import { selfSignedCert } from "../../../plugins/tls/self-signed-cert";

const DAY = 24 * 3600_000;
const folder = mkdtempSync(join(tmpdir(), "tls-plugin-"));
afterAll(() => rmSync(folder, { recursive: true }));

function file(name: string, text: unknown, mode = 0o600): string {
    const path = join(folder, name);
    writeFileSync(path, text as string, { mode });
    return path;
}
const openssl = (...args: string[]) =>
    execFileSync("openssl", args, { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
const text = (pem: unknown) => openssl("x509", "-noout", "-text", "-in", file("text.pem", pem));

const make = async (algorithm: Props) => (await privateKey.create(algorithm, undefined)).outs;
const subject = {
    country: "CN",
    province: "Shanxi",
    locality: "Datong",
    organization: "Your Company Name",
    commonName: "Test CA",
};
const caInputs = (key: Props): Props => ({
    privateKeyPem: key.privateKeyPem,
    isCaCertificate: true,
    maxPathLength: 1,
    setSubjectKeyId: true,
    setAuthorityKeyId: true,
    subject,
    validityPeriodHours: 87600,
    allowedUses: ["cert_signing", "crl_signing", "content_commitment"],
});

describe.each([
    ["ECDSA", { algorithm: "ECDSA", ecdsaCurve: "P384" }, "EC", /^ecdsa-sha2-nistp384 /],
    ["RSA", { algorithm: "RSA", rsaBits: 2048 }, "RSA", /^ssh-rsa /],
    ["ED25519", { algorithm: "ED25519" }, "", /^ssh-ed25519 /],
])("PrivateKey %s", (_name, inputs, label, ssh) => {
    test("is the same key in every form, and what OpenSSH reads", async () => {
        const key = await make(inputs);
        expect(key.privateKeyPem).toContain(`-----BEGIN ${label ? `${label} ` : ""}PRIVATE KEY-----\n`);
        const [traditional, pkcs8] = [key.privateKeyPem, key.privateKeyPemPkcs8].map((pem) =>
            createPrivateKey(pem as string).export({ format: "jwk" }),
        );
        expect(traditional).toEqual(pkcs8);
        expect(key.publicKeyOpenssh).toMatch(ssh);
        const path = file("id", key.privateKeyOpenssh);
        const derived = execFileSync("ssh-keygen", ["-y", "-f", path], { encoding: "utf8" });
        expect(derived.trim().split(" ").slice(0, 2).join(" ")).toBe((key.publicKeyOpenssh as string).trim());
        const fingerprint = execFileSync("ssh-keygen", ["-l", "-f", path], { encoding: "utf8" });
        expect(fingerprint).toContain(key.publicKeyFingerprintSha256);
        expect(execFileSync("ssh-keygen", ["-l", "-E", "md5", "-f", path], { encoding: "utf8" })).toContain(
            key.publicKeyFingerprintMd5,
        );
    });
});

test("a P-224 key has no SSH form", async () => {
    expect(await make({ algorithm: "ECDSA" })).toMatchObject({
        ecdsaCurve: "P224",
        publicKeyOpenssh: "",
        privateKeyOpenssh: "",
    });
});

describe.each([
    ["ECDSA", { algorithm: "ECDSA", ecdsaCurve: "P384" }, "ecdsa-with-SHA384"],
    ["RSA", { algorithm: "RSA", rsaBits: 2048 }, "sha256WithRSAEncryption"],
    ["ED25519", { algorithm: "ED25519" }, "ED25519"],
])("certificates of a %s CA", (_name, algorithm, signature) => {
    test("have the profile of the official plugin, and openssl verifies them", async () => {
        const caKey = await make(algorithm);
        const ca = (await selfSignedCert.create(caInputs(caKey), undefined)).outs;
        const caText = text(ca.certPem);
        expect(caText).toContain(`Signature Algorithm: ${signature}`);
        expect(caText).toContain(
            "Subject: C = CN, ST = Shanxi, L = Datong, O = Your Company Name, CN = Test CA",
        );
        expect(caText).toMatch(/Key Usage: critical\s+Non Repudiation, Certificate Sign, CRL Sign/);
        expect(caText).toMatch(/Basic Constraints: critical\s+CA:TRUE, pathlen:1/);
        const [, ski] = /Subject Key Identifier:\s+(\S+)/.exec(caText) ?? [];
        const [, aki] = /Authority Key Identifier:\s+(\S+)/.exec(caText) ?? [];
        expect(aki).toBe(ski);

        const siteKey = await make({ algorithm: "ECDSA", ecdsaCurve: "P256" });
        const names = { dnsNames: ["docker.example.com", "localhost"], ipAddresses: ["127.0.0.1", "::1"] };
        const request = (
            await certRequest.create(
                {
                    privateKeyPem: siteKey.privateKeyPem,
                    subject: { commonName: "docker.example.com" },
                    ...names,
                },
                undefined,
            )
        ).outs;
        expect(
            openssl("req", "-verify", "-noout", "-text", "-in", file("req.pem", request.certRequestPem)),
        ).toContain("DNS:localhost");
        const inputs = {
            caCertPem: ca.certPem,
            caPrivateKeyPem: caKey.privateKeyPem,
            certRequestPem: request.certRequestPem,
            validityPeriodHours: 397 * 24,
            earlyRenewalHours: 720,
            setSubjectKeyId: true,
            allowedUses: ["digital_signature", "server_auth"],
        };
        const { id, outs } = await locallySignedCert.create(inputs, undefined);
        const leaf = text(outs.certPem);
        expect(leaf).toMatch(/Key Usage: critical\s+Digital Signature\n/);
        expect(leaf).toMatch(/Extended Key Usage:\s+TLS Web Server Authentication/);
        expect(leaf).toMatch(/Basic Constraints: critical\s+CA:FALSE/);
        expect(leaf).toContain(
            "DNS:docker.example.com, DNS:localhost, IP Address:127.0.0.1, IP Address:0:0:0:0:0:0:0:1",
        );
        expect(/Authority Key Identifier:\s+(\S+)/.exec(leaf)?.[1]).toBe(ski);
        const certificate = new X509Certificate(outs.certPem as string);
        expect(BigInt(`0x${certificate.serialNumber}`).toString()).toBe(id);
        expect(Date.parse(certificate.validTo) - Date.parse(certificate.validFrom)).toBe(397 * DAY);
        const verified = openssl(
            "verify",
            "-x509_strict",
            "-CAfile",
            file("ca.pem", ca.certPem),
            "-verify_hostname",
            "localhost",
            file("leaf.pem", outs.certPem),
        );
        expect(verified).toContain("OK");
    });
});

describe("renewal", () => {
    const state = (daysLeft: number): Props => ({
        validityEndTime: new Date(Date.now() + daysLeft * DAY).toISOString(),
        certPem: "x",
        earlyRenewalHours: 720,
        readyForRenewal: false,
    });
    const changes = (daysLeft: number, earlyRenewalHours = 720) =>
        diff({ ...locallySignedCert, inputs: {} }, state(daysLeft), {}, { earlyRenewalHours });
    test("a certificate outside its window stays", () => expect(changes(31)).toEqual([]));
    test("a certificate inside its window is replaced", () => {
        expect(changes(29)).toEqual([{ property: "readyForRenewal", kind: "update", replace: true }]);
    });
    test("a refresh says so too", async () => {
        expect((await locallySignedCert.read("1", state(29), {}, undefined))?.outs.readyForRenewal).toBe(
            true,
        );
    });
    test("another window alone makes no new certificate", () => {
        const olds = { ...state(300), earlyRenewalHours: 0 };
        expect(diff(selfSignedCert, olds, {}, { earlyRenewalHours: 24 })).toEqual([
            { property: "earlyRenewalHours", kind: "add", replace: false },
        ]);
    });
});

describe("errors", () => {
    test("a key that is none names the input, and not its value", async () => {
        const inputs = { ...caInputs({ privateKeyPem: "s3cret" }) };
        await expect(selfSignedCert.create(inputs, undefined)).rejects.toThrow(
            /^privateKeyPem holds no unencrypted PEM private key/,
        );
    });
    test.each([
        [{ algorithm: "DSA" }, "algorithm", /must be one of RSA, ECDSA, ED25519/],
        [{ algorithm: "ECDSA", ecdsaCurve: "P100" }, "ecdsaCurve", /must be one of P224/],
    ])("PrivateKey refuses %j", (news, property, reason) => {
        expect(check(privateKey, "urn::name", {}, news).failures).toEqual([
            { property, reason: expect.stringMatching(reason) },
        ]);
    });
    test("an unknown use is named", () => {
        const { failures } = check(
            selfSignedCert,
            "urn::name",
            {},
            { ...caInputs({ privateKeyPem: "x" }), allowedUses: ["flying"] },
        );
        expect(failures).toEqual([
            { property: "allowedUses", reason: expect.stringMatching(/^has flying; allowed are/) },
        ]);
    });
    test("a request that was tampered with is refused", async () => {
        const key = await make({ algorithm: "ECDSA", ecdsaCurve: "P256" });
        const ca = (await selfSignedCert.create(caInputs(key), undefined)).outs;
        const { certRequestPem } = (
            await certRequest.create(
                { privateKeyPem: key.privateKeyPem, dnsNames: ["a.example.com"] },
                undefined,
            )
        ).outs;
        const der = Buffer.from((certRequestPem as string).replace(/-----.*-----|\s/g, ""), "base64");
        der.write("b", der.indexOf("a.example.com"));
        const forged = `-----BEGIN CERTIFICATE REQUEST-----\n${der.toString("base64")}\n-----END CERTIFICATE REQUEST-----\n`;
        const inputs = {
            caCertPem: ca.certPem,
            caPrivateKeyPem: key.privateKeyPem,
            certRequestPem: forged,
            validityPeriodHours: 1,
            allowedUses: [],
        };
        await expect(locallySignedCert.create(inputs, undefined)).rejects.toThrow(
            "certRequestPem is not signed by its own key.",
        );
    });
});
