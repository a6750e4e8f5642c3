/** A registry that does not become healthy fails `up` with its own words, and the next `up` tries again. */
import { rmSync } from "node:fs";

import { REGISTRY_IMAGE } from "./images";

import { cleanup } from "./cleanup";
import { docker, inspect } from "./docker";
import { RegistryClient } from "./http";
import { start } from "./run";
import { ADMIN, Stack } from "./stack";

/** Runs a command as root in a folder of the Engine's machine. */
const inFolder = (folder: string, ...command: string[]) =>
    docker(
        ...["run", "--rm", "--network", "none", "--volume", `${folder}:/folder`, "--workdir", "/folder"],
        ...["--entrypoint", "/bin/sh", REGISTRY_IMAGE, "-ec", command.join(" ")],
    );

describe("a registry that does not become healthy", () => {
    const use = cleanup();
    let stack: Stack;
    let folder: string;

    beforeAll(async () => {
        stack = use(await Stack.create("ill", { settings: ADMIN }));
        folder = `/tmp/${stack.prefix}-images`;
        use({
            dispose: async () => {
                await inFolder(folder, "rm -rf docker");
                rmSync(folder, { recursive: true, force: true });
            },
        });
        await stack.configure({ "storage.folder": folder });
    });

    test("a wrong registry option: `up` fails with the registry's last log lines", async () => {
        // The registry panics on anything but a YAML boolean here.
        await stack.configure({ "registryConfig.storage.maintenance.readonly.enabled": "sometimes" });
        const { code, screen } = await stack.tryUp();
        expect(code).not.toBe(0);
        expect(screen).toContain(`${stack.prefix} did not become healthy. Its last log lines:`);
        expect(screen).toContain("readonly");
    });

    test("a registry that ends while it starts: the next `up`, with the same configuration, works", async () => {
        await stack.unset("registryConfig");
        // It is well half a second after its start, so the Engine tells of that by itself. The old one is on its way out: the start
        // after its end is the new one's.
        const format = '{{index .Actor.Attributes "name"}} {{.Action}}';
        const since = ["--since", String(Math.floor(Date.now() / 1000))];
        const events = start("docker", [
            ...["events", "--filter", "type=container", "--format", format, ...since],
        ]);
        let seen = "";
        const killed = new Promise<string>((resolve, reject) => {
            events.process.stdout?.on("data", (text: string) => {
                seen += text;
                if (!new RegExp(`^${stack.prefix} destroy$[^]*^${stack.prefix} start$`, "m").test(seen))
                    return;
                events.process.kill();
                docker("kill", stack.prefix).then(resolve, reject);
            });
        });
        const up = stack.startUp();
        const ended = up.done.then((result) => {
            events.process.kill();
            return result;
        });
        await Promise.race([
            killed,
            ended.then(({ screen }) => Promise.reject(new Error(`It was not killed:\n${seen}\n${screen}`))),
        ]);
        const { code, screen } = await ended;
        expect(code).not.toBe(0);
        expect(screen).toContain("error: ");

        await stack.up();
        expect((await inspect(stack.prefix)).Mounts.map(({ Source }) => Source)).toContain(folder);
        const client = await RegistryClient.of(stack);
        expect((await client.upload("team/image")).statuses).toEqual([202, 202, 201]);
        client.close();
        expect(await inFolder(folder, "ls docker/registry/v2/repositories/team")).toBe("image\n");
        await stack.up("--expect-no-changes");
    });
});
