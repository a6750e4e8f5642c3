import * as pulumi from "@pulumi/pulumi";

import { registryArgs } from "../../../config/args";
import { load } from "../../../config/load";

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
    const args = (config: Record<string, unknown>) =>
        registryArgs(accepted(config), "private-registry", "dev");

    test("names start with project and stack", () => {
        expect(args({}).prefix).toBe("private-registry-dev");
    });

    test("a name is one name, whatever its capitals", () => {
        const front = { sitesFolder: "/srv/www" };
        const {
            domain,
            tls,
            mirrors,
            nexus,
            front: of,
        } = args({
            domain: "Registry.Example.LOCAL",
            dnsNames: ["Images.Example.LOCAL"],
            front: "nginx",
            frontSettings: front,
            sites: { "Docs.Example.LOCAL": { folder: "docs" } },
            mirrors: {
                Quay: { upstream: "https://quay.io" },
                hub: { upstream: "https://registry-1.docker.io", domain: "Hub.Example.LOCAL" },
            },
            nexus: { enabled: true, acceptEula: true, domain: "Nexus.Example.LOCAL" },
        });
        expect(domain).toBe("registry.example.local");
        expect(tls).toMatchObject({ names: ["images.example.local"] });
        expect(nexus?.domain).toBe("nexus.example.local");
        expect(of).toMatchObject({ sites: [{ name: "docs.example.local" }] });
        expect(mirrors?.hub?.domain).toBe("hub.example.local");
    });

    test("log fields tell service and stack, unless others are set", () => {
        expect(args({}).logFields).toEqual({ service: "registry", environment: "dev" });
        expect(args({ logFields: { team: "x" } }).logFields).toEqual({ team: "x" });
    });

    test("no users without authentication", () => {
        expect(args({ auth: false, users: {} }).users).toBeUndefined();
        expect(args({}).users).toEqual([{ name: "admin", generate: true }]);
    });

    test("names, storage and further options arrive", () => {
        expect(
            args({
                dnsNames: ["a.b"],
                ipAddresses: ["192.0.2.1"],
                localNames: false,
                site: { keyAlgorithm: "RSA-4096" },
                ca: { subject: { country: "CN" }, pathLength: 2 },
                storage: { path: "/opt/data" },
                registryConfig: { catalog: { maxentries: 5 } },
                port: "8443",
                dockerHost: "ssh://a.b",
            }),
        ).toMatchObject({
            tls: {
                mode: "own-ca",
                names: ["a.b", "192.0.2.1"],
                localNames: false,
                keyAlgorithm: "RSA-4096",
                ca: { subject: { country: "CN" }, pathLength: 2, given: undefined },
            },
            dataPath: "/opt/data",
            extra: { catalog: { maxentries: 5 } },
            port: 8443,
            dockerHost: "ssh://a.b",
        });
        expect(args({ storage: { volume: "v1" } }).dataVolume).toBe("v1");
        expect(args({ tls: "off" }).tls).toEqual({ mode: "off" });
    });

    test("passwords, hashes and keys are secrets from here on", async () => {
        const { pem: cert, keyPem: key } = await issue("CA", {
            ca: true,
            names: ["docker.example.com"],
            notAfter: new Date(Date.now() + 400 * 86_400_000),
        });
        const hash = `$2y$10$${"a".repeat(53)}`;
        const { users } = args({ users: { a: { password: "x" }, b: { bcryptHash: hash } } });
        const files = args({ tls: "files", certificate: { cert, key } });
        const own = args({ ca: { cert, key } });
        const secrets = [
            users?.[0]?.password,
            users?.[1]?.bcryptHash,
            files.tls?.mode === "files" ? files.tls.privateKeyPem : undefined,
            own.tls?.mode === "own-ca" ? own.tls.ca?.given?.privateKeyPem : undefined,
        ];
        for (const value of secrets) expect(await pulumi.isSecret(pulumi.output(value))).toBe(true);
    });
});
