/** Certificates that the user brings, made by openssl as users make them. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { accepted, mistakeIn, refused } from "./base";

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
}, 60_000);

afterAll(() => rmSync(folder, { recursive: true }));

/** `certificate` of `tls: files`, of files in the folder. */
const files = (names: { cert?: string; key?: string; chain?: string }) => ({
    tls: "files",
    certificate: Object.fromEntries(Object.entries(names).map(([key, name]) => [key, file(name)])),
});
const ca = (names: { cert?: string; key?: string }) => ({ ca: files(names).certificate });

test.each([
    ["with its chain", { cert: "site.crt", key: "site.key", chain: "ca.crt" }, "docker.example.com"],
    ["without its chain", { cert: "site.crt", key: "site.key" }, "docker.example.com"],
    ["chain and certificate in one file", { cert: "full.crt", key: "site.key" }, "docker.example.com"],
    ["for an IP address", { cert: "site.crt", key: "site.key" }, "192.0.2.1"],
    ["for a wildcard", { cert: "site.crt", key: "site.key" }, "a.wild.example.com"],
])("a certificate is taken %s", (_name, names, domain) => {
    expect(accepted({ ...files(names), domain }).certificate).toEqual(files(names).certificate);
});

test("PEM text is taken as well as files", () => {
    const read = (name: string) => readFileSync(file(name), "utf8");
    const certificate = { cert: read("site.crt"), key: read("site.key"), chain: read("ca.crt") };
    expect(accepted({ tls: "files", certificate }).certificate).toEqual(certificate);
    expect(accepted({ ca: { cert: read("ca.crt"), key: read("ca.key") } }).ca.cert).toBe(read("ca.crt"));
});

test.each([
    ["another key", { cert: "site.crt", key: "other.key" }, "its key does not belong to the certificate"],
    ["an encrypted key", { cert: "site.crt", key: "encrypted.key" }, "no unencrypted PEM private key"],
    ["a certificate for a key", { cert: "site.crt", key: "site.crt" }, "no unencrypted PEM private key"],
    ["text for a certificate", { cert: "text", key: "site.key" }, "it holds no PEM certificate"],
    ["an ended certificate", { cert: "expired.crt", key: "site.key" }, "it ended on"],
    ["a foreign chain", { cert: "site.crt", key: "site.key", chain: "other.crt" }, "its chain is broken"],
    [
        "a chain that is none",
        { cert: "site.crt", key: "site.key", chain: "text" },
        "chain holds no PEM certificate",
    ],
    // Go's TLS clients, Docker among them, read the SAN alone.
    ["no SAN", { cert: "no-san.crt", key: "site.key" }, "it is not valid for docker.example.com (no SAN)"],
])("refused: %s", (_name, names, problem) => {
    const found = mistakeIn(files(names));
    expect(found.path).toBe("certificate.cert");
    expect(found.problem).toContain(`cannot be used: `);
    expect(found.problem).toContain(problem);
    expect(found.fix).toBe("pulumi config set --path certificate.cert ./site.crt");
});

test("refused: a certificate for another name, with the names that it has", () => {
    const { problem } = mistakeIn({
        ...files({ cert: "site.crt", key: "site.key" }),
        domain: "other.example.com",
    });
    expect(problem).toContain("it is not valid for other.example.com (DNS:docker.example.com, ");
});

test.each([
    ["no key", { cert: "site.crt" }, "certificate.key"],
    ["no certificate", { key: "site.key" }, "certificate.cert"],
])("refused: tls: files with %s", (_name, names, path) => {
    expect(mistakeIn(files(names))).toMatchObject({ path, problem: "is not set; tls: files needs it" });
});

test("refused: tls: files with nothing", () => {
    expect(refused({ tls: "files" }).mistakes.map(({ fix }) => fix)).toEqual([
        "pulumi config set --path certificate.cert ./site.crt",
        "pulumi config set --secret --path certificate.key ./site.key",
    ]);
});

test("refused: a file that is not there", () => {
    const found = mistakeIn(files({ cert: "none.crt", key: "site.key" }));
    expect(found.path).toBe("certificate.cert");
    expect(found.problem).toContain("names a file that cannot be read");
    expect(found.problem).toContain("ENOENT");
    expect(found.fix).toMatch(/^pulumi config set --path certificate\.cert /);
});

test("refused: a certificate that the mode does not use", () => {
    const { certificate } = files({ cert: "site.crt", key: "site.key" });
    expect(mistakeIn({ certificate })).toMatchObject({
        path: "certificate",
        fix: "pulumi config set tls files",
    });
});

describe("a CA of the user's own", () => {
    test("is taken with its key", () => {
        expect(accepted(ca({ cert: "ca.crt", key: "ca.key" })).ca.key).toBe(file("ca.key"));
    });

    test.each([
        [
            "the key of another",
            { cert: "ca.crt", key: "other.key" },
            "its key does not belong to the certificate",
        ],
        ["no CA certificate", { cert: "site.crt", key: "site.key" }, "CA:TRUE is missing"],
        ["text", { cert: "text", key: "ca.key" }, "it holds no PEM certificate"],
    ])("is refused: %s", (_name, names, problem) => {
        const found = mistakeIn(ca(names));
        expect(found.path).toBe("ca.cert");
        expect(found.problem).toContain(problem);
        expect(found.fix).toBe("pulumi config set --path ca.cert ./ca.crt");
    });

    test.each([
        [{ cert: "ca.crt" }, "ca.key", "pulumi config set --secret --path ca.key ./ca.key"],
        [{ key: "ca.key" }, "ca.cert", "pulumi config set --path ca.cert ./ca.crt"],
    ])("is refused by half: %j", (names, path, fix) => {
        expect(mistakeIn(ca(names))).toMatchObject({ path, fix });
    });

    test("is refused where the mode does not use it", () => {
        expect(mistakeIn({ ...ca({ cert: "ca.crt", key: "ca.key" }), tls: "off" })).toMatchObject({
            path: "ca",
            fix: "pulumi config set tls own-ca",
        });
    });
});
