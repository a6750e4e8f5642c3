/** The Engine as a program of its own hands it in: by a provider, and as the address of a host that it makes itself. */
import { cleanup } from "./cleanup";
import { docker, objectsOf, removeObjects } from "./docker";
import { missing, pushImage } from "./gc";
import { RegistryClient } from "./http";
import { freePort, PASSWORD, Stack } from "./stack";

/** What the program must not take: it is told of another Engine. */
const ELSEWHERE = { DOCKER_HOST: "unix:///nonexistent/docker.sock", DOCKER_CONTEXT: "" };

/** URL of the Engine that the tests use. */
const engineUrl = async () =>
    (await docker("context", "inspect", "--format", "{{.Endpoints.docker.Host}}")).trim();

async function holdsImages(port: number, ca: string): Promise<void> {
    const client = new RegistryClient(port, ca);
    expect((await client.ask("/v2/", { login: "admin:wrong" })).status).toBe(401);
    await pushImage(client, "team/image", "1");
    expect(await missing(client, "team/image", "1")).toEqual([]);
    client.close();
}

describe("a provider that is handed down", () => {
    const use = cleanup();
    let stack: Stack;
    let teamPort: number;
    const team = () => `${stack.prefix}-team`;

    beforeAll(async () => {
        teamPort = await freePort();
        stack = use(
            await Stack.create("provider", {
                program: "tests/e2e/programs/provider",
                settings: {
                    engine: await engineUrl(),
                    teamPort: String(teamPort),
                    password: { secret: PASSWORD },
                },
                env: ELSEWHERE,
                ownPlugins: true,
            }),
        );
        use({ dispose: async () => removeObjects(await objectsOf(team())) });
    });

    test("is that of every resource of the component, and of one inside another component", async () => {
        await stack.must(["preview"]);
        await stack.up();
        await holdsImages(stack.port, await stack.output("caCertificatePem"));
        await holdsImages(teamPort, await stack.output("teamCaCertificatePem"));
        const { deployment } = await stack.exportState();
        const providers = deployment.resources.filter(({ type }) => type === "pulumi:providers:docker");
        expect(providers.map(({ urn }) => urn.split("::").at(-1))).toEqual(["engine"]);
        await stack.up("--expect-no-changes");
    });

    test("is where a container that cannot be made anew runs again as before", async () => {
        await stack.configure({ cpus: "999" });
        const { code, screen } = await stack.tryUp();
        expect(code).not.toBe(0);
        expect(screen).toContain(`${stack.prefix} runs again as before`);
        await holdsImages(stack.port, await stack.output("caCertificatePem"));
    });

    test("destroys all that it made", async () => {
        await stack.destroy();
        expect([...(await objectsOf(stack.prefix)), ...(await objectsOf(team()))]).toEqual([]);
    });
});

describe("a host that the same program makes", () => {
    const use = cleanup();
    let stack: Stack;
    let machine: string;

    beforeAll(async () => {
        stack = use(
            await Stack.create("made-host", {
                program: "tests/e2e/programs/made-host",
                settings: {
                    socket: (await engineUrl()).replace("unix://", ""),
                    machinePort: String(await freePort()),
                    password: { secret: PASSWORD },
                },
                ownPlugins: true,
            }),
        );
        machine = `${stack.prefix}-machine`;
        use({ dispose: async () => void (await docker("rm", "--force", machine).catch(() => "")) });
    });

    test("has the registry, made through the address that nobody knew before", async () => {
        await stack.must(["preview"]);
        expect(await objectsOf(stack.prefix)).toEqual([]);
        await stack.up();
        await holdsImages(stack.port, await stack.output("caCertificatePem"));
        const asked = (await docker("logs", machine)).matchAll(/POST \/containers\/create\?name=([^& ]+)/g);
        expect([...asked].map(([, name]) => name)).toEqual(
            expect.arrayContaining([stack.prefix, `${stack.prefix}-front`, `${stack.prefix}-config`]),
        );
        await stack.up("--expect-no-changes");
    });

    test("is destroyed after the registry, and nothing is left", async () => {
        await stack.destroy();
        expect(await objectsOf(stack.prefix)).toEqual([]);
        expect(await docker("ps", "--all", "--quiet", "--filter", `name=${machine}`)).toBe("");
    });
});
