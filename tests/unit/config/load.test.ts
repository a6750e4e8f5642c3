import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import * as pulumi from "@pulumi/pulumi";

import { argumentsOf } from "../../../config/arguments";
import type { TlsArgs, TlsFilesArgs, TlsOwnCaArgs } from "../../../components";
import { load } from "../../../config/load";
import { CONFIG_FILE } from "../../../setup/stack";

import { issue } from "../components/certs";

import { accepted } from "./base";

afterEach(() => pulumi.runtime.setAllConfig({}));

test("load reads the project's own namespace and no other", () => {
    const project = pulumi.getProject();
    pulumi.runtime.setAllConfig({
        [`${project}:domain`]: "a.b",
        [`${project}:users`]: '{"admin":{"generate":true}}',
        "docker:host": "tcp://x",
        [`${project}x:colour`]: "red",
    });
    expect(load()).toMatchObject({ domain: "a.b", users: { admin: { generate: true } }, port: undefined });
});

test("load fails with a RunError, which Pulumi prints without a stack trace", () => {
    pulumi.runtime.setAllConfig({ [`${pulumi.getProject()}:port`]: "0" });
    expect(() => load()).toThrow(pulumi.RunError);
    expect(() => load()).toThrow(/3 mistakes[^]*:domain is not set[^]*:port is 0[^]*:users names no user/);
});

describe("what the component is given", () => {
    const args = (config: Record<string, unknown>) => argumentsOf(accepted(config), {});

    test("names start with project and stack", () => {
        expect(args({}).prefix).toBe(`${pulumi.getProject()}-${pulumi.getStack()}`);
    });

    describe("the stack's key", () => {
        const here = process.cwd();
        const folder = mkdtempSync(join(tmpdir(), "stack-key-"));
        const own = `Pulumi.${pulumi.getStack()}.yaml`;
        const elsewhere = join(folder, "elsewhere.yaml");
        const write = (file: string, salt: string) =>
            writeFileSync(join(folder, file), `config: {}\nencryptionsalt: ${salt}\n`);
        const key = (configFile?: string) =>
            argumentsOf(accepted({}), configFile === undefined ? {} : { [CONFIG_FILE]: configFile }).stackKey;
        beforeEach(() => {
            process.chdir(folder);
            rmSync(own, { force: true });
            write("elsewhere.yaml", "v1:one");
        });
        afterAll(() => {
            process.chdir(here);
            rmSync(folder, { recursive: true });
        });

        test("is in the file that --config-file names as it is in the stack's own, which Pulumi alone reads", () => {
            const there = key(elsewhere);
            write(own, "v1:one");
            expect(there).toMatch(/^[0-9a-f]{32}$/);
            expect(key()).toBe(there);
        });

        test("is the same by npm run up with the flag and by pulumi up, which tells its program of none", () => {
            write(own, "v1:two");
            expect(key(elsewhere)).toBe(key());
        });

        test("is none where there is neither", () => {
            expect(key()).toBeUndefined();
            expect(key(join(folder, "gone.yaml"))).toBeUndefined();
        });
    });

    test("a name is one name, whatever its capitals", () => {
        const { domain, dnsNames, mirrors, nexus } = accepted({
            domain: "Registry.Example.LOCAL",
            dnsNames: ["Images.Example.LOCAL"],
            front: { sitesFolder: "/srv/www", sites: { "Docs.Example.LOCAL": { folder: "docs" } } },
            mirrors: {
                Quay: { upstream: "https://quay.io" },
                hub: { upstream: "https://registry-1.docker.io", domain: "Hub.Example.LOCAL" },
            },
            nexus: { acceptEula: true, domain: "Nexus.Example.LOCAL" },
        });
        expect(domain).toBe("registry.example.local");
        expect(dnsNames).toEqual(["images.example.local"]);
        expect(nexus?.domain).toBe("nexus.example.local");
        expect(mirrors?.hub?.domain).toBe("hub.example.local");
    });

    test("log fields tell service and stack, unless others are set", () => {
        expect(args({}).logFields).toEqual({ service: "registry", environment: pulumi.getStack() });
        expect(args({ logFields: { team: "x" } }).logFields).toEqual({ team: "x" });
    });

    test("no users without authentication", () => {
        expect(args({ auth: false, users: {} })).toMatchObject({ auth: false, users: {} });
        expect(args({}).users).toEqual({ admin: { generate: true } });
    });

    test("names, storage and further options arrive", () => {
        expect(
            args({
                dnsNames: ["a.b"],
                ipAddresses: ["192.0.2.1"],
                tls: {
                    ownCa: {
                        subject: { country: "CN" },
                        pathLength: 2,
                        site: { keyAlgorithm: "RSA-4096", localNames: false },
                    },
                },
                storage: { folder: "/opt/data" },
                registryConfig: { catalog: { maxentries: 5 } },
                port: "8443",
                dockerHost: "ssh://a.b",
            }),
        ).toMatchObject({
            dnsNames: ["a.b"],
            ipAddresses: ["192.0.2.1"],
            tls: {
                ownCa: {
                    subject: { country: "CN" },
                    pathLength: 2,
                    site: { keyAlgorithm: "RSA-4096", localNames: false },
                },
            },
            storage: { folder: "/opt/data" },
            registryConfig: { catalog: { maxentries: 5 } },
            port: 8443,
            dockerHost: "ssh://a.b",
        });
        expect(args({ storage: { volume: "v1" } }).storage).toMatchObject({ volume: "v1" });
        expect(args({ tls: false }).tls).toEqual({ off: true });
    });

    test("passwords, hashes and keys are secrets from here on", async () => {
        const { pem: cert, keyPem: key } = await issue("CA", {
            ca: true,
            names: ["docker.example.com"],
            notAfter: new Date(Date.now() + 400 * 86_400_000),
        });
        const hash = `$2y$10$${"a".repeat(53)}`;
        const { users } = args({ users: { a: { password: "x" }, b: { bcryptHash: hash } } });
        const files = args({ tls: { files: { cert, key } } }).tls as TlsArgs;
        const own = args({ tls: { ownCa: { cert, key } } }).tls as TlsArgs;
        const { registryConfig } = args({ registryConfig: { redis: { password: "x" } } });
        const secrets = [
            users?.a?.password,
            users?.b?.bcryptHash,
            (files.files as TlsFilesArgs).key,
            (own.ownCa as TlsOwnCaArgs).key,
            (registryConfig as { redis: { password: string } }).redis.password,
        ];
        for (const value of secrets) expect(await pulumi.isSecret(pulumi.output(value))).toBe(true);
    });
});
