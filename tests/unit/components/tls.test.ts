/** The certificates, as the tls provider gets them. */
import { deploy, makeCertificates } from "./deploy";
import { type Args, find, valueOf } from "./mocks";

import * as pulumi from "@pulumi/pulumi";

import type { TlsOwnCaArgs } from "../../../components";
import { keyArgs } from "../../../components/tls/algorithm";
import { certificates } from "../../../components/tls/chain";

import { issue } from "./certs";

beforeAll(makeCertificates);

const own = async (ownCa: TlsOwnCaArgs = {}, more: Args = {}) =>
    (await deploy({ ...more, tls: { ownCa } })).all;

test.each([
    ["ECDSA-P256" as const, { algorithm: "ECDSA", ecdsaCurve: "P256" }],
    ["ECDSA-P384" as const, { algorithm: "ECDSA", ecdsaCurve: "P384" }],
    ["RSA-2048" as const, { algorithm: "RSA", rsaBits: 2048 }],
    ["RSA-3072" as const, { algorithm: "RSA", rsaBits: 3072 }],
    ["RSA-4096" as const, { algorithm: "RSA", rsaBits: 4096 }],
])("%s", async (algorithm, args) => expect(await valueOf(pulumi.output(keyArgs(algorithm)))).toEqual(args));

describe("the CA (R2)", () => {
    test("by default: ECDSA P-384, ten years, path length 1, and its own key identifiers", async () => {
        const all = await own();
        expect(find(all, "r-ca-key").inputs).toEqual({ algorithm: "ECDSA", ecdsaCurve: "P384" });
        expect(find(all, "r-ca-cert").inputs).toEqual({
            privateKeyPem: expect.stringContaining("PRIVATE KEY") as string,
            subject: { commonName: "Private Registry CA" },
            validityPeriodHours: 3650 * 24,
            isCaCertificate: true,
            maxPathLength: 1,
            setSubjectKeyId: true,
            setAuthorityKeyId: true,
            // nonRepudiation, cRLSign and keyCertSign of the tutorials.
            allowedUses: ["cert_signing", "crl_signing", "content_commitment"],
        });
    });

    test("with the subject, key and validity of the tutorials", async () => {
        const subject = {
            country: "CN",
            province: "Shanxi",
            locality: "Datong",
            organization: "Your Company Name",
            commonName: "Your Company Name Docker Registry CA",
        };
        const all = await own({
            ...{ subject, keyAlgorithm: "RSA-4096", validityDays: 100, pathLength: 2 },
            site: { validityDays: 90 },
        });
        expect(find(all, "r-ca-key").inputs).toEqual({ algorithm: "RSA", rsaBits: 4096 });
        expect(find(all, "r-ca-cert").inputs).toMatchObject({
            subject,
            validityPeriodHours: 2400,
            maxPathLength: 2,
        });
    });

    test("its key is a resource of its own, which a changed subject leaves as it is", async () => {
        const before = find(await own(), "r-ca-key").inputs;
        expect(find(await own({ subject: { commonName: "Other" } }), "r-ca-key").inputs).toEqual(before);
    });
});

