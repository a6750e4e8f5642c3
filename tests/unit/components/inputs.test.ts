/** Arguments as a program gives them: values and Outputs, and the same refusals as a stack's. */
import * as pulumi from "@pulumi/pulumi";
import { compareSync } from "bcryptjs";

import { Nexus, PrivateRegistry, SiteCertificate } from "../../../components";
import { mistakeIn, refused } from "../config/base";

import { deploy, made, makeCertificates } from "./deploy";
import { issue } from "./certs";
import { type Args, find, record, type Registration, valueOf } from "./mocks";

beforeAll(makeCertificates);

const upload = (all: Registration[], file: string) =>
    (find(all, "r-config-writer").inputs.uploads as { file: string; content: string }[]).find(
        (one) => one.file === `/staged/${file}`,
    )?.content;

const store = (key: pulumi.Output<string>) => ({
    region: "eu-central-1",
    bucket: "images",
    accessKey: key,
    secretKey: key,
});

describe("an Output", () => {
    test("as domain is checked, made one name and used everywhere", async () => {
        const { registry, all } = await deploy({ domain: pulumi.output("Docker.Example.COM") });
        expect(await valueOf(registry.endpoint)).toBe("https://docker.example.com");
        expect(find(all, "r-site-request").inputs).toMatchObject({
            dnsNames: ["docker.example.com", "localhost"],
            subject: { commonName: "docker.example.com" },
        });
        expect(await valueOf(registry.loginCommand)).toBe("docker login -u admin docker.example.com");
    });

    test("as domain names the mirrors and sites of a front", async () => {
        const { registry, all } = await deploy({
            domain: pulumi.output("docker.example.com"),
            front: true,
            mirrors: { hub: { upstream: pulumi.output("https://registry-1.docker.io") } },
        });
        expect((await valueOf(registry.mirrors)).hub?.endpoint).toBe("https://hub.docker.example.com");
        expect(find(all, "r-site-mirror-hub-request").inputs.dnsNames).toEqual(["hub.docker.example.com"]);
    });

    test("as dockerHost is the host of the provider that every docker resource uses", async () => {
        const { all } = await deploy({ dockerHost: pulumi.output("ssh://root@docker.example.com") });
        expect(find(all, "r-engine").inputs).toMatchObject({ host: "ssh://root@docker.example.com" });
        const resources = all.filter(({ type }) => type.startsWith("docker:"));
        expect(resources).toHaveLength(6);
        for (const { provider } of resources) expect(provider).toBe("r-engine");
    });

    test("as password is the user's, and a secret", async () => {
        const { registry, all } = await deploy({ users: { ci: { password: pulumi.output("of a vault") } } });
        const [name, hash] = (upload(all, "htpasswd") ?? "").trimEnd().split(":");
        expect(name).toBe("ci");
        expect(compareSync("of a vault", hash ?? "")).toBe(true);
        expect(await pulumi.isSecret(registry.passwords)).toBe(true);
        expect(await valueOf(registry.passwords)).toEqual({ ci: "of a vault" });
        expect(JSON.stringify(all.map(({ inputs }) => inputs))).not.toContain("of a vault");
    });

    test.each<[string, () => Args, (all: Registration[]) => unknown, unknown]>([
        [
            "in a list",
            () => ({ dnsNames: ["a.b", pulumi.output("C.d")] }),
            (all) => find(all, "r-site-request").inputs.dnsNames,
            ["docker.example.com", "a.b", "c.d", "localhost"],
        ],
        [
            "of a list",
            () => ({ dnsNames: pulumi.output(["C.d"]) }),
            (all) => find(all, "r-site-request").inputs.dnsNames,
            ["docker.example.com", "c.d", "localhost"],
        ],
        [
            "in a map",
            () => ({ extraHosts: { "a.b": pulumi.output("192.0.2.1") } }),
            (all) => find(all, "r-container").inputs.hosts,
            [{ host: "a.b", ip: "192.0.2.1" }],
        ],
        [
            "in a list in a map",
            () => ({ headers: { "X-A": [pulumi.output("b")] } }),
            (all) => /X-A:\s+- b/.test(upload(all, "config.yml") ?? ""),
            true,
        ],
        [
            "in an object in an object",
            () => ({ tls: { ownCa: { site: { validityDays: pulumi.output(90) } } } }),
            (all) => find(all, "r-site-cert").inputs.validityPeriodHours,
            90 * 24,
        ],
        [
            "in what goes into config.yml as it is",
            () => ({
                registryConfig: {
                    notifications: { endpoints: [{ name: pulumi.output("hook"), url: "https://a.b" }] },
                },
            }),
            (all) => upload(all, "config.yml")?.includes("name: hook"),
            true,
        ],
        [
            "of a certificate",
            () => ({
                tls: { files: { cert: pulumi.output(made.site.pem), key: pulumi.secret(made.site.keyPem) } },
            }),
            (all) => upload(all, "site.crt")?.trim() === made.site.pem.trim(),
            true,
        ],
    ])("%s arrives", async (_name, args, read, wanted) => {
        expect(read((await deploy(args())).all)).toEqual(wanted);
    });

    const soon = () => pulumi.output("later");
    const pulls = { generate: true, role: "pull" };
    const lock = { password: soon() };
    test.each<[string, object, string]>([
        [
            "no user beside a store's keys",
            { users: {}, storage: { s3: store(soon()) } },
            "users names no user",
        ],
        [
            "a role without a front beside a password",
            { front: false, users: { lock, ci: pulls } },
            "users.ci.role",
        ],
        ["two kinds of tls beside a realm", { realm: soon(), tls: { off: true, ownCa: {} } }, "tls"],
        [
            "users without auth beside a domain",
            { domain: soon(), auth: false },
            "auth is false, and 1 users are set",
        ],
        [
            "a port twice beside a proxy",
            {
                front: false,
                proxy: { http: soon() },
                mirrors: { hub: { upstream: "https://quay.io", port: 443 } },
            },
            "mirrors.hub.port",
        ],
    ])("does not put off what is wrong without it: %s", async (_name, args, told) => {
        const error = (await deploy(args as Args).then(
            () => undefined,
            (thrown: unknown) => thrown,
        )) as Error | undefined;
        expect(error?.message).toMatch(/^The options have a mistake; nothing was changed\.\n/);
        expect(error?.message).toContain(`\n  ${told}`);
    });

    // A rule that took what is to come for what is not set would refuse these.
    test("that may be right is not refused before it resolves", async () => {
        const port = pulumi.output(8443);
        const mirrors = { hub: { upstream: "https://quay.io", port: 443 } };
        await expect(deploy({ front: false, port, mirrors })).resolves.toBeDefined();
        const storage = { s3: { ...store(soon()), bucket: soon() } };
        await expect(deploy({ storage })).resolves.toBeDefined();
        const registryConfig = { odd: [[soon()], { inner: soon() }] };
        await expect(deploy({ registryConfig })).resolves.toBeDefined();
    });

    test.each<[string, () => object, RegExp]>([
        [
            "auth",
            () => ({ auth: pulumi.output(true) }),
            /^ {2}auth is an Output; it decides which resources there are, and must be a value/m,
        ],
        ["tls.off", () => ({ tls: { off: pulumi.output(true) } }), /^ {2}tls\.off is an Output; it decides/m],
        [
            "mirrors.hub.port",
            () => ({ mirrors: { hub: { upstream: "https://a.b", port: pulumi.output(5443) } } }),
            /^ {2}mirrors\.hub\.port is an Output; it decides/m,
        ],
        [
            "storage.volume as a promise",
            () => ({ storage: { volume: Promise.resolve("v") } }),
            /^ {2}storage\.volume is an Output/m,
        ],
        [
            "users",
            () => ({ users: pulumi.output({ a: { generate: true } }) }),
            /^ {2}users is an Output; it must be an object, of which values may be Outputs/m,
        ],
        [
            "proxy",
            () => ({ proxy: pulumi.output({ https: "http://a:1" }) }),
            /^ {2}proxy is an Output; it must be an object/m,
        ],
        [
            "users.a",
            () => ({ users: { a: pulumi.output({ generate: true }) } }),
            /^ {2}users\.a is an Output; it must be an object/m,
        ],
    ])("is refused where it would decide what is made: %s", async (_path, args, message) => {
        await expect(deploy(args() as Args)).rejects.toThrow(message);
    });
});

