/** The commands of day 2, on a real cluster: with the rights of the example's Role, and no Docker Engine. */
import { randomBytes } from "node:crypto";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";

import { RCLONE_IMAGE } from "../../../address/default-images";
import { ensureEngine } from "../../../setup/engine";
import { ensureImages, nameInEngine } from "../../../setup/image";
import { thisMachine } from "../../../setup/machine";

import { cleanup } from "../cleanup";
import { collect, command, missing, pushImage, type Pushed } from "../gc";
import { Load, type RegistryClient } from "../http";
import { REGISTRY_IMAGE, RESTIC_IMAGE } from "../images";
import { must, sleep, until } from "../run";
import type { Stack } from "../stack";

import type { Cluster } from "./cluster";
import {
    backupSettings,
    BUILD_MS,
    clientAt,
    clusterWithStore,
    deployer,
    exampleRole,
    hostVolume,
    type Namespace,
    NAMESPACE,
    stackOn,
    whileAsking,
} from "./support";

const REPOSITORY = "team/image";

/** The image of rclone as this machine's Engine has it. */
async function rcloneImage(): Promise<string> {
    const machine = thisMachine(resolve(__dirname, "..", "..", ".."));
    const endpoint = await ensureEngine(machine, undefined);
    await ensureImages(machine, endpoint, { rclone: true });
    return nameInEngine(endpoint, RCLONE_IMAGE);
}

