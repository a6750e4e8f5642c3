/** From the first `up` to the last `destroy`: no change, no secret in clear, data kept, data removed. */
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";

import { cleanup } from "./cleanup";
import { docker, DockerClient, inspect, objectsOf } from "./docker";
import { RegistryClient } from "./http";
import { Neighbour } from "./neighbour";
import { must } from "./run";
import { ADMIN, PASSWORD, Stack } from "./stack";

/** Every file below a folder. */
const filesBelow = (folder: string): string[] =>
    readdirSync(folder, { recursive: true, encoding: "utf8" })
        .map((name) => join(folder, name))
        .filter((file) => statSync(file).isFile());

describe("the life of a deployment", () => {
    const use = cleanup();
    const client = use(new DockerClient());
    let stack: Stack;
    let image: string;
    let screen: string;
    let hash: string;

    beforeAll(async () => {
        await use(new Neighbour()).start();
        hash = (await must("htpasswd", ["-niB", "hashed"], { input: PASSWORD })).trim().split(":")[1] ?? "";
        stack = use(
            await Stack.create("life", {
                settings: {
                    ...ADMIN,
                    "users.ci.generate": "true",
                    "users.hashed.bcryptHash": { secret: hash },
                },
            }),
        );
        screen = await stack.up();
        // Docker takes localhost without a certificate: good enough for the data, clients.test.ts proves the trust.
        image = `localhost:${stack.port}/team/image:1`;
        await client.image(image);
        expect(await client.login(`localhost:${stack.port}`, "hashed", PASSWORD)).toMatchObject({ code: 0 });
        await client.must(["push", image]);
    });

    const pulls = async () => {
        await client.forget(image);
        await client.must(["pull", image]);
    };
    const container = () => inspect(stack.prefix);

    test("a second `up` changes nothing, with refresh and without", async () => {
        const { Id, State } = await container();
        await stack.up("--expect-no-changes");
        await stack.up("--refresh", "--expect-no-changes");
        expect(await container()).toMatchObject({ Id, State: { StartedAt: State.StartedAt } });
    });

    // What Pulumi.yaml has Node load first is named relative to its folder.
    test("Pulumi finds the program from a folder below the project's", async () => {
        const cwd = join(stack.project, "examples");
        const preview = ["preview", "--expect-no-changes", "--stack", stack.name];
        await stack.must([...preview, "--cwd", cwd]);
        await must("pulumi", preview, { cwd, env: { ...stack.env, PWD: cwd } });
    });

    test("Pulumi knows the plugins that the program's packages need", async () => {
        const plugins = JSON.parse(await stack.must(["plugin", "ls", "--project", "--json"])) as {
            name: string;
            kind: string;
        }[];
        const names = plugins.flatMap(({ name, kind }) => (kind === "resource" ? [name] : []));
        expect(names.sort()).toEqual(["docker", "random", "tls"]);
    });

    test("no password, hash or private key stands anywhere in clear", async () => {
        const config = await docker("exec", stack.prefix, "cat", "/etc/distribution/config.yml");
        const htpasswd = await docker("exec", stack.prefix, "cat", "/etc/distribution/htpasswd");
        const passwords = await stack.output<Record<string, string>>("passwords");
        const secrets = [
            ...Object.values(passwords),
            ...htpasswd.split("\n").flatMap((line) => line.split(":")[1] ?? []),
            / secret: "?([0-9a-f]{64})/.exec(config)?.[1] ?? "the http secret was not found",
            "PRIVATE KEY",
            hash,
        ];
        expect(secrets).toHaveLength(2 + 3 + 1 + 1 + 1);

        const names = [stack.prefix, `${stack.prefix}-config`];
        const places: Record<string, string> = {
            "pulumi stack export": await stack.exportText(),
            "pulumi stack output": await stack.must(["stack", "output", "--json"]),
            "the screen of up": screen,
            "the screen of preview": await stack.must(["preview", "--diff", "--color", "never"]),
        };
        for (const name of names) {
            places[`docker inspect ${name}`] = await docker("inspect", name);
            places[`docker logs ${name}`] = (await client.run(["logs", name])).screen;
        }
        for (const file of filesBelow(stack.folder).filter((f) => /home|state|Pulumi\..*yaml$/.test(f)))
            places[file] = readFileSync(file, "utf8");

        const found = Object.entries(places).flatMap(([place, text]) =>
            secrets.filter((secret) => text.includes(secret)).map((secret) => `${place}: ${secret}`),
        );
        expect(found).toEqual([]);
    });

    test("the state has no file beside another one, which a killed Pulumi could leave empty", () => {
        const files = filesBelow(join(stack.folder, "state"));
        expect(files.filter((file) => file.endsWith(".json")).length).toBeGreaterThan(0);
        expect(files.filter((file) => file.endsWith(".attrs"))).toEqual([]);
    });

    test("the container is confined", async () => {
        const { HostConfig, Mounts, NetworkSettings } = await container();
        expect(Object.keys(NetworkSettings.Networks)).toEqual([stack.prefix]);
        expect(HostConfig).toMatchObject({
            ReadonlyRootfs: true,
            CapDrop: ["ALL"],
            CapAdd: null,
            SecurityOpt: ["no-new-privileges:true"],
            Memory: 512 * 1024 * 1024,
            MemorySwap: 512 * 1024 * 1024,
            RestartPolicy: { Name: "always" },
            LogConfig: { Type: "json-file", Config: { "max-size": "10m", "max-file": "3" } },
            PortBindings: { "5000/tcp": [{ HostIp: "127.0.0.1", HostPort: String(stack.port) }] },
        });
        expect(Mounts.map(({ Name }) => Name).sort()).toEqual([
            `${stack.prefix}-config`,
            `${stack.prefix}-data`,
        ]);
    });

    test("`destroy` leaves the data and nothing else, and a new `up` has it", async () => {
        await stack.destroy();
        expect(await objectsOf(stack.prefix)).toEqual([`volume ${stack.prefix}-data`]);
        await stack.up();
        expect(await client.login(`localhost:${stack.port}`, "admin", PASSWORD)).toMatchObject({ code: 0 });
        await pulls();
    });

    test("an image is deleted through the API", async () => {
        const registry = await RegistryClient.of(stack);
        const { digest } = await registry.upload("team/image");
        const path = `/v2/team/image/blobs/${digest}`;
        expect((await registry.ask(path, { method: "HEAD" })).status).toBe(200);
        expect((await registry.ask(path, { method: "DELETE" })).status).toBe(202);
        expect((await registry.ask(path, { method: "HEAD" })).status).toBe(404);
        registry.close();
    });

    test("`destroy` leaves nothing at all where that was asked for", async () => {
        await stack.configure({ keepData: "false" });
        await stack.up();
        await pulls();
        await stack.destroy();
        expect(await objectsOf(stack.prefix)).toEqual([]);
    });
});
