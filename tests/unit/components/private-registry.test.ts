import * as docker from "@pulumi/docker";

import { deploy, made, makeCertificates, SITE_KEY } from "./deploy";
import { expectGolden } from "./golden";
import { find, record, type Registration, valueOf } from "./mocks";

import { PrivateRegistry } from "../../../components";

import { isSecret, secret } from "@pulumi/pulumi";

import { issue } from "./certs";

beforeAll(makeCertificates);

const KIT = "private-registry:index";
const upload = (all: Registration[], file: string) => {
    const uploads = find(all, "r-config-writer").inputs.uploads as { file: string; content: string }[];
    return uploads.find((one) => one.file === `/staged/${file}`)?.content;
};
const digest = (all: Registration[]) =>
    (find(all, "r-container").inputs.labels as { label: string; value: string }[]).find(
        ({ label }) => label === "private-registry.config",
    )?.value;

test("what is registered: types, names and parents", async () => {
    const { all } = await deploy({
        users: { admin: { password: "x" }, bob: { generate: true } },
    });
    expect(all.map(({ type, name, parent }) => `${type} ${name} < ${parent}`).sort()).toEqual(
        [
            `${KIT}:PrivateRegistry r < `,
            `${KIT}:CertificateAuthority r-ca < r`,
            "tls:index/privateKey:PrivateKey r-ca-key < r-ca",
            "tls:index/selfSignedCert:SelfSignedCert r-ca-cert < r-ca",
            `${KIT}:SiteCertificate r-site < r`,
            "tls:index/privateKey:PrivateKey r-site-key < r-site",
            "tls:index/certRequest:CertRequest r-site-request < r-site",
            "tls:index/locallySignedCert:LocallySignedCert r-site-cert < r-site",
            `${KIT}:Accounts r-accounts < r`,
            "random:index/randomBytes:RandomBytes r-accounts-admin-salt < r-accounts",
            "random:index/randomPassword:RandomPassword r-accounts-bob-password < r-accounts",
            "random:index/randomBytes:RandomBytes r-accounts-bob-salt < r-accounts",
            "docker:index/remoteImage:RemoteImage r-image < r",
            "random:index/randomId:RandomId r-identity < r",
            "random:index/randomPassword:RandomPassword r-http-secret < r",
            `${KIT}:Registry r < r`,
            `${KIT}:ConfigVolume r-config < r`,
            "docker:index/volume:Volume r-config-volume < r-config",
            "docker:index/container:Container r-config-writer < r-config",
            "docker:index/network:Network r-network < r",
            "docker:index/volume:Volume r-data < r",
            "docker:index/container:Container r-container < r",
        ].sort(),
    );
});

test("components keep no arguments in state: these hold secrets", async () => {
    const { all } = await deploy();
    for (const { type, inputs } of all) if (type.startsWith(KIT)) expect(inputs).toEqual({});
});

test("no secret is in an input that is not secret, on any resource", async () => {
    const hash = `$2y$10$${"a".repeat(53)}`;
    const { all } = await deploy({
        users: { admin: { password: "123456" }, ready: { bcryptHash: hash } },
    });
    const open = (value: unknown, path: string, secrets: string[]): string[] => {
        if (secrets.includes(path)) return [];
        if (typeof value === "string") return [value];
        if (typeof value !== "object" || value === null) return [];
        return Object.entries(value).flatMap(([key, item]) =>
            open(item, path === "" ? key : `${path}.${key}`, secrets),
        );
    };
    const text = all.flatMap(({ inputs, secrets }) => open(inputs, "", secrets)).join("\n");
    expect(text).toContain("kit-dev");
    expect(text).not.toMatch(/123456|\$2y\$|PRIVATE KEY|secret:/);
});