describe("the commands on a cluster", () => {
    const use = cleanup();
    let cluster: Cluster;
    let stack: Stack;
    let client: RegistryClient;
    let there: Namespace;
    let ca: string;
    let kept: Pushed;

    beforeAll(async () => {
        const rclone = await rcloneImage();
        const site = await clusterWithStore(use, { images: [rclone, RESTIC_IMAGE] });
        ({ cluster, there } = site);
        await cluster.apply(hostVolume(cluster, "copies", "ReadWriteOnce"));
        stack = use(
            await stackOn(cluster, NAMESPACE, {
                name: "ops",
                env: { ...site.env, DOCKER_HOST: "unix:///none.sock" },
                settings: {
                    ...site.settings,
                    ...(await backupSettings(site.store)),
                    "kubernetes.rcloneImage": rclone,
                    "kubernetes.claim.size": "1Gi",
                    "kubernetes.claim.storageClass": "copies",
                },
            }),
        );
        await stack.up();
        ca = await stack.output("caCertificatePem");
        client = clientAt(cluster, 0, ca);
        kept = await pushImage(client, REPOSITORY, "kept");
    }, BUILD_MS);

    const configFile = () => join(stack.project, `Pulumi.${stack.name}.yaml`);
    const npmRun = (name: string, ...flags: string[]) =>
        command(stack, name, ...flags, "--config-file", configFile());
    /** An image that nothing reaches any more. */
    async function litter(): Promise<void> {
        const { digest } = await pushImage(client, REPOSITORY, "gone");
        await client.ask(`/v2/${REPOSITORY}/manifests/${digest}`, { method: "DELETE" });
    }
    const begin = (node: number) =>
        clientAt(cluster, node, ca)
            .ask(`/v2/${REPOSITORY}/blobs/uploads/`, { method: "POST" })
            .then(({ status }) => status);
    /** What a command has of its own in the namespace. */
    const own = () =>
        there.kubectl(
            ...["get", "pods,configmaps", "--selector=app.kubernetes.io/managed-by=private-registry"],
            "--output=name",
        );
    const untilHeld = () =>
        until(
            "each pod holds writes",
            async () => {
                // Each is a connection of its own, to any pod; kubelet brings the pods to hold them one after the other.
                const statuses = await Promise.all(Array.from({ length: 12 }, (_, i) => begin(i % 2)));
                return statuses.every((status) => status === 503) || undefined;
            },
            90_000,
        );
    async function expectNormal(): Promise<void> {
        expect(await own()).toBe("");
        for (const node of [0, 1]) expect(await begin(node)).toBe(202);
        expect(await missing(client, REPOSITORY, "kept")).toEqual([]);
    }

    describe("gc", () => {
        // Among what goes is the blob of no bytes by which the store was checked.
        test("a dry run tells what would go, and changes nothing", async () => {
            await litter();
            const { code, stdout, screen } = await collect(stack, "--dry-run").done;
            expect([code, screen]).toEqual([0, expect.stringContaining("Nothing was changed.")]);
            expect(stdout).toMatch(/^A collection would remove 4 blobs and 0 manifests; 3 blobs in use\./);
            await expectNormal();
        });

        test("collects while pulls go on and pushes are told to wait, after a push in flight has ended", async () => {
            const paths = [`/v2/${REPOSITORY}/manifests/kept`, `/v2/${REPOSITORY}/manifests/${kept.digest}`];
            const loads = [0, 1].map((node) => new Load(clientAt(cluster, node, ca), paths, 10));
            let [over, pushed] = [false, false];
            const slow = async function* () {
                for (let i = 0; !over; i++) {
                    yield Buffer.alloc(10_000, i);
                    await sleep(500);
                }
            };
            try {
                const push = client.upload(REPOSITORY, slow()).then(({ statuses }) => {
                    pushed = true;
                    return statuses;
                });
                await sleep(1000);
                const began = Date.now();
                const running = collect(stack, "--json");
                await untilHeld();
                const heldAfter = Date.now() - began;
                await sleep(4000);
                // It waits for the push.
                expect([pushed, await own()]).toEqual([
                    false,
                    expect.stringMatching(/^configmap\/\S+-holding\n$/),
                ]);
                over = true;
                const { code, stdout, screen } = await running.done;
                process.stderr.write(`held after ${heldAfter} ms, all in ${Date.now() - began} ms\n`);
                expect([code, screen]).toEqual([0, expect.stringContaining("back in its normal mode")]);
                // What it had begun was taken; the request that ends the upload came while writes were held.
                expect((await push).slice(0, 2)).toEqual([202, 202]);
                const { blobs, inUse, freed } = JSON.parse(stdout) as {
                    blobs: number;
                    inUse: number;
                    freed: { bytes: number };
                };
                expect([blobs, inUse]).toEqual([4, 3]);
                expect(freed.bytes).toBeGreaterThanOrEqual(200_000);
            } finally {
                over = true;
                const rates = await Promise.all(loads.map((load) => load.stop()));
                expect(loads.flatMap(({ failures }) => failures)).toEqual([]);
                expect(Math.min(...rates)).toBeGreaterThan(1);
            }
            await expectNormal();
        });

        test("one that is killed is ended by the next command; another one meanwhile is refused", async () => {
            const running = collect(stack);
            await untilHeld();
            running.process.kill("SIGSTOP");
            const second = await collect(stack).done;
            expect([second.code, second.screen]).toEqual([
                1,
                expect.stringMatching(/Garbage collection of .* is at work/),
            ]);
            const update = await npmRun("up", "--yes").done;
            expect([update.code, update.screen]).toEqual([
                1,
                expect.stringMatching(/Garbage collection of .* is at work/),
            ]);
            running.process.kill("SIGKILL");
            await running.done;
            expect(await begin(1)).toBe(503);
            const { code, screen } = await collect(stack, "--dry-run").done;
            expect([code, screen]).toEqual([
                0,
                expect.stringContaining("An earlier garbage collection had not ended"),
            ]);
            await expectNormal();
        });
    });

    test("doctor: all is well, with no more rights than the Role, and no Engine", async () => {
        const { code, stdout, screen } = await npmRun("doctor", "--json").done;
        const found = JSON.parse(stdout) as { name: string; level: string; text: string }[];
        const level = Object.fromEntries(found.map(({ name, level }) => [name, level]));
        const wrong = found.filter(({ level }) => level === "failure");
        expect([code < 2, wrong, screen]).toEqual([true, [], expect.anything()]);
        for (const name of [
            ...["cluster", "rights", "pods", "collection", "address", "certificate's name", "login"],
            ...["push", "pull", "delete", "image"],
        ])
            expect([name, level[name]]).toEqual([name, "ok"]);
        expect(found.find(({ name }) => name === "pods")?.text).toMatch(
            /^2 of 2 pods are ready, on \S+, \S+$/,
        );
    });

    test("doctor names what is missing of the rights, and goes on without", async () => {
        const { rules } = exampleRole();
        const role = {
            ...exampleRole(),
            rules: rules.filter(({ resources }) => !resources.includes("pods/exec")),
        };
        const KUBECONFIG = await deployer(cluster, [NAMESPACE], { user: "looker", role });
        const looker = { name: stack.name, env: { ...stack.env, KUBECONFIG } };
        const { code, stdout } = await command(looker, "doctor", "--config-file", configFile()).done;
        expect(stdout).toMatch(
            /^warning {2}rights: this login may not get pods\/exec, create pods\/exec → /m,
        );
        expect(stdout).toMatch(/^ok {7}pull: the same bytes came back$/m);
        expect(stdout).toMatch(
            /^warning {2}image: the registry cannot be looked into: looker may not create pods/m,
        );
        expect(code).toBe(1);
    });

    test("audit tells what all pods' fronts saw", async () => {
        for (const node of [0, 1]) await missing(clientAt(cluster, node, ca), REPOSITORY, "kept");
        const { code, stdout, screen } = await npmRun("audit", "--since", "1h").done;
        expect([code, screen]).toEqual([0, expect.stringContaining("is told: docs/kubernetes.md")]);
        const lines = stdout.trim().split("\n");
        expect(lines).toEqual([...lines].sort((a, b) => (a.slice(0, 19) < b.slice(0, 19) ? -1 : 1)));
        expect(stdout).toMatch(/admin +\S+ +push +team\/image:kept \(sha256:[0-9a-f]{12}\)/);
        expect(stdout).toMatch(/admin +\S+ +pull +team\/image:kept/);
    });

    test("delete removes what is named, and its blobs; the log of the front tells of it", async () => {
        await pushImage(client, "team/other", "1");
        await pushImage(client, "team/other", "2");
        const { code, stdout, screen } = await npmRun("delete", "--yes", "team/other:1").done;
        expect([code, screen]).toEqual([0, expect.stringContaining("Removed 1 tag and 1 manifest.")]);
        expect(stdout).toMatch(
            /^Removed \d+ blobs and 0 manifests, 200\.\d kB in the 2 blobs of known size; 6 blobs in use\.$/m,
        );
        expect(await missing(client, "team/other", "2")).toEqual([]);
        expect(await missing(client, "team/other", "1")).toEqual(["1: 404"]);
        await expectNormal();
        const audit = await npmRun("audit", "--since", "1h", "--action", "delete").done;
        expect(audit.stdout).toMatch(/npm run delete .* delete +team\/other:1/);
    });

    test("retain tells what no rule keeps", async () => {
        await pushImage(client, "team/other", "3");
        await stack.configure({
            "retention.other.repositories[0]": "team/other",
            "retention.other.newest": "1",
        });
        const { code, stdout, screen } = await npmRun("retain", "--dry-run").done;
        expect([code, screen]).toEqual([0, expect.stringContaining("1 tag goes")]);
        expect(stdout).toMatch(/^team\/other:2 .* goes /m);
    });

    test("rotate-ca tells where it stands, and that no other command is in its way", async () => {
        const { code, stdout, screen } = await npmRun("rotate-ca", "--json").done;
        expect([code, screen]).toEqual([0, expect.anything()]);
        expect(JSON.parse(stdout)).toMatchObject({ stage: 0, deployed: true });
    });

    test("backup and restore of a store elsewhere: from a copy of it in a claim, and back into the store", async () => {
        const pushed = await pushImage(client, "team/lost", "1");
        const { code, stdout, screen } = await npmRun("backup", "--json", "--verify").done;
        expect([code, screen]).toEqual([0, expect.stringContaining("Made the repository s3:")]);
        const { tags, verified } = JSON.parse(stdout) as { tags: number; verified: { tags: number } };
        expect([verified.tags, tags > 1]).toEqual([tags, true]);
        await client.ask(`/v2/team/lost/manifests/${pushed.digest}`, { method: "DELETE" });
        expect((await collect(stack).done).code).toBe(0);
        expect(await missing(client, "team/lost", "1")).toEqual(["1: 404"]);
        // With this file the registry is taken for up, and not deployed once more.
        const out = resolve(__dirname, "..", "..", "..", "out", stack.name);
        use({ dispose: async () => rmSync(out, { recursive: true }) });
        mkdirSync(out, { recursive: true });
        writeFileSync(join(out, "ca.crt"), ca);
        const back = await npmRun("restore", "--yes").done;
        expect([back.code, back.screen]).toEqual([0, expect.stringMatching(/Restored 1 tag and \d blobs/)]);
        expect(await missing(client, "team/lost", "1")).toEqual([]);
        await expectNormal();
    });

    test("upgrade refuses an image that no node can run, and nothing changes", async () => {
        const { code, screen } = await npmRun("upgrade", "--yes", "--image", "front=registry.invalid/none:1")
            .done;
        expect([code, screen]).toEqual([1, expect.stringContaining("Refused; nothing was changed")]);
        expect(screen).toContain("A node cannot pull registry.invalid/none:1");
        await expectNormal();
    });

    test("upgrade rolls to another image without a failed request, and what was stored reads as before", async () => {
        const image = `private-registry/registry:e2e-${randomBytes(4).toString("hex")}`;
        await must("docker", ["tag", REGISTRY_IMAGE, image]);
        try {
            await cluster.images([image]);
        } finally {
            await must("docker", ["rmi", image]);
        }
        const clients = [0, 1].map((node) => clientAt(cluster, node, ca));
        const { asked, wrong } = await whileAsking(clients, async () => {
            const { code, screen } = await npmRun("upgrade", "--yes", "--image", `registry=${image}`).done;
            expect([code, screen]).toEqual([
                0,
                expect.stringMatching(
                    /Backup [0-9a-f]{8} to s3:[^]*Upgraded in [\d.]+ s; the registry answers/,
                ),
            ]);
        });
        expect(wrong).toEqual([]);
        expect(asked).toBeGreaterThan(50);
        const images = await there.kubectl(
            "get",
            "deployments",
            "--output=jsonpath={..initContainers[0].image}",
        );
        expect(images).toBe(image);
        await expectNormal();
    });

    test("what works on a Docker Engine alone says so", async () => {
        const { code, screen } = await npmRun("sync").done;
        expect([code, screen]).toEqual([
            1,
            expect.stringContaining("docs/kubernetes.md says what to do there"),
        ]);
    });

    test("destroy leaves nothing, of a collection that was killed either", async () => {
        const running = collect(stack);
        await untilHeld();
        running.process.kill("SIGKILL");
        await running.done;
        await stack.destroy();
        await until("what belongs to the Deployment is gone", async () =>
            (await own()) === "" ? true : undefined,
        );
        await until("the copy of the store is gone", async () =>
            (await there.kubectl("get", "persistentvolumeclaims", "--output=name")) === "" ? true : undefined,
        );
        expect(await there.left()).toBe("");
    });
});
