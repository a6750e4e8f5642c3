/** `npm run gc`: nothing that a tag reaches is lost, and the registry is back whatever happens. */
import { cleanup } from "./cleanup";
import { docker, inspect, objectsOf } from "./docker";
import { ANY, collect, command as commandOf, litter, missing, pushImage, pushIndex, type Pushed } from "./gc";
import { Load, randomParts, RegistryClient } from "./http";
import { type Running, run, until } from "./run";
import { ADMIN, Stack } from "./stack";

const REPOSITORY = "team/image";

describe.each([
    ["with a port of its own", {}],
    ["behind a front", { "front.off": "false" }],
])("garbage collection of a registry %s", (_how, settings: Record<string, string>) => {
    /** Through a front not even a request that comes as the registries change places is lost. */
    const seamless = settings["front.off"] === "false";
    const use = cleanup();
    let stack: Stack;
    let client: RegistryClient;
    let before: { id: string; objects: string[] };

    const command = (...flags: string[]) => collect(stack, ...flags);

    let ca: string;
    /** Forgets the connections, which end where the port changes hands. */
    const reconnect = () => {
        if (client as unknown) client.close();
        client = new RegistryClient(stack.port, ca);
    };
    let latest: Running | undefined;
    afterEach(async () => void (await latest?.done));

    const begin = () => client.ask(`/v2/${REPOSITORY}/blobs/uploads/`, { method: "POST" });

    const resume = () => docker("unpause", `${stack.prefix}-gc`);

    /** Starts a collection that takes a while, and stops its clock as soon as it is under way. */
    async function underWay(...flags: string[]): Promise<Running> {
        await litter(stack.prefix, 8_000);
        const running = (latest = command(...flags));
        let ended = false;
        void running.done.then(() => (ended = true));
        await until("the collection", async () => {
            if (ended) throw new Error((await running.done).screen);
            const { code, stdout } = await run("docker", [
                "container",
                "inspect",
                "-f",
                "{{.State.Running}}",
                `${stack.prefix}-gc`,
            ]);
            return code === 0 && stdout.trim() === "true" ? true : undefined;
        });
        await docker("pause", `${stack.prefix}-gc`);
        reconnect();
        return running;
    }

    /** Fails where anything is not as before the collection. */
    async function expectNormal(): Promise<void> {
        reconnect();
        expect(await objectsOf(stack.prefix)).toEqual(before.objects);
        expect((await inspect(stack.prefix)).Id).toBe(before.id);
        expect((await begin()).status).toBe(202);
    }

    beforeAll(async () => {
        stack = use(await Stack.create("gc", { settings: { ...ADMIN, ...settings } }));
        await stack.up();
        ca = await stack.output("caCertificatePem");
        reconnect();
        use({ dispose: async () => client.close() });
        before = { id: (await inspect(stack.prefix)).Id, objects: await objectsOf(stack.prefix) };
    });

    test("--dry-run tells what would go, and changes nothing", async () => {
        const { digest } = await pushImage(client, REPOSITORY, "gone");
        await client.ask(`/v2/${REPOSITORY}/manifests/${digest}`, { method: "DELETE" });
        const { code, stdout } = await command("--dry-run").done;
        expect(stdout).toMatch(
            /^A collection would remove 3 blobs and 0 manifests; \d+ blobs in use\. Nothing was changed\.\n$/,
        );
        expect(code).toBe(0);
        const asJson = await command("--dry-run", "--json").done;
        expect(JSON.parse(asJson.stdout)).toMatchObject({ dryRun: true, blobs: 3, manifests: 0 });
        await expectNormal();
    });

    test("frees what no image uses, keeps what a tag reaches, refuses pushes with 503 and answers pulls meanwhile", async () => {
        await pushImage(client, REPOSITORY, "kept");
        await pushIndex(client, REPOSITORY, "multi");
        const untagged = await pushImage(client, REPOSITORY);
        const gone = await pushImage(client, REPOSITORY, "gone2");
        await client.ask(`/v2/${REPOSITORY}/manifests/${gone.digest}`, { method: "DELETE" });
        const blobs = await storedBlobs();

        const puller = new RegistryClient(stack.port, ca);
        use({ dispose: async () => puller.close() });
        const pulling = () => new Load(puller, [`/v2/${REPOSITORY}/manifests/kept`], 20);
        let pulls = seamless ? pulling() : undefined;
        use({ dispose: async () => void (await pulls?.stop()) });
        const running = await underWay();
        pulls ??= pulling();
        const push = await begin();
        expect(push.status).toBe(503);
        expect(push.headers["retry-after"]).toBe("60");
        expect(JSON.parse(push.body)).toMatchObject({ errors: [{ code: "UNAVAILABLE" }] });
        expect(await missing(client, REPOSITORY, "multi")).toEqual([]);
        let rate = seamless ? undefined : await pulls.stop();
        await resume();
        const { code, screen, stdout } = await running.done;
        rate ??= await pulls.stop();
        expect(rate).toBeGreaterThan(5);
        expect(pulls.failures).toEqual([]);
        expect(screen).toContain("The registry is back in its normal mode.");
        const [, removed, manifests, freed] =
            /^Removed (\d+) blobs and (\d+) manifests, ([\d.]+) MB; /.exec(stdout) ?? [];
        expect(code).toBe(0);
        expect(Number(manifests)).toBe(0);
        // The litter, and the three blobs of each of the two images that were deleted.
        expect(Number(removed)).toBe(8_000 + 6);
        expect(blobs - (await storedBlobs())).toBe(6);
        expect(Number(freed)).toBeGreaterThan(0.3);
        await expectNormal();
        for (const reference of ["kept", "multi", untagged.digest]) {
            expect(await missing(client, REPOSITORY, reference)).toEqual([]);
        }
        // A registry that remembered its blobs would take the layer for present.
        const again = await pushImage(client, REPOSITORY, "again");
        expect(await missing(client, REPOSITORY, again.digest)).toEqual([]);
    });

    /** Blobs that the API made, without the litter. */
    const storedBlobs = async (): Promise<number> =>
        Number(
            await docker(
                "exec",
                stack.prefix,
                "/bin/sh",
                "-c",
                "find /var/lib/registry/docker/registry/v2/blobs -name data -size +0 ! -size -17c | wc -l",
            ),
        );

    test("--untagged takes what has no tag, and keeps the images of an index that has one", async () => {
        const [index] = (await pushIndex(client, REPOSITORY, "multi2")) as [Pushed];
        const untagged = await pushImage(client, REPOSITORY);
        const { code, stdout } = await command("--untagged").done;
        expect(stdout).toMatch(/^Removed \d+ blobs and [1-9]\d* manifests?, /);
        expect(code).toBe(0);
        expect(await missing(client, REPOSITORY, index.digest)).toEqual([]);
        expect(await missing(client, REPOSITORY, "kept")).toEqual([]);
        expect(
            (await client.ask(`/v2/${REPOSITORY}/manifests/${untagged.digest}`, { headers: { Accept: ANY } }))
                .status,
        ).toBe(404);
        await expectNormal();
    });

    test("a push in flight ends well or is refused, and never leaves a tag that lacks a part", async () => {
        let release = () => {};
        const held = new Promise<void>((done) => (release = done));
        const pusher = new RegistryClient(stack.port, ca);
        use({ dispose: async () => pusher.close() });
        const upload = pusher.upload(REPOSITORY, randomParts(3), held);
        const running = await underWay();
        release();
        await resume();
        const { statuses } = await upload.catch((error: Error) => ({ statuses: [error.message] }));
        await running.done;
        // The end of the upload is one request more, which comes too late.
        expect(statuses.at(-1)).not.toBe(201);
        await expectNormal();
        expect(await missing(client, REPOSITORY, "kept")).toEqual([]);
        const retried = await pushImage(client, REPOSITORY, "retried");
        expect(await missing(client, REPOSITORY, retried.digest)).toEqual([]);
    });

    test("Ctrl-C puts the registry back before the command ends", async () => {
        const running = await underWay();
        await resume();
        running.process.kill("SIGINT");
        const { code, screen } = await running.done;
        expect(screen).toContain("ended before it was done");
        expect(screen).not.toMatch(/^\s+at /m);
        expect(code).not.toBe(0);
        await expectNormal();
    });

    test("kill -9: pulls go on, another command goes on or waits for its end, and the first one after it mends", async () => {
        const running = await underWay();
        const doctor = await commandOf(stack, "doctor").done;
        expect(doctor.stdout).toMatch(/^warning {2}collection: garbage collection is at work \(\S+:\d+\)/m);
        expect(doctor.stdout).not.toContain("failure");
        expect(doctor.code).toBe(1);
        const second = await command("--dry-run").done;
        expect(second.screen).toMatch(/Garbage collection of \S+ is at work \(\S+:\d+\)\. Wait for its end/);
        expect(second.code).toBe(1);
        running.process.kill("SIGKILL");
        await running.done;
        expect(await missing(client, REPOSITORY, "kept")).toEqual([]);
        expect((await begin()).status).toBe(503);

        await resume();
        const { code, stdout, screen } = await commandOf(stack, "catalog", "--json").done;
        expect(screen.match(/An earlier garbage collection had not ended/g)).toHaveLength(1);
        expect(JSON.parse(stdout)).toMatchObject({ repositories: [{ repository: REPOSITORY }] });
        expect(code).toBe(0);
        await expectNormal();
        expect(await missing(client, REPOSITORY, "multi")).toEqual([]);
    });

    test("Pulumi sees no change after all of that, and a stopped registry is refused in one sentence", async () => {
        await stack.up("--refresh", "--expect-no-changes");
        await docker("stop", stack.prefix);
        const { code, screen } = await command().done;
        expect(screen).toMatch(/^No registry of \S+ is running in this Engine: npm run up/m);
        expect(code).toBe(1);
        await docker("start", stack.prefix);
    });

    test("an unknown option is refused with the usage", async () => {
        const { code, screen } = await command("--all").done;
        expect(screen).toMatch(
            /npm run gc: Unknown option '--all'; there are: --dry-run, --json, --untagged, --mend/,
        );
        expect(code).toBe(1);
    });
});
