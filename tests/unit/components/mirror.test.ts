/** The mirrors, as the providers get them. */

import * as pulumi from "@pulumi/pulumi";
import { parse } from "yaml";

import type { MirrorsItemArgs } from "../../../components";
import { portInside } from "../../../components/mirror/mirror";

import { deploy, made, makeCertificates } from "./deploy";
import { expectGolden } from "./golden";
import { type Args, find, type Registration, valueOf } from "./mocks";

beforeAll(makeCertificates);

const HUB: MirrorsItemArgs = { upstream: "https://registry-1.docker.io/", port: 5443 };
const one = async (settings: Partial<MirrorsItemArgs> = {}, args: Args = {}) => {
    const { registry, all } = await deploy({ ...args, mirrors: { hub: { ...HUB, ...settings } } });
    const hub = (suffix: string) => find(all, `r-mirror-hub-${suffix}`);
    return { registry, all, hub };
};
const files = ({ inputs }: Registration): Record<string, { content: string; permissions: string }> =>
    Object.fromEntries(
        (inputs.uploads as { file: string; content: string; permissions: string }[]).map((upload) => [
            upload.file.replace("/staged/", ""),
            upload,
        ]),
    );

test("without mirrors there is none", async () => {
    const { registry, all } = await deploy();
    expect(all.filter(({ name }) => name.includes("mirror"))).toEqual([]);
    expect(await valueOf(registry.mirrors)).toEqual({});
});

test("a mirror is a registry of its own on the deployment's network", async () => {
    const { all, hub } = await one();
    expect(hub("container").inputs).toMatchObject({
        name: "kit-dev-mirror-hub",
        image: "sha256:0a1b",
        networksAdvanced: [{ name: "kit-dev" }],
        ports: [{ internal: 5000, external: 5443, ip: "0.0.0.0", protocol: "tcp" }],
        volumes: [
            { volumeName: "kit-dev-mirror-hub-config", containerPath: "/etc/distribution", readOnly: true },
            { volumeName: "kit-dev-mirror-hub-data", containerPath: "/var/lib/registry" },
        ],
        readOnly: true,
        capabilities: { drops: ["ALL"] },
        memory: 256,
        envs: ["OTEL_TRACES_EXPORTER=none"],
        wait: true,
    });
    expect(hub("container").onError).toEqual(["r-mirror-hub-recovery"]);
    expect(hub("data").retainOnDelete).toBe(true);
    const networks = all.filter(({ type }) => type.endsWith(":Network"));
    expect(networks.map(({ name }) => name)).toEqual(["r-network"]);
    for (const suffix of ["container", "config-writer", "config-volume", "data"]) {
        expect(hub(suffix).inputs.labels).toContainEqual({
            label: "private-registry.deployment",
            value: "kit-dev",
        });
    }
    expect(all.find(({ type }) => type.endsWith(":Mirror"))?.parent).toBe("r");
});

test("its files: config.yml, the certificate, the login", async () => {
    const { hub } = await one();
    const written = files(hub("config-writer"));
    expectGolden("config-mirror.yml", written["config.yml"]?.content ?? "");
    expect(Object.keys(written).sort()).toEqual([
        "config.yml",
        "site.crt",
        "site.key",
        "storage-check.sh",
        "upstream-login",
    ]);
    expect(written["upstream-login"]).toMatchObject({
        permissions: "0500",
        content: expect.stringContaining('{"Username":"","Secret":""}') as string,
    });
});

test("what the configuration says of it", async () => {
    const { hub } = await one(
        {
            port: 5500,
            bindAddress: "192.0.2.1",
            folder: "/cache",
            memoryMb: 128,
            cpus: 2,
            ttl: "0",
            ca: made.ca.pem.replaceAll("\n", "\r\n"),
        },
        { bindAddress: "127.0.0.1", tls: { off: true } },
    );
    expect(hub("container").inputs).toMatchObject({
        ports: [{ external: 5500, ip: "192.0.2.1" }],
        volumes: [expect.anything(), { hostPath: "/cache" }],
        memory: 128,
        cpus: "2.0",
        envs: ["OTEL_TRACES_EXPORTER=none", "SSL_CERT_FILE=/etc/distribution/upstream-ca.crt"],
    });
    const written = files(hub("config-writer"));
    expect(written["upstream-ca.crt"]?.content.trim()).toBe(made.ca.pem.trim());
    expect(parse(written["config.yml"]?.content ?? "")).toMatchObject({ proxy: { ttl: "0" } });
    expect(written).not.toHaveProperty("site.key");
});

test.each([
    [{}, {}, true],
    [{}, { keepData: false }, false],
    [{ keepData: true }, { keepData: false }, true],
    [{ keepData: false }, {}, false],
])("the cache of %j in a stack of %j outlives it: %p", async (settings, args, kept) => {
    expect((await one(settings, args)).hub("data").retainOnDelete).toBe(kept);
});

test("without a port and a front it is refused, as in a stack: nobody could reach it", async () => {
    await expect(one({ port: undefined })).rejects.toThrow(
        "mirrors.hub.port is not set; without the front nothing else publishes the mirror",
    );
});

