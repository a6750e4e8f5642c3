/** `npm run retain` and `npm run delete`: what the rules and names say goes, and nothing else, in files and in S3. */
import { writeFileSync } from "node:fs";
import { resolve } from "node:path";

import { ensureClient } from "../../setup/client-tools";
import { thisMachine } from "../../setup/machine";

import { cleanup } from "./cleanup";
import { objectsOf } from "./docker";
import { missing, pushIndex } from "./gc";
import { RegistryClient } from "./http";
import { PushBench } from "./pushers";
import { care, careRun, Shelf, told, verdicts } from "./retain";
import { run, sleep } from "./run";
import { S3Server } from "./s3-server";
import { LONG } from "./long";
import { ADMIN, type Settings, Stack } from "./stack";

const APP = "team/app";

const RULES: Settings = {
    "retention.releases.repositories[0]": "team/*",
    "retention.releases.tags[0]": "v*",
    "retention.releases.semver.newest": "1",
    "retention.releases.semver.per": "minor",
    "retention.requests.repositories[0]": "team/*",
    "retention.requests.tags[0]": "pr-*",
    "retention.requests.pushedWithinDays": "14",
    "retention.indexes.repositories[0]": APP,
    "retention.indexes.tags[0]": "multi*",
    "retention.indexes.newest": "1",
};