describe("what changes the registry's container, and so restarts it", () => {
    const container = async (args: Parameters<typeof deploy>[0], overrides?: Record<string, object>) =>
        find((await deploy(args, overrides)).all, "r-container").inputs;

    test("users do not: none of its inputs changes", async () => {
        const one = await container({ users: { admin: { password: "123456" } } });
        const two = await container({
            users: { admin: { password: "another" }, bob: { generate: true } },
        });
        expect(two).toEqual(one);
    });

    test("users do change the file that the writer puts into the volume", async () => {
        const one = upload((await deploy()).all, "htpasswd");
        const two = upload((await deploy({ users: { bob: { password: "x" } } })).all, "htpasswd");
        expect(one).toMatch(/^admin:\$2y\$04\$.{53}\n$/);
        expect(two).toMatch(/^bob:/);
        expect(upload((await deploy()).all, "htpasswd")).toBe(one);
    });

    test.each([
        ["a setting of config.yml", { logLevel: "debug" as const }, {}],
        ["a further option", { registryConfig: { catalog: { maxentries: 5 } } }, {}],
        ["the key of the certificate", {}, { "r-site-key": { privateKeyPem: "another" } }],
        ["the http secret", {}, { "r-http-secret": { result: "another" } }],
    ])("%s does", async (_name, args, overrides) => {
        const [before, after] = [await deploy(), await deploy(args, overrides)];
        expect(digest(before.all)).toMatch(/^[0-9a-f]{64}$/);
        expect(digest(after.all)).not.toBe(digest(before.all));
        expect(digest((await deploy(args, overrides)).all)).toBe(digest(after.all));
    });

    test("a renewed certificate does: the registry reads it at its start alone", async () => {
        const renewed = await issue("docker.example.com", { issuer: made.ca, names: ["docker.example.com"] });
        const after = await deploy({}, { "r-site-cert": { certPem: renewed.pem } });
        expect(digest(after.all)).not.toBe(digest((await deploy()).all));
    });
});

describe("tls", () => {
    test("own-ca: the server sends the site certificate, clients trust the CA", async () => {
        const { all, registry } = await deploy();
        expect(upload(all, "site.crt")?.trim()).toBe(made.site.pem.trim());
        expect(upload(all, "site.key")).toBe(SITE_KEY);
        expect((await valueOf(registry.caCertificatePem)).trim()).toBe(made.ca.pem.trim());
    });

    test("off: no certificate is made, the endpoint is http on 5000", async () => {
        const { all, registry } = await deploy({ tls: { off: true } });
        expect(all.filter(({ type }) => type.startsWith("tls:"))).toEqual([]);
        expect(upload(all, "site.crt")).toBeUndefined();
        expect(upload(all, "config.yml")).not.toContain("tls:");
        expect(await valueOf(registry.endpoint)).toBe("http://docker.example.com:5000");
        expect(await valueOf(registry.caCertificatePem)).toBe("");
    });

    test("files: the user's certificate and chain, and its root for the clients", async () => {
        const { pem, keyPem } = made.site;
        const { all, registry } = await deploy({
            tls: { files: { cert: pem, key: keyPem, chain: made.ca.pem } },
        });
        expect(all.filter(({ type }) => type.startsWith("tls:"))).toEqual([]);
        // Clients have the root.
        expect(upload(all, "site.crt")).toBe(pem);
        expect(upload(all, "site.key")?.trim()).toBe(keyPem.trim());
        expect((await valueOf(registry.caCertificatePem)).trim()).toBe(made.ca.pem.trim());
    });

    test("files: a program gets the same refusals as a stack", async () => {
        const files = { cert: made.site.pem, key: made.ca.keyPem, chain: made.ca.pem };
        const wrong = deploy({ domain: "other.example.com", tls: { files } });
        await expect(wrong).rejects.toThrow(
            /^The options have 2 mistakes; nothing was changed\.\n {2}tls\.files\.key cannot be used: its text does not belong [^]*\n {2}tls\.files\.cert cannot be used: its text is not valid for other\.example\.com/,
        );
    });

    test("a CA that the user brings signs, and none is made", async () => {
        const root = await issue("Company Root", { ca: true });
        const ca = await issue("Company Registry CA", { ca: true, issuer: root });
        const given = {
            cert: ca.pem + root.pem,
            key: ca.keyPem,
            site: { validityDays: 1, earlyRenewalDays: 0 },
        };
        const { all, registry } = await deploy({ tls: { ownCa: given } });
        expect(all.filter(({ parent }) => parent === "r-ca")).toEqual([]);
        const { inputs, secrets } = find(all, "r-site-cert");
        expect(String(inputs.caCertPem).trim()).toBe(ca.pem.trim());
        expect(String(inputs.caPrivateKeyPem).trim()).toBe(ca.keyPem.trim());
        expect(secrets).toContain("caPrivateKeyPem");
        // The server sends what stands between its certificate and the root; clients trust the root.
        expect(upload(all, "site.crt")).toContain(ca.pem.trim());
        expect(upload(all, "site.crt")).not.toContain(root.pem.trim());
        expect((await valueOf(registry.caCertificatePem)).trim()).toBe(root.pem.trim());
    });
});