test("behind a front it is a site of that name, and the outputs tell its address", async () => {
    const front = { image: "nginx:1.30" };
    const { registry, all, hub } = await one({ port: undefined }, { front, port: 8443 });
    expect((await valueOf(registry.mirrors)).hub).toMatchObject({
        endpoint: "https://hub.docker.example.com:8443",
        dockerDaemonJson: expect.stringContaining('"https://hub.docker.example.com:8443"') as string,
        containerdHostsToml: expect.stringContaining(
            '[host."https://hub.docker.example.com:8443"]',
        ) as string,
        registriesConf: expect.stringContaining('location = "hub.docker.example.com:8443"') as string,
    });
    const { content } = files(find(all, "r-front-config-writer"))["nginx.conf"] ?? { content: "" };
    expect(content).toContain("server_name hub.docker.example.com;");
    expect(content).toContain(`"http://kit-dev-mirror-hub:${portInside("hub")}"`);
    expect(hub("container").inputs.networksAdvanced).toEqual(
        find(all, "r-front-container").inputs.networksAdvanced,
    );
});

test("mirrors that a front publishes have ports of their own inside, so that none is taken for another", async () => {
    const { all } = await deploy({
        front: { image: "nginx:1.30" },
        mirrors: { hub: { upstream: HUB.upstream }, quay: { upstream: "https://quay.io" } },
    });
    const [hub, quay] = ["hub", "quay"].map((mirror) => {
        const { addr } = (
            parse(files(find(all, `r-mirror-${mirror}-config-writer`))["config.yml"]?.content ?? "") as {
                http: { addr: string };
            }
        ).http;
        const { healthcheck } = find(all, `r-mirror-${mirror}-container`).inputs;
        const port = Number(addr.slice(1)).toString(16).toUpperCase();
        expect(JSON.stringify(healthcheck)).toContain(`:${port} `);
        return addr;
    });
    expect(hub).not.toBe(quay);
});

test.each<[Args, string, boolean]>([
    [{}, "https://docker.example.com:5443", true],
    [{ tls: { off: true } }, "http://docker.example.com:5443", false],
])("the output with %j", async (args, endpoint, ownCa) => {
    const { hub } = await valueOf((await one({}, args)).registry.mirrors);
    expect(hub).toMatchObject({
        endpoint,
        upstream: "https://registry-1.docker.io",
        container: "kit-dev-mirror-hub",
        dockerDaemonJson: expect.stringContaining(endpoint) as string,
        containerdHostsToml: expect.stringContaining(`[host."${endpoint}"]`) as string,
        registriesConf: expect.stringContaining('location = "docker.example.com:5443"') as string,
    });
    expect(hub?.containerdHostsToml.includes("ca.crt")).toBe(ownCa);
});

describe("a login", () => {
    const warn = jest.spyOn(pulumi.log, "warn").mockImplementation(() => Promise.resolve());
    beforeEach(() => warn.mockClear());
    const login = { username: "robot", password: "secret" };

    test("is warned of, and written as a secret", async () => {
        const { hub } = await one(login);
        const writer = hub("config-writer");
        expect(files(writer)["upstream-login"]?.content).toContain('"Secret":"secret"');
        const index = (writer.inputs.uploads as { file: string }[]).findIndex(({ file }) =>
            file.endsWith("upstream-login"),
        );
        expect(writer.secrets.some((path) => `uploads.${index}.content`.startsWith(path))).toBe(true);
        expect(warn.mock.calls.map(([text]) => text)).toEqual([
            expect.stringMatching(
                /^Whoever reaches the mirror hub can pull, without a login, everything that robot can read at docker\.io:/,
            ),
        ]);
    });

    test("behind a front is warned of, too, which asks for no login", async () => {
        const front = { front: { image: "nginx:1.30" } };
        await one({ ...login, port: undefined }, front);
        expect(warn.mock.calls[0]?.[0]).toContain("since the front asks for no login there");
        expect(warn.mock.calls[0]?.[0]).toContain("a port of its own");
    });

    test("over plain HTTP is warned of as well", async () => {
        await one({ ...login, upstream: "http://registry.example.com" });
        expect(warn.mock.calls[0]?.[0]).toContain("in clear, by plain HTTP");
    });

    test("that changes restarts the mirror; without one there is nothing to warn of", async () => {
        const digest = async (settings: Partial<MirrorsItemArgs>) =>
            (await one(settings)).hub("container").inputs.labels;
        const without = await digest({});
        expect(warn).not.toHaveBeenCalled();
        const [first, same, other] = [
            await digest(login),
            await digest(login),
            await digest({ ...login, password: "other" }),
        ];
        expect(first).toEqual(same);
        expect(first).not.toEqual(other);
        expect(first).not.toEqual(without);
    });
});

test.each<[string, Partial<MirrorsItemArgs>, string]>([
    ["an upstream with a path", { upstream: "https://quay.io/a" }, "has more than a host and a port"],
    ["a password alone", { password: "x" }, "mirrors.hub.username is not set, and mirrors.hub.password is"],
])("%s is refused", async (_name, settings, message) => {
    await expect(one(settings)).rejects.toThrow(message);
});
