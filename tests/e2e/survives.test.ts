/** A registry that runs survives a change that cannot be made: refused beforehand, or put back as it was. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type Server } from "node:net";
import { networkInterfaces, tmpdir } from "node:os";
import { join } from "node:path";

import { STAND_IN_LABEL } from "../../components/deployment/hardening";
import { withoutOurs } from "../../setup/plugins";

import { cleanup } from "./cleanup";
import { anonymousVolumes, docker, inspect, objectsOf } from "./docker";
import { RegistryClient } from "./http";
import { ADMIN, freePort, Stack } from "./stack";

const OFFICIAL_PLUGINS = withoutOurs(process.env.PATH ?? "") === process.env.PATH;

/** Something else on a port. */
async function occupy(port: number): Promise<Server> {
    const server = createServer();
    await new Promise<void>((done) => server.listen(port, "127.0.0.1", done));
    return server;
}
const release = (server: Server) => new Promise((done) => server.close(done));

describe("a change of a running registry that cannot be made", () => {
    const use = cleanup();
    let stack: Stack;
    let ca: string;
    let blob: string;
    /** Volumes without a name that the deployment has had. */
    const nameless = new Set<string>();

    beforeAll(async () => {
        stack = use(await Stack.create("survives", { settings: ADMIN }));
        await stack.up();
        ca = await stack.output("caCertificatePem");
        const client = await RegistryClient.of(stack);
        blob = (await client.upload("team/image")).digest;
        client.close();
    });

    /** The registry answers where it did, with the same certificate, users and images. */
    const serves = async () => {
        const client = new RegistryClient(stack.port, ca);
        const { status } = await client.ask(`/v2/team/image/blobs/${blob}`, { method: "HEAD" });
        client.close();
        expect(status).toBe(200);
        for (const volume of await anonymousVolumes(stack.prefix)) nameless.add(volume);
    };
    const id = async () => (await inspect(stack.prefix)).Id;

    test("a port that is taken: told before anything is touched, by whom where it is a container", async () => {
        const before = await id();
        const port = await freePort();
        const server = await occupy(port);
        try {
            await stack.configure({ port: String(port) });
            const { code, screen } = await stack.tryUp();
            expect(code).not.toBe(0);
            expect(screen).toContain("No Docker object was changed.");
            expect(screen).toContain(`Port ${port} of 127.0.0.1 is taken by another program`);
        } finally {
            await release(server);
        }
        expect(await id()).toBe(before);
        const image = ((await inspect(stack.prefix)) as unknown as { Image: string }).Image;
        const name = `${stack.prefix}-neighbour`;
        await docker(
            "run",
            "-d",
            "--name",
            name,
            "-p",
            `127.0.0.1:${port}:5000`,
            "--entrypoint",
            "sleep",
            image,
            "600",
        );
        try {
            const { screen } = await stack.tryUp();
            expect(screen).toContain(`Port ${port} of 127.0.0.1 is taken by the container ${name}.`);
        } finally {
            await docker("rm", "--force", "--volumes", name);
        }
        expect(await id()).toBe(before);
        await stack.configure({ port: String(stack.port) });
        await serves();
        await stack.up("--expect-no-changes");
    });

    test("an address that is not the machine's: the same", async () => {
        const before = await id();
        await stack.configure({ bindAddress: "192.0.2.77" });
        const { code, screen } = await stack.tryUp();
        expect(code).not.toBe(0);
        expect(screen).toContain("192.0.2.77 is no address of this machine");
        await stack.configure({ bindAddress: "127.0.0.1" });
        expect(await id()).toBe(before);
        await serves();
    });

    test("an address of a bridge that has no container, which the system's list of interfaces lacks: it is taken", async () => {
        const bridge = `${stack.prefix}-idle`;
        await docker("network", "create", bridge);
        try {
            const format = "{{(index .IPAM.Config 0).Gateway}}";
            const address = (await docker("network", "inspect", bridge, "--format", format)).trim();
            expect(Object.values(networkInterfaces()).flat()).not.toContainEqual(
                expect.objectContaining({ address }),
            );
            await stack.configure({ bindAddress: address });
            await stack.must(["preview", "--non-interactive"]);
        } finally {
            await stack.configure({ bindAddress: "127.0.0.1" });
            await docker("network", "rm", bridge);
        }
    });

    test("an image that is not there: the registry goes on", async () => {
        await stack.configure({ image: "private-registry-nowhere/registry:9" });
        const { code } = await stack.tryUp();
        expect(code).not.toBe(0);
        await serves();
        await stack.unset("image");
        await stack.up();
        await serves();
    });

    test("a registry that does not start: the former one runs again by itself, and the next `up` converges", async () => {
        await stack.configure({ "registryConfig.http.http2.disabled": "maybe", logLevel: "debug" });
        const failed = await stack.tryUp();
        expect(failed.code).not.toBe(0);
        expect(failed.screen).toContain(`${stack.prefix} runs again as before`);
        await serves();
        expect(await docker("ps", "--filter", `label=${STAND_IN_LABEL}`, "--format", "{{.Names}}")).toContain(
            stack.prefix,
        );

        // Wrong again, in another way: what runs is still the first one.
        await stack.configure({ "registryConfig.http.http2.disabled": "perhaps" });
        const again = await stack.tryUp();
        expect(again.code).not.toBe(0);
        await serves();

        await stack.unset("registryConfig", "logLevel");
        await stack.up();
        await serves();
        expect(await objectsOf(stack.prefix)).toEqual([
            `container ${stack.prefix}`,
            `container ${stack.prefix}-config`,
            `network ${stack.prefix}`,
            `volume ${stack.prefix}-config`,
            `volume ${stack.prefix}-data`,
        ]);
        await stack.up("--expect-no-changes");
    });

    test("after `destroy` on top of a failure nothing is left but the kept data", async () => {
        await stack.configure({ "registryConfig.http.http2.disabled": "maybe" });
        expect((await stack.tryUp()).code).not.toBe(0);
        await serves();
        if (OFFICIAL_PLUGINS) {
            // They know nothing of the stand-in, which holds the network: docs/ownership.md has the way out.
            await expect(stack.destroy()).rejects.toThrow("registry-network **deleting failed**");
            await docker("rm", "--force", "--volumes", stack.prefix);
        }
        await stack.destroy();
        expect(await objectsOf(stack.prefix)).toEqual([`volume ${stack.prefix}-data`]);
        expect(nameless.size).toBeGreaterThan(0);
        const left = (await docker("volume", "ls", "--quiet")).split("\n");
        expect(left.filter((name) => nameless.has(name))).toEqual([]);
    });
});

