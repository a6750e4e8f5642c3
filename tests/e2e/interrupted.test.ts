/** `pulumi` ends in the middle of its work, as by a power cut; the next `up` converges and nothing is lost. */
import { cleanup } from "./cleanup";
import { eventsOf, objectsOf, removeObjects } from "./docker";
import { RegistryClient } from "./http";
import { Neighbour } from "./neighbour";
import { run, until } from "./run";
import { ADMIN, Stack } from "./stack";

describe("`pulumi up` is killed", () => {
    const use = cleanup();
    let stack: Stack;

    beforeAll(async () => {
        await use(new Neighbour()).start();
        stack = use(await Stack.create("killed", { settings: ADMIN, ownPlugins: true }));
    });

    /** Starts an `up` and kills it as soon as `moment` is true; the lock that it leaves is taken away. */
    const kill = async (what: string, moment: () => Promise<boolean>) => {
        const up = stack.startUp();
        await until(what, async () => ((await moment()) ? true : undefined));
        up.process.kill("SIGKILL");
        expect((await up.done).code).toBe(137);
        // Neither the program nor a plugin may run on without an engine.
        await until("the end of all that it started", async () => {
            const { stdout } = await run("pgrep", ["--full", stack.folder]);
            return stdout === "" ? true : undefined;
        });
        const locked = await stack.tryUp();
        expect(locked.screen).toContain("the stack is currently locked");
        expect(locked.code).not.toBe(0);
        await stack.must(["cancel", "--yes"]);
    };

    /** Everything is there once, and Pulumi has no more to do. */
    const converged = async () => {
        await stack.up();
        expect(await objectsOf(stack.prefix)).toEqual([
            `container ${stack.prefix}`,
            `container ${stack.prefix}-config`,
            `network ${stack.prefix}`,
            `volume ${stack.prefix}-config`,
            `volume ${stack.prefix}-data`,
        ]);
        await stack.up("--refresh", "--expect-no-changes");
    };

    test.each([
        ["the volumes are there", "volume *-data"],
        ["the files are being written", "container *-config"],
        ["the registry is starting", "container *"],
    ])("in the first deployment, when %s", async (what, object) => {
        const name = object.replace("*", stack.prefix);
        // Each case begins with nothing but the data that the one before kept.
        if (object.startsWith("volume")) await removeObjects([name]);
        await kill(what, async () => (await objectsOf(stack.prefix)).includes(name));
        await converged();
        await stack.destroy();
        expect(await objectsOf(stack.prefix)).toEqual([`volume ${stack.prefix}-data`]);
    });

    test.each([
        ["the old registry is gone", "destroy"],
        ["the new registry is starting", "create"],
    ])("in an update, when %s; CA and data stay", async (what, event) => {
        await stack.configure({ logLevel: "info" });
        await stack.up();
        const ca = await stack.output("caCertificatePem");
        const client = new RegistryClient(stack.port, ca);
        const { digest } = await client.upload("team/image");

        await stack.configure({ logLevel: "warn" });
        const since = Date.now() / 1000;
        await kill(what, async () => (await eventsOf(stack.prefix, since)).includes(event));
        await converged();
        expect(await stack.output("caCertificatePem")).toBe(ca);
        const blob = await client.ask(`/v2/team/image/blobs/${digest}`, { method: "HEAD" });
        expect(blob.status).toBe(200);
        client.close();
    });
});
