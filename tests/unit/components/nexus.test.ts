/** The Nexus component: what the providers get, and what goes with what. */
import "./mocks";

import * as docker from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";

import { Nexus, type NexusComponentArgs } from "../../../components";
import { NEXUS } from "../../../components/nexus/options";
import { upstreams, vmParams } from "../../../components/nexus/plan";

import { find, record, type Registration, valueOf } from "./mocks";

async function deploy(
    args: Partial<NexusComponentArgs> = {},
    provider?: () => docker.Provider,
): Promise<{ nexus: Nexus; all: Registration[] }> {
    const { result, all } = await record(
        () =>
            new Nexus(
                "n",
                { prefix: "kit-dev", acceptEula: true, networkName: "kit-dev", ...args },
                provider && { providers: { docker: provider() } },
            ),
        (type) => {
            if (type.includes("randomPassword")) return { result: pulumi.secret("generated password") };
            return type.includes("remoteImage") ? { imageId: "sha256:0a1b" } : {};
        },
    );
    return { nexus: result, all };
}

const ours = (all: Registration[]) => all.filter(({ type }) => type.startsWith("private-registry-nexus:"));

test("the container is confined, bounded, and reached from its own host alone", async () => {
    const { all } = await deploy({ heapMb: 1024, directMemoryMb: 2048, port: 18081 });
    const { inputs, replaceOnChanges } = find(all, "n-container");
    expect(inputs).toMatchObject({
        name: "kit-dev-nexus",
        image: "sha256:0a1b",
        user: "200:200",
        capabilities: { drops: ["ALL"] },
        securityOpts: ["no-new-privileges:true"],
        logOpts: { "max-size": "10m", "max-file": "3" },
        restart: "always",
        stopTimeout: 120,
        destroyGraceSeconds: 120,
        memory: 1024 + 2048 + 768,
        memorySwap: 1024 + 2048 + 768,
        ulimits: [{ name: "nofile", soft: 65536, hard: 65536 }],
        ports: [{ internal: 8081, external: 18081, ip: "127.0.0.1", protocol: "tcp" }],
        volumes: [{ volumeName: "kit-dev-nexus-data", containerPath: "/nexus-data" }],
        networksAdvanced: [{ name: "kit-dev" }],
        envs: [`INSTALL4J_ADD_VM_PARAMS=${vmParams(1024, 2048)}`],
        wait: true,
    });
    expect(inputs.capabilities).not.toHaveProperty("adds");
    expect(replaceOnChanges).toEqual(expect.arrayContaining(["#initerror", "healthcheck"]));
});

test("openFiles 0 leaves the limit to the Engine", async () => {
    expect(find((await deploy({ openFiles: 0 })).all, "n-container").inputs).not.toHaveProperty("ulimits");
});

test("the options of Java", () => {
    expect(vmParams(1024, 2048)).toBe(
        "-Xms1024m -Xmx1024m -XX:MaxDirectMemorySize=2048m -Djava.util.prefs.userRoot=/nexus-data/javaprefs",
    );
});

test("passwords are secret wherever they go", async () => {
    const { all } = await deploy({ adminPassword: "the given one" });
    for (const name of ["n-provider", "n-admin"]) expect(find(all, name).secrets).toContain("password");
    expect(find(all, "n-admin").inputs).toMatchObject({ generated: false });
    expect(JSON.stringify(find(all, "n-container").inputs)).not.toContain("the given one");
    expect(find((await deploy()).all, "n-admin").inputs).toMatchObject({
        generated: true,
        password: "generated password",
    });
});

test("the data outlive the deployment, and nothing with components is deleted, unless that was asked for", async () => {
    const kept = (await deploy()).all;
    expect(find(kept, "n-data").retainOnDelete).toBe(true);
    expect(find(kept, "n-repository-docker-hosted").inputs.force).toBe(false);
    const all = (await deploy({ keepData: false })).all;
    expect(find(all, "n-data").retainOnDelete).toBe(false);
    expect(find(all, "n-repository-docker-hosted").inputs.force).toBe(true);
});