describe("two CAs", () => {
    const names = ({ all }: Awaited<ReturnType<typeof deploy>>) => all.map(({ name }) => name);

    test("the first generation has the names of today, and each other one a name of its own", async () => {
        expect(names(await deploy({ tls: { ownCa: { generation: 2 } } }))).toContain("r-ca-2-key");
        const both = names(await deploy({ tls: { ownCa: { next: true } } }));
        for (const name of ["r-ca-key", "r-ca-cert", "r-ca-2-key", "r-ca-2-cert", "r-site-key"])
            expect(both).toContain(name);
        expect(names(await deploy())).not.toContain("r-ca-2-key");
        expect(find(await own({ next: {} }), "r-ca-2-cert").inputs.subject).toEqual({
            commonName: "Private Registry CA 2",
        });
        const subject = { commonName: "Mine" };
        expect(find(await own({ subject, generation: 3 }), "r-ca-3-cert").inputs.subject).toEqual(subject);
    });

    test("clients get both in the same order, whoever signs; a CA that is brought may be the next", async () => {
        const { pem: cert, keyPem: key } = await issue("Brought CA", { ca: true });
        const site = { validityDays: 1, earlyRenewalDays: 0 };
        for (const signs of [false, true]) {
            const { registry, all } = await deploy({ tls: { ownCa: { site, next: { cert, key, signs } } } });
            const pems = await valueOf(registry.caCertificatePem);
            expect(certificates(pems).map(({ subject }) => subject)).toEqual([
                "CN=Private Registry CA",
                "CN=Brought CA",
            ]);
            const signer = certificates(find(all, "r-site-cert").inputs.caCertPem as string)[0]?.subject;
            expect(signer).toBe(signs ? "CN=Brought CA" : "CN=Private Registry CA");
        }
    });

    test("another generation of the site's key is another key", async () => {
        const all = await own({ site: { generation: 2 } });
        expect(all.map(({ name }) => name)).toContain("r-site-key-2");
        expect(all.map(({ name }) => name)).not.toContain("r-site-key");
    });
});

describe("the site certificate (R3)", () => {
    test.each([
        ["ECDSA-P256" as const, ["digital_signature", "server_auth"]],
        ["RSA-4096" as const, ["digital_signature", "key_encipherment", "server_auth"]],
    ])("of an %s key is for %j", async (keyAlgorithm, uses) => {
        const all = await own({ site: { keyAlgorithm } });
        expect(find(all, "r-site-cert").inputs.allowedUses).toEqual(uses);
        expect(find(all, "r-site-key").inputs).toEqual(await valueOf(pulumi.output(keyArgs(keyAlgorithm))));
    });

    test("by default is valid for 397 days, renewed 30 days before, no CA, and has a key identifier", async () => {
        const { inputs } = find(await own(), "r-site-cert");
        expect(inputs).toMatchObject({
            validityPeriodHours: 397 * 24,
            earlyRenewalHours: 30 * 24,
            setSubjectKeyId: true,
        });
        expect(inputs).not.toHaveProperty("isCaCertificate");
        expect(
            find(await own({ site: { validityDays: 90, earlyRenewalDays: 7 } }), "r-site-cert").inputs,
        ).toMatchObject({
            validityPeriodHours: 90 * 24,
            earlyRenewalHours: 7 * 24,
        });
    });

    test("is signed by the CA's key", async () => {
        const { inputs, secrets } = find(await own(), "r-site-cert");
        expect(inputs.caPrivateKeyPem).toContain("PRIVATE KEY");
        expect(secrets).toContain("caPrivateKeyPem");
    });

    test.each([
        ["docker.example.com", {}, ["docker.example.com", "localhost"], ["127.0.0.1"]],
        [
            "docker.example.com",
            { tls: { ownCa: { site: { localNames: false } } } },
            ["docker.example.com"],
            [],
        ],
        ["localhost", {}, ["localhost"], ["127.0.0.1"]],
        ["192.0.2.1", { tls: { ownCa: { site: { localNames: false } } } }, [], ["192.0.2.1"]],
        ["2001:db8::1", {}, ["localhost"], ["2001:db8::1", "127.0.0.1"]],
        [
            "a.b",
            { dnsNames: ["c.d", "a.b"], ipAddresses: ["192.0.2.1", "127.0.0.1"] },
            ["a.b", "c.d", "localhost"],
            ["192.0.2.1", "127.0.0.1"],
        ],
    ])(
        "for %s with %j has the names %j and addresses %j, each once",
        async (domain, args, dnsNames, ipAddresses) => {
            const { inputs } = find((await deploy({ domain, ...args })).all, "r-site-request");
            expect(inputs).toMatchObject({ dnsNames, ipAddresses, subject: { commonName: domain } });
        },
    );

    test("a domain of more than 64 characters is cut in the common name, not in the SAN", async () => {
        const domain = `${"a".repeat(60)}.example.com`;
        const { inputs } = find(await own({}, { domain }), "r-site-request");
        expect(inputs).toMatchObject({ subject: { commonName: domain.slice(0, 64) } });
        expect(inputs.dnsNames).toContain(domain);
    });
});
