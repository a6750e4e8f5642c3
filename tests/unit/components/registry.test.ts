/** The containers and volumes, as the docker provider gets them. */
import { deploy, makeCertificates } from "./deploy";
import { find, type Registration } from "./mocks";

beforeAll(makeCertificates);

const containers = (all: Registration[]) =>
    all.filter(({ type }) => type === "docker:index/container:Container");
const container = async (args: Parameters<typeof deploy>[0] = {}) =>
    find((await deploy(args)).all, "r-container");

describe("every container of the kit", () => {
    let all: Registration[];
    beforeAll(async () => {
        ({ all } = await deploy());
    });

    test.each(["r-container", "r-config-writer"])("%s is confined, bounded and labelled", (name) => {
        const { inputs } = find(all, name);
        expect(inputs).toMatchObject({
            capabilities: { drops: ["ALL"] },
            securityOpts: ["no-new-privileges:true"],
            logDriver: "json-file",
            logOpts: { "max-size": "10m", "max-file": "3" },
            image: "sha256:0a1b",
        });
        expect(inputs.capabilities).not.toHaveProperty("adds");
        expect(inputs).not.toHaveProperty("privileged");
        expect(inputs.memory).toEqual(expect.any(Number));
        expect(inputs.memorySwap).toBe(inputs.memory);
        expect(inputs.labels).toContainEqual({ label: "private-registry.deployment", value: "kit-dev" });
    });

    test("there are these two", () => expect(containers(all)).toHaveLength(2));
});

describe("the registry's container", () => {
    test("is read-only, comes back, stops in time, and `up` waits until it is healthy", async () => {
        const { inputs, replaceOnChanges, dependencies } = await container();
        expect(inputs).toMatchObject({
            name: "kit-dev",
            readOnly: true,
            restart: "always",
            wait: true,
            waitTimeout: 60,
            memory: 512,
            entrypoints: ["/bin/registry"],
            command: ["serve", "/etc/distribution/config.yml"],
            envs: ["OTEL_TRACES_EXPORTER=none"],
            healthcheck: { tests: ["CMD-SHELL", expect.any(String)], interval: "200ms", retries: 12 },
            networksAdvanced: [{ name: "kit-dev" }],
        });
        // Longer than the 30 seconds that the registry drains.
        expect(inputs.destroyGraceSeconds).toBeGreaterThan(30);
        expect(inputs.stopTimeout).toBe(inputs.destroyGraceSeconds);
        expect(replaceOnChanges).toEqual(expect.arrayContaining(["#initerror", "healthcheck"]));
        expect(dependencies).toContain("r-config-writer");
        expect(inputs).not.toHaveProperty("uploads");
        expect(inputs).not.toHaveProperty("cpus");
    });

    test("its health check asks the storage, and whether its own port listens (5000 is 1388)", async () => {
        const { healthcheck } = (await container()).inputs as { healthcheck: { tests: string[] } };
        expect(healthcheck.tests[1]).toContain("http://127.0.0.1:5001/debug/health");
        expect(healthcheck.tests[1]).toMatch(/:1388 .*\/proc\/net\/tcp/);
    });

    test.each([
        [{}, 443, "0.0.0.0"],
        [{ port: 8443, bindAddress: "127.0.0.1" }, 8443, "127.0.0.1"],
        [{ tls: { off: true } }, 5000, "0.0.0.0"],
    ])("with %j it is published on %i of %s, and nothing else is", async (args, external, ip) => {
        expect((await container(args)).inputs.ports).toEqual([
            { internal: 5000, external, ip, protocol: "tcp" },
        ]);
    });

    test("limits, name and image are as given", async () => {
        const { all } = await deploy({
            memoryMb: 256,
            cpus: 1.5,
            containerName: "mine",
            image: "registry:3.2",
        });
        expect(find(all, "r-container").inputs).toMatchObject({
            memory: 256,
            memorySwap: 256,
            cpus: "1.5",
            name: "mine",
        });
        expect(find(all, "r-image").inputs).toEqual({ name: "registry:3.2", keepLocally: true });
    });
});

test("a whole number of CPUs is written as the provider keeps it", async () => {
    expect((await container({ cpus: 2 })).inputs.cpus).toBe("2.0");
});

describe("the data", () => {
    test("lie on a volume that outlives the deployment", async () => {
        const { all } = await deploy();
        const volume = find(all, "r-data");
        expect(volume.inputs).toMatchObject({ name: "kit-dev-data" });
        expect(volume.retainOnDelete).toBe(true);
        expect(find(all, "r-container").inputs.volumes).toEqual([
            { volumeName: "kit-dev-config", containerPath: "/etc/distribution", readOnly: true },
            { volumeName: "kit-dev-data", containerPath: "/var/lib/registry" },
        ]);
    });

    test("go with the deployment only where that was asked for", async () => {
        const { all } = await deploy({ keepData: false, storage: { volume: "images" } });
        expect(find(all, "r-data")).toMatchObject({ retainOnDelete: false, inputs: { name: "images" } });
        for (const one of all) expect(one.retainOnDelete).toBe(false);
    });

    test("stay where they are when the stack is renamed", async () => {
        const [kept, named] = [await deploy(), await deploy({ storage: { volume: "images" } })];
        expect(find(kept.all, "r-data").ignoreChanges).toEqual(["labels", "name"]);
        expect(find(named.all, "r-data").ignoreChanges).toEqual(["labels"]);
    });

    test("lie in a folder of the host where one is named, and no volume is made", async () => {
        const { all } = await deploy({ storage: { folder: "/opt/data/registry" } });
        expect(all.filter(({ name }) => name === "r-data")).toEqual([]);
        expect(find(all, "r-container").inputs.volumes).toContainEqual({
            hostPath: "/opt/data/registry",
            containerPath: "/var/lib/registry",
        });
    });
});

describe("the writer of the configuration", () => {
    test("ends by itself, has no network, and writes into the volume alone", async () => {
        const { inputs } = find((await deploy()).all, "r-config-writer");
        expect(inputs).toMatchObject({
            attach: true,
            mustRun: false,
            restart: "no",
            networkMode: "none",
            volumes: [{ volumeName: "kit-dev-config", containerPath: "/etc/distribution" }],
        });
    });

    test("gets its files as secrets, which only root may read where they are secret", async () => {
        const { inputs, secrets } = find((await deploy()).all, "r-config-writer");
        const uploads = inputs.uploads as { file: string; permissions: string }[];
        expect(uploads.map(({ file, permissions }) => [file, permissions])).toEqual([
            ["/staged/config.yml", "0400"],
            ["/staged/storage-check.sh", "0444"],
            ["/staged/htpasswd", "0400"],
            ["/staged/site.crt", "0444"],
            ["/staged/site.key", "0400"],
        ]);
        const covered = (i: number) => [`uploads`, `uploads.${i}`, `uploads.${i}.content`];
        uploads.forEach((_, i) => expect(secrets.some((path) => covered(i).includes(path))).toBe(true));
    });

    test("is waited for by the endpoint", async () => {
        const { registry } = await deploy();
        const dependencies = await (
            registry.endpoint as unknown as { allResources(): Promise<Set<object>> }
        ).allResources();
        const names = [...dependencies].map((one) => (one as { __name: string }).__name);
        expect(names).toEqual(expect.arrayContaining(["r-container", "r-config-writer"]));
    });
});
