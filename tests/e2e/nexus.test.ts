/** examples/nexus, on Sonatype's image where it can be pulled, else on the kit's stand-in for it. */
import { cleanup } from "./cleanup";
import { docker, inspect } from "./docker";
import { NexusApi } from "./nexus-api";
import { type NexusImage, nexusImage } from "./nexus-image";
import { sleep, until } from "./run";
import { Stack } from "./stack";

const PASSWORD = "first $ecret: of the administrator";
// Fewer than the default: the Engine of a test machine may have no right to more.
const OPEN_FILES = 16384;
const ALL = [
    "docker group docker-group",
    "docker hosted docker-hosted",
    "docker proxy docker-proxy",
    "maven2 hosted releases",
    "pypi hosted wheels",
    "yum hosted rpms",
];

describe("Nexus", () => {
    const use = cleanup();
    let image: NexusImage;
    let stack: Stack;
    let api: NexusApi;

    const container = () => inspect(`${stack.prefix}-nexus`);

    beforeAll(async () => {
        image = use(await nexusImage());
        stack = use(
            await Stack.create("nexus", {
                program: "examples/nexus",
                ownPlugins: true,
                settings: {
                    image: image.image,
                    adminPassword: { secret: PASSWORD },
                    openFiles: String(OPEN_FILES),
                    ...(image.standIn ? { heapMb: "512", directMemoryMb: "512" } : {}),
                },
            }),
        );
        api = new NexusApi(`http://127.0.0.1:${stack.port}`, PASSWORD);
    });

    /** The stand-in accepts what Nexus's own first repositories would be, so only the kit's are compared. */
    const own = async (client = api) =>
        (await client.repositories()).filter(
            (line) => !/ (maven-(central|public|releases|snapshots)|nuget.*)$/.test(line),
        );

    test("refuses to make anything before the licence is accepted", async () => {
        const { code, screen } = await stack.tryUp();
        expect(code).not.toBe(0);
        expect(screen).toMatch(
            /acceptEula is false; Nexus runs only under its licence: read https:.*\n.*set acceptEula to true/,
        );
        await expect(container()).rejects.toThrow();
    });

    test("up creates all, and a second up changes nothing", async () => {
        await stack.configure({ acceptEula: "true" });
        await stack.up();
        expect(await stack.output("url")).toBe(api.url);
        expect(await own()).toEqual(ALL);
        await stack.up("--expect-no-changes");
        await stack.up("--refresh", "--expect-no-changes");
    });

    test("the administrator has the configured password, and the first one is gone", async () => {
        const status = async (password: string) =>
            (await api.ask("GET", "/v1/security/realms/active", undefined, `admin:${password}`)).status;
        expect(await status(PASSWORD)).toBe(200);
        expect(await status("admin123")).toBe(401);
        await expect(
            docker("exec", `${stack.prefix}-nexus`, "cat", "/nexus-data/admin.password"),
        ).rejects.toThrow(/No such file/);
    });

    test("EULA, anonymous access, realm, policy and tasks are as configured", async () => {
        expect(await api.get("/v1/system/eula")).toMatchObject({ accepted: true });
        expect(await api.get("/v1/security/anonymous")).toMatchObject({ enabled: false });
        expect(await api.get("/v1/security/realms/active")).toContain("DockerToken");
        expect(await api.get("/internal/cleanup-policies/private-registry")).toMatchObject({
            format: "*",
            criteriaLastDownloaded: 90,
        });
        const { items } = await api.get<{ items: { name: string; type: string }[] }>("/v1/tasks");
        const types = items.filter(({ name }) => name.startsWith("private-registry")).map(({ type }) => type);
        expect(types.sort()).toEqual(["blobstore.compact", "repository.docker.gc"]);
        expect(await api.get("/v1/repositories/docker/proxy/docker-proxy")).toMatchObject({
            proxy: { remoteUrl: "https://registry-1.docker.io" },
            dockerProxy: { indexType: "HUB" },
            docker: { pathEnabled: true },
            cleanup: { policyNames: ["private-registry"] },
        });
        expect(await api.get("/v1/repositories/docker/group/docker-group")).toMatchObject({
            group: { memberNames: ["docker-hosted", "docker-proxy"] },
        });
        expect(await stack.output("sites")).toEqual([
            { id: "nexus", name: "nexus.example.com", upstream: `http://${stack.prefix}-nexus:8081` },
        ]);
    });

    test("the container is confined, and reached from this host alone", async () => {
        const { HostConfig } = await container();
        expect(HostConfig).toMatchObject({
            CapDrop: ["ALL"],
            SecurityOpt: ["no-new-privileges:true"],
            RestartPolicy: { Name: "always" },
            PortBindings: { "8081/tcp": [{ HostIp: "127.0.0.1", HostPort: String(stack.port) }] },
            Ulimits: [{ Name: "nofile", Soft: OPEN_FILES, Hard: OPEN_FILES }],
        });
    });

    test("no secret is shown: state, docker inspect, log", async () => {
        const texts = [
            await stack.exportText(),
            await docker("container", "inspect", `${stack.prefix}-nexus`),
            await docker("logs", `${stack.prefix}-nexus`),
        ];
        for (const text of texts) expect(text).not.toContain("first $ecret");
        if (image.standIn) {
            expect(texts[1]).toContain("not Sonatype Nexus");
            expect(texts[2]).toContain("STAND-IN");
        }
    });

    test("drift behind Pulumi's back is mended by up --refresh", async () => {
        await api.must("DELETE", "/v1/repositories/wheels");
        const anonymous = await api.get<object>("/v1/security/anonymous");
        await api.must("PUT", "/v1/security/anonymous", { ...anonymous, enabled: true });
        await api.must("PUT", "/v1/security/realms/active", ["NexusAuthenticatingRealm"]);
        await api.must("DELETE", "/internal/cleanup-policies/private-registry").catch(() => undefined);
        const { items } = await api.get<{ items: { id: string; type: string; name: string }[] }>("/v1/tasks");
        const compact = items.find(
            ({ type, name }) => type === "blobstore.compact" && name.startsWith("private"),
        );
        await api.must("DELETE", `/v1/tasks/${compact?.id}`);
        await stack.up("--refresh");
        expect(await own()).toEqual(ALL);
        expect(await api.get("/v1/security/anonymous")).toMatchObject({ enabled: false });
        expect(await api.get("/v1/security/realms/active")).toContain("DockerToken");
        expect(await api.get("/internal/cleanup-policies/private-registry")).toMatchObject({ format: "*" });
        await stack.up("--refresh", "--expect-no-changes");
    });

    test("a changed password, and a repository added and removed", async () => {
        const next = "another password of the administrator";
        await stack.configure({
            adminPassword: { secret: next },
            "repositories.extra.format": "maven",
            "repositories.rpms.format": "yum",
            "repositories.wheels.format": "pypi",
        });
        await stack.up();
        expect((await api.ask("GET", "/v1/security/anonymous")).status).toBe(401);
        api = new NexusApi(api.url, next);
        expect(await own()).toEqual(ALL.map((line) => line.replace("releases", "extra")).sort());
        await stack.up("--expect-no-changes");
    });

    test("a repository with components is not deleted", async () => {
        await api.uploadPom("extra", "thing");
        await until("the component is listed", async () => {
            const { items } = await api.get<{ items: unknown[] }>("/v1/components?repository=extra");
            return items.length > 0 ? true : undefined;
        });
        await stack.unset("repositories.extra");
        const { code, screen } = await stack.tryUp();
        expect(code).not.toBe(0);
        expect(screen).toContain("Repository extra of Nexus has components, and they would be lost with it");
        await stack.configure({ "repositories.extra.format": "maven" });
        await stack.up();
    });

    test("destroy keeps the volume, and a new up finds everything in it", async () => {
        await stack.destroy();
        expect(
            await docker("volume", "ls", "--quiet", "--filter", `name=${stack.prefix}-nexus-data`),
        ).not.toBe("");
        await stack.up();
        const { items } = await api.get<{ items: { name: string }[] }>("/v1/components?repository=extra");
        expect(items.map(({ name }) => name).join()).toContain("thing");
        await stack.up("--refresh", "--expect-no-changes");
    });

    test("a generated password goes from one deployment of the volume to the next", async () => {
        await stack.unset("adminPassword");
        await stack.up();
        const first = await stack.output("adminPassword");
        await stack.destroy();
        await stack.up();
        const second = await stack.output("adminPassword");
        expect(second).not.toBe(first);
        api = new NexusApi(api.url, second);
        expect((await api.get<unknown[]>("/v1/components?repository=extra")) !== undefined).toBe(true);
        await expect(
            docker("exec", `${stack.prefix}-nexus`, "cat", "/nexus-data/admin.password"),
        ).rejects.toThrow(/No such file/);
    });

    test("killed in the middle of an up, the next one brings it to its end", async () => {
        await stack.configure({
            "repositories.late.format": "pypi",
            "repositories.later.format": "yum",
            heapMb: "600",
        });
        const running = stack.startUp();
        await until("Nexus is back with another heap", async () =>
            (
                await docker("inspect", "--format", "{{.Config.Env}}", `${stack.prefix}-nexus`).catch(
                    () => "",
                )
            ).includes("Xmx600m")
                ? true
                : undefined,
        );
        await sleep(500);
        await docker("kill", `${stack.prefix}-nexus`);
        running.process.kill("SIGKILL");
        await running.done;
        await stack.pulumi(["cancel", "--yes"]);
        await stack.up("--refresh");
        expect(await own()).toContain("yum hosted later");
        await stack.up("--expect-no-changes");
    });
});
