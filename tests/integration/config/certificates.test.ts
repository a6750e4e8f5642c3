/** Certificates that the user brings, made by openssl as users make them. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import * as pulumi from "@pulumi/pulumi";

import { CertificateAuthority, type CertificateAuthorityArgs } from "../../../components";
import { argumentsOf } from "../../../config/arguments";
import { record, valueOf } from "../../unit/components/mocks";

import { accepted, mistakeIn, refused } from "../../unit/config/base";

const folder = mkdtempSync(join(tmpdir(), "private-registry-certs-"));
const file = (name: string) => join(folder, name);
const openssl = (...args: string[]) => execFileSync("openssl", args, { cwd: folder, stdio: "pipe" });

beforeAll(() => {
    const ec = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"];
    for (const name of ["ca", "other"]) {
        openssl(
            "req",
            "-x509",
            "-days",
            "3650",
            ...ec,
            "-keyout",
            `${name}.key`,
            "-out",
            `${name}.crt`,
            "-subj",
            `/CN=${name}`,
        );
    }
    openssl("req", ...ec, "-keyout", "site.key", "-out", "site.csr", "-subj", "/CN=docker.example.com");
    writeFileSync(file("san"), "subjectAltName=DNS:docker.example.com,DNS:*.wild.example.com,IP:192.0.2.1\n");
    const sign = (out: string, ...extra: string[]) =>
        openssl(
            "x509",
            "-req",
            "-in",
            "site.csr",
            "-CA",
            "ca.crt",
            "-CAkey",
            "ca.key",
            "-out",
            out,
            ...extra,
        );
    sign("site.crt", "-days", "30", "-extfile", "san");
    sign("expired.crt", "-days", "0", "-extfile", "san");
    sign("no-san.crt", "-days", "30");
    openssl("ec", "-in", "site.key", "-aes256", "-passout", "pass:x", "-out", "encrypted.key");
    writeFileSync(
        file("full.crt"),
        readFileSync(file("site.crt"), "utf8") + readFileSync(file("ca.crt"), "utf8"),
    );
    writeFileSync(file("text"), "not a certificate\n");
    writeFileSync(file("large"), Buffer.alloc(2 << 20));
    execFileSync("mkfifo", [file("pipe")]);
    openssl(
        ...["req", "-x509", "-days", "3650", ...ec, "-subj", "/CN=constrained", "-config", "/dev/null"],
        ...["-addext", "basicConstraints=critical,CA:TRUE"],
        ...[
            "-addext",
            "nameConstraints=critical,permitted;DNS:.corp.example,permitted;IP:10.0.0.0/255.0.0.0",
        ],
        ...["-keyout", "constrained.key", "-out", "constrained.crt"],
    );
    openssl("ec", "-in", "ca.key", "-out", "sec1.key");
    openssl("ecparam", "-name", "prime256v1", "-out", "parameters");
    writeFileSync(
        file("parameters.key"),
        readFileSync(file("parameters"), "utf8") + readFileSync(file("sec1.key"), "utf8"),
    );
}, 60_000);

afterAll(() => rmSync(folder, { recursive: true }));

interface Names {
    cert?: string;
    key?: string;
    chain?: string;
}
const inFolder = (names: Names): Record<string, string> =>
    Object.fromEntries(Object.entries(names).map(([key, name]: [string, string]) => [key, file(name)]));
const read = (name: string) => readFileSync(file(name), "utf8");
/** What a configuration has of files. */
const texts = (names: Names) =>
    Object.fromEntries(Object.entries(names).map(([key, name]: [string, string]) => [key, read(name)]));

/** `tls.files`, of files in the folder. */
const files = (names: Names) => ({ tls: { files: inFolder(names) } });
const ca = (names: Names, more: object = {}) => ({ tls: { ownCa: { ...inFolder(names), ...more } } });

test.each([
    ["with its chain", { cert: "site.crt", key: "site.key", chain: "ca.crt" }, "docker.example.com"],
    ["without its chain", { cert: "site.crt", key: "site.key" }, "docker.example.com"],
    ["chain and certificate in one file", { cert: "full.crt", key: "site.key" }, "docker.example.com"],
    ["for an IP address", { cert: "site.crt", key: "site.key" }, "192.0.2.1"],
    ["for a wildcard", { cert: "site.crt", key: "site.key" }, "a.wild.example.com"],
])("a certificate is taken %s", (_name, names, domain) => {
    expect(accepted({ ...files(names), domain }).tls.files).toEqual(texts(names));
});

test("PEM text is taken as well as files", () => {
    const certificate = { cert: read("site.crt"), key: read("site.key"), chain: read("ca.crt") };
    expect(accepted({ tls: { files: certificate } }).tls.files).toEqual(certificate);
    const own = { cert: read("ca.crt"), key: read("ca.key") };
    expect(accepted({ tls: { ownCa: own } }).tls.ownCa).toMatchObject(own);
});

