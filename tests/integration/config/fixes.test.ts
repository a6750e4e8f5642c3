/** The printed commands mend what they are printed for: the real Pulumi CLI runs every one of them. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { stringify } from "yaml";

import { entries, MINIMAL, mistakes, PROJECT } from "../../unit/config/base";

const folder = mkdtempSync(join(tmpdir(), "private-registry-fixes-"));
const PAIR = { cert: join(folder, "site.crt"), key: join(folder, "site.key") };
execFileSync(
    "openssl",
    [
        ...["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "30"],
        ...["-keyout", PAIR.key, "-out", PAIR.cert, "-subj", "/CN=site"],
        ...[
            "-addext",
            "subjectAltName=DNS:docker.example.com",
            "-addext",
            "basicConstraints=critical,CA:FALSE",
        ],
    ],
    { stdio: "pipe" },
);
const env = {
    ...process.env,
    PULUMI_HOME: join(folder, "home"),
    PULUMI_BACKEND_URL: `file://${folder}`,
    PULUMI_CONFIG_PASSPHRASE: "x",
    PULUMI_SKIP_UPDATE_CHECK: "true",
    PULUMI_STACK: "s",
};
const sh = (line: string) =>
    execFileSync("sh", ["-ec", line], { cwd: folder, env, encoding: "utf8", stdio: "pipe" });

beforeAll(() => {
    writeFileSync(join(folder, "Pulumi.yaml"), stringify({ name: PROJECT, runtime: "nodejs" }));
    sh("pulumi stack init s");
}, 60_000);
afterAll(() => rmSync(folder, { recursive: true }));

/** The stack's configuration as a program sees it. */
function readBack(): Record<string, string> {
    const all = JSON.parse(sh("pulumi config --json --show-secrets")) as Record<string, { value: string }>;
    return Object.fromEntries(
        Object.entries(all).map(([key, { value }]) => [key.slice(PROJECT.length + 1), value]),
    );
}

