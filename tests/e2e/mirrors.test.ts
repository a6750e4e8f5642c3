/** examples/mirrors: pull-through caches of registries that then go away. */
import { writeFileSync } from "node:fs";
import { join, resolve } from "node:path";

import type { MirrorAccess } from "../../components";

import { spaceOf } from "../../ops/mirrors";

import { pemFile } from "./certificates";
import { cleanup } from "./cleanup";
import { docker, DockerClient, inspect, objectsOf } from "./docker";
import { RegistryClient } from "./http";
import { must, run, until } from "./run";
import { ADMIN, DOMAIN, freePort, PASSWORD, Stack } from "./stack";
import { join as joinNetwork, leave, Upstream } from "./upstream";

const ENGINE = { url: process.env.DOCKER_HOST ?? "unix:///var/run/docker.sock", source: "the test" };
const ROOT = resolve(__dirname, "..", "..");
const LAYERS = "find /var/lib/registry/docker/registry/v2/blobs -name data -size +100k";

describe("mirrors", () => {
    const use = cleanup();
    const client = use(new DockerClient());
    const upstream = new Upstream();
    let team: Stack;
    let stack: Stack;
    let access: Record<string, MirrorAccess>;
    let screen: string;
    /** Name of a mirror → image in its upstream, the same image in the mirror, its ID. */
    const images: Record<string, { origin: string; mirrored: string; id: string }> = {};

    const container = (mirror: string) => `${stack.prefix}-mirror-${mirror}`;
    const idOf = async (image: string) =>
        (await client.must(["image", "inspect", "--format", "{{.Id}}", image])).trim();

    /** Pulls an image that is not there, and says which one came. */
    async function pulled(image: string): Promise<string> {
        await client.run(["rmi", "--force", image]);
        await client.must(["pull", image]);
        const id = await idOf(image);
        await client.forget(image);
        return id;
    }

    /** Layers that a mirror keeps. */
    const cached = async (mirror: string): Promise<string[]> =>
        (await docker("exec", container(mirror), "/bin/sh", "-c", LAYERS))
            .split("\n")
            .filter((line) => line !== "");

    beforeAll(async () => {
        team = use(await Stack.create("upstream", { settings: ADMIN }));
        const ports = [await freePort(), await freePort(), await freePort()];
        stack = use(
            await Stack.create("mirrors", { program: "examples/mirrors", settings: { domain: "localhost" } }),
        );
        await Promise.all([team.up(), upstream.start()]);
        use(upstream);
        const mirrors = {
            plain: { upstream: upstream.url, port: ports[0], ttl: "0" },
            brief: { upstream: upstream.url, port: ports[1], ttl: "4s", keepData: false },
            team: {
                upstream: `https://${DOMAIN}:5000`,
                port: ports[2],
                ca: await team.output("caCertificatePem"),
                username: "admin",
            },
        };
        await stack.must(["config", "set", "--plaintext", "mirrors"], JSON.stringify(mirrors));
        await stack.configure({ "passwords.team": { secret: PASSWORD } });
        screen = await stack.up();
        access = await stack.output("mirrorAccess");
        await joinNetwork(stack.prefix, upstream.name, upstream.name);
        await joinNetwork(stack.prefix, team.prefix, DOMAIN);
        use({
            dispose: async () => {
                for (const name of [upstream.name, team.prefix]) await leave(stack.prefix, name);
            },
        });

        await client.login(`localhost:${team.port}`, "admin", PASSWORD);
        for (const [mirror, address] of [
            ["plain", upstream.address],
            ["team", `localhost:${team.port}`],
        ] as const) {
            const name = `team/${mirror}:1`;
            const id = await client.image(`${address}/${name}`);
            await client.must(["push", `${address}/${name}`]);
            images[mirror] = {
                origin: `${address}/${name}`,
                mirrored: `${new URL(access[mirror]?.endpoint ?? "").host}/${name}`,
                id,
            };
            await client.forget(`${address}/${name}`);
        }
    });

    test("came up without their upstreams, at the addresses that the output tells", () => {
        expect(Object.keys(access)).toEqual(["brief", "plain", "team"]);
        expect(access.plain).toMatchObject({
            endpoint: expect.stringMatching(/^https:\/\/localhost:\d+$/) as string,
            upstream: upstream.url,
            container: container("plain"),
        });
    });

    test("`up` warns of what a login gives away, and of nothing else", () => {
        expect(screen).toContain(
            "Whoever reaches the mirror team can pull, without a login, everything that admin",
        );
        expect(screen).not.toMatch(/the mirror (plain|brief) can/);
        expect(screen).not.toContain(PASSWORD);
    });

    test.each(["plain", "team"])("docker pulls through the mirror %s, without a login", async (mirror) => {
        const { mirrored = "", id } = images[mirror] ?? {};
        expect(await pulled(mirrored)).toBe(id);
        // The registry answers the client before it has written the blob to its end.
        await until("the cache has it", async () => ((await cached(mirror)).length > 0 ? true : undefined));
    });

    test("a mirror has only what its own upstream has", async () => {
        const elsewhere = images.plain?.mirrored.replace(
            /.*?\//,
            `${new URL(access.team?.endpoint ?? "").host}/`,
        );
        const { code, screen } = await client.run(["pull", elsewhere ?? ""]);
        expect(code).not.toBe(0);
        expect(screen).toMatch(/manifest unknown|not found/);
    });

    test("a push is refused at once, and so is taking a tag away", async () => {
        const [address = "", ...rest] = images.plain?.mirrored.split("/") ?? [];
        const image = `${address}/team/own:1`;
        await client.image(image);
        const before = Date.now();
        const { code, screen } = await client.run(["push", image]);
        expect(code).not.toBe(0);
        // Docker tries again for most of a minute where it does not understand a refusal.
        expect(Date.now() - before).toBeLessThan(15_000);
        expect(screen).toMatch(/405.*Method not allowed/);

        const ca = await stack.output("caCertificatePem");
        const registry = new RegistryClient(Number(address.split(":")[1]), ca, "127.0.0.1", "localhost");
        use({ dispose: async () => registry.close() });
        const [repository, tag] = rest.join("/").split(":");
        const path = `/v2/${repository}/manifests/${tag}`;
        expect(await registry.ask(path, { method: "DELETE", login: "" })).toMatchObject({ status: 405 });
        expect(await registry.ask(path, { login: "" })).toMatchObject({ status: 200 });
    });

    test("what is over its time is removed, and fetched anew", async () => {
        const { mirrored = "", id } = images.plain ?? {};
        const brief = mirrored.replace(/.*?\//, `${new URL(access.brief?.endpoint ?? "").host}/`);
        expect(await pulled(brief)).toBe(id);
        await until(
            "the blob is gone",
            async () => ((await cached("brief")).length === 0 ? true : undefined),
            30_000,
            500,
        );
        expect(await pulled(brief)).toBe(id);
        // Where nothing ends, the registry keeps no account of times.
        const list = (mirror: string) => docker("exec", container(mirror), "ls", "/var/lib/registry");
        expect(await list("plain")).not.toContain("scheduler-state.json");
        await until("the times are written", async () =>
            (await list("brief")).includes("scheduler-state.json") ? true : undefined,
        );
    });

    test("the size report tells how full each cache is, and where it cannot be told", async () => {
        const { plain, team } = Object.fromEntries(
            await Promise.all(
                ["plain", "team"].map(async (m) => [m, await spaceOf(ENGINE, container(m))] as const),
            ),
        );
        // Each has one image of 200 kB, and some folders.
        for (const space of [plain, team]) {
            expect(space?.used).toBeGreaterThan(190_000);
            expect(space?.used).toBeLessThan(500_000);
            expect(space?.free).toBeGreaterThan(1_000_000);
        }
        await expect(spaceOf(ENGINE, container("none"))).rejects.toThrow(/No such container.*pulumi up/);
    });

    test("a second `up` changes nothing", async () => {
        await stack.up("--expect-no-changes");
    });

    test("the state and the containers show no password", async () => {
        const state = await stack.exportText();
        const shown = JSON.stringify(await inspect(container("team")));
        expect(state).not.toContain(PASSWORD);
        expect(shown).not.toContain(PASSWORD);
    });

    test("the kit's own stack gets a mirror, and loses it again, while its registry runs on", async () => {
        const { Id } = await inspect(team.prefix);
        const port = await freePort();
        // As docs/mirrors.md has it.
        await team.must(["config", "set", "--path", "mirrors.other.upstream", upstream.url]);
        await team.must(["config", "set", "--path", "mirrors.other.port", String(port)]);
        await team.must(["config", "set", "--path", "mirrors.other.keepData", "false"]);
        await team.up();
        await joinNetwork(team.prefix, upstream.name, upstream.name);
        try {
            expect(await pulled(`localhost:${port}/team/plain:1`)).toBe(images.plain?.id);
            const npm = ["run", "--silent", "mirrors", "--", "--stack", team.name];
            const report = await must("npm", npm, { cwd: ROOT, env: team.env });
            expect(report).toMatch(
                /^other: [\d.]+ [kM]?B of http:\/\/e2e-upstream-\S+, \d.* free on its disk\n$/,
            );
        } finally {
            await leave(team.prefix, upstream.name);
        }
        const { other } = await team.output<Record<string, MirrorAccess>>("mirrors");
        expect(other).toMatchObject({ endpoint: `https://${DOMAIN}:${port}`, dockerDaemonJson: "" });

        // A port that another program has: the fix is the mirror's, not the registry's.
        await team.must([
            "config",
            "set",
            "--path",
            "mirrors.other.port",
            upstream.address.split(":")[1] ?? "",
        ]);
        const refused = await team.tryUp();
        expect(refused.code).not.toBe(0);
        expect(refused.screen).toMatch(
            /taken by the container e2e-upstream-.*pulumi config set --path mirrors\.other\.port \d+/,
        );

        await team.must(["config", "rm", "mirrors"]);
        await team.up();
        expect((await objectsOf(team.prefix)).filter((name) => name.includes("mirror"))).toEqual([]);
        expect((await inspect(team.prefix)).Id).toBe(Id);
    });

    describe("when the upstreams are gone", () => {
        beforeAll(async () => {
            await docker("stop", "--time", "1", upstream.name);
            await docker("stop", "--time", "1", team.prefix);
        });

        test.each(["plain", "team"])(
            "docker pulls from the cache of %s, also after a restart",
            async (mirror) => {
                const { mirrored = "", id } = images[mirror] ?? {};
                expect(await pulled(mirrored)).toBe(id);
                await docker("restart", container(mirror));
                await until(`${mirror} is healthy`, async () =>
                    (await inspect(container(mirror))).State.Health?.Status === "healthy" ? true : undefined,
                );
                expect(await pulled(mirrored)).toBe(id);
            },
        );

        test("skopeo reads the upstream's name through the mirror, by the registries.conf of the output", async () => {
            const conf = join(stack.folder, "registries.conf");
            writeFileSync(conf, access.team?.registriesConf ?? "");
            const ca = pemFile(stack.folder, "ca.crt", await stack.output("caCertificatePem"));
            const env = { ...process.env, SSL_CERT_FILE: ca };
            const copy = [
                ...["copy", "--insecure-policy", "--authfile", join(stack.folder, "none.json")],
                ...[`docker://${DOMAIN}:5000/team/team:1`, `dir:${join(stack.folder, "image")}`],
            ];
            await must("skopeo", ["--registries-conf", conf, ...copy], { env });
            const without = await run("skopeo", copy, { env });
            expect(without.code).not.toBe(0);
        });
    });
});
