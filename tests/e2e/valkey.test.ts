/** examples/valkey, the cache of blobs: what it holds, that its password stays inside, and that the registry goes on without it. */
import { redisCli } from "../../components/cache/redis-conf";

import { cleanup } from "./cleanup";
import { docker, inspect, objectsOf } from "./docker";
import { exampleSettings } from "./example";
import { collect, command, missing, pushImage, type Pushed } from "./gc";
import { RegistryClient } from "./http";
import { run } from "./run";
import { ADMIN, DOMAIN, Stack } from "./stack";

const REPOSITORY = "team/image";

describe("a registry with a Valkey", () => {
    const use = cleanup();
    let stack: Stack;
    let client: RegistryClient;
    let ca: string;
    let pushed: Pushed;

    const valkey = () => `${stack.prefix}-redis`;
    const cli = (command: string) => docker("exec", valkey(), "/bin/sh", "-c", redisCli(command));
    const keys = async () =>
        (await cli("keys '*'"))
            .split("\n")
            .filter((line) => line !== "")
            .sort();
    const upload = (of: Buffer) =>
        client.upload(
            REPOSITORY,
            (async function* () {
                yield await Promise.resolve(of);
            })(),
        );
    const pull = async (digest: string) => (await client.ask(`/v2/${REPOSITORY}/blobs/${digest}`)).status;

    beforeAll(async () => {
        const { "users.admin.generate": generated, ...example } = exampleSettings("valkey");
        expect(generated).toBe("true");
        stack = use(
            await Stack.create("valkey", {
                settings: { ...example, ...ADMIN, domain: DOMAIN },
            }),
        );
        await stack.up();
        ca = await stack.output("caCertificatePem");
        client = new RegistryClient(stack.port, ca);
        use({ dispose: async () => client.close() });
    });

    test("keeps there what it knows of the blobs of a push", async () => {
        expect(await keys()).toEqual([]);
        pushed = await pushImage(client, REPOSITORY, "one");
        expect(await missing(client, REPOSITORY, "one")).toEqual([]);
        expect(await keys()).toEqual(
            expect.arrayContaining([expect.stringMatching(/^blobs::sha256:[0-9a-f]{64}$/)]),
        );
    });

    test("forgets what was used longest ago where it is full, and writes nothing to disk", async () => {
        const setting = async (name: string) => (await cli(`config get ${name}`)).trimEnd().split("\n")[1];
        expect(await setting("maxmemory-policy")).toBe("allkeys-lru");
        expect(await setting("maxmemory")).toBe(String(32 * 1024 * 1024));
        expect((await setting("save")) ?? "").toBe("");
        expect(await setting("appendonly")).toBe("no");
    });

    test("wants a password, which shows up nowhere; no port, no capability, no way out", async () => {
        const { stdout } = await run("docker", ["exec", valkey(), "redis-cli", "ping"]);
        expect(stdout).toContain("NOAUTH");
        const password = (await docker("exec", valkey(), "cat", "/etc/redis/password")).trim();
        expect(password).toMatch(/^\w{43}$/);
        const names = (await objectsOf(stack.prefix))
            .filter((object) => object.startsWith("container "))
            .map((object) => object.slice("container ".length));
        expect(names).toContain(valkey());
        for (const name of names) expect(await docker("inspect", name)).not.toContain(password);
        for (const name of [valkey(), stack.prefix]) {
            const { screen } = await run("docker", ["logs", name]);
            expect(screen).not.toContain(password);
        }
        expect(await docker("top", valkey())).not.toContain(password);
        expect(await stack.exportText()).not.toContain(password);
        const { HostConfig, NetworkSettings } = await inspect(valkey());
        expect(HostConfig).toMatchObject({
            PortBindings: {},
            CapDrop: ["ALL"],
            ReadonlyRootfs: true,
            SecurityOpt: ["no-new-privileges:true"],
        });
        expect(Object.keys(NetworkSettings.Networks)).toEqual([valkey()]);
        expect((await docker("network", "inspect", "-f", "{{.Internal}}", valkey())).trim()).toBe("true");
    });

    test("a second up changes nothing", () => stack.up("--refresh", "--expect-no-changes"));

    test("knows its blobs after a restart, and takes none for present that a collection removed", async () => {
        const data = Buffer.from(`a layer of ${stack.name}`);
        const { digest } = await upload(data);
        expect(await pull(digest)).toBe(200);
        await docker("restart", stack.prefix);
        await healthy();
        expect(await keys()).toContain(`blobs::${digest}`);
        // No manifest has it, so that it goes.
        const { code, screen } = await collect(stack).done;
        expect({ code, screen }).toMatchObject({ code: 0 });
        reconnect();
        expect(await keys()).not.toContain(`blobs::${digest}`);
        expect(await pull(digest)).toBe(404);
        expect((await upload(data)).statuses).toEqual([202, 202, 201]);
        expect(await pull(digest)).toBe(200);
        expect(await missing(client, REPOSITORY, "one")).toEqual([]);
        await stack.up("--refresh", "--expect-no-changes");
    });

    test("pushes and pulls go on while it is down, and it is used again afterwards", async () => {
        await docker("stop", valkey());
        const doctor = await command(stack, "doctor").done;
        expect(doctor.stdout).toMatch(
            new RegExp(`^warning {2}cache: ${valkey()} is exited; the registry goes on without it`, "m"),
        );
        expect(doctor.stdout).toMatch(new RegExp(`^ok {7}container: ${stack.prefix}: running$`, "m"));
        const begun = Date.now();
        expect(await missing(client, REPOSITORY, pushed.digest)).toEqual([]);
        // Two blobs and a manifest: no request waits long for what is not there.
        expect(Date.now() - begun).toBeLessThan(10_000);
        await pushImage(client, REPOSITORY, "two");
        expect(await missing(client, REPOSITORY, "two")).toEqual([]);
        await docker("restart", stack.prefix);
        await healthy();
        expect(await missing(client, REPOSITORY, "two")).toEqual([]);
        await docker("start", valkey());
        await healthy(valkey());
        const three = await pushImage(client, REPOSITORY, "three");
        expect(await missing(client, REPOSITORY, three.digest)).toEqual([]);
        expect((await keys()).length).toBeGreaterThan(0);
    });

    test("without cache.valkey it goes away, and the images stay", async () => {
        await stack.unset("cache");
        await stack.up();
        reconnect();
        expect((await objectsOf(stack.prefix)).filter((object) => object.includes(valkey()))).toEqual([]);
        expect(await missing(client, REPOSITORY, "one")).toEqual([]);
    });

    function reconnect() {
        client.close();
        client = new RegistryClient(stack.port, ca);
    }
    async function healthy(name = stack.prefix) {
        for (const end = Date.now() + 30_000; (await inspect(name)).State.Health?.Status !== "healthy";) {
            if (Date.now() > end) throw new Error(`${name} does not become healthy`);
            await new Promise((wait) => setTimeout(wait, 250));
        }
        if (name === stack.prefix) reconnect();
    }
});