describe.each(["files", "s3"])("in %s", (where) => {
    const use = cleanup();
    /** What no store has a part in is tried once. */
    const once = where === "files" ? test : () => undefined;
    let stack: Stack;
    let client: RegistryClient;
    let shelf: Shelf;
    let objects: string[];
    const digests: Record<string, string> = {};

    beforeAll(async () => {
        const store = where === "s3" ? use(await S3Server.start()) : undefined;
        if (store) await store.request("PUT", "images");
        const settings: Settings = store
            ? {
                  "storage.s3.bucket": "images",
                  "storage.s3.endpoint": store.endpoint,
                  "storage.s3.accessKey": { secret: store.accessKey },
                  "storage.s3.secretKey": { secret: store.secretKey },
                  "storage.s3.ca": store.caPem(),
              }
            : {};
        // Clients may delete nothing: the operator's rules count all the same.
        const all = {
            ...ADMIN,
            "front.off": "false",
            "ipAddresses[0]": "127.0.0.1",
            deleteEnabled: "false",
            ...settings,
            ...RULES,
        };
        stack = use(await Stack.create(`retain-${where}`, { settings: all }));
        await stack.up();
        client = await RegistryClient.of(stack);
        use({ dispose: async () => client.close() });
        shelf = new Shelf(client, stack, store);
        objects = await objectsOf(stack.prefix);
        for (const tag of ["v1.0.0", "v1.0.1", "v1.1.0", "v2.0.0", "pr-1", "pr-2", "other"])
            digests[tag] = (await shelf.manifest(APP, tag)).digest;
        await shelf.tag(APP, digests["v2.0.0"] ?? "", "latest");
        // A tag that goes while its image stays.
        await shelf.tag(APP, digests["v2.0.0"] ?? "", "pr-shared");
        const [index, one, two] = await pushIndex(client, APP, "multi-1");
        Object.assign(digests, { index: index?.digest, one: one?.digest, two: two?.digest });
        // A later index has one of the images of the former, too.
        const later = await shelf.manifest(APP, undefined);
        digests.later = later.digest;
        digests["multi-2"] = (
            await shelf.manifest(APP, "multi-2", {
                mediaType: "application/vnd.oci.image.index.v1+json",
                config: undefined,
                layers: undefined,
                manifests: [one, later],
            })
        ).digest;
        const attached = (of: string, suffix: string) => `${digests[of]?.replace(":", "-")}${suffix}`;
        for (const of of ["pr-1", "v2.0.0"])
            digests[`${of}.sig`] = (await shelf.manifest(APP, attached(of, ".sig"))).digest;
        // A signature of the signature, and the referrers of one image of the index.
        digests.twice = (await shelf.manifest(APP, attached("pr-1.sig", ".sig"))).digest;
        digests.two_att = (await shelf.manifest(APP, attached("two", ".att"))).digest;
        digests.one_att = (await shelf.manifest(APP, attached("one", ""))).digest;
        digests.untagged = (await shelf.manifest(APP, undefined)).digest;
        digests.free = (await shelf.manifest("free/app", "pr-9")).digest;
        digests.whole = (await shelf.manifest("team/whole", "pr-9")).digest;
        await shelf.manifest("team/whole/below", "pr-1");
        for (const tag of ["pr-1", "pr-shared", "multi-1"]) await shelf.age(APP, tag, 40);
        await shelf.age("free/app", "pr-9", 40);
        await shelf.age("team/whole", "pr-9", 15);
        await shelf.age(APP, "pr-2", 13);
    });

    const attachment = (of: string, suffix = ".sig") => `${digests[of]?.replace(":", "-")}${suffix}`;

    test("--dry-run tells the fate of each tag, and changes nothing", async () => {
        const found = await told(stack, "retain", "--dry-run");
        expect(verdicts(found, APP)).toEqual({
            "v1.0.0": "goes (releases)",
            "v1.0.1": "releases: newest 1 versions of 1.0",
            "v1.1.0": "releases: newest 1 versions of 1.1",
            "v2.0.0": "releases: newest 1 versions of 2.0",
            latest: "no rule is for it",
            other: "no rule is for it",
            "pr-1": "goes (requests)",
            "pr-2": "requests: pushed within 14 days",
            "pr-shared": "goes (requests)",
            "multi-1": "goes (indexes)",
            "multi-2": "indexes: newest 1",
            [attachment("pr-1")]: "goes (belongs to what goes)",
            [attachment("pr-1.sig")]: "goes (belongs to what goes)",
            [attachment("v2.0.0")]: "belongs to what stays",
            [attachment("two", ".att")]: "goes (belongs to what goes)",
            [attachment("one", "")]: "belongs to what stays",
        });
        expect(verdicts(found, "free/app")).toEqual({ "pr-9": "no rule is for it" });
        expect(verdicts(found, "team/whole")).toEqual({ "pr-9": "goes (requests)" });
        // v1.0.0, pr-1 with two attachments, the index with one image and its attachment, and the whole repository's.
        expect(found.going).toMatchObject({ tags: 8, manifests: 8 });
        const blobs = 8 * 100_000;
        expect(found.going.bytes).toBeGreaterThan(blobs);
        expect(found.going.bytes).toBeLessThan(blobs + 20_000);
        expect(await shelf.tags(APP)).toHaveLength(16);
        const table = await care(stack, "retain", "--dry-run");
        expect(table.stdout).toMatch(
            /^team\/app:pr-1 +\d{4}-\d\d-\d\d \d\d:\d\d +100\.\d kB {2}goes \(requests\)$/m,
        );
        expect(table.stdout).toMatch(
            /^8 tags go, with 8 manifests and \d+\.\d kB that no other image has \(\d+\.\d kB stay with others\); 11 tags stay\.$/m,
        );
        expect(await objectsOf(stack.prefix)).toEqual(objects);
    });

    once("without a terminal and --yes it is refused", async () => {
        const { code, screen } = await care(stack, "retain");
        expect([code, screen]).toEqual([1, expect.stringContaining("add --dry-run to see what goes, --yes")]);
        expect(await shelf.tags(APP)).toHaveLength(16);
    });

    test("what goes is gone, with all that is its own; what stays is whole", async () => {
        const found = await told(stack, "retain", "--yes");
        expect(found.removed).toMatchObject({ tags: 8, manifests: 8, repositories: ["team/whole"] });
        expect(await shelf.tags(APP)).toEqual(
            [
                ...["v1.0.1", "v1.1.0", "v2.0.0", "latest", "other", "pr-2", "multi-2"],
                attachment("v2.0.0"),
                attachment("one", ""),
            ].sort(),
        );
        for (const one of ["v1.0.0", "pr-1", "pr-1.sig", "twice", "index", "two", "two_att"])
            expect([one, await shelf.has(APP, digests[one] ?? "")]).toEqual([one, false]);
        const kept = ["v1.0.1", "v1.1.0", "v2.0.0", "other", "pr-2", "multi-2", "one", "later", "untagged"];
        for (const one of [...kept, "one_att", "v2.0.0.sig"])
            expect([one, await missing(client, APP, digests[one] ?? "")]).toEqual([one, []]);
        expect(await missing(client, "free/app", "pr-9")).toEqual([]);
        expect(await missing(client, "team/whole/below", "pr-1")).toEqual([]);
        // The emptied repository is gone, the one below it is not.
        expect(await shelf.repositories()).toEqual(["free/app", "team/app", "team/whole/below"]);
        expect(await shelf.inStore("ls team/whole")).toBe("below\n");
        expect(await objectsOf(stack.prefix)).toEqual(objects);
        const again = await told(stack, "retain", "--yes");
        expect([again.going, again.removed]).toEqual([
            { tags: 0, manifests: 0, bytes: 0, whole: 0 },
            undefined,
        ]);
    });

    // The collection is the same one in every store.
    if (where === "files")
        test("--untagged takes the manifests that no tag reaches as well, and nothing else", async () => {
            digests["pr-old"] = (await shelf.manifest(APP, "pr-old")).digest;
            await shelf.age(APP, "pr-old", 40);
            const found = await told(stack, "retain", "--yes", "--untagged");
            expect(found.removed).toMatchObject({ tags: 1, repositories: [] });
            for (const one of ["untagged", "pr-old"])
                expect([one, await shelf.has(APP, digests[one] ?? "")]).toEqual([one, false]);
            const kept = ["v1.0.1", "v1.1.0", "v2.0.0", "other", "pr-2", "multi-2", "one", "later"];
            for (const one of [...kept, "one_att", "v2.0.0.sig"])
                expect([one, await missing(client, APP, digests[one] ?? "")]).toEqual([one, []]);
            expect(await missing(client, "free/app", "pr-9")).toEqual([]);
        });

    test("a tag that is pushed between the table and the removal stays, and a push in flight ends well", async () => {
        for (const tag of ["pr-a", "pr-b", "pr-c"]) {
            digests[tag] = (await shelf.manifest("team/late", tag)).digest;
            await shelf.age("team/late", tag, 30);
        }
        let pushed: Promise<unknown> = Promise.resolve();
        const running = careRun(stack, "retain", "--yes");
        running.process.stdout?.once("data", () => {
            // The table is there: one tag gets another image, one the same again, and one is left as it is.
            pushed = Promise.allSettled([
                shelf.manifest("team/late", "pr-a").then(({ digest }) => (digests.anew = digest)),
                shelf.tag("team/late", digests["pr-b"] ?? "", "pr-b"),
                shelf.manifest("team/late", "pr-new").then(({ digest }) => (digests.new = digest)),
            ]);
        });
        const { code, screen } = await running.done;
        await pushed;
        expect([code, screen]).toEqual([0, expect.stringContaining("back in its normal mode")]);
        const left = await shelf.tags("team/late");
        // What was told to be pushed is there and whole; what came too late was refused, and has left nothing.
        expect(left).not.toContain("pr-c");
        for (const tag of left) expect([tag, await missing(client, "team/late", tag)]).toEqual([tag, []]);
        for (const [tag, digest] of [
            ["pr-a", digests.anew],
            ["pr-new", digests.new],
        ] as const)
            if (digest !== undefined) {
                expect(left).toContain(tag);
                expect(await shelf.has("team/late", digest)).toBe(true);
            }
        expect(screen).toMatch(/team\/late:pr-[ab] was pushed meanwhile, and stays\./);
    });

    once("on a terminal it asks, and no other answer than yes removes anything", async () => {
        await shelf.manifest("team/asked", "one");
        const config = resolve(stack.project, `Pulumi.${stack.name}.yaml`);
        const line = `node setup/start.cjs delete team/asked --stack ${stack.name} --config-file ${config}`;
        const asked = (answer: string) =>
            run("script", ["--quiet", "--return", "--command", line, "/dev/null"], {
                cwd: resolve(__dirname, "..", ".."),
                env: stack.env,
                input: `${answer}\n`,
            });
        const refused = await asked("n");
        expect([refused.code, refused.screen]).toEqual([1, expect.stringContaining("Nothing was changed.")]);
        expect(refused.screen).toMatch(
            /team\/asked:one +\d{4}-.*goes \(named\)[^]*Remove what goes\? \[y\/N\]/,
        );
        expect(await shelf.tags("team/asked")).toEqual(["one"]);
        const agreed = await asked("y");
        expect([agreed.code, agreed.screen]).toEqual([
            0,
            expect.stringMatching(/Removed 1 tag and 1 manifest, and what was left of team\/asked\./),
        ]);
        expect(await shelf.repositories()).not.toContain("team/asked");
    });

    once("delete: a name that is wrong is told, and nothing is changed", async () => {
        const said = async (...names: string[]) => {
            const { code, screen } = await care(stack, "delete", "--yes", ...names);
            expect(code).toBe(1);
            return screen;
        };
        const before = await shelf.tags(APP);
        expect(await said()).toContain("npm run delete needs names");
        expect(await said(`${APP}:none`)).toMatch(
            /team\/app has no tag none\. Nothing was changed\. It has: .*latest/,
        );
        expect(await said("team/none")).toMatch(
            /There is no repository team\/none\..*There are: .*team\/app/,
        );
        expect(await said(`localhost:5000/${APP}:latest`)).toContain("is no name");
        expect(await said(`${APP}@sha256:${"0".repeat(64)}`)).toContain("has no manifest sha256:000");
        expect(await said(`${APP}@${digests.one}`)).toContain("is part of team/app:multi-2");
        // A right name beside a wrong one is left alone, too.
        await said(`${APP}:latest`, `${APP}:none`);
        expect(await shelf.tags(APP)).toEqual(before);
    });

    test("delete: what shares an image with others keeps it, what does not goes, and an emptied repository vanishes", async () => {
        const shown = await told(stack, "delete", "--dry-run", `${APP}:latest`);
        expect(verdicts(shown, APP)).toEqual({ latest: "goes (named)", "v2.0.0": "not named" });
        expect(shown.going).toMatchObject({ tags: 1, manifests: 0, bytes: 0 });
        await told(stack, "delete", "--yes", `${APP}:latest`, `${APP}:multi-2`);
        expect(await missing(client, APP, "v2.0.0")).toEqual([]);
        for (const one of ["multi-2", "one", "later", "one_att"])
            expect([one, await shelf.has(APP, digests[one] ?? "")]).toEqual([one, false]);
        // By its digest, with all tags that have it.
        await told(stack, "delete", "--yes", `${APP}@${digests["v2.0.0"]}`);
        expect(await shelf.tags(APP)).toEqual(["other", "pr-2", "v1.0.1", "v1.1.0"]);
        const whole = await told(stack, "delete", "--yes", APP);
        expect(whole.removed).toMatchObject({ tags: 4, repositories: [APP] });
        expect(await shelf.repositories()).not.toContain(APP);
        expect(await shelf.inStore(`ls ${APP} 2> /dev/null || echo gone`)).toBe("gone\n");
        expect(await missing(client, "free/app", "pr-9")).toEqual([]);
        // It may be there again.
        await shelf.manifest(APP, "new");
        expect(await shelf.tags(APP)).toEqual(["new"]);
    });

    test("delete: a repository into which somebody is uploading keeps its place", async () => {
        await shelf.manifest("team/busy", "one");
        const begun = await client.ask("/v2/team/busy/blobs/uploads/", { method: "POST" });
        await told(stack, "delete", "--yes", "team/busy");
        const path = begun.headers.location ?? "";
        expect((await client.ask(path)).status).toBe(204);
        // Given up an hour ago: in files what is left of it goes as well.
        if (where === "files") {
            await shelf.inStore(
                `find team/busy/_uploads -type f -exec touch -d @${Math.floor(Date.now() / 1000) - 3_700} {} +`,
            );
            await told(stack, "delete", "--yes", "team/busy");
            expect(await shelf.repositories()).not.toContain("team/busy");
        }
    });

    once(
        "a Helm chart and what oras attached to it go and stay together, by two commands at once, too",
        async () => {
            const oras = await ensureClient(thisMachine(resolve(__dirname, "..", "..")), "oras");
            const ca = await stack.output("caCertificatePem");
            const bench = use(new PushBench({ oras }, `127.0.0.1:${stack.port}`, ca));
            const chart = (tag: string) => `${bench.address}/team/charts/app:${tag}`;
            const found: Record<string, string> = {};
            for (const tag of ["pr-0.1.0", "pr-0.2.0"]) {
                writeFileSync(bench.path("Chart.json"), JSON.stringify({ name: "app", version: tag }));
                await bench.run(
                    "oras",
                    ...[
                        "push",
                        "--config",
                        "Chart.json:application/vnd.cncf.helm.config.v1+json",
                        chart(tag),
                    ],
                    "context/file:application/vnd.cncf.helm.chart.content.v1.tar+gzip",
                );
                await bench.run(
                    "oras",
                    "attach",
                    "--artifact-type",
                    "text/sbom",
                    chart(tag),
                    "Chart.json:text/plain",
                );
                found[tag] = (await bench.run("oras", "resolve", chart(tag))).trim();
            }
            await shelf.age("team/charts/app", "pr-0.1.0", 20);
            const running = [careRun(stack, "retain", "--yes"), careRun(stack, "retain", "--yes")];
            const ended = await Promise.all(running.map(({ done }) => done));
            expect(ended.map(({ code }) => code)).toContain(0);
            for (const { code, screen } of ended)
                if (code !== 0) expect(screen).toMatch(/is at work|Another|nothing was changed/i);
            const fallback = (tag: string) => found[tag]?.replace(":", "-") ?? "";
            expect(await shelf.tags("team/charts/app")).toEqual(["pr-0.2.0", fallback("pr-0.2.0")].sort());
            expect(await bench.run("oras", "discover", chart("pr-0.2.0"))).toContain("text/sbom");
            await bench.run("oras", "pull", "--output", "back", chart("pr-0.2.0"));
            expect(await objectsOf(stack.prefix)).toEqual(objects);
        },
    );

    test("killed at any moment, and run again", async () => {
        const tags = Array.from({ length: 12 }, (_, i) => `pr-${i}`);
        const rounds = (where === "files" ? 8 : 3) / (LONG ? 1 : 3);
        for (let round = 0; round < rounds; round++) {
            const repository = `team/kill-${round}`;
            const kept = await shelf.manifest(repository, "v1.0.0");
            const [index] = await pushIndex(client, repository, "pr-index");
            for (const tag of tags) await shelf.manifest(repository, tag);
            await shelf.tag(repository, kept.digest, "pr-same");
            for (const tag of [...tags, "pr-index", "pr-same"]) await shelf.age(repository, tag, 30);
            const running = careRun(stack, "retain", "--yes");
            await sleep(1_500 + round * (where === "files" ? 1_000 : 4_000) * (LONG ? 1 : 2.5));
            running.process.kill("SIGKILL");
            await running.done;
            client.close();
            client = await RegistryClient.of(stack);
            shelf = shelf.with(client);
            expect([round, await missing(client, repository, "v1.0.0")]).toEqual([round, []]);
            const again = await told(stack, "retain", "--yes");
            expect([round, await shelf.tags(repository)]).toEqual([round, ["v1.0.0"]]);
            expect(await missing(client, repository, "v1.0.0")).toEqual([]);
            expect(await shelf.has(repository, index?.digest ?? "")).toBe(false);
            expect(again.tags.filter(({ why }) => why.includes("read"))).toEqual([]);
            // Nothing of what went is left without a tag.
            const revisions = await shelf.inStore(
                `find ${repository}/_manifests/revisions -name link | wc -l`,
            );
            expect([round, revisions.trim()]).toEqual([round, "1"]);
            expect(await objectsOf(stack.prefix)).toEqual(objects);
        }
    });
});
