/** R1: a plain-HTTP registry of a closed LAN whose images lie in a folder of the Docker host. */
import { rmSync } from "node:fs";

import { REGISTRY_IMAGE } from "./images";

import { cleanup } from "./cleanup";
import { docker, DockerClient, inspect } from "./docker";
import { ACCEPT, RegistryClient } from "./http";
import { care } from "./retain";
import { Stack } from "./stack";

describe("a plain-HTTP registry on a folder of the Docker host", () => {
    const use = cleanup();
    const client = use(new DockerClient());
    let stack: Stack;
    let folder: string;
    /** Runs a command as root in the folder. */
    const inFolder = (command: string) =>
        docker(
            ...["run", "--rm", "--network", "none", "--volume", `${folder}:/folder`, "--workdir", "/folder"],
            ...["--entrypoint", "/bin/sh", REGISTRY_IMAGE, "-ec", command],
        );

    beforeAll(async () => {
        stack = use(await Stack.create("lan", { settings: { "tls.off": "true", auth: "false" } }));
        folder = `/tmp/${stack.prefix}-images`;
        use({
            dispose: async () => {
                await inFolder("chmod 755 .; rm -rf docker");
                rmSync(folder, { recursive: true, force: true });
            },
        });
        await stack.configure({ "storage.folder": folder });
    });

    test("a folder that root may not write to: `up` fails and says so", async () => {
        await inFolder("chmod 555 .");
        const { code, screen } = await stack.tryUp();
        expect(code).not.toBe(0);
        expect(screen).toContain(
            "Images cannot be written: root of the Docker host may not write into the folder",
        );
    });

    test("mended: `up` warns that anyone may push; push, catalog, remove, pull, delete", async () => {
        await inFolder("chmod 755 .");
        expect(await stack.up()).toContain(
            "anyone who reaches the port may push, overwrite and delete images",
        );
        expect((await inspect(stack.prefix)).Mounts.map(({ Source }) => Source)).toContain(folder);
        const image = `localhost:${stack.port}/team/image:1`;
        await client.image(image);
        await client.must(["push", image]);
        expect(await inFolder("ls docker/registry/v2/repositories/team")).toBe("image\n");
        const http = new RegistryClient(stack.port);
        const ask = (path: string, method = "GET") =>
            http.ask(path, { login: "", method, headers: { Accept: ACCEPT } });
        expect((await ask("/v2/_catalog")).body).toBe('{"repositories":["team/image"]}\n');
        await stack.configure({ "sync.jobs.copy.from": "team/*", "sync.jobs.copy.to": "copies/*" });
        const copied = await care(stack, "sync");
        expect(copied.screen).toContain("copied    team/image:1 → copies/team/image:1\n1 image copied");
        expect(copied.code).toBe(0);
        expect((await ask("/v2/copies/team/image/manifests/1")).status).toBe(200);
        await client.forget(image);
        await client.must(["pull", image]);
        const digest = String((await ask("/v2/team/image/manifests/1")).headers["docker-content-digest"]);
        expect((await ask(`/v2/team/image/manifests/${digest}`, "DELETE")).status).toBe(202);
        expect((await ask("/v2/team/image/manifests/1")).status).toBe(404);
        http.close();
    });

    test("with users it warns that passwords travel in clear", async () => {
        await stack.unset("auth");
        await stack.configure({ "users.admin.generate": "true" });
        expect(await stack.up()).toContain("TLS is off: passwords and images travel in clear");
        const setup = await stack.output<Record<string, string>>("clientSetup");
        expect(Object.keys(setup).sort()).toEqual(
            [
                ...[
                    "buildkit",
                    "containerd",
                    "dockerDesktop",
                    "dockerRootless",
                    "helm",
                    "hosts",
                    "k3s",
                    "podman",
                ],
                ...["rke2", "systemd", "upstart"],
            ].sort(),
        );
    });
});
