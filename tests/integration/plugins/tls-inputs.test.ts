import { execFileSync } from "node:child_process";
import { createPublicKey } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { check } from "../../../plugins/framework/check";
import { diff } from "../../../plugins/framework/diff";
import type { Props, ResourceType } from "../../../plugins/framework/resource";
import { UNKNOWN } from "../../../plugins/framework/resource";
import { subjectKeyId } from "../../../plugins/tls/keys";
import { certRequest } from "../../../plugins/tls/cert-request";
import { locallySignedCert } from "../../../plugins/tls/locally-signed-cert";
import { privateKey } from "../../../plugins/tls/private-key";
import { selfSignedCert } from "../../../plugins/tls/self-signed-cert";

const folder = mkdtempSync(join(tmpdir(), "tls-inputs-"));
afterAll(() => rmSync(folder, { recursive: true }));
const openssl = (args: string[], input?: string) =>
    execFileSync("openssl", args, { encoding: "utf8", input, stdio: ["pipe", "pipe", "pipe"] });

/** A key and a CA as a user brings them: not made by the kit. */
const [keyFile, certFile] = [join(folder, "key.pem"), join(folder, "ca.pem")];
openssl(
    ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", keyFile, "-out", certFile, "-utf8"].concat([
        "-subj",
        "/C=DE/O=Münch/CN=Own CA",
    ]),
);
const [keyPem, caPem] = [readFileSync(keyFile, "utf8"), readFileSync(certFile, "utf8")];
const ecPem = openssl(["ecparam", "-name", "prime256v1", "-genkey", "-noout"]);

const outsOf = async (type: ResourceType, inputs: Props) => (await type.create(inputs, undefined)).outs;
const request = async (inputs: Props = {}) =>
    (await outsOf(certRequest, { privateKeyPem: ecPem, dnsNames: ["a.example.com"], ...inputs }))
        .certRequestPem;
const leafInputs = async (): Promise<Props> => ({
    caCertPem: caPem,
    caPrivateKeyPem: keyPem,
    certRequestPem: await request(),
    validityPeriodHours: 10,
    allowedUses: ["server_auth"],
});
const selfInputs = { privateKeyPem: ecPem, validityPeriodHours: 10, allowedUses: [] };
const text = (pem: unknown) => openssl(["x509", "-noout", "-text"], pem as string);
const reasons = (type: ResourceType, news: Props) =>
    check(type, "urn::x", {}, news).failures.map(({ property, reason }) => `${property} ${reason}`.trim());

describe("a CA that the user brings", () => {
    test("signs under its own name, byte by byte", async () => {
        const { certPem } = await outsOf(locallySignedCert, await leafInputs());
        const name = (pem: string, which: string) =>
            openssl(["x509", "-noout", which, "-nameopt", "RFC2253,show_type"], pem).replace(/^\w+=/, "");
        expect(name(certPem as string, "-issuer")).toBe(name(caPem, "-subject"));
        expect(name(caPem, "-subject")).toContain("UTF8STRING:");
    });
    test("is read with text in front of it, and keys in each PEM form", async () => {
        const inputs = { ...(await leafInputs()), caCertPem: `${text(caPem)}${caPem}` };
        for (const pem of [keyPem, openssl(["rsa", "-traditional"], keyPem)]) {
            const outs = await outsOf(locallySignedCert, { ...inputs, caPrivateKeyPem: pem });
            expect(outs.caKeyAlgorithm).toBe("RSA");
        }
    });
    test.each<[string, Props, RegExp]>([
        ["another key", { caPrivateKeyPem: ecPem }, /^caPrivateKeyPem is not the private key of the cert/],
        ["no certificate", { caCertPem: "junk" }, /^caCertPem holds no certificate in PEM\.$/],
        ["no request", { certRequestPem: caPem }, /^certRequestPem holds no certificate request in PEM\.$/],
    ])("%s is refused", async (_what, wrong, message) => {
        await expect(outsOf(locallySignedCert, { ...(await leafInputs()), ...wrong })).rejects.toThrow(
            message,
        );
    });
});

describe("path length", () => {
    const pathLength = async (maxPathLength: number) => {
        const inputs = { ...selfInputs, isCaCertificate: true, subject: { commonName: "a" }, maxPathLength };
        return /pathlen:(\d+)/.exec(text((await outsOf(selfSignedCert, inputs)).certPem))?.[1];
    };
    test.each([
        [-1, undefined],
        [0, undefined],
        [1, "1"],
    ])("%d, as the official plugin has it", async (given, expected) => {
        expect(await pathLength(given)).toBe(expected);
    });
});