test("a new stack on a taken port: one sentence, at once, and nothing of Docker is made", async () => {
    const port = await freePort();
    const server = await occupy(port);
    const stack = await Stack.create("port", { settings: { ...ADMIN, port: String(port) } });
    try {
        const { code, screen } = await stack.tryUp();
        expect(code).not.toBe(0);
        expect(screen).toContain(`Port ${port} of 127.0.0.1 is taken by another program`);
        expect(await objectsOf(stack.prefix)).toEqual([]);
    } finally {
        await release(server);
        await stack.dispose();
    }
});

test("a folder that nobody can write to: the registry that has another one goes on", async () => {
    const folder = mkdtempSync(join(tmpdir(), "private-registry-survives-"));
    const stack = await Stack.create("folder", { settings: ADMIN });
    try {
        execFileSync("mount", ["-t", "tmpfs", "-o", "ro,size=1m", "tmpfs", folder]);
        await stack.up();
        const ca = await stack.output("caCertificatePem");
        await stack.configure({ "storage.folder": folder });
        const { Id } = await inspect(stack.prefix);
        const { code, screen } = await stack.tryUp();
        expect(code).not.toBe(0);
        expect(screen).toContain("The registry was not touched. Images cannot be written: ");
        expect((await inspect(stack.prefix)).Id).toBe(Id);
        const client = new RegistryClient(stack.port, ca);
        expect((await client.ask("/v2/")).status).toBe(200);
        client.close();
    } finally {
        execFileSync("umount", [folder]);
        rmSync(folder, { recursive: true });
        await stack.dispose();
    }
});