test("everything waits for the administrator and the licence, a group for its members", async () => {
    const { all } = await deploy({ cleanup: { unusedDays: 3 }, repositories: { libs: { format: "maven" } } });
    expect(find(all, "n-settings").inputs).toEqual({
        anonymous: false,
        acceptEula: true,
        realms: ["DockerToken"],
    });
    expect(find(all, "n-admin").dependencies).toContain("n-container");
    for (const { name, dependencies, provider } of ours(all)) {
        expect(provider).toContain("n-provider");
        if (name !== "n-admin") expect(dependencies).toContain("n-admin");
        if (name.startsWith("n-repository"))
            expect(dependencies).toEqual(expect.arrayContaining(["n-settings", "n-cleanup"]));
    }
    expect(find(all, "n-repository-docker-group").dependencies).toEqual(
        expect.arrayContaining(["n-repository-docker-hosted", "n-repository-docker-proxy"]),
    );
});

test.each([
    [{}, ["docker-hosted", "docker-proxy", "docker-group"]],
    [{ docker: { proxy: false } }, ["docker-hosted", "docker-group"]],
    [{ docker: { hosted: false, proxy: false, group: false } }, []],
    [{ docker: { group: false } }, ["docker-hosted", "docker-proxy"]],
])("with %j there are %j", async (args, names) => {
    const { all } = await deploy(args);
    const made = ours(all).filter(({ type }) => type.endsWith(":Repository"));
    expect(made.map(({ inputs }) => inputs.name)).toEqual(names);
});

test("the front learns names and upstreams", () => {
    expect(upstreams("c", { force: false })).toEqual([{ upstream: "http://c:8081" }]);
    const { docker } = NEXUS.options.parse({ docker: { routing: "ports", proxy: false } });
    expect(upstreams("c", { force: false, docker })).toEqual([
        { upstream: "http://c:8081" },
        { label: "docker-hosted", upstream: "http://c:8082" },
        { label: "docker-group", upstream: "http://c:8084" },
    ]);
});

test("the sites are named below the domain, of which the name may be an Output", async () => {
    const names = async (domain: pulumi.Input<string>) => {
        const { nexus } = await deploy({ domain, docker: { routing: "ports", proxy: false } });
        return Promise.all(nexus.sites.map(({ name }) => valueOf(pulumi.output(name))));
    };
    const expected = ["n.example.com", "docker-hosted.n.example.com", "docker-group.n.example.com"];
    expect(await names("n.example.com")).toEqual(expected);
    expect(await names(pulumi.output("n.example.com"))).toEqual(expected);
});

test.each([
    [
        { docker: { hosted: false, proxy: false } },
        "docker.group is true, and neither docker.hosted nor docker.proxy is",
    ],
    [{ apiUrl: "http://192.0.2.1:8081" }, "would cross the network in clear"],
    [
        { adminPassword: "short" },
        "adminPassword is set to a value that is not shown; it must be a string of 8",
    ],
])("%j is refused as in a stack", async (args, message) => {
    await expect(deploy(args)).rejects.toThrow(message);
});

test("without the licence nothing is registered", () => {
    expect(() => new Nexus("n", { acceptEula: false })).toThrow(
        /acceptEula is false; Nexus runs only under its licence[^]*fix: set acceptEula to true/,
    );
});

describe("the Engine in which the plugin looks for the first password", () => {
    const far = "tcp://203.0.113.7:2376";
    test.each<[string, docker.ProviderArgs | undefined, object]>([
        ["none is given: what the environment names", undefined, {}],
        [
            "the provider's host, with its certificates",
            { host: far, certPath: "/certs" },
            { dockerHost: far, dockerCertPath: "/certs" },
        ],
        // The SDK takes DOCKER_HOST for the host that it was not given; the context goes before it.
        [
            "the provider's context",
            { context: "far" },
            { dockerContext: "far", dockerHost: process.env.DOCKER_HOST },
        ],
        [
            "certificates that are in no file: none, and never the environment's",
            { host: far, caMaterial: "ca", certMaterial: "cert", keyMaterial: "key" },
            { dockerUnknown: "true" },
        ],
    ])("%s", async (_what, given, wanted) => {
        const { all } = await deploy({}, given && (() => new docker.Provider("p", given)));
        const { inputs } = find(all, "n-provider");
        expect(
            Object.fromEntries(Object.entries(inputs).filter(([key]) => key.startsWith("docker"))),
        ).toEqual(wanted);
    });
});
