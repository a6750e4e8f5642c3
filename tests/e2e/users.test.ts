/** Changes to a registry at work: users without a restart, all else with one graceful restart. */
import { cleanup } from "./cleanup";
import { DockerClient, eventsOf, inspect } from "./docker";
import { Load, randomParts, RegistryClient } from "./http";
import { sleep, until } from "./run";
import { ADMIN, PASSWORD, Stack } from "./stack";

describe("a registry at work", () => {
    const use = cleanup();
    const docker = use(new DockerClient());
    let stack: Stack;
    let client: RegistryClient;
    /** Manifest and layer of a pushed image: what a pull reads. */
    let pull: string[];
    let robot: string;

    beforeAll(async () => {
        stack = use(await Stack.create("users", { settings: { ...ADMIN, "users.robot.generate": "true" } }));
        await stack.up();
        client = await RegistryClient.of(stack);
        use({ dispose: async () => client.close() });
        const image = `localhost:${stack.port}/team/image:1`;
        await docker.image(image);
        await docker.login(`localhost:${stack.port}`, "admin", PASSWORD);
        const pushed = /sha256:[0-9a-f]{64}/.exec(await docker.must(["push", image]))?.[0] ?? "";
        const manifest = JSON.parse((await client.ask(`/v2/team/image/manifests/${pushed}`)).body) as {
            layers: { digest: string }[];
        };
        pull = [
            "/v2/team/image/manifests/1",
            ...manifest.layers.map(({ digest }) => `/v2/team/image/blobs/${digest}`),
        ];
        robot = `robot:${(await stack.output<Record<string, string>>("passwords")).robot}`;
    });

    const status = async (login: string): Promise<number> => (await client.ask("/v2/", { login })).status;

    test("users come, change and go under a stream of pulls that sees nothing of it", async () => {
        const before = await inspect(stack.prefix);
        const load = new Load(client, pull, 40, robot);
        try {
            await stack.configure({ "users.guest.password": { secret: "first" } });
            await stack.up();
            expect(await status("guest:first")).toBe(200);

            await stack.configure({ "users.guest.password": { secret: "second" } });
            await stack.up();
            expect(await status("guest:second")).toBe(200);
            expect(await status("guest:first")).toBe(401);

            await stack.unset("users.guest");
            await stack.up();
            expect(await status("guest:second")).toBe(401);
            expect(await status(`admin:${PASSWORD}`)).toBe(200);
        } finally {
            const rate = await load.stop();
            expect(load.failures).toEqual([]);
            expect(rate).toBeGreaterThan(20);
        }
        const after = await inspect(stack.prefix);
        expect(after.Id).toBe(before.Id);
        expect(after.State.StartedAt).toBe(before.State.StartedAt);
        expect(await eventsOf(stack.prefix, Date.parse(before.State.StartedAt) / 1000 + 0.5)).toEqual([]);
    });

    test("another change restarts it once, after the upload that is in flight", async () => {
        const since = Date.now() / 1000;
        await stack.configure({ logLevel: "warn" });

        let stopping = false;
        const slowly = async function* () {
            // Goes on until the registry was told to stop, and two seconds more.
            while (!stopping) {
                yield* randomParts(1);
                await sleep(200);
            }
            await sleep(2000);
            yield* randomParts(1);
        };
        const up = stack.startUp();
        const told = until("the registry is told to stop", async () =>
            (await eventsOf(stack.prefix, since)).find((event) => event === "kill 15"),
        ).finally(() => (stopping = true));
        const [upload, { code, screen }] = await Promise.all([
            client.upload("team/image", slowly(), up.done),
            up.done,
            told,
        ]);
        expect(screen).toContain("Resources:");
        expect(code).toBe(0);

        expect(upload.statuses).toEqual([202, 202, 201]);
        const blob = await client.ask(`/v2/team/image/blobs/${upload.digest}`, { method: "HEAD" });
        expect(blob.status).toBe(200);
        expect(await eventsOf(stack.prefix, since)).toEqual([
            "kill 15",
            "die 0",
            "destroy",
            "create",
            "start",
        ]);
        for (const path of pull) expect((await client.ask(path)).status).toBe(200);
    });
});
