/** `npm run upgrade`: from 2.8.2 on, everything that was there is read; what does not work goes back by itself. */
import { createHash, randomBytes } from "node:crypto";
import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";

import { tar } from "../../engine/tar";

import { cleanup } from "./cleanup";
import { docker, inspect, objectsOf } from "./docker";
import { missing, pushImage, pushIndex } from "./gc";
import { ACCEPT, Load, RegistryClient } from "./http";
import { FRONT_IMAGE, REDIS_IMAGE, REGISTRY_IMAGE, RESTIC_IMAGE } from "./images";
import { imageLike, imageOf28, imageThatFails, removeImages } from "./other-images";
import { care, careRun } from "./retain";
import { must, run, until } from "./run";
import { ADMIN, freePort, Stack } from "./stack";

/** Milliseconds for all, and between two tries: what Pulumi had begun goes on without the command that was killed. */
const TRIES = [120_000, 1_000] as const;

const use = cleanup();
const own = `e2e-upgrade-${randomBytes(3).toString("hex")}`;
const image = (name: string) => `${own}/${name}`;
let stack: Stack;
let client: RegistryClient;
let before: Record<string, string>;

interface Outcome {
    result: string;
    cause?: string;
    refused?: string[];
    parts: {
        part: string;
        from: { name: string; version?: string };
        to?: { name: string; version?: string };
    }[];
}

/** As `npm run upgrade -- --json …`. */
async function upgrade(...flags: string[]): Promise<{ code: number; screen: string; told: Outcome }> {
    const { code, stdout, screen } = await care(stack, "upgrade", "--json", ...flags);
    if (!stdout.startsWith("{")) throw new Error(`npm run upgrade ended with code ${code}:\n${screen}`);
    return { code, screen, told: JSON.parse(stdout) as Outcome };
}

/** Tag → digest of everything, with what it lacks. */
async function contents(): Promise<Record<string, string>> {
    const found: Record<string, string> = {};
    for (const [repository, tag] of [
        ["team/app", "one"],
        ["team/app", "multi"],
    ] as const) {
        const { headers } = await client.ask(`/v2/${repository}/manifests/${tag}`, {
            headers: { Accept: `${ACCEPT}, application/vnd.docker.distribution.manifest.list.v2+json` },
        });
        const lacks = await missing(client, repository, tag);
        found[`${repository}:${tag}`] = [String(headers["docker-content-digest"]), ...lacks].join(" ");
    }
    return found;
}

/** Puts an image of schema 1 into the store, as Docker before 1.10 pushed them. */
async function pushSchema1(repository: string, tag: string): Promise<string> {
    const { digest: blobSum } = await client.upload(repository);
    const v1Compatibility = JSON.stringify({ id: "a".repeat(64), created: "2015-01-01T00:00:00Z" });
    const manifest = { schemaVersion: 1, name: repository, tag, architecture: "amd64" };
    const text = JSON.stringify(
        { ...manifest, fsLayers: [{ blobSum }], history: [{ v1Compatibility }] },
        undefined,
        3,
    );
    const hex = createHash("sha256").update(text).digest("hex");
    const root = "docker/registry/v2";
    const link = `sha256:${hex}`;
    const at = `${root}/repositories/${repository}/_manifests`;
    const files: Record<string, string> = {
        [`${root}/blobs/sha256/${hex.slice(0, 2)}/${hex}/data`]: text,
        [`${at}/revisions/sha256/${hex}/link`]: link,
        [`${at}/tags/${tag}/index/sha256/${hex}/link`]: link,
        [`${at}/tags/${tag}/current/link`]: link,
    };
    const folders = new Set(
        Object.keys(files).flatMap((path) => path.split("/").map((_, i, all) => all.slice(0, i).join("/"))),
    );
    folders.delete("");
    const archive = await tar([
        ...[...folders].map((path) => ({ path: `${path}/`, mode: 0o755 })),
        ...Object.entries(files).map(([path, content]) => ({
            path,
            mode: 0o644,
            content: Buffer.from(content),
        })),
    ]);
    await must("docker", ["cp", "-", `${stack.prefix}:/var/lib/registry`], { input: archive });
    return link;
}

