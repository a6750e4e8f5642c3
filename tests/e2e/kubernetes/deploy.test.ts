/** A registry on a real cluster: what stands there, what changes without a failed request, and what is left after it. */
import { copyFileSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";

import { BareRegistry } from "../bare-registry";
import { REPOSITORY_PASSWORD } from "../backup";
import { cleanup } from "../cleanup";
import { Conformance } from "../conformance";
import { collect, command, missing, pushImage } from "../gc";
import { RegistryClient } from "../http";
import { FRONT_IMAGE, REGISTRY_IMAGE, RESTIC_IMAGE } from "../images";
import { objectsOf } from "../docker";
import { contents, Pushes } from "../pushes";
import { must, sleep, until } from "../run";
import type { S3Server } from "../s3-server";
import { ADMIN, DOMAIN, PASSWORD, Stack } from "../stack";

import type { Cluster } from "./cluster";
import {
    backupSettings,
    BUILD_MS,
    clientAt,
    clusterWithStore,
    hostVolume,
    Namespace,
    NAMESPACE,
    NODE_PORT,
    stackOn,
    whileAsking,
} from "./support";

const ROOT = resolve(__dirname, "..", "..", "..");
const TEAM = "team-a";

describe("a registry on a cluster", () => {
    const use = cleanup();
    let cluster: Cluster;
    let store: S3Server;
    let stack: Stack;
    let client: RegistryClient;
    let ca: string;
    let there: Namespace;
    let env: NodeJS.ProcessEnv;

    beforeAll(async () => {
        const site = await clusterWithStore(use, { namespaces: [TEAM], images: [RESTIC_IMAGE] });
        ({ cluster, store, there, env } = site);
        stack = use(
            await stackOn(cluster, NAMESPACE, {
                env,
                settings: {
                    "users.puller.generate": "true",
                    "users.puller.role": "pull",
                    "kubernetes.pullSecrets[0]": TEAM,
                    deleteEnabled: "true",
                    ...site.settings,
                },
            }),
        );
        await stack.up();
        ca = await stack.output("caCertificatePem");
        client = at(0);
    }, BUILD_MS);

    const at = (node: number) => clientAt(cluster, node, ca);
    const asking = (work: () => Promise<unknown>) => whileAsking([at(0), at(1)], work);

    test("two pods, on two nodes, under Pod Security restricted and without a token", async () => {
        const all = await there.pods();
        expect(all.map(({ spec }) => spec.nodeName).sort()).toEqual(cluster.nodes.map(({ name }) => name));
        for (const { metadata } of all)
            for (const container of ["registry", "front"]) {
                const look = ["--container", container, "--", "ls", "/var/run/secrets"];
                const { code } = await there.tryKubectl("exec", metadata.name, ...look);
                expect(code).not.toBe(0);
            }
    });

    test("a second up changes nothing", async () => {
        await stack.up("--expect-no-changes");
    });

    test("pushes and pulls at each node, and every replica has every blob", async () => {
        const pushed = await Promise.all([0, 1].map((node) => at(node).upload(`team/app-${node}`)));
        expect(pushed.map(({ statuses }) => statuses)).toEqual([
            [202, 202, 201],
            [202, 202, 201],
        ]);
        for (let i = 0; i < 8; i++)
            for (const [node, { digest }] of pushed.entries())
                expect((await at(i % 2).ask(`/v2/team/app-${node}/blobs/${digest}`)).status).toBe(200);
    });

    test("skopeo copies an image there and back", async () => {
        writeFileSync(join(stack.folder, "ca.crt"), ca);
        const image = `${cluster.nodes[0]?.address}:${NODE_PORT}/team/skopeo:1`;
        const login = ["--dest-creds", `admin:${PASSWORD}`, "--dest-cert-dir", stack.folder];
        await must("skopeo", [
            "copy",
            "--insecure-policy",
            ...login,
            `docker-daemon:${REGISTRY_IMAGE}`,
            `docker://${image}`,
        ]);
        const back = ["--creds", `admin:${PASSWORD}`, "--cert-dir", stack.folder];
        expect(await must("skopeo", ["inspect", ...back, `docker://${image}`])).toContain(
            '"Digest": "sha256:',
        );
    });

    test("conformance: each test ends as with one registry that has nothing before it", async () => {
        const suite = use(await Conformance.create());
        const bare = use(await BareRegistry.start(`${stack.prefix}-bare`, { image: REGISTRY_IMAGE }));
        const alone = await suite.bare(bare.port);
        expect(await suite.behind(`${cluster.nodes[0]?.address}:${NODE_PORT}`, ca)).toEqual(alone);
        expect(alone.filter((line) => line.startsWith("passed ")).length).toBeGreaterThan(500);
    });

    test("roles count, and no network leads past the front", async () => {
        const { puller } = await stack.output<Record<string, string>>("passwords");
        const request = { method: "POST", login: `puller:${puller}` };
        expect((await client.ask("/v2/team/app/blobs/uploads/", request)).status).toBe(403);
        expect((await client.ask("/v2/", { login: "" })).status).toBe(401);
        const listening = await there.kubectl(
            ...["exec", (await there.pods())[0]?.metadata.name ?? "", "--container", "registry", "--"],
            ...["sh", "-c", "grep -h ' 0A ' /proc/net/tcp /proc/net/tcp6"],
        );
        // 8443 is the front's; what else listens does so on the pod's own loopback.
        for (const line of listening.trim().split("\n"))
            expect(line).toMatch(/:20FB |^ *\d+: (0100007F|0{24}01000000):/);
    });

    test("a namespace that is named pulls with its Secret, which may not push", async () => {
        const name = (await there.kubectl("get", "deployments", "--output=name")).trim().split("/")[1] ?? "";
        const text = await cluster.kubectl(
            ...["get", "secret", name, "--namespace", TEAM],
            "--output=jsonpath={.data.\\.dockerconfigjson}",
        );
        const { auths } = JSON.parse(Buffer.from(text, "base64").toString()) as {
            auths: Record<string, { auth: string }>;
        };
        const login = Buffer.from(
            auths[`${cluster.nodes[0]?.address}:${NODE_PORT}`]?.auth ?? "",
            "base64",
        ).toString();
        expect((await client.ask("/v2/", { login })).status).toBe(200);
        expect((await client.ask("/v2/a/blobs/uploads/", { method: "POST", login })).status).toBe(403);
    });

    test("secrets are in Secrets alone, and encrypted in the state", async () => {
        const maps = await there.kubectl("get", "configmaps", "--output=json");
        const decoded = [...maps.matchAll(/"([A-Za-z0-9+/=]{16,})"/g)]
            .map(([, data]) => Buffer.from(data ?? "", "base64").toString())
            .join("\n");
        const state = await stack.exportText();
        for (const text of [maps + decoded, state])
            for (const secret of [PASSWORD, store.secretKey, "PRIVATE KEY", "$2y$", "$2a$"])
                expect(text.includes(secret)).toBe(false);
    });

    test("users come and go without a failed request, and count on each replica when up ends", async () => {
        const settings = { "users.more.password": { secret: "another password" } };
        const added = await asking(async () => {
            await stack.configure(settings);
            await stack.up();
        });
        const more = { login: "more:another password" };
        const statuses = async () =>
            new Set(
                await Promise.all(
                    Array.from({ length: 16 }, async (_, i) => (await at(i % 2).ask("/v2/", more)).status),
                ),
            );
        expect(await statuses()).toEqual(new Set([200]));
        const removed = await asking(async () => {
            await stack.unset("users.more");
            await stack.up();
        });
        expect(await statuses()).toEqual(new Set([401]));
        expect([...added.wrong, ...removed.wrong]).toEqual([]);
        expect(added.asked + removed.asked).toBeGreaterThan(100);
    });

    test("scales 2, 3, 1, 2 without a failed request", async () => {
        const { wrong } = await asking(async () => {
            for (const replicas of [3, 1, 2]) {
                await stack.configure({ "kubernetes.replicas": String(replicas) });
                await stack.up();
                expect(await there.pods()).toHaveLength(replicas);
            }
        });
        expect(wrong).toEqual([]);
    });

    test("a push in flight outlives its pod's replacement", async () => {
        let go = () => {};
        const replaced = new Promise<void>((resolve) => (go = resolve));
        const slow = async function* () {
            for (let i = 0; i < 40; i++) {
                await sleep(400);
                yield Buffer.alloc(10_000, i);
            }
        };
        const push = at(0).upload("team/slow", slow(), replaced);
        await sleep(1000);
        const restart = there
            .kubectl("rollout", "restart", "deployment")
            .then(() => there.kubectl("rollout", "status", "deployment", "--timeout=120s"));
        await restart;
        go();
        expect((await push).statuses).toEqual([202, 202, 201]);
        // A container that ends beside its hook may leave its pod there for ten minutes.
        const failed = ["--field-selector", "reason=FailedPreStopHook", "--output", "name"];
        expect(await there.kubectl("get", "events", ...failed)).toBe("");
    });

    test("pods that are killed come back, and nothing acknowledged is lost", async () => {
        const { digest } = await client.upload("team/kept");
        for (const { metadata } of await there.pods())
            await there.kubectl("delete", "pod", metadata.name, "--grace-period=0", "--force");
        await until("the registry answers again", () =>
            at(0)
                .ask(`/v2/team/kept/blobs/${digest}`)
                .then(
                    ({ status }) => (status === 200 ? true : undefined),
                    () => undefined,
                ),
        );
        await there.kubectl("rollout", "status", "deployment", "--timeout=60s");
    });

    test("destroy leaves nothing in the cluster", async () => {
        await stack.destroy();
        expect(await left()).toBe("");
    });

    /** What of the kit's is in the two namespaces. */
    const left = async () => (await there.left()) + (await new Namespace(cluster, TEAM).left());

    describe("from a Docker host to a claim, at the address of a load balancer", () => {
        const useHere = cleanup();
        let onClaim: Stack;
        let digest: string;
        let formerCa: string;
        /** The stack's file where `npm run up` of a restore has it: by its salt the claim is known. */
        let own: string;
        let former: { digest: string };

        beforeAll(async () => {
            cluster.balanceLoad();
            await cluster.apply(hostVolume(cluster, "shared", "ReadWriteMany"));
            onClaim = useHere(
                await Stack.create("claim", {
                    env,
                    settings: {
                        ...ADMIN,
                        ...{ image: REGISTRY_IMAGE, "front.image": FRONT_IMAGE, "front.off": "false" },
                    },
                }),
            );
            own = join(ROOT, `Pulumi.${onClaim.name}.yaml`);
            const written = [own, join(ROOT, "out", onClaim.name)];
            useHere({
                dispose: async () =>
                    written.forEach((path) => rmSync(path, { recursive: true, force: true })),
            });
            await onClaim.up();
            formerCa = await onClaim.output("caCertificatePem");
            const onHost = await RegistryClient.of(onClaim);
            former = await onHost.upload("team/former");
            onHost.close();
            await onClaim.unset("bindAddress");
            await onClaim.configure({
                ...{ target: "kubernetes", "kubernetes.namespace": NAMESPACE, port: "443" },
                "kubernetes.claim.size": "1Gi",
                "kubernetes.claim.storageClass": "shared",
                ...(await backupSettings(store)),
                "backup.escrow": "true",
            });
            await onClaim.up();
        });

        /** A client at the address that the cluster gave. */
        const balanced = async () =>
            new RegistryClient(
                443,
                await onClaim.output("caCertificatePem"),
                await there.kubectl(
                    ...["get", "services", "--selector=app.kubernetes.io/managed-by=pulumi"],
                    "--output=jsonpath={.items[*].status.loadBalancer.ingress[0].ip}",
                ),
                DOMAIN,
                false,
            );

        test("keeps its CA and users; its images come as docs/kubernetes.md has it, and then nothing of it is on the host", async () => {
            expect(await onClaim.output("caCertificatePem")).toBe(formerCa);
            const moved = await balanced();
            const path = `/v2/team/former/blobs/${former.digest}`;
            expect((await moved.ask(path)).status).toBe(404);
            const volume = `${onClaim.prefix}-data`;
            expect(await objectsOf(onClaim.prefix)).toEqual([`volume ${volume}`]);
            const pods = (await there.pods()).map(({ metadata }) => metadata.name);
            const pod = pods.find((name) => name.startsWith(onClaim.prefix.slice(0, 30)));
            const from = `docker run --rm --volume ${volume}:/images:ro --entrypoint busybox ${REGISTRY_IMAGE} tar -cC /images docker`;
            const to = `kubectl --kubeconfig ${cluster.kubeconfig} --namespace ${NAMESPACE} exec --stdin ${pod} --container registry -- busybox tar -xC /var/lib/registry`;
            await must("sh", ["-ec", `${from} | ${to}`]);
            expect((await moved.ask(path)).status).toBe(200);
        });

        test("pushes, and pulls from the front's disk", async () => {
            const client = await balanced();
            const pushed = await client.upload("team/app");
            ({ digest } = pushed);
            expect(pushed.statuses).toEqual([202, 202, 201]);
            for (let i = 0; i < 8; i++)
                expect((await client.ask(`/v2/team/app/blobs/${digest}`)).status).toBe(200);
        });

        test("gc gives the claim its space back, and doctor looks through what is left", async () => {
            const there = await balanced();
            const gone = await pushImage(there, "team/app", "gone");
            await there.ask(`/v2/team/app/manifests/${gone.digest}`, { method: "DELETE" });
            await pushImage(there, "team/app", "kept");
            const { code, stdout, screen } = await collect(onClaim).done;
            expect([code, screen]).toEqual([0, expect.stringContaining("back in its normal mode")]);
            // The blobs of the two tests before, which no image has, go too.
            expect(stdout).toMatch(/^Removed 5 blobs and 0 manifests, 4\d\d(\.\d)? kB; 3 blobs in use\./);
            expect(await missing(there, "team/app", "kept")).toEqual([]);
            const store = await npmRun("doctor", "--store").done;
            expect(store.screen).toMatch(/^ok {7}store: \d+ links and 1 manifests are whole$/m);
            expect(store.code).toBe(0);
            ({ digest } = await there.upload("team/app"));
        });

        test("is the same stack, with the same claim, by `npm run up` with its file elsewhere", async () => {
            const { code, screen } = await npmRun("up", "--expect-no-changes").done;
            expect([code, screen]).toEqual([0, expect.stringMatching(/^Nothing to change: /m)]);
        });

        const configFile = () => join(onClaim.project, `Pulumi.${onClaim.name}.yaml`);
        const npmRun = (name: string, ...flags: string[]) =>
            command(onClaim, name, ...flags, "--config-file", configFile());
        /** What commands have of their own there. */
        const ofCommands = () =>
            there.kubectl(
                ...["get", "pods,secrets,configmaps,jobs"],
                ...["--selector=app.kubernetes.io/managed-by=private-registry", "--output=name"],
            );
        const backupRuns = () =>
            until(
                "the pod of the backup",
                async () => (/-backup$/m.test(await ofCommands()) ? true : undefined),
                60_000,
                200,
            );

        test("a backup under pushes is whole, and the cluster sees no secret of it; a killed one is in nobody's way", async () => {
            const client = await balanced();
            const pushes = new Pushes(client);
            copyFileSync(configFile(), own);
            const running = command(onClaim, "backup", "--json", "--verify");
            let [seen, ended] = ["", false];
            void running.done.then(() => (ended = true));
            while (!ended) {
                const pods = await there.kubectl("get", "pods", "--output=json");
                const pod = /"name": "(\S+-backup)"/.exec(pods)?.[1];
                const said = pod && (await there.tryKubectl("logs", pod, "--all-containers")).stdout;
                seen += [pods, said, await must("ps", ["axww", "-o", "args"])].join("\n");
            }
            const { code, stdout, screen } = await running.done;
            await pushes.stop();
            expect([code, screen, pushes.failures]).toEqual([0, screen, []]);
            const { tags, verified } = JSON.parse(stdout) as { tags: number; verified: { tags: number } };
            expect([verified.tags, tags > 1]).toEqual([tags, true]);
            expect(seen).toMatch(/\S+-backup"/);
            expect(seen).toContain("restic --cache-dir");
            for (const secret of [REPOSITORY_PASSWORD, store.secretKey])
                expect([secret, (seen + screen).includes(secret)]).toEqual([secret, false]);
            expect(await ofCommands()).toBe("");

            const killed = command(onClaim, "backup");
            await backupRuns();
            await sleep(2500);
            killed.process.kill("SIGKILL");
            await killed.done;
            const again = await command(onClaim, "backup").done;
            expect([again.code, again.screen]).toEqual([
                0,
                expect.stringMatching(/^Backup [0-9a-f]{8} to s3:/m),
            ]);
            expect(await ofCommands()).toBe("");
        });

        test("deployment and claim are lost: an empty namespace has the same registry with the same images", async () => {
            const before = await contents(await balanced());
            await onClaim.destroy();
            await there.kubectl("delete", "persistentvolumeclaims", "--all");
            await cluster.kubectl("delete", "persistentvolume", "shared");
            rmSync(join(cluster.folder, "shared"), { recursive: true });
            await cluster.apply(hostVolume(cluster, "shared", "ReadWriteMany"));
            // What a fresh clone is told of the cluster.
            writeFileSync(
                own,
                [
                    "config:",
                    "  private-registry:target: kubernetes",
                    `  private-registry:kubernetes: {namespace: ${NAMESPACE}}`,
                    `  private-registry:backup: {image: "${RESTIC_IMAGE}"}`,
                    "",
                ].join("\n"),
            );
            const login = {
                RESTIC_PASSWORD: REPOSITORY_PASSWORD,
                AWS_ACCESS_KEY_ID: store.accessKey,
                AWS_SECRET_ACCESS_KEY: store.secretKey,
            };
            const flags = ["--from", `s3:${store.endpoint}/backup`, "--ca", store.ca, "--yes"];
            const bare = { name: onClaim.name, env: { ...onClaim.env, ...login } };
            const { code, screen } = await command(bare, "restore", ...flags).done;
            expect([code, screen]).toEqual([0, expect.stringMatching(/Restored \d+ tags and \d+ blobs/)]);
            expect(await onClaim.output("caCertificatePem")).toBe(formerCa);
            expect(await contents(await balanced())).toEqual(before);
            expect(await ofCommands()).toBe("");
        });

        test("a restore brings back what was deleted while the registry goes on", async () => {
            const client = await balanced();
            const before = await contents(client);
            const [[name = "", of = ""] = []] = Object.entries(before);
            const [repository, tag] = name.split(":");
            await client.ask(`/v2/${repository}/manifests/${of}`, { method: "DELETE" });
            expect(await missing(client, repository ?? "", tag ?? "")).toEqual([`${tag}: 404`]);
            const { code, screen } = await command(onClaim, "restore", "--yes").done;
            expect([code, screen]).toEqual([0, expect.stringContaining("Restored ")]);
            expect(await contents(client)).toEqual(before);
            expect(await ofCommands()).toBe("");
            ({ digest } = await client.upload("team/app"));
        });

        test("destroy leaves the claim, and the next deployment of the stack has the images", async () => {
            await onClaim.destroy();
            expect(await left()).toMatch(/^persistentvolumeclaim\/[a-z0-9-]+-data-[0-9a-f]{8}\n$/);
            await onClaim.up();
            expect((await (await balanced()).ask(`/v2/team/app/blobs/${digest}`)).status).toBe(200);
        });

        test("keepData false removes it", async () => {
            await onClaim.configure({ keepData: "false" });
            await onClaim.up();
            await onClaim.destroy();
            expect(await left()).toBe("");
        });
    });
});