describe("a component refuses what a stack's configuration refuses, before anything is registered", () => {
    const BOB = { admin: { generate: true }, bob: { generate: true, role: "pull" } };
    test.each<[string, Record<string, unknown>]>([
        ["a role without a front", { front: false, users: BOB }],
        [
            "repositories without a front",
            { front: false, users: { bob: { generate: true, repositories: ["a/*"] } } },
        ],
        ["a role without a front, as the front is chosen", { tls: { off: true }, users: BOB }],
        ["no way to log in", { users: { bob: {} } }],
        ["a password that is too long", { users: { bob: { password: "x".repeat(73) } } }],
        ["no user", { users: {} }],
        ["an image that is open to a known hole", { image: "registry:2.8.3" }],
        ["two places for the images", { storage: { volume: "data", folder: "/data" } }],
        ["two kinds of tls", { tls: { off: true, ownCa: {} } }],
        ["half a store's key", { storage: { s3: { bucket: "abc", region: "a", accessKey: "k" } } }],
        [
            "a mirror that nothing publishes",
            { front: false, mirrors: { hub: { upstream: "https://quay.io" } } },
        ],
        ["a port twice", { front: false, mirrors: { hub: { upstream: "https://quay.io", port: 443 } } }],
        ["Nexus without its licence", { nexus: {} }],
        ["options of config.yml that the kit sets", { registryConfig: { http: { addr: ":80" } } }],
        ["a header that is none", { headers: { "a b": ["c"] } }],
        ["a certificate that outlives its CA", { tls: { ownCa: { validityDays: 100 } } }],
        ["what a host without Docker cannot have", { target: "systemd", containerName: "registry" }],
        ["an unknown option", { colour: "red" }],
        ["an option that is nearly right", { tls: { ownCa: { keyAlgoritm: "RSA-4096" } } }],
        ["a wrong type", { memoryMb: "many" }],
        ["a wrong domain", { domain: "a b" }],
    ])("%s", async (_name, wrong) => {
        const { path, problem } = mistakeIn(wrong);
        const program = { front: undefined, users: { admin: { generate: true } }, ...wrong } as Args;
        const error = (await deploy(program).then(
            () => undefined,
            (thrown: unknown) => thrown,
        )) as Error | undefined;
        expect(error).toBeInstanceOf(pulumi.RunError);
        expect(error?.message).toMatch(/^The options have a mistake; nothing was changed\.\n/);
        expect(error?.message).toContain(`\n  ${path} ${problem}\n      fix: `);
        // What mends it in a program is no command.
        expect(error?.message).not.toContain("pulumi config");
    });

    test("every mistake at once", async () => {
        const wrong = { domain: "a b", memoryMb: 1, front: false, users: BOB };
        const paths = refused(wrong).mistakes.map(({ path }) => path);
        expect(paths).toEqual(["domain", "memoryMb", "users.bob.role"]);
        await expect(deploy(wrong as never)).rejects.toThrow(
            /have 3 mistakes[^]*\n {2}domain [^]*\n {2}memoryMb [^]*\n {2}users\.bob\.role /,
        );
    });

    test("no message shows a secret", async () => {
        const users = { admin: { password: ["hunter2"] } };
        await expect(deploy({ users } as never)).rejects.toThrow(
            /users\.admin\.password is set to a value that is not shown/,
        );
        await expect(deploy({ users } as never)).rejects.not.toThrow("hunter2");
    });
});

