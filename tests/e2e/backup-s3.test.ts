/** Images in S3 are backed up, and come back: while pushes go on, after kills, into an emptied bucket, onto a bare machine. */
import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";

import { Clone, Deployment, REPOSITORY_PASSWORD, runs } from "./backup";
import { cleanup } from "./cleanup";
import { docker, objectsOf } from "./docker";
import { ANY, pushImage, pushIndex } from "./gc";
import { RegistryClient } from "./http";
import { LONG } from "./long";
import { contents, Pushes } from "./pushes";
import { must, sleep, until } from "./run";
import { S3Server } from "./s3-server";

const BACKUPS = LONG ? 10 : 1;
const use = cleanup();
let store: S3Server;
let deployment: Deployment;
let clone: Clone;
let ca: string;
let client: RegistryClient;

interface Result {
    snapshot: string;
    tags: number;
    bytes: number;
    added: number;
    seconds: number;
    verified?: { tags: number; blobs: number };
}
const backup = async (...flags: string[]) =>
    JSON.parse(await clone.must("backup", ["--json", ...flags])) as Result;

const configure = (of: Clone) =>
    of.configure(
        [`repository: ${deployment.repository}`, `password: ${REPOSITORY_PASSWORD}`, "escrow: true"],
        "",
        [
            "private-registry:storage:",
            "  s3:",
            "    bucket: images",
            `    endpoint: ${store.endpoint}`,
            `    accessKey: ${store.accessKey}`,
            `    secretKey: ${store.secretKey}`,
            `    ca: ${store.ca}`,
        ],
    );
const answers = () =>
    until("the registry", async () => {
        client.close();
        client = new RegistryClient(deployment.port, ca);
        const { status } = await client.ask("/v2/").catch(() => ({ status: 0 }));
        return status === 200 ? true : undefined;
    });
/** All images are lost, and the bucket is there. */
const emptyBucket = () => docker("exec", store.name, "/bin/sh", "-c", "rm -rf /data/images/docker");

beforeAll(async () => {
    store = use(await S3Server.start());
    await store.request("PUT", "images");
    deployment = use(await Deployment.create());
    clone = new Clone(deployment, "first");
    configure(clone);
    await clone.must("up", ["--yes"]);
    ca = readFileSync(join(clone.root, "out", deployment.name, "ca.crt"), "utf8");
    client = new RegistryClient(deployment.port, ca);
    use({ dispose: async () => client.close() });
});

test(`a backup while pushes go on is whole (${BACKUPS} times), the next one copies what is new alone, and a killed one harms nothing`, async () => {
    expect((await backup()).tags).toBe(0);
    await pushImage(client, "team/app0", "kept", 100);
    await pushIndex(client, "team/app1", "kept");
    const pusher = new RegistryClient(deployment.port, ca);
    const pushes = new Pushes(pusher);
    try {
        for (let i = 0; i < BACKUPS; i++) {
            const { verified, tags } = await backup("--verify");
            expect(verified?.tags).toBe(tags);
            expect(tags).toBeGreaterThan(1);
        }
    } finally {
        await pushes.stop();
        pusher.close();
    }
    expect(pushes.failures).toEqual([]);
    const jobs = ["-backup-rclone", "-backup"].map((part) => deployment.prefix + part);
    for (const job of jobs) {
        const running = clone.start("backup");
        let seen = "";
        await until(job, async () => ((await runs(job)) ? true : undefined), 60_000, 20);
        seen += await docker("inspect", job).catch(() => "");
        running.process.kill("SIGKILL");
        await running.done;
        expect(seen).not.toContain(store.secretKey);
    }
    const { verified, tags } = await backup("--verify");
    expect(verified?.tags).toBe(tags);
    const again = await backup();
    expect(again.added).toBeLessThan(again.bytes / 4);
    console.log(`a backup with nothing new: ${again.seconds.toFixed(1)} s`);
    expect(
        (await objectsOf(deployment.prefix)).filter((one) => /-(lock|backup|backup-rclone)$/.test(one)),
    ).toEqual([]);
});

test("what was deleted comes back into the bucket, what is newer stays, and an emptied bucket is filled again", async () => {
    const before = await contents(client);
    const { headers } = await client.ask("/v2/team/app0/manifests/kept", { headers: { Accept: ANY } });
    await client.ask(`/v2/team/app0/manifests/${String(headers["docker-content-digest"])}`, {
        method: "DELETE",
    });
    await pushIndex(client, "team/app1", "kept");
    const changed = await contents(client);
    await clone.must("restore", ["--yes"]);
    expect(await contents(client)).toEqual({ ...changed, "team/app0:kept": before["team/app0:kept"] });
    await clone.must("restore", ["--yes", "--overwrite"]);
    expect(await contents(client)).toEqual(before);

    await emptyBucket();
    const running = clone.start("restore", ["--yes"]);
    await until("rclone", async () =>
        (await runs(`${deployment.prefix}-backup-rclone`)) ? true : undefined,
    );
    await sleep(2_000);
    running.process.kill("SIGKILL");
    await running.done;
    await clone.must("restore", ["--yes"]);
    await docker("restart", deployment.prefix);
    await answers();
    expect(await contents(client)).toEqual(before);
});

test("machine and bucket are lost: a bare machine has the same registry with the same images", async () => {
    const before = await contents(client);
    await backup();
    await deployment.lose();
    await emptyBucket();
    await must("mv", [clone.root, `${clone.root}-gone`]);
    const second = new Clone(deployment, "second");
    rmSync(second.configuration, { force: true });
    const { code, screen } = await second.run("restore", ["--from", deployment.repository, "--yes"], {
        RESTIC_PASSWORD: REPOSITORY_PASSWORD,
    });
    expect([code, screen]).toEqual([0, screen]);
    expect(readFileSync(join(second.root, "out", deployment.name, "ca.crt"), "utf8")).toBe(ca);
    await answers();
    expect(await contents(client)).toEqual(before);
});
