/** The rules for mirrors, and what the components are given for them. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import * as pulumi from "@pulumi/pulumi";

import { trusted } from "../../../components/tls/inspect";
import { argumentsOf } from "../../../config/arguments";

import { issue } from "../components/certs";

import { accepted, mistakeIn, refused } from "./base";
import { HUB, QUAY } from "./mirrors-values";

const hub = (over: Record<string, unknown>) => ({ mirrors: { hub: { ...HUB, ...over } } });
const PEM = "-----BEGIN CERTIFICATE-----\nx\n-----END CERTIFICATE-----\n";

describe("an upstream", () => {
    const DOCKER_HUB = "https://registry-1.docker.io";
    test.each([
        ["quay.io", "is not a URL", "https://quay.io"],
        ["quay.io:443", "must begin with http:// or https://", DOCKER_HUB],
        ["two words", "is not a URL", DOCKER_HUB],
        ["ftp://quay.io", "must begin with http:// or https://", "https://quay.io"],
        ["https://quay.io/team", "has more than a host and a port", "https://quay.io"],
        ["https://quay.io/v2/", "has more than a host and a port", "https://quay.io"],
        ["http://quay.io:81?x=1", "has more than a host and a port", "http://quay.io:81"],
        ["https://me:hunter2@quay.io/a", "has a login in it", "https://quay.io"],
        ["https://docker.io", "is not Docker Hub's registry", DOCKER_HUB],
        ["https://hub.docker.com/v2", "is not Docker Hub's registry", DOCKER_HUB],
        ["http://localhost:5000", "is the mirror's own container", "http://192.0.2.10:5000"],
        ["https://127.0.0.1", "is the mirror's own container", "https://192.0.2.10"],
        ["http://[::1]:5000", "is the mirror's own container", "http://192.0.2.10:5000"],
    ])("%s is refused", (upstream, problem, instead) => {
        const found = mistakeIn(hub({ upstream }));
        expect(found.path).toBe("mirrors.hub.upstream");
        expect(found.problem).toContain(problem);
        expect(found.problem).not.toContain("hunter2");
        expect(found.fix).toBe(`pulumi config set --path mirrors.hub.upstream ${instead}`);
        // One round is enough.
        expect(accepted(hub({ upstream: instead })).mirrors.hub?.upstream).toBe(instead);
    });

    test.each([
        ["https://docker.example.com", {}, "the registry"],
        ["https://DOCKER.example.com:443", {}, "the registry"],
        ["http://docker.example.com:5000", { tls: false }, "the registry"],
        ["https://docker.example.com:8443", { port: 8443 }, "the registry"],
        ["https://images.example.com", { dnsNames: ["images.example.com"] }, "the registry"],
        ["https://192.0.2.7", { ipAddresses: ["192.0.2.7"] }, "the registry"],
        ["https://docker.example.com:5443", {}, "the mirror hub"],
    ])("%s with %j is this stack's own", (upstream, over, what) => {
        const { path, problem, fix } = mistakeIn({ ...over, ...hub({ upstream }) });
        expect(path).toBe("mirrors.hub.upstream");
        expect(problem).toContain(`which is ${what} of this stack itself`);
        expect(fix).toBe("pulumi config rm --path mirrors.hub");
    });

    test.each(["https://docker.example.com:5001", "https://registry.k8s.io/", "https://[2001:db8::1]:5000"])(
        "%s is taken",
        (upstream) => expect(accepted(hub({ upstream })).mirrors.hub?.upstream).toBe(upstream),
    );
});

describe("a login", () => {
    test.each([
        [{ username: "robot" }, "password", "--secret --path mirrors.hub.password 'the password'"],
        [{ password: "x" }, "username", "--path mirrors.hub.username robot"],
    ])("of %j alone is refused", (over, missing, fix) => {
        const found = mistakeIn(hub(over));
        expect(found).toMatchObject({
            path: `mirrors.hub.${missing}`,
            fix: `pulumi config set ${fix}`,
            problem: expect.stringContaining("is not set, and mirrors.hub.") as string,
        });
    });

    test.each([
        ["one half", { password: "hunter2" }],
        ["the wrong kind", { username: "robot", password: ["hunter2"] }],
    ])("is never shown: %s", (_name, over) => {
        expect(refused(hub(over)).message).not.toContain("hunter2");
    });
});

const SET = "pulumi config set --path mirrors.hub.ca ./upstream-ca.crt";
const REMOVE = "pulumi config rm --path mirrors.hub.ca";

describe("a CA", () => {
    let folder: string;
    let authority: string;
    beforeAll(async () => {
        authority = (await issue("Authority", { ca: true })).pem;
        folder = mkdtempSync(join(tmpdir(), "private-registry-mirrors-"));
        writeFileSync(join(folder, "ca.crt"), authority.replaceAll("\n", "\r\n"));
        writeFileSync(join(folder, "empty.crt"), "");
    });
    afterAll(() => rmSync(folder, { recursive: true }));

    test.each([
        ["for plain HTTP", { upstream: "http://quay.io", ca: PEM }, "is plain HTTP", REMOVE],
        ["in a file that is not there", { ca: "./no-such-file" }, "cannot be read", SET],
        ["that is none", { ca: PEM }, "is damaged", SET],
    ])("%s is refused", (_name, over, problem, fix) => {
        const found = mistakeIn(hub(over));
        expect(found).toMatchObject({
            path: "mirrors.hub.ca",
            fix,
        });
        expect(found.problem).toContain(problem);
    });

    test("in a file without PEM is refused, and one with it is read", () => {
        expect(mistakeIn(hub({ ca: join(folder, "empty.crt") })).problem).toContain("empty.crt is empty");
        const { mirrors } = argumentsOf(accepted(hub({ ca: join(folder, "ca.crt") })), {});
        expect(trusted(mirrors?.hub?.ca as string)).toBe(authority);
    });
});

describe("without a port", () => {
    const upstream = HUB.upstream;
    const bare = (more = {}) => ({ mirrors: { hub: { upstream, ...more } } });

    test("a mirror needs a front", () => {
        expect(mistakeIn({ ...bare(), front: false })).toMatchObject({
            path: "mirrors.hub.port",
            problem: "is not set; without the front nothing else publishes the mirror",
            fix: "pulumi config set --path mirrors.hub.port 5443",
        });
        expect(accepted({ ...bare(), front: true }).mirrors.hub?.port).toBeUndefined();
    });

    const front = { front: true, domain: "a.b" };

    test.each([
        [bare(), { front: { sites: { "hub.a.b": { upstream: "http://192.0.2.1" } } } }, "hub.a.b", "a site"],
        [bare({ domain: "a.b" }), {}, "a.b", "the registry"],
        [bare({ domain: "C.d" }), { dnsNames: ["c.d"] }, "c.d", "the registry"],
        [bare({ domain: "localhost" }), {}, "localhost", "the registry"],
        [{ mirrors: { HUB: { upstream }, hub: { upstream } } }, {}, "hub.a.b", "the mirror HUB"],
    ])("a name that the front serves already is refused: %j with %j", (mirrors, more, name, what) => {
        const wrong = { ...front, ...mirrors, ...more };
        expect(mistakeIn(wrong)).toMatchObject({
            path: "mirrors.hub.domain",
            problem: `gives the mirror hub the name ${name}, which at the front is the name of ${what}`,
            fix: `pulumi config set --path mirrors.hub.domain mirror-${name}`,
        });
    });

    test("a name of its own that is free is taken", () => {
        const local = {
            ...front,
            ...bare({ domain: "localhost" }),
            tls: { ownCa: { site: { localNames: false } } },
        };
        expect(accepted(local).mirrors.hub?.domain).toBe("localhost");
    });

    test("below an IP address there is no name", () => {
        expect(mistakeIn({ ...front, domain: "192.0.2.7", ...bare() })).toMatchObject({
            path: "mirrors.hub.domain",
            problem: expect.stringContaining("cannot be made of the domain 192.0.2.7") as string,
            fix: "pulumi config set --path mirrors.hub.domain mirror.example.com",
        });
        accepted({ ...front, domain: "192.0.2.7", ...bare({ domain: "m.a.b" }) });
    });

    test("an address of its own means nothing", () => {
        expect(mistakeIn({ ...front, ...bare({ bindAddress: "127.0.0.1" }) })).toMatchObject({
            path: "mirrors.hub.bindAddress",
            problem: 'is "127.0.0.1", and the mirror has no port: the front shows it, on bindAddress',
            fix: "pulumi config set --path mirrors.hub.port 5443",
        });
    });

    test("its own name at the front is no upstream", () => {
        const loop = { mirrors: { hub: { upstream: "https://hub.a.b" } } };
        expect(mistakeIn({ ...front, ...loop }).problem).toContain("which is the mirror hub of this stack");
        accepted({ ...front, port: 8443, ...loop });
    });

    test("with a port, a name of its own means nothing", () => {
        expect(mistakeIn({ ...bare({ port: 5443, domain: "m.a.b" }), front: true })).toMatchObject({
            path: "mirrors.hub.domain",
            fix: "pulumi config rm --path mirrors.hub.port",
        });
    });

    test("with a port, the front has no part in its blobs", () => {
        expect(mistakeIn({ ...bare({ port: 5443, blobsFromDisk: true }), front: true })).toMatchObject({
            path: "mirrors.hub.blobsFromDisk",
            problem: "is true, and the mirror has port 5443: with a port it is reached without the front",
            fix: "pulumi config rm --path mirrors.hub.blobsFromDisk",
        });
        accepted({ ...front, ...bare({ blobsFromDisk: true }) });
    });
});

describe("ports", () => {
    test.each([
        [{ ...hub({ port: 443 }) }, "hub", "443, on which the registry listens", 444],
        [{ ...hub({ port: 5000 }), tls: false }, "hub", "5000, on which the registry listens", 5001],
        [{ ...hub({ port: 8443 }), port: 8443 }, "hub", "8443, on which the registry", 8444],
        [{ mirrors: { hub: HUB, quay: { ...QUAY, port: 5443 } } }, "quay", "the mirror hub listens", 5444],
        [
            { mirrors: { hub: { ...HUB, bindAddress: "192.0.2.1", port: 443 } } },
            "hub",
            "on which the registry listens",
            444,
        ],
    ])("taken ones are refused: %j", (config, name, problem, free) => {
        const found = mistakeIn(config);
        expect(found.path).toBe(`mirrors.${name}.port`);
        expect(found.problem).toContain(problem);
        expect(found.fix).toBe(`pulumi config set --path mirrors.${name}.port ${free}`);
    });

    test.each([
        [{ nexus: { acceptEula: true, port: 5443 } }, "Nexus"],
        [{ front: { httpPort: 5443 } }, "the front's redirect"],
        [{ metrics: { port: 5443 } }, "the front, for metrics,"],
    ])("what else the stack opens is not free: %j", (config, what) => {
        expect(mistakeIn({ ...config, ...hub({ port: 5443 }) })).toMatchObject({
            path: "mirrors.hub.port",
            problem: `is 5443, on which ${what} listens already`,
            fix: "pulumi config set --path mirrors.hub.port 5444",
        });
    });

    test("is the same port however an address is written", () => {
        const config = {
            bindAddress: "::1",
            port: "5443",
            ...hub({ bindAddress: "0:0:0:0:0:0:0:1", port: 5443 }),
        };
        expect(mistakeIn(config)).toMatchObject({ path: "mirrors.hub.port" });
    });

    test("may be the same on different addresses", () => {
        const config = { bindAddress: "192.0.2.1", ...hub({ bindAddress: "192.0.2.2", port: 443 }) };
        expect(accepted(config).mirrors.hub?.port).toBe(443);
    });
});

describe("the place of a cache", () => {
    test.each([
        [{ mirrors: { hub: { ...HUB, volume: "cache", folder: "/a" } } }, "mirrors.hub", "one of them holds"],
        [
            { storage: { volume: "images" }, mirrors: { hub: { ...HUB, volume: "images" } } },
            "mirrors.hub.volume",
            "where the registry keeps",
        ],
        [
            { mirrors: { hub: { ...HUB, folder: "/c" }, quay: { ...QUAY, folder: "/c" } } },
            "mirrors.quay.folder",
            "where the mirror hub keeps",
        ],
    ])("%j is refused", (config, path, problem) => {
        const found = mistakeIn(config);
        expect(found.path).toBe(path);
        expect(found.problem).toContain(problem);
    });
});

test.each(["", "a b", "-a", "a-", "a.b", "x".repeat(33), "hub-config"])("the name %j is refused", (name) => {
    expect(mistakeIn({ mirrors: { [name]: HUB } }).problem).toContain("has a name that is not");
});

test("users of a mirror are refused by name, like every unknown option", () => {
    expect(mistakeIn(hub({ users: { a: { generate: true } } }))).toMatchObject({
        path: "mirrors.hub.users",
        problem: "is not an option of the kit",
    });
});

test("the components get the mirrors with their passwords as secrets", async () => {
    const config = accepted(hub({ username: "robot", password: "x", volume: "cache", keepData: false }));
    const { hub: args } = argumentsOf(config, {}).mirrors ?? {};
    expect(args).toMatchObject({ ...HUB, ttl: "168h", memoryMb: 256, volume: "cache", keepData: false });
    expect(await pulumi.isSecret(args?.password as pulumi.Output<string>)).toBe(true);
});