describe("inputs", () => {
    test.each<[ResourceType, Props, string[]]>([
        [selfSignedCert, { maxPathLength: 1 }, ["maxPathLength needs isCaCertificate: true"]],
        [selfSignedCert, { maxPathLength: 1, isCaCertificate: UNKNOWN, subject: UNKNOWN }, []],
        [selfSignedCert, { isCaCertificate: true }, ["subject: a CA certificate needs a name"]],
        [selfSignedCert, { setAuthorityKeyId: true }, ["setAuthorityKeyId needs setSubjectKeyId: true"]],
        [selfSignedCert, { earlyRenewalHours: -1 }, ["earlyRenewalHours must be at least 0"]],
        [selfSignedCert, { allowedUses: ["toString"] }, ["allowedUses has toString; allowed are"]],
        [selfSignedCert, { ipAddresses: ["300.1.1.1"] }, ["ipAddresses has 300.1.1.1, which is not an IP"]],
        [selfSignedCert, { dnsNames: ["zürich.ch"] }, ["dnsNames has zürich.ch, which is not in ASCII"]],
        [selfSignedCert, { dnsNames: [1] }, ["dnsNames[0] must be of type string"]],
        [selfSignedCert, { subject: { nick: "a" } }, ["subject.nick is not implemented"]],
    ])("%#: %j", (type, wrong, expected) => {
        const found = reasons(type, { ...selfInputs, ...wrong });
        expect(found.map((reason, i) => reason.slice(0, expected[i]?.length))).toEqual(expected);
    });
    test("a small RSA key is refused", () => {
        expect(reasons(privateKey, { algorithm: "RSA", rsaBits: 512 })).toEqual([
            "rsaBits must be at least 1024, and is 512",
        ]);
    });
    test("what the program takes back falls to its default", () => {
        const olds = { algorithm: "RSA", rsaBits: 4096, ecdsaCurve: "P224" };
        const changes = (state: Props) => diff(privateKey, state, {}, { algorithm: "RSA" });
        expect(changes(olds)).toEqual([{ property: "rsaBits", kind: "delete", replace: true }]);
        expect(changes({ ...olds, rsaBits: 2048 })).toEqual([]);
    });
});

describe("renewal window", () => {
    test.each([
        [0, 10, false],
        [9, 10, false],
        [10, 10, true],
        [0, 0, true],
    ])(
        "%d h before the end of %d h: ready at once is %s",
        async (earlyRenewalHours, validityPeriodHours, ready) => {
            const outs = await outsOf(selfSignedCert, {
                ...selfInputs,
                earlyRenewalHours,
                validityPeriodHours,
            });
            expect(outs.readyForRenewal).toBe(ready);
        },
    );
});

test("names of a request keep Go's order in the certificate", async () => {
    const names = {
        dnsNames: ["b.example.com", "a.example.com"],
        ipAddresses: ["::1"],
        uris: ["spiffe://x"],
    };
    const inputs = { ...(await leafInputs()), certRequestPem: await request(names) };
    const certificate = text((await outsOf(locallySignedCert, inputs)).certPem);
    expect(certificate).toMatch(/DNS:b\.example\.com, DNS:a\.example\.com, IP Address:\S+, URI:spiffe:\/\/x/);
    // Without a subject the names are all there is, and critical (RFC 5280 section 4.2.1.6).
    expect(certificate).toContain("X509v3 Subject Alternative Name: critical");
});

test("a certificate that ends after 2049 is dated as RFC 5280 section 4.1.2.5 has it", async () => {
    const { certPem } = await outsOf(selfSignedCert, { ...selfInputs, validityPeriodHours: 400_000 });
    expect(openssl(["asn1parse"], certPem as string)).toMatch(/UTCTIME[\s\S]*GENERALIZEDTIME/);
});

describe("subject key identifier", () => {
    // Public keys of certificates that the official plugin made, and the identifiers that it gave them.
    const rsa = [
        "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAsd++pEL7zJX5+VF2oIPxUHst4d/8Z3h406d3UKFrGtcz",
        "HYuHqfSFvibrb6kwoyAF96JqVMLkg9wgXxctN6T8Sj3i6e6Xmg1OwwEqXfdNvYdkoe31EdsTFG2cZwga8Hn8ZD44",
        "SdfBD8GbLnirQSIYTpTwvwSt2/4awJF/MDYUmZZaHRh7dKpqZrUphiwIpIsEfrTdUz8hX6W08ULsUEuY13wgysrg",
        "c1PUR3iuBorZ2sUbYZPbqF/+JrS/rFDLfWYR08HA+x3lnl2I1YqR7hXYMIR8N4lV9fqj4QiX4tHlgxt9T0TuA5rt",
        "/XZh/0C+ej/pvfh1BUUoYuDQ7bjUIir0NwIDAQAB",
    ].join("");
    test.each([
        [
            "ED25519",
            "MCowBQYDK2VwAyEACjAleHVCGpBgeneRwO7+lt2qJz/a+eWSQ5ROodFnx0w=",
            "ee4aef601eba48786a2d3f8805ff13b4db7d6774",
        ],
        [
            "ECDSA",
            "MHYwEAYHKoZIzj0CAQYFK4EEACIDYgAE7nbH0/TNKy1QQfkROdfh7FGdStX2ZqTPR89OcOVGyjf7EiUbPJw3NrtJaOgM1Wxs" +
                "xgSgf0L4LC/FB9Jr9nSPXj+uz7Ud/ya2flh1UCYYUUal9CBxKzBxLiCjvlLFY5Ku",
            "66d3a053c739be7176b9e007b97a3ba0303b935d",
        ],
        ["RSA", rsa, "bfd1d40ebb48922f26ee898b0288cce835aa9452"],
    ])("of %s is the official plugin's", (_algorithm, spki, expected) => {
        const key = createPublicKey({ key: Buffer.from(spki, "base64"), format: "der", type: "spki" });
        expect(subjectKeyId(key).toString("hex")).toBe(expected);
    });
});
