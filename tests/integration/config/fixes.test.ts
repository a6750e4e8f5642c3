/** The printed commands mend what they are printed for: the real Pulumi CLI runs every one of them. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { stringify } from "yaml";

import { check } from "../../../config/check";
import { readStackFile, textKeys } from "../../../config/stack-file";
import { warnings } from "../../../config/warnings";

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

const FILE = join(folder, "Pulumi.s.yaml");
const file = () => readStackFile(PROJECT, readFileSync(FILE, "utf8"));
const texts = () => textKeys({}, file());
const write = (config: object) => {
    const namespaced = Object.fromEntries(Object.entries(config).map(([k, v]) => [`${PROJECT}:${k}`, v]));
    writeFileSync(FILE, stringify({ config: namespaced }));
};

/** Runs every fix; the configuration after them. @param known whether the file of the configuration is */
function mend(config: Readonly<Record<string, unknown>>, known = true): Record<string, string> {
    write(config);
    const found = mistakes(entries(config), known ? texts() : textKeys(entries(config), undefined));
    expect(found).not.toEqual([]);
    for (const { fix } of found) sh(fix);
    const after = readBack();
    expect(mistakes(after)).toEqual([]);
    return after;
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
        mend(config);
    },
    60_000,
);

const TEXT = { certificate: JSON.stringify(PAIR), tls: "files" };
test.each<[string, Record<string, unknown>]>([
    ["as one JSON text", TEXT],
    ["as one JSON text, into one", { certificate: TEXT.certificate, tls: '{"off":false}' }],
    ["as an object, into a JSON text", { certificate: PAIR, tls: '{"off":false}' }],
])(
    "a former section that was set %s moves with its key",
    (_name, config) => {
        const after = mend({
            ...MINIMAL,
            frontSettings: { cacheSeconds: 900 },
            front: '{"sitesFolder":"/srv"}',
            ...config,
        });
        expect(JSON.parse(after.tls ?? "")).toMatchObject({ files: PAIR });
        expect(JSON.parse(after.front ?? "")).toEqual({ sitesFolder: "/srv", cacheSeconds: 900 });
        expect(readFileSync(FILE, "utf8")).not.toContain(PAIR.key);
    },
    60_000,
);

// With `--config-file` no program knows how its values were set.
test.each(["object", "text"])(
    "where the file is not known, a section that is %s keeps what is right",
    (form) => {
        const as = (value: object) => (form === "text" ? JSON.stringify(value) : value);
        const health = as({ interval: "often", threshold: 2 });
        const users = as({ admin: { generate: true }, ci: { password: 1.5 } });
        const after = mend(
            { domain: "docker.example.com", health, users, dnsNames: as(["b c", "a.b"]) },
            false,
        );
        expect(JSON.parse(after.health ?? "")).toMatchObject({ threshold: 2 });
        expect(JSON.parse(after.users ?? "")).toMatchObject({ admin: { generate: true }, ci: {} });
        expect(JSON.parse(after.dnsNames ?? "")[1]).toBe("a.b");
    },
    60_000,
);

test("a section that was set as one JSON text keeps what is right in it", () => {
    const users = { admin: { password: "long enough a password" }, ci: { password: 1.5 } };
    const after = mend({
        domain: "docker.example.com",
        users: JSON.stringify(users),
        dnsNames: '["a.example.com", "b c"]',
        health: '{"interval": "often", "threshold": 2}',
        front: '{"off": true}',
        anonymousPull: "false",
        logFields: '{"a": {"b": "c"}, "it\'s": "right"}',
    });
    expect(JSON.parse(after.users ?? "")).toMatchObject({ admin: users.admin, ci: {} });
    expect(JSON.parse(after.dnsNames ?? "")[0]).toBe("a.example.com");
    expect(JSON.parse(after.health ?? "")).toMatchObject({ threshold: 2 });
    expect(JSON.parse(after.front ?? "")).toEqual({ off: true, anonymousPull: false });
    expect(JSON.parse(after.logFields ?? "")).toMatchObject({ "it's": "right" });
}, 60_000);

test("an encrypted section keeps what is right in it, encrypted", () => {
    write({ domain: "docker.example.com" });
    const users = '{"admin":{"password":"long enough a password"},"ci":{"role":"admin","generate":true}}';
    sh(`pulumi config set --secret users '${users}'`);
    const [mistake] = mistakes(readBack(), texts());
    sh(mistake?.fix ?? "");
    expect(mistakes(readBack(), texts())).toEqual([]);
    expect(JSON.parse(readBack().users ?? "")).toMatchObject({
        admin: { password: "long enough a password" },
    });
    expect(readFileSync(FILE, "utf8")).not.toContain("long enough");
}, 60_000);

test("a secret in a JSON text is encrypted with all that stands beside it", () => {
    write({ ...MINIMAL, users: '{"admin": {"password": "x"}, "ci": {"generate": true}}' });
    const config = check(PROJECT, readBack(), texts());
    const told = warnings(config, {
        project: PROJECT,
        file: file(),
        texts: texts(),
    });
    const commands = told.flatMap((one) =>
        [...one.matchAll(/`(pulumi config [^`]*)`/g)].map(([, line]) => line ?? ""),
    );
    expect(commands).toHaveLength(2);
    for (const line of commands) sh(line);
    expect(JSON.parse(readBack().users ?? "")).toEqual({ admin: { generate: true }, ci: { generate: true } });
    expect(readFileSync(FILE, "utf8")).toMatch(/users:\s+secure:/);
}, 60_000);

test("an object that `true` stands for is one before something is set in it", () => {
    const after = mend({
        ...MINIMAL,
        storage: { s3: true },
        cache: { valkey: true },
        redis: { memoryMb: 32 },
        tls: { ownCa: true },
        site: { validityDays: 90 },
        ca: { keyAlgorithm: "RSA-4096" },
    });
    expect(JSON.parse(after.tls ?? "")).toEqual({
        ownCa: { site: { validityDays: 90 }, keyAlgorithm: "RSA-4096" },
    });
}, 60_000);

test("what is off stays off when something else moves to it", () => {
    expect(
        JSON.parse(mend({ ...MINIMAL, front: "false", anonymousPull: "false" }).front ?? ""),
    ).toMatchObject({
        off: true,
    });
}, 60_000);

test("what was set at the new place stays", () => {
    const after = mend({
        ...MINIMAL,
        cache: { valkey: { memoryMb: 99 } },
        redis: { memoryMb: 32, image: "redis:7" },
        storage: { path: "/old", folder: "/new" },
    });
    expect(JSON.parse(after.cache ?? "")).toEqual({ valkey: { memoryMb: 99, image: "redis:7" } });
    expect(JSON.parse(after.storage ?? "")).toEqual({ folder: "/new" });
}, 60_000);