test.each([
    ["another key", { cert: "site.crt", key: "other.key" }, "key", "does not belong to the certificate"],
    [
        "an encrypted key",
        { cert: "site.crt", key: "encrypted.key" },
        "key",
        "is a private key with a passphrase",
    ],
    ["a certificate for a key", { cert: "site.crt", key: "site.crt" }, "key", "is a certificate"],
    ["text for a certificate", { cert: "text", key: "site.key" }, "cert", "holds neither PEM nor DER"],
    ["an ended certificate", { cert: "expired.crt", key: "site.key" }, "cert", "ended on"],
    [
        "a foreign chain",
        { cert: "site.crt", key: "site.key", chain: "other.crt" },
        "chain",
        "does not hold the issuer",
    ],
    [
        "a chain that is none",
        { cert: "site.crt", key: "site.key", chain: "text" },
        "chain",
        "holds neither PEM",
    ],
    // Go's TLS clients, Docker among them, read the SAN alone.
    [
        "no SAN",
        { cert: "no-san.crt", key: "site.key" },
        "cert",
        "is not valid for docker.example.com (no SAN)",
    ],
] as const)("refused: %s", (_name, names, part, problem) => {
    const found = mistakeIn(files(names));
    const wrong = (names as Record<string, string>)[part] ?? "";
    expect(found.path).toBe(`tls.files.${part}`);
    // The file that is wrong, by the name that the user gave it.
    expect(found.problem).toContain(`cannot be used: ${file(wrong)} `);
    expect(found.problem).toContain(problem);
    const example = { cert: "./site.crt", key: "./site.key", chain: "./chain.crt" }[part];
    const secret = part === "key" ? "--secret " : "";
    expect(found.fix).toBe(`pulumi config set ${secret}--path tls.files.${part} ${example}`);
});

test("a sentence with a command names the user's own file in it", () => {
    const { problem } = mistakeIn(files({ cert: "site.crt", key: "encrypted.key" }));
    expect(problem).toContain(`openssl pkey -in '${file("encrypted.key")}' -out site.key`);
});

test.each([
    ["a folder", () => folder, "it is a folder"],
    ["a named pipe, without waiting on it", () => file("pipe"), "it is no plain file"],
    ["a file of 2 MB", () => file("large"), "more than any certificate"],
])("refused: %s for a certificate", (_name, path, why) => {
    const certificate = { cert: path(), key: file("site.key") };
    expect(mistakeIn({ tls: { files: certificate } })).toMatchObject({
        path: "tls.files.cert",
        problem: expect.stringContaining(why) as string,
    });
});

test("a key that is neither PEM nor a path is not repeated", () => {
    const body = readFileSync(file("site.key"), "utf8").split("\n").slice(1, -2).join("");
    for (const key of [body.slice(0, 100), `${body}${"!".repeat(300)}`, `${body}${"!".repeat(5000)}`]) {
        const { problem } = mistakeIn({ tls: { files: { cert: file("site.crt"), key } } });
        expect(problem).not.toContain(body.slice(0, 20));
    }
});

test("refused: a certificate for another name, with the names that it has", () => {
    const { problem } = mistakeIn({
        ...files({ cert: "site.crt", key: "site.key" }),
        domain: "other.example.com",
    });
    expect(problem).toContain("is not valid for other.example.com (DNS:docker.example.com, ");
});

test.each([
    ["no key", { cert: "site.crt" }, "tls.files.key"],
    ["no certificate", { key: "site.key" }, "tls.files.cert"],
])("refused: tls.files with %s", (_name, names, path) => {
    expect(mistakeIn(files(names))).toMatchObject({ path, problem: "is not set; tls.files needs it" });
});

test("refused: tls.files with nothing", () => {
    expect(refused({ tls: { files: {} } }).mistakes.map(({ fix }) => fix)).toEqual([
        "pulumi config set --path tls.files.cert ./site.crt",
        "pulumi config set --secret --path tls.files.key ./site.key",
    ]);
});

test("refused: a file that is not there", () => {
    const found = mistakeIn(files({ cert: "none.crt", key: "site.key" }));
    expect(found.path).toBe("tls.files.cert");
    expect(found.problem).toContain("names a file that cannot be read");
    expect(found.problem).toContain("ENOENT");
    expect(found.fix).toMatch(/^pulumi config set --path tls\.files\.cert /);
});

test("refused: a certificate beside tls.off, which does not use it", () => {
    const { tls } = files({ cert: "site.crt", key: "site.key" });
    expect(mistakeIn({ tls: { ...tls, off: true } })).toMatchObject({
        path: "tls.files",
        fix: "pulumi config rm --path tls.files",
    });
});

