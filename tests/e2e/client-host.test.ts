/** `npm run client --apply` on a machine beside this one, and real clients there: dockerd and containerd. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";

import { cleanup } from "./cleanup";
import { ClientHost } from "./client-host";
import { docker, DockerClient } from "./docker";
import { must, run } from "./run";
import { ADMIN, DOMAIN, freePort, PASSWORD, Stack } from "./stack";
import { join as joinNetwork, leave } from "./upstream";

const START = resolve(__dirname, "../../setup/start.cjs");
/** Docker asks a mirror for images of this registry alone. */
const HUB = "registry-1.docker.io";

describe("a client machine that `npm run client` set up", () => {
    const use = cleanup();
    const client = use(new DockerClient());
    const host = use(new ClientHost());
    let hub: Stack;
    let stack: Stack;
    let address: string;
    let before: string;
    /** Type, mode, owner and bytes of all that is in /etc but dockerd's own key, and whether there is a record. */
    const snapshot = async () => {
        const list =
            "find etc var ! -name key.json -printf '%p %y %M %U:%G\\n' 2>/dev/null | sort; find etc -type f ! -name key.json -exec sha256sum {} + | sort";
        return (await run("sh", ["-c", `cd "$0" && ${list}`, host.folder])).stdout;
    };
    const hosts = ["images", "pull", "--hosts-dir", "/etc/containerd/certs.d"];

    beforeAll(async () => {
        await host.connect();
        // A registry of the kit's own, without users, stands for Docker Hub.
        hub = use(await Stack.create("hub", { settings: { domain: HUB, auth: "false" } }));
        stack = use(await Stack.create("client", { settings: { ...ADMIN, bindAddress: host.address } }));
        await hub.up();
        await stack.configure({
            "mirrors.hub.upstream": `https://${HUB}:5000`,
            "mirrors.hub.ca": await hub.output("caCertificatePem"),
            "mirrors.hub.port": String(await freePort()),
        });
        await stack.up();
        await joinNetwork(stack.prefix, hub.prefix, HUB);
        use({ dispose: () => leave(stack.prefix, hub.prefix) });
        address = `${DOMAIN}:${stack.port}`;

        for (const name of ["one", "two"]) {
            const image = `localhost:${hub.port}/library/${name}:1`;
            await client.image(image);
            await client.must(["push", image]);
        }
        // What an administrator has there himself: a CA of his own at the same place, an empty folder, a closed file.
        mkdirSync(join(host.folder, "etc/docker/certs.d", address), { recursive: true });
        mkdirSync(join(host.folder, "etc/containerd"));
        writeFileSync(join(host.folder, "etc/docker/certs.d", address, "ca.crt"), "a CA of his own\n");
        writeFileSync(join(host.folder, "etc/docker/daemon.json"), '{ "debug" : false }', { mode: 0o600 });
        before = await snapshot();
        const root = ["--root", host.folder, "--ip", host.address, "--apply", "--stack", stack.name];
        for (const kind of ["docker", "containerd", "docker"]) {
            await must(process.execPath, [START, "client", "--for", kind, ...root], { env: stack.env });
        }
        await host.boot();
    });

    test("Docker logs in, pushes and pulls, and trusts the CA for this registry alone", async () => {
        expect(
            await host.docker(["login", "--username", "admin", "--password-stdin", address], PASSWORD),
        ).toMatchObject({ code: 0 });
        expect((await host.docker(["pull", "one:1"])).code).toBe(0);
        for (const args of [
            ["tag", "one:1", `${address}/team/one:1`],
            ["push", `${address}/team/one:1`],
            ["rmi", "one:1", `${address}/team/one:1`],
            ["pull", `${address}/team/one:1`],
        ])
            expect(await host.docker(args)).toMatchObject({ code: 0 });
        // By its address the certificate is the same, and nobody said to trust it there.
        const other = await host.docker(["pull", `${host.address}:${stack.port}/team/one:1`]);
        expect(other.screen).toMatch(/x509|certificate/);
    });

    test("containerd pulls with the login, by the CA of its hosts.toml", async () => {
        const login = ["--user", `admin:${PASSWORD}`];
        expect((await host.ctr(...hosts, ...login, `${address}/team/one:1`)).screen).toContain("done");
        const blind = await host.ctr("images", "pull", ...login, `${address}/team/one:1`);
        expect(blind.code).not.toBe(0);
        expect(blind.screen).toMatch(/x509|certificate/);
    });

    test("both pull Docker Hub's images through the mirror, also when its upstream is gone", async () => {
        expect((await host.docker(["info", "--format", "{{.RegistryConfig.Mirrors}}"])).stdout).toContain(
            `https://${DOMAIN}:`,
        );
        expect((await host.docker(["pull", "two:1"])).code).toBe(0);
        expect((await host.ctr(...hosts, "docker.io/library/two:1")).code).toBe(0);
        await docker("stop", "--time", "1", hub.prefix);
        await host.docker(["rmi", "two:1"]);
        expect((await host.docker(["pull", "two:1"])).code).toBe(0);
        expect((await host.ctr(...hosts, "docker.io/library/one:1")).code).toBe(0);
        // Nothing else here leads to Docker Hub.
        expect((await host.ctr("images", "pull", "docker.io/library/one:1")).code).not.toBe(0);
    });

    test("`--remove` leaves the machine as it was before the first of two `--apply`", async () => {
        const flags = ["--root", host.folder, "--remove", "--stack", stack.name];
        for (const kind of ["docker", "containerd"]) {
            await must(process.execPath, [START, "client", "--for", kind, ...flags], { env: stack.env });
        }
        expect(await snapshot()).toBe(before);
    });
});
