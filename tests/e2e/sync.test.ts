/** `npm run sync`: a registry like Docker Hub → the kit → a second kit, and what goes wrong on the way. */
import { cleanup } from "./cleanup";
import { bridgeAddress, docker } from "./docker";
import { ANY, missing, type Pushed, pushImage, pushIndex, put } from "./gc";
import { RegistryClient } from "./http";
import { ConnectProxy } from "./connect-proxy";
import { Hub, HUB, LOGIN } from "./hub";
import { care, careRun } from "./retain";
import { LONG } from "./long";
import { type Running, until } from "./run";
import type { SyncResult } from "../../ops/sync/result";
import { ADMIN, PASSWORD, Stack } from "./stack";
import { join, leave } from "./upstream";

const OCI = "application/vnd.oci.image.manifest.v1+json";

const WAY_OUT = "out:the-password-of-the-proxy";

describe("sync", () => {
    const use = cleanup();
    const hub = new Hub();
    const proxy = use(new ConnectProxy(WAY_OUT, () => ({ [HUB]: hub.port })));
    let [stack, second]: Stack[] = [];
    let [client, copy]: RegistryClient[] = [];
    const registry = (key: string) => `sync.registries["${hub.address}"].${key}`;

    /** What a run with --json tells, and its exit code. */
    async function synced(...flags: string[]): Promise<SyncResult & { code: number; screen: string }> {
        const { code, stdout, screen } = await care(stack as Stack, "sync", "--json", ...flags);
        if (!stdout.startsWith("{")) throw new Error(screen);
        return { ...(JSON.parse(stdout) as SyncResult), code, screen };
    }
    /** Target → fate. */
    const fates = ({ jobs }: SyncResult) =>
        Object.fromEntries(jobs.flatMap(({ images }) => images.map(({ to, fate }) => [to, fate])));
    const digest = async (at: RegistryClient | undefined, repository: string, tag: string) => {
        const path = `/v2/${repository}/manifests/${tag}`;
        const answer = await at?.ask(path, { method: "HEAD", headers: { Accept: ANY } });
        return answer?.status === 200 ? String(answer.headers["docker-content-digest"]) : "";
    };
    const tags = async (at: RegistryClient | undefined, repository: string) => {
        const answer = await at?.ask(`/v2/${repository}/tags/list`);
        return answer?.status === 200 ? (JSON.parse(answer.body) as { tags: string[] }).tags.sort() : [];
    };
    /** A manifest with one blob; it may name another one as its subject. */
    async function attach(repository: string, tag: string | undefined, subject?: Pushed): Promise<Pushed> {
        const { digest } = await hub.client.upload(repository);
        const blob = { mediaType: "application/octet-stream", digest, size: 100_000 };
        return put(hub.client, repository, tag, {
            ...{ schemaVersion: 2, mediaType: OCI, artifactType: "application/example" },
            ...{ config: blob, layers: [blob], ...(subject ? { subject } : {}) },
        });
    }
    const fallback = ({ digest }: Pushed) => digest.replace(":", "-");
    /** Attaches to an image as clients do where the registry has no referrers: by a list under the image's digest. */
    async function refer(repository: string, subject: Pushed): Promise<Pushed> {
        const one = await attach(repository, undefined, subject);
        const list = {
            schemaVersion: 2,
            mediaType: "application/vnd.oci.image.index.v1+json",
            manifests: [one],
        };
        await put(hub.client, repository, fallback(subject), list);
        return one;
    }
    const referrers = async (at: RegistryClient | undefined, repository: string, subject: Pushed) => {
        const path = `/v2/${repository}/manifests/${fallback(subject)}`;
        const { status, body } = (await at?.ask(path, { headers: { Accept: ANY } })) ?? {
            status: 0,
            body: "",
        };
        const { manifests = [] } = status === 200 ? (JSON.parse(body) as { manifests?: Pushed[] }) : {};
        return manifests.map((one) => one.digest);
    };

    beforeAll(async () => {
        await hub.start();
        use(hub);
        const bridge = await bridgeAddress();
        second = use(
            await Stack.create("sync-second", {
                // Known by its address alone, and without a front.
                settings: {
                    ...ADMIN,
                    domain: bridge,
                    bindAddress: bridge,
                    "proxy.https": { secret: `http://${WAY_OUT}@${bridge}:${await proxy.start(bridge)}` },
                },
            }),
        );
        stack = use(
            await Stack.create("sync", {
                settings: {
                    ...ADMIN,
                    // As in a first try: reached from nowhere but this machine.
                    domain: "localhost",
                    "front.off": "false",
                    'front.immutableTags["pinned/*"][0]': "*",
                    [`extraHosts["${HUB}"]`]: bridge,
                    "users.reader.password": { secret: "the reader's password" },
                    "users.reader.role": "pull",
                    [registry("username")]: LOGIN.username,
                    [registry("password")]: { secret: LOGIN.password },
                    [registry("ca")]: hub.ca,
                },
            }),
        );
        await Promise.all([stack.up(), second.up()]);
        const ca = await stack.output("caCertificatePem");
        client = new RegistryClient(stack.port, ca, "127.0.0.1", "localhost");
        copy = new RegistryClient(second.port, await second.output("caCertificatePem"), bridge, bridge);
        use({ dispose: async () => [client, copy].forEach((one) => one?.close()) });
        await stack.configure({
            "sync.jobs.app.from": `${hub.address}/team/app`,
            "sync.jobs.app.tags[0]": "v*",
            "sync.jobs.app.tags[1]": "!*-rc",
            "sync.jobs.one.from": `${hub.address}/team/app:v2`,
            "sync.jobs.one.to": "copies/app:two",
            "sync.jobs.pinned.from": `${hub.address}/team/pinned`,
            "sync.jobs.pinned.to": "pinned/*",
            "sync.jobs.gone.from": `${hub.address}/team/app:v9`,
            "sync.jobs.large.from": `${hub.address}/team/large`,
            "sync.jobs.away.from": "*",
            "sync.jobs.away.to": `${bridge}:${second.port}/mirror/*`,
            "sync.jobs.away.repositories[0]": "!pinned/*",
            [`sync.registries["${bridge}:${second.port}"].username`]: "admin",
            [`sync.registries["${bridge}:${second.port}"].password`]: { secret: PASSWORD },
            [`sync.registries["${bridge}:${second.port}"].ca`]: await second.output("caCertificatePem"),
        });
    });

    let [index, image, v2]: Pushed[] = [];
    let referrer: Pushed;

    test("--dry-run tells what would be copied, and copies nothing", async () => {
        [index, image] = await pushIndex(hub.client, "team/app", "v1");
        v2 = await pushImage(hub.client, "team/app", "v2");
        await pushImage(hub.client, "team/app", "v3-rc");
        referrer = await refer("team/app", image as Pushed);
        await attach("team/app", `${fallback(index as Pushed)}.sig`);
        const found = await synced("app", "one", "--dry-run");
        expect(fates(found)).toEqual({
            "team/app:v1": "copied",
            "team/app:v2": "copied",
            "copies/app:two": "copied",
        });
        expect(found).toMatchObject({ code: 0, dryRun: true, copied: 3, failed: 0 });
        const { screen } = await care(stack as Stack, "sync", "one", "--dry-run");
        expect(screen).toContain(
            `would copy  ${hub.address}/team/app:v2 → copies/app:two\n1 image would be copied`,
        );
        expect(await tags(client, "team/app")).toEqual([]);
    });

    test("what is chosen is copied with all that belongs to it, and once", async () => {
        const found = await synced("app", "one");
        expect(found).toMatchObject({ code: 0, copied: 3, unchanged: 0, failed: 0 });
        for (const tag of ["v1", "v2"]) {
            expect(await digest(client, "team/app", tag)).toBe(await digest(hub.client, "team/app", tag));
            expect(await missing(client as RegistryClient, "team/app", tag)).toEqual([]);
        }
        expect(await digest(client, "copies/app", "two")).toBe(v2?.digest);
        // A tag that is not meant stays away; what belongs to one that is comes along.
        const attached = [fallback(image as Pushed), `${fallback(index as Pushed)}.sig`];
        expect(await tags(client, "team/app")).toEqual([...attached, "v1", "v2"].sort());
        expect(await referrers(client, "team/app", image as Pushed)).toEqual([referrer.digest]);
        expect(await missing(client as RegistryClient, "team/app", referrer.digest)).toEqual([]);
        hub.asked.length = 0;
        expect(await synced("app", "one")).toMatchObject({ code: 0, copied: 0, unchanged: 3 });
        expect(hub.asked.filter((one) => one.includes("/blobs/"))).toEqual([]);
        // One that is attached later comes later.
        const late = await refer("team/app", v2 as Pushed);
        const again = await synced("app");
        expect(fates(again)).toEqual({ "team/app:v1": "unchanged", "team/app:v2": "attachments" });
        expect(await referrers(client, "team/app", v2 as Pushed)).toEqual([late.digest]);
    });

    test("a tag that is immutable here stays, and the others go on", async () => {
        await pushImage(hub.client, "team/pinned", "a");
        await pushImage(hub.client, "team/pinned", "b");
        expect(await synced("pinned")).toMatchObject({ code: 0, copied: 2 });
        const first = await digest(client, "pinned/team/pinned", "a");
        await pushImage(hub.client, "team/pinned", "a");
        await pushImage(hub.client, "team/pinned", "c");
        const found = await synced("pinned");
        expect(fates(found)).toEqual({
            "pinned/team/pinned:a": "kept",
            "pinned/team/pinned:b": "unchanged",
            "pinned/team/pinned:c": "copied",
        });
        expect(found).toMatchObject({ code: 0, kept: 1, failed: 0 });
        expect(found.jobs[0]?.images[0]?.why).toContain(
            "immutable here (front.immutableTags), and stays sha256:",
        );
        expect(await digest(client, "pinned/team/pinned", "a")).toBe(first);
    });

    test.each<[string, () => Promise<unknown>, string, RegExp]>([
        [
            "a wrong password",
            () => (stack as Stack).configure({ [registry("password")]: { secret: "wrong" } }),
            "one",
            /refuses robot, by that password or for that image: pulumi config set --stack \S+ .*--secret --path 'sync\.registries\["hub\.e2e\.test:\d+"\]\.password'\n/,
        ],
        [
            "an unknown authority",
            async () => {
                await (stack as Stack).configure({ [registry("password")]: { secret: LOGIN.password } });
                await (stack as Stack).unset(registry("ca"));
            },
            "one",
            /authority of the certificate of hub\.e2e\.test:\d+ is not known: pulumi config set .*ca' \.\/other-ca\.crt/,
        ],
        [
            "an image that is not there",
            () => (stack as Stack).configure({ [registry("ca")]: hub.ca }),
            "gone",
            /hub\.e2e\.test:\d+ has no such image/,
        ],
        [
            "a job that there is not",
            () => Promise.resolve(),
            "two",
            /There is no job two in sync\.jobs; there are: app, away, /,
        ],
    ])("%s is one sentence", async (_what, arrange, name, sentence) => {
        await arrange();
        const { code, screen } = await care(stack as Stack, "sync", "--dry-run", name);
        expect(screen).toMatch(sentence);
        expect(screen.trim().split("\n").length).toBeLessThan(4);
        expect(code).toBe(1);
    });

    describe("in the middle", () => {
        let running: Running;
        const job = () => `${stack?.prefix}-sync`;

        beforeEach(async () => {
            hub.delay = 200;
            hub.asked.length = 0;
            await pushImage(hub.client, "team/large", `v${Date.now()}`, 100);
            running = careRun(stack as Stack, "sync", "large");
            await until("it copies", async () =>
                hub.asked.some((one) => one.includes("/blobs/")) ? true : undefined,
            );
        });
        afterEach(async () => {
            await running.done;
            hub.delay = 0;
            const found = await synced("large");
            expect(found).toMatchObject({ code: 0, failed: 0 });
            const all = await tags(hub.client, "team/large");
            expect(await tags(client, "team/large")).toEqual(all);
            for (const tag of all)
                expect(await missing(client as RegistryClient, "team/large", tag)).toEqual([]);
            expect(await docker("ps", "--all", "--quiet", "--filter", `name=^/${job()}$`)).toBe("");
        });

        const CUTS: [string, () => Promise<void>][] = [
            [
                "its container, which shows no login,",
                async () => {
                    const shown = await docker("inspect", job());
                    const look = "cat /proc/[0-9]*/cmdline /proc/[0-9]*/environ; ls -R /job";
                    const inside = await docker("exec", job(), "/bin/sh", "-c", look);
                    for (const secret of [PASSWORD, LOGIN.password, "pass"])
                        expect(shown + inside).not.toContain(secret);
                    await docker("kill", job());
                    const { code, screen } = await running.done;
                    expect(screen).toMatch(/was ended while it was at work|went away/);
                    expect(code).toBe(1);
                },
            ],
            [
                "the command",
                async () => {
                    running.process.kill("SIGKILL");
                    expect((await running.done).code).toBe(137);
                },
            ],
            [
                "the other registry",
                async () => {
                    await hub.stop();
                    const { code, screen } = await running.done;
                    await hub.resume();
                    expect(screen).toMatch(
                        /failed +hub\S+ → team\/large:v\d+: hub\.e2e\.test:\d+ does not answer, or broke the connection/,
                    );
                    expect(code).toBe(1);
                },
            ],
            [
                "the command, by Ctrl-C,",
                async () => {
                    running.process.kill("SIGINT");
                    const { code, screen } = await running.done;
                    expect(screen).toContain("the next run copies the rest");
                    expect(code).toBe(1);
                },
            ],
        ];
        const rounds = LONG ? Array.from({ length: 5 }, () => CUTS).flat() : CUTS.slice(0, 3);
        test.each(rounds)("%s is killed, and the next run is whole", async (_what, cut) => cut());
    });

    test("all of this registry goes into a second one, and what is there stays", async () => {
        await pushImage(copy as RegistryClient, "mirror/team/app", "of-its-own");
        const found = await synced("away");
        expect(found).toMatchObject({ code: 0, failed: 0 });
        for (const repository of ["team/app", "copies/app", "team/large"]) {
            const there = await tags(client, repository);
            const mirrored = await tags(copy, `mirror/${repository}`);
            expect(mirrored.filter((tag) => tag !== "of-its-own")).toEqual(there);
            for (const tag of there)
                expect(await digest(copy, `mirror/${repository}`, tag)).toBe(
                    await digest(client, repository, tag),
                );
        }
        expect(await tags(copy, "mirror/team/app")).toContain("of-its-own");
        expect(await referrers(copy, "mirror/team/app", image as Pushed)).toEqual([referrer.digest]);
        const catalog = await copy?.ask("/v2/_catalog");
        expect(catalog?.body).not.toContain("pinned");
        expect(await synced("away")).toMatchObject({ code: 0, copied: 0, failed: 0 });
    });

    test("the second one copies for itself, through a proxy that is the only way out", async () => {
        await (second as Stack).configure({
            "sync.jobs.one.from": `${hub.address}/team/app:v2`,
            [registry("username")]: LOGIN.username,
            [registry("password")]: { secret: LOGIN.password },
            [registry("ca")]: hub.ca,
        });
        const { code, screen } = await care(second as Stack, "sync");
        expect(screen).toContain("→ team/app:v2\n1 image copied, 0 are there already, in ");
        expect(code).toBe(0);
        expect(await digest(copy, "team/app", "v2")).toBe(v2?.digest);
        // Its own registry is not behind it.
        expect([...new Set(proxy.asked)]).toEqual([HUB]);
    });

    test("plain HTTP is spoken where that is said, and nowhere else", async () => {
        const plain = `${hub.behind.name}:5000`;
        await join(stack?.prefix ?? "", hub.behind.name, hub.behind.name);
        try {
            await stack?.configure({
                "sync.jobs.plain.from": `${plain}/team/app:v2`,
                "sync.jobs.plain.to": "plain/*",
            });
            const refused = await care(stack as Stack, "sync", "plain", "--dry-run");
            expect(refused.screen).toContain(
                `${plain} speaks plain HTTP; where that is meant: pulumi config set`,
            );
            await stack?.configure({ [`sync.registries["${plain}"].plainHttp`]: "true" });
            expect(await synced("plain")).toMatchObject({ code: 0, copied: 1 });
            expect(await digest(client, "plain/team/app", "v2")).toBe(v2?.digest);
        } finally {
            await leave(stack?.prefix ?? "", hub.behind.name);
        }
    });
});