const deployed = (args: object) =>
    new PrivateRegistry("r", { domain: "a.b", users: { admin: { generate: true } }, ...args } as never);

describe("what JavaScript lets a program give is refused in words", () => {
    const circle: Record<string, unknown> = { log: {} };
    (circle.log as Record<string, unknown>).fields = circle;
    const ring: unknown[] = [1];
    ring.push(ring);

    test.each<[string, () => unknown, RegExp]>([
        ["no arguments", () => new PrivateRegistry("r", undefined as never), /domain is not set; it must be/],
        ["null", () => new PrivateRegistry("r", null as never), /domain is not set; it must be/],
        ["a text", () => new PrivateRegistry("r", "x" as never), /domain is not set; it must be/],
        ["no arguments of a part", () => new SiteCertificate("s", undefined as never), /names is not set/],
        ["a function", () => deployed({ realm: () => "x" }), /realm is a function; it must be/],
        ["a symbol", () => deployed({ realm: Symbol("x") }), /realm is a symbol; it must be/],
        [
            "no arguments of Nexus",
            () => new Nexus("n", undefined as never),
            /acceptEula is false; Nexus runs only under its licence/,
        ],
        [
            "a circle",
            () => deployed({ registryConfig: circle }),
            /registryConfig\.log\.fields holds an object/,
        ],
        [
            "a circle in a list",
            () => deployed({ registryConfig: { http: { list: ring } } }),
            /registryConfig\.http\.list\[1\] holds an object/,
        ],
        ["a bigint", () => deployed({ port: 8443n }), /port is a bigint that JSON cannot hold; it must be/],
    ])("%s", (_name, make, message) => {
        expect(make).toThrow(message);
        expect(make).toThrow(pulumi.RunError);
    });

    test("no fix names a file: a component reads none", () => {
        const storage = { gcs: { bucket: "images", keyFile: 5 } };
        const message = [() => deployed({ storage }), () => deployed({ tls: { files: { cert: "x" } } })]
            .map((make) => {
                try {
                    return String(make());
                } catch (error) {
                    return (error as Error).message;
                }
            })
            .join("\n");
        expect(message).toMatch(
            /keyFile is .*; it must be JSON text\n +fix: set .*keyFile to the text of \.\/service-account\.json/,
        );
        expect(message).toMatch(/fix: set tls\.files\.key to the text of \.\/site\.key/);
        expect(message).not.toMatch(/path of a/);
    });

    test("the fix of an object with secrets in it names what can be set", () => {
        expect(() => deployed({ tls: "off" })).toThrow(
            /set tls to \{"ownCa":\{"keyAlgorithm":"RSA-4096"\}\}/,
        );
        expect(() => deployed({ tls: { files: { cert: "x", key: 5 } } })).toThrow(
            /set tls\.files\.key to the text of \.\/site\.key/,
        );
    });
});