test.each([
    [
        "values of every kind",
        {
            domain: "https://a.b",
            dnsNames: "text",
            ipAddresses: ["192.0.2.1", "300.1.1.1"],
            port: "70000",
            tls: {
                ownCa: {
                    subject: { commonName: "", organization: 5, country: "china" },
                    keyAlgorithm: "DSA",
                    site: { localNames: "perhaps" },
                },
            },
            users: { admin: { generate: true }, "o'brien": { password: 1.5 }, 'a"b': { generate: "yes" } },
            logFields: { a: { b: "c" } },
            headers: { "X-A": "text", "X-B": [null] },
            health: { interval: "often", "x y": 1 },
            colour: "red",
            memoryMb: "1",
        },
    ],
    [
        "text where an object is wanted, and names that are nearly right",
        {
            ...MINIMAL,
            health: "10s",
            headers: "nosniff",
            keepData: "ja",
            bcryptCost: "abc",
            accesslog: "true",
            prot: "8443",
            mirors: { hub: { upstream: "https://quay.io" } },
            users: { admin: { generate: true }, ci: { pasword: "secret", generate: true } },
            headerz: { "X-A": ["b"] },
            tls: { ownCa: { subject: { organisation: "Example" } } },
            dnsNames: ["bücher.example"],
        },
    ],
    ["the name of Docker Hub", { ...MINIMAL, mirrors: { hub: { upstream: "docker.io", port: 5005 } } }],
    [
        "names of Docker Hub and of this machine",
        {
            ...MINIMAL,
            mirrors: {
                hub: { upstream: "index.docker.io", port: 5005 },
                own: { upstream: "localhost:5000", port: 5006 },
                other: { upstream: "ftp://docker.io", port: 5007 },
            },
        },
    ],
    ["addresses of no one machine, and international names", { users: MINIMAL.users, domain: "0.0.0.0" }],
    ["every address of IPv6", { users: MINIMAL.users, domain: "::" }],
    ["an international name", { users: MINIMAL.users, domain: "bücher.example" }],
    ["no domain", { users: MINIMAL.users }],
    [
        "rules of several keys",
        {
            ...MINIMAL,
            users: {
                "#": { generate: true },
                "a:b": { generate: true },
                none: {},
                long: { password: "x".repeat(73) },
                both: { password: "x", bcryptHash: "x" },
                hash: { bcryptHash: "x" },
            },
            storage: { volume: "data", folder: "/data" },
            externalUrl: "http://a.b",
            tls: { ownCa: { site: { validityDays: 20 } } },
            image: "registry:2",
            registryConfig: { version: 1, storage: { s3: {} }, http: { tls: { key: "x" }, debug: "x" } },
        },
    ],
    [
        "the storage",
        {
            ...MINIMAL,
            storage: {
                s3: { accessKey: "k", keyId: "k", skipVerify: true },
                gcs: { bucket: "abc" },
            },
        },
    ],
    [
        "two places for the images",
        { ...MINIMAL, storage: { folder: "/data", volume: "data", s3: { accessKey: "k" } } },
    ],
    [
        "two kinds of tls",
        { ...MINIMAL, tls: { off: true, ownCa: { validityDays: 5 }, files: { cert: "-----BEGIN x" } } },
    ],
    [
        "values of mirrors",
        {
            ...MINIMAL,
            mirrors: {
                hub: { upstream: "https://quay.io", port: 5005, ttl: "7d", memoryMb: 1, users: {} },
                empty: { port: 5006 },
            },
        },
    ],
    [
        "a storage driver of registry 2",
        { ...MINIMAL, storage: { driver: "swift", s3: { bucket: "abc", region: "a" } } },
    ],
    [
        "rules of mirrors",
        {
            ...MINIMAL,
            mirrors: {
                self: { upstream: "https://docker.example.com", port: 5001 },
                path: { upstream: "https://quay.io/team", port: 5001 },
                half: { upstream: "http://quay.io", port: 443, username: "robot", ca: "./none" },
                other: { upstream: "https://quay.io", port: 5001, password: "x" },
                "no.name": { upstream: "https://quay.io", port: 5003 },
                both: { upstream: "https://quay.io", port: 5004, volume: "cache", folder: "/cache" },
            },
        },
    ],
    ["the CA's validity", { ...MINIMAL, tls: { ownCa: { validityDays: 100 } } }],
    [
        "lists and objects where the other is wanted",
        { ...MINIMAL, dnsNames: { a: "b" }, health: ["10s"], users: ["admin"], proxy: { none: "a.b" } },
    ],
    ["a switch that is none", { ...MINIMAL, tls: "on", front: "perhaps", cache: { valkey: "perhaps" } }],
    ["a number with a point", { ...MINIMAL, mirrors: { hub: { upstream: "https://quay.io", cpus: "two" } } }],
    [
        "a configuration of version 0.1",
        {
            ...MINIMAL,
            tls: "own-ca",
            ca: { subject: { country: "CN" }, keyAlgorithm: "RSA-4096" },
            site: { validityDays: 90 },
            localNames: "false",
            front: "nginx",
            frontSettings: { redirectHttp: true, sitesFolder: "/srv/www", cacheSeconds: 900 },
            sites: { "docs.example.com": { folder: "docs" } },
            anonymousPull: "true",
            cache: "redis",
            redis: { memoryMb: 32 },
            storage: { driver: "s3", s3: { bucket: "abc", region: "a" } },
            mirrors: { hub: { upstream: "https://quay.io", port: 5443, path: "/hub" } },
            nexus: { enabled: true, acceptEula: true },
            proxy: { fromEnvironment: true, https: "http://a:1" },
        },
    ],
    [
        "another configuration of version 0.1, with a certificate of its own and its key",
        {
            ...MINIMAL,
            tls: "files",
            certificate: PAIR,
            front: "none",
            storage: { driver: "filesystem", path: "/data" },
            nexus: { enabled: false },
        },
    ],
    ["no users", { domain: "a.b" }],
    ["users with authentication off", { ...MINIMAL, auth: "false" }],
])(
    "%s",
    (_name, config) => {
        const namespaced = Object.fromEntries(Object.entries(config).map(([k, v]) => [`${PROJECT}:${k}`, v]));
        writeFileSync(join(folder, "Pulumi.s.yaml"), stringify({ config: namespaced }));
        const found = mistakes(entries(config));
        expect(found).not.toEqual([]);
        for (const { fix } of found) sh(fix);
        expect(mistakes(readBack())).toEqual([]);
    },
    60_000,
);