const configured = () => readFileSync(join(stack.project, `Pulumi.${stack.name}.yaml`), "utf8");
const reconnect = async () => {
    if (client as unknown) client.close();
    client = await RegistryClient.of(stack);
};
const versionOf = async () => (await docker("exec", stack.prefix, "/bin/registry", "--version")).trim();
async function expectNothingLeft(): Promise<void> {
    const names = (await objectsOf(stack.prefix)).filter((name) =>
        /-(upgrade|trial|lock|gc|version)$/.test(name),
    );
    expect(names).toEqual([]);
    expect(await docker("image", "ls", "--quiet", `private-registry/former`)).not.toContain(stack.prefix);
}

beforeAll(async () => {
    use({ dispose: () => removeImages(`${own}/`) });
    await imageOf28(image("old-registry:2.8.2"));
    await imageLike(FRONT_IMAGE, image("nginx:1"));
    await imageLike(REDIS_IMAGE, image("valkey:1"));
    stack = use(
        await Stack.create("upgrade", {
            settings: {
                ...ADMIN,
                "front.off": "false",
                image: image("old-registry:2.8.2"),
                "front.image": image("nginx:1"),
            },
        }),
    );
    await stack.up();
    await reconnect();
    use({ dispose: async () => client.close() });
    await pushImage(client, "team/app", "one");
    await pushIndex(client, "team/app", "multi");
    await docker("tag", REGISTRY_IMAGE, image("old-registry:3.1.2"));
    before = await contents();
});

