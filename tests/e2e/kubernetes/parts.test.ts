/** What may stand beside the registry on a cluster, each in its turn on one stack. */
import { cleanup } from "../cleanup";
import type { RegistryClient } from "../http";
import { FRONT_IMAGE, REDIS_IMAGE, REGISTRY_IMAGE } from "../images";
import { until } from "../run";
import { S3Server } from "../s3-server";
import type { Stack } from "../stack";

import { Cluster } from "./cluster";
import {
    BUILD_MS,
    clientAt,
    deployer,
    Namespace,
    providerPath,
    restricted,
    stackOn,
    storeSettings,
} from "./support";

const NAMESPACE = "registry";
const BUCKET = "images";

describe("what may stand beside the registry", () => {
    const use = cleanup();
    let cluster: Cluster;
    let stack: Stack;
    let registry: Namespace;
    let clients: RegistryClient[];

    beforeAll(async () => {
        const PATH = await providerPath();
        const store = await S3Server.start();
        use(store);
        cluster = await Cluster.create();
        use(cluster);
        registry = new Namespace(cluster, NAMESPACE);
        await store.request("PUT", BUCKET);
        await cluster.images([REGISTRY_IMAGE, FRONT_IMAGE, REDIS_IMAGE]);
        await cluster.apply(restricted(NAMESPACE));
        stack = use(
            await stackOn(cluster, NAMESPACE, {
                name: "parts",
                env: { PATH, KUBECONFIG: await deployer(cluster, [NAMESPACE]) },
                settings: {
                    ...storeSettings(store, BUCKET),
                    "cache.valkey.image": REDIS_IMAGE,
                },
            }),
        );
        await stack.up();
        const ca = await stack.output("caCertificatePem");
        clients = [0, 1].map((node) => clientAt(cluster, node, ca));
    }, BUILD_MS);

    /** A client that comes by one of the nodes; a connection goes to any pod. */
    const at = (node: number) => clients[node % 2] as RegistryClient;

    describe("a Redis that the replicas share", () => {
        const REPOSITORY = "team/cached";
        const redis = async () =>
            (
                await registry.kubectl(
                    ...["get", "pods", "--selector=app.kubernetes.io/name=private-registry-redis"],
                    "--output=name",
                )
            ).trim();
        const cli = async (command: string) =>
            registry.kubectl(
                ...["exec", await redis(), "--", "/bin/sh", "-c"],
                `REDISCLI_AUTH="$(cat /etc/redis/password)" redis-cli ${command}`,
            );
        const pull = async (digest: string, node = 0) =>
            (await at(node).ask(`/v2/${REPOSITORY}/blobs/${digest}`)).status;
        const remove = async (digest: string) =>
            (await at(0).ask(`/v2/${REPOSITORY}/blobs/${digest}`, { method: "DELETE" })).status;
        /** Answers of as many pulls as meet each replica. */
        const pulls = async (digest: string) =>
            new Set(await Promise.all(Array.from({ length: 12 }, (_, i) => pull(digest, i))));

        test("has what a push tells it, and what one replica deletes no other promises", async () => {
            const { digest, statuses } = await at(0).upload(REPOSITORY);
            expect(statuses).toEqual([202, 202, 201]);
            expect(await pulls(digest)).toEqual(new Set([200]));
            expect(await cli("keys '*'")).toContain(`blobs::${digest}`);
            expect(await remove(digest)).toBe(202);
            expect(await pulls(digest)).toEqual(new Set([404]));
        });

        test("takes the password alone", async () => {
            const answer = await registry.kubectl("exec", await redis(), "--", "redis-cli", "ping");
            expect(answer).toContain("NOAUTH");
            const password = await registry.kubectl(
                "exec",
                await redis(),
                "--",
                "cat",
                "/etc/redis/password",
            );
            expect(password).toMatch(/^\w{43}$/);
            expect(await stack.exportText()).not.toContain(password);
        });

        test("fails no push and no pull while it is away; a blob is deleted once it is back", async () => {
            const scale = (replicas: number) =>
                registry.kubectl("scale", "statefulset", "--all", `--replicas=${replicas}`);
            const { digest } = await at(0).upload(REPOSITORY);
            await scale(0);
            await until("the Redis is gone", async () => ((await redis()) === "" ? true : undefined));
            const begun = Date.now();
            for (let i = 0; i < 10; i++) {
                const pushed = await at(i).upload(REPOSITORY);
                expect(pushed.statuses).toEqual([202, 202, 201]);
                expect(await pulls(pushed.digest)).toEqual(new Set([200]));
            }
            process.stderr.write(`without the Redis: 10 pushes, 120 pulls in ${Date.now() - begun} ms\n`);
            expect(await pulls(digest)).toEqual(new Set([200]));
            expect(await remove(digest)).toBe(500);
            expect(await pulls(digest)).toEqual(new Set([200]));
            await scale(1);
            await registry.kubectl("rollout", "status", "statefulset", "--timeout=60s");
            await until("the blob is deleted", async () =>
                (await remove(digest)) === 202 ? true : undefined,
            );
            expect(await pulls(digest)).toEqual(new Set([404]));
        });
    });

    test("a second up changes nothing", async () => {
        await stack.up("--expect-no-changes");
    });

    test("destroy leaves nothing", async () => {
        await stack.destroy();
        expect(await registry.left()).toBe("");
    });
});