test.each(["a b", "https://docker.example.com", "0.0.0.0", "a.*.b", "docker.example.com:443"])(
    "no certificate names %s",
    (name) => {
        const args = {
            caCertPem: pulumi.output(made.ca.pem),
            caPrivateKeyPem: pulumi.output(made.ca.keyPem),
        };
        const make = (names: string[]) => () =>
            new SiteCertificate("s", { ...args, names, validityDays: 1, earlyRenewalDays: 0 });
        expect(make(["a.b", name])).toThrow(/names\[1\] is .*; it must be a list of host names/);
        expect(make(["a.b", "*.a.b", "2001:db8::1"])).not.toThrow();
    },
);

describe("a site certificate by itself", () => {
    const site = (more: object = {}) => ({
        caCertPem: made.ca.pem,
        caPrivateKeyPem: made.ca.keyPem,
        names: ["docker.example.com"],
        validityDays: 1,
        earlyRenewalDays: 0,
        ...more,
    });

    test.each<[string, () => Promise<object> | object, RegExp]>([
        [
            "the key of another CA",
            async () => ({ caPrivateKeyPem: (await issue("other", { ca: true })).keyPem }),
            /caPrivateKeyPem cannot be used: its text does not belong to the certificate .*\n +fix: set caPrivateKeyPem/,
        ],
        [
            "a certificate that is no CA's",
            () => ({ caCertPem: made.site.pem, caPrivateKeyPem: made.site.keyPem }),
            /caCertPem cannot be used: its text is not a CA certificate/,
        ],
        ["no PEM", () => ({ caCertPem: "x" }), /caCertPem cannot be used/],
        [
            "more days than the CA has",
            () => ({ validityDays: 397 }),
            /validityDays is 397, longer than the 2 days/,
        ],
    ])("is refused with %s before anything is made", async (_name, more, message) => {
        const args = site(await more());
        const all = await record(
            () => expect(() => new SiteCertificate("s", args)).toThrow(message),
            () => ({}),
        );
        expect(all.all.map(({ name }) => name)).toEqual(["s"]);
    });

    test("is made of a CA and its key", async () => {
        const { all } = await record(
            () => new SiteCertificate("s", site()),
            () => ({ privateKeyPem: "k" }),
        );
        expect(find(all, "s-cert").inputs.caCertPem).toBe(made.ca.pem);
    });
});