test("what the new one does not read stands in the way, each in a sentence, and nothing is changed", async () => {
    const { Id } = await inspect(stack.prefix);
    const old = await pushSchema1("team/old", "1");
    await stack.configure({ "registryConfig.compatibility.schema1.enabled": "true" });
    const options = await upgrade("--to", "3.1.2", "--yes");
    expect(options.told).toMatchObject({
        result: "refused",
        refused: [
            expect.stringMatching(
                /^registryConfig\.compatibility is gone with registry 3, .*: pulumi config rm --path registryConfig\.compatibility$/,
            ),
        ],
    });
    expect(options.code).toBe(1);
    await stack.unset("registryConfig");
    const text = configured();
    const manifests = await upgrade("--to", "3.1.2", "--yes");
    expect(manifests.told.refused).toEqual([
        expect.stringMatching(/^Registry 3\.1\.2 cannot read team\/old:1 \(schema 1, .*: --leave-unread$/),
    ]);
    expect(manifests.told.parts[0]).toMatchObject({
        part: "registry",
        from: { version: "2.8.2" },
        to: { name: image("old-registry:3.1.2"), version: "3.1.2" },
    });
    expect((await inspect(stack.prefix)).Id).toBe(Id);
    expect(configured()).toBe(text);
    const left = await upgrade("--to", "3.1.2", "--leave-unread", "--dry-run");
    expect([left.code, left.told.result]).toEqual([0, "planned"]);
    await client.ask(`/v2/team/old/manifests/${old}`, { method: "DELETE" });
    await expectNothingLeft();
});

test("an image that does not start is refused while the registry goes on; one that fails later goes back by itself", async () => {
    await imageThatFails(image("old-registry:3.1.3"), "true");
    const { Id } = await inspect(stack.prefix);
    const refused = await upgrade("--to", "3.1.3", "--yes");
    expect(refused.told.refused?.[0]).toContain("configuration error: the moon is full");
    expect((await inspect(stack.prefix)).Id).toBe(Id);

    // It starts where it may only read, as it is tried.
    await imageThatFails(
        image("registry:3.1.4"),
        '[ -z "$REGISTRY_STORAGE_MAINTENANCE" ] && [ "${2##*/}" = config.yml ]',
    );
    // A name by which the kit refuses it: an image like this ran before the kit knew better.
    await docker("tag", image("old-registry:2.8.2"), image("registry:2.8.2"));
    await stack.configure({ image: image("registry:2.8.2") });
    const { code, told } = await upgrade("--to", "3.1.4", "--yes");
    expect(told).toMatchObject({
        result: "back",
        cause: `${image("registry:3.1.4")} does not work as the registry: configuration error: the moon is full`,
    });
    expect(code).toBe(1);
    expect(configured()).toContain(
        `private-registry:image: private-registry/former:${stack.prefix}-registry\n`,
    );
    await reconnect();
    expect(await versionOf()).toContain("2.8.2");
    expect(await contents()).toEqual(before);
    await stack.configure({ image: image("old-registry:2.8.2") });
    await stack.up();
    await docker("rmi", `private-registry/former:${stack.prefix}-registry`);
    await expectNothingLeft();
});

test("the backup is taken first, and without it nothing is upgraded; --back brings 2.8.2 again, which reads what 3.1.2 took", async () => {
    const [repository, password] = [join(stack.folder, "backups"), "of the repository"];
    const restic = (word: string, ...args: string[]) =>
        docker(
            ...["run", "--rm", "--network", "none", "--volume", `${repository}:/repository`],
            ...["--env", `RESTIC_PASSWORD=${word}`, "--entrypoint", "restic", RESTIC_IMAGE],
            ...["--repo", "/repository", "--no-cache", ...args],
        );
    await restic("another one", "init");
    await stack.configure({ "backup.repository": repository, "backup.password": { secret: password } });
    await stack.up();
    const { Id } = await inspect(stack.prefix);
    const text = configured();
    const failed = await care(stack, "upgrade", "--to", "3.1.2", "--yes");
    expect(failed.screen).toContain(`The password is not the one of the repository ${repository}`);
    expect(failed.code).toBe(1);
    expect((await inspect(stack.prefix)).Id).toBe(Id);
    expect(configured()).toBe(text);
    await expectNothingLeft();

    rmSync(repository, { recursive: true });
    const running = careRun(stack, "upgrade", "--to", "3.1.2", "--yes");
    await until("the new registry", async () => {
        const { stdout } = await run("docker", ["exec", stack.prefix, "/bin/registry", "--version"]);
        return stdout.includes("3.1.2") ? true : undefined;
    });
    running.process.kill("SIGKILL");
    await running.done;
    const [snapshot, more] = JSON.parse(await restic(password, "snapshots", "--json")) as { time: string }[];
    expect(more).toBeUndefined();
    const { Created } = (await inspect(stack.prefix)) as unknown as { Created: string };
    expect(Date.parse(snapshot?.time ?? "")).toBeLessThan(Date.parse(Created));
    // Of the configuration as it was.
    const paths = (await restic(password, "ls", "latest")).split("\n");
    const saved = paths.find((path) => path.endsWith("Pulumi.STACK.yaml")) ?? "";
    expect(await restic(password, "dump", "latest", saved)).toBe(text);

    await until("the registry", async () => {
        await reconnect();
        const { status } = await client.ask("/v2/").catch(() => ({ status: 0 }));
        return status === 200 ? true : undefined;
    });
    await pushImage(client, "team/between", "1");
    const back = await until(
        "the way back",
        async () => {
            const { code, screen } = await care(stack, "upgrade", "--back", "--yes");
            return /still at work/.test(screen) ? undefined : ([code, screen] as const);
        },
        ...TRIES,
    );
    expect(back).toEqual([0, expect.stringContaining("What ran before runs again.")]);
    await reconnect();
    expect(await versionOf()).toContain("2.8.2");
    expect(configured()).toBe(text);
    expect(await contents()).toEqual(before);
    expect(await missing(client, "team/between", "1")).toEqual([]);
    await pushIndex(client, "team/between", "2");
    expect(await missing(client, "team/between", "2")).toEqual([]);
    await expectNothingLeft();
    const none = await care(stack, "upgrade", "--back");
    expect([none.code, none.screen]).toEqual([1, expect.stringContaining("No upgrade is under way")]);
    await stack.unset("backup");
    await stack.up();
});

test("2.8.2 becomes 3.1.2: killed anywhere and run again, and all is read that was read before", async () => {
    // As a mirror of the kit's own images has them: without a flag each part goes to the kit's version.
    await docker("tag", REGISTRY_IMAGE, image("registry:3.1.2"));
    await docker("tag", FRONT_IMAGE, image("nginx:1.30"));
    await stack.configure({ image: image("registry:2.8.2") });
    const begun = async () => {
        const { stdout } = await run("docker", ["inspect", `${stack.prefix}-upgrade`]);
        return stdout.includes("private-registry.upgrade");
    };
    const replaced = async () => {
        const { stdout } = await run("docker", ["exec", stack.prefix, "/bin/registry", "--version"]);
        return stdout.includes("3.1.2");
    };
    // Before Pulumi runs; and as soon as the new one does, which nobody has asked yet.
    for (const [what, moment] of [
        ["the record", begun],
        ["the new registry", replaced],
    ] as const) {
        const running = careRun(stack, "upgrade", "--yes");
        await until(what, async () => ((await moment()) ? true : undefined));
        running.process.kill("SIGKILL");
        await running.done;
        expect(await begun()).toBe(true);
    }
    const dry = await care(stack, "upgrade", "--dry-run");
    expect(dry.screen).toMatch(/An upgrade of \S+ \S+ UTC was not ended\./);
    expect((await care(stack, "doctor")).screen).toMatch(
        /^warning {2}upgrade: begun at \S+, and not ended: registry to .+ → .*npm run upgrade/m,
    );
    const told = await until(
        "the upgrade",
        async () => {
            const { code, screen } = await care(stack, "upgrade", "--yes");
            return /still at work/.test(screen) ? undefined : ([code, screen] as const);
        },
        ...TRIES,
    );
    expect(told).toEqual([0, told[1]]);
    await reconnect();
    expect(await versionOf()).toContain("3.1.2");
    expect(await contents()).toEqual(before);
    await pushImage(client, "team/app", "new");
    expect(await missing(client, "team/app", "new")).toEqual([]);
    await expectNothingLeft();
    expect(configured()).toContain(image("nginx:1.30"));
    const again = await upgrade("--yes");
    expect(again.told.result).toBe("nothing");
    expect(again.code).toBe(0);
});

test("registry, front and cache change while requests go on, which fail for some seconds at most; an older registry is refused", async () => {
    await imageLike(REDIS_IMAGE, image("valkey:2"));
    await imageLike(REGISTRY_IMAGE, image("registry:3.1.9"));
    // Under its tag the Engine has the one that runs, and the registry of that name a newer one.
    const newer = `localhost:${await freePort()}/nginx:1`;
    const port = newer.slice("localhost:".length).split("/")[0] ?? "";
    const hub = (
        await docker(
            "run",
            "--detach",
            "--publish",
            `127.0.0.1:${port}:5000`,
            "--env",
            "OTEL_TRACES_EXPORTER=none",
            REGISTRY_IMAGE,
        )
    ).trim();
    use({ dispose: () => docker("rm", "--force", "--volumes", hub).then(() => undefined) });
    use({ dispose: () => removeImages(`localhost:${port}/`) });
    await imageLike(FRONT_IMAGE, newer);
    await until("the other registry", async () =>
        (await run("docker", ["push", newer])).code === 0 ? true : undefined,
    );
    const id = (await docker("image", "inspect", "--format", "{{.Id}}", newer)).trim();
    await docker("tag", FRONT_IMAGE, newer);
    // Registry 2.8 takes no cache as the kit configures it.
    await stack.configure({ "cache.valkey.image": image("valkey:1"), "front.image": newer });
    await stack.up();
    await reconnect();
    const load = new Load(client, ["/v2/", "/v2/team/app/manifests/one"], 20);
    const started = Date.now();
    const { told, code } = await upgrade(
        ...["--to", "3.1.9", "--image", `front=${newer}`],
        ...["--image", `cache=${image("valkey:2")}`, "--pull", "--yes"],
    );
    await load.stop();
    const seconds = (Date.now() - started) / 1000;
    expect([code, told.result]).toEqual([0, "upgraded"]);
    console.log(`${load.failures.length} of ${Math.round(20 * seconds)} requests failed in ${seconds} s`);
    expect(load.failures.length).toBeLessThan(20 * 15);
    const { Image } = (await inspect(`${stack.prefix}-front`)) as unknown as { Image: string };
    expect(Image).toBe(id);
    const older = await upgrade("--image", `registry=${image("old-registry:2.8.2")}`, "--yes");
    expect(older.told.refused?.[0]).toContain("Registry 2.8.2 is older than 3.1.1");
    await reconnect();
    expect(await contents()).toEqual(before);
});
