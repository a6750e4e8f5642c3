/**
 * An Engine behind ssh://. A STAND-IN for the ssh client runs what it is told to run on this machine; all else, the
 * Engine and `docker system dial-stdio` among it, is real.
 */
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { cleanup } from "./cleanup";
import { docker, DockerClient, inspect, objectsOf } from "./docker";
import { ADMIN, PASSWORD, Stack } from "./stack";

const folder = mkdtempSync(join(tmpdir(), "private-registry-e2e-ssh-"));
const calls = join(folder, "calls");
const closed = join(folder, "closed");

const SSH = `#!/bin/sh
echo "$*" >> ${calls}
if [ -e ${closed} ]; then echo "operator@far.e2e.test: Permission denied (publickey)." >&2; exit 255; fi
while [ "\${1%% *}" != docker ]; do shift; done
exec sh -c "$*"
`;

describe("an Engine behind ssh", () => {
    const use = cleanup();
    use({ dispose: async () => rmSync(folder, { recursive: true }) });
    const client = use(new DockerClient());
    let stack: Stack;

    beforeAll(async () => {
        mkdirSync(join(folder, "bin"));
        writeFileSync(join(folder, "bin", "ssh"), SSH);
        chmodSync(join(folder, "bin", "ssh"), 0o755);
        stack = use(
            await Stack.create("remote", {
                ownPlugins: true,
                settings: { ...ADMIN, dockerHost: "ssh://operator@far.e2e.test:2222" },
                env: { PATH: `${join(folder, "bin")}:${process.env.PATH}` },
            }),
        );
        await stack.up();
    });

    test("has the registry; nothing but ssh was spoken to, as the user and at the port of the URL", async () => {
        expect((await inspect(stack.prefix)).State.Health?.Status).toBe("healthy");
        const lines = readFileSync(calls, "utf8").trim().split("\n");
        expect(
            lines.filter((line) => !/(^| )-l operator -p 2222 .*far\.e2e\.test docker/.test(line)),
        ).toEqual([]);
        const image = `localhost:${stack.port}/team/image:1`;
        await client.image(image);
        expect((await client.login(`localhost:${stack.port}`, "admin", PASSWORD)).code).toBe(0);
        await client.must(["push", image]);
    });

    test("sees no change, and no restart where a user comes", async () => {
        const { Id, State } = await inspect(stack.prefix);
        await stack.up("--refresh", "--expect-no-changes");
        await stack.configure({ "users.guest.password": { secret: "first" } });
        await stack.up();
        expect((await client.login(`localhost:${stack.port}`, "guest", "first")).code).toBe(0);
        expect(await inspect(stack.prefix)).toMatchObject({ Id, State: { StartedAt: State.StartedAt } });
    });

    test("a container removed there by hand is back after `up --refresh`", async () => {
        await docker("rm", "--force", stack.prefix);
        await stack.up("--refresh");
        expect((await inspect(stack.prefix)).State.Health?.Status).toBe("healthy");
    });

    test("an ssh that refuses fails `up` with its own words, and nothing is lost", async () => {
        const before = await objectsOf(stack.prefix);
        writeFileSync(closed, "");
        await stack.configure({ logLevel: "warn" });
        const { code, screen } = await stack.tryUp("--refresh");
        rmSync(closed);
        expect(code).not.toBe(0);
        expect(screen).toContain("Permission denied (publickey)");
        expect(await objectsOf(stack.prefix)).toEqual(before);
        await stack.up();
        expect((await inspect(stack.prefix)).State.Health?.Status).toBe("healthy");
    });

    test("`destroy` leaves the data alone", async () => {
        await stack.destroy();
        expect(await objectsOf(stack.prefix)).toEqual([`volume ${stack.prefix}-data`]);
    });
});