describe("a CA of the user's own", () => {
    test("is taken with its key", () => {
        expect(accepted(ca({ cert: "ca.crt", key: "ca.key" })).tls.ownCa?.key).toBe(read("ca.key"));
    });

    test.each([
        [
            "the key of another",
            { cert: "ca.crt", key: "other.key" },
            "key",
            "does not belong to the certificate",
        ],
        ["no CA certificate", { cert: "site.crt", key: "site.key" }, "cert", "CA:TRUE is missing"],
        ["text", { cert: "text", key: "ca.key" }, "cert", "holds neither PEM nor DER"],
    ])("is refused: %s", (_name, names, part, problem) => {
        const found = mistakeIn(ca(names));
        expect(found.path).toBe(`tls.ownCa.${part}`);
        expect(found.problem).toContain(problem);
        expect(found.fix).toBe(
            part === "key"
                ? "pulumi config set --secret --path tls.ownCa.key ./ca.key"
                : "pulumi config set --path tls.ownCa.cert ./ca.crt",
        );
    });

    describe("with name constraints", () => {
        const constrained = ({ localNames = true, ...settings }: Record<string, unknown>) => ({
            ...ca({ cert: "constrained.crt", key: "constrained.key" }, { site: { localNames } }),
            domain: "registry.corp.example",
            ...settings,
        });

        test("signs for the names that they allow", () => {
            const dnsNames = ["other.corp.example"];
            expect(accepted(constrained({ localNames: false, dnsNames })).dnsNames).toEqual(dnsNames);
        });

        test("is refused for localhost, which the kit adds by itself, with the switch that leaves it out", () => {
            expect(mistakeIn(constrained({}))).toEqual({
                path: "tls.ownCa.site.localNames",
                problem:
                    "has the name localhost signed by the CA in tls.ownCa.cert, which may sign only for .corp.example (name constraints): no client would connect",
                fix: "pulumi config set --path tls.ownCa.site.localNames false",
            });
        });

        test.each([
            [{ domain: "docker.example.com" }, "domain", "pulumi config set domain registry.corp.example"],
            [
                { dnsNames: ["a.corp.example", "b.example"] },
                "dnsNames[1]",
                "pulumi config rm --path 'dnsNames[1]'",
            ],
            [{ ipAddresses: ["192.0.2.1"] }, "ipAddresses[0]", "pulumi config rm --path 'ipAddresses[0]'"],
            [
                { front: { sites: { "www.example.com": { upstream: "http://192.0.2.10" } } } },
                'front.sites["www.example.com"]',
                `pulumi config rm --path 'front.sites["www.example.com"]'`,
            ],
            [
                {
                    mirrors: { hub: { upstream: "https://registry-1.docker.io", domain: "hub.example.com" } },
                },
                "mirrors.hub.domain",
                "pulumi config set --path mirrors.hub.domain hub.registry.corp.example",
            ],
        ])("is refused for %j", (settings, path, fix) => {
            expect(mistakeIn(constrained({ localNames: false, ...settings }))).toMatchObject({ path, fix });
        });
    });

    test("a key behind EC PARAMETERS is handed on without them: a tls provider reads the first PEM block alone", async () => {
        const { tls } = argumentsOf(accepted(ca({ cert: "ca.crt", key: "parameters.key" })), {});
        expect(read("parameters.key")).toContain("BEGIN EC PARAMETERS");
        const { cert, key } = (tls as { ownCa: CertificateAuthorityArgs }).ownCa;
        const { result } = await record(
            () => new CertificateAuthority("ca", { cert, key }),
            () => ({}),
        );
        expect(await valueOf(result.privateKeyPem)).toMatch(
            /^-----BEGIN EC PRIVATE KEY-----\n[^-]+-----END EC PRIVATE KEY-----\n$/,
        );
        expect(await pulumi.isSecret(result.privateKeyPem)).toBe(true);
    });

    test.each([
        [{ cert: "ca.crt" }, "tls.ownCa.key", "pulumi config set --secret --path tls.ownCa.key ./ca.key"],
        [{ key: "ca.key" }, "tls.ownCa.cert", "pulumi config set --path tls.ownCa.cert ./ca.crt"],
    ])("is refused by half: %j", (names, path, fix) => {
        expect(mistakeIn(ca(names))).toMatchObject({ path, fix });
    });

    test("is refused where it is not used", () => {
        const { tls } = ca({ cert: "ca.crt", key: "ca.key" });
        expect(mistakeIn({ tls: { ...tls, off: true } })).toMatchObject({
            path: "tls.ownCa",
            fix: "pulumi config rm --path tls.ownCa",
        });
    });
});