describe("outputs", () => {
    test.each([
        ["docker.example.com", undefined, "https://docker.example.com"],
        ["docker.example.com", 8443, "https://docker.example.com:8443"],
        ["localhost", 443, "https://localhost"],
        ["192.0.2.1", 443, "https://192.0.2.1"],
        ["2001:db8::1", 8443, "https://[2001:db8::1]:8443"],
        ["2001:db8::1", 443, "https://[2001:db8::1]"],
        // Docker takes a first part without dot or port for a user of Docker Hub (distribution/reference).
        ["registry", 443, "https://registry:443"],
    ])("endpoint and login for %s, port %s: %s", async (domain, port, endpoint) => {
        const { registry } = await deploy({ domain, port });
        expect(await valueOf(registry.endpoint)).toBe(endpoint);
        const address = endpoint.replace("https://", "");
        expect(await valueOf(registry.loginCommand)).toBe(`docker login -u admin ${address}`);
    });

    test.each([
        ["o'brien", String.raw`docker login -u 'o'\''brien' docker.example.com`],
        ["a b; rm", "docker login -u 'a b; rm' docker.example.com"],
    ])("the login command quotes the user %s for the shell", async (name, command) => {
        const { registry } = await deploy({ users: { [name]: { generate: true } } });
        expect(await valueOf(registry.loginCommand)).toBe(command);
    });

    test("passwords, given and generated, are one secret; ready hashes have none", async () => {
        const { registry } = await deploy({
            users: {
                admin: { password: "123456" },
                bob: { generate: true },
                ready: { bcryptHash: secret(`$2y$10$${"a".repeat(53)}`) },
            },
        });
        expect(await isSecret(registry.passwords)).toBe(true);
        expect(await valueOf(registry.passwords)).toEqual({
            admin: "123456",
            bob: "generated for r-accounts-bob-password",
        });
    });

    test("without users there is no htpasswd, no auth and no password", async () => {
        const { all, registry } = await deploy({ auth: false, users: undefined });
        expect(upload(all, "htpasswd")).toBeUndefined();
        expect(upload(all, "config.yml")).not.toContain("auth:");
        expect(all.filter(({ type }) => type.endsWith(":Accounts"))).toEqual([]);
        expect(await valueOf(registry.passwords)).toEqual({});
        expect(await valueOf(registry.loginCommand)).toBe("# no login: authentication is off");
    });

    test("clientSetup is about the registry's address (golden)", async () => {
        for (const [mode, off] of [
            ["own-ca", false],
            ["off", true],
        ] as const) {
            const { registry } = await deploy({ tls: { off }, port: 8443 });
            const snippets = Object.entries(await valueOf(registry.clientSetup));
            expectGolden(
                `client-setup-${mode}.txt`,
                snippets.map(([client, text]) => `== ${client}\n${text}\n`).join("\n"),
            );
        }
    });
});

test("dockerHost makes a provider, which every docker resource uses", async () => {
    const { all } = await deploy({ dockerHost: "ssh://root@docker.example.com" });
    expect(find(all, "r-engine").inputs).toMatchObject({ host: "ssh://root@docker.example.com" });
    const resources = all.filter(({ type }) => type.startsWith("docker:"));
    expect(resources).toHaveLength(6);
    for (const { provider } of resources) expect(provider).toBe("r-engine");
    expect((await deploy()).all.filter(({ name }) => name === "r-engine")).toEqual([]);
});

test("an error hook is on every object whose name or port may be taken", async () => {
    const { all } = await deploy();
    const hooked = all.filter(({ onError }) => onError.includes("r-recovery")).map(({ name }) => name);
    expect(hooked.sort()).toEqual(["r-config-writer", "r-container", "r-network"]);
});

test("a provider that is handed down and dockerHost contradict each other: nothing is registered below the component", async () => {
    const made = record(
        () =>
            new PrivateRegistry(
                "r",
                {
                    domain: "docker.example.com",
                    users: { admin: { generate: true } },
                    dockerHost: "tcp://192.0.2.1:2376",
                },
                { provider: new docker.Provider("other", { host: "tcp://192.0.2.2:2376" }) },
            ),
        () => ({}),
    );
    await expect(made).rejects.toThrow(
        /dockerHost is set, and a docker provider is handed down, .*\n +fix: leave dockerHost out/,
    );
});
