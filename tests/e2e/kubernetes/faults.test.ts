/** What fails on a cluster, and what is changed there, while clients push and pull. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

import { cleanup } from "../cleanup";
import { RegistryClient } from "../http";
import { FRONT_IMAGE, REGISTRY_IMAGE } from "../images";
import { LONG } from "../long";
import { must, start, until } from "../run";
import { S3Server } from "../s3-server";
import { DOMAIN, type Stack } from "../stack";

import { Cluster } from "./cluster";
import {
    BUILD_MS,
    clientAt,
    deployer,
    Namespace,
    NODE_PORT,
    type Pod,
    providerPath,
    restricted,
    stackOn,
    storeSettings,
} from "./support";
import { pathsOf, readBack, Traffic } from "./traffic";

const NAMESPACE = "registry";
const BUCKET = "images";
const NEWER_IMAGE = "e2e-kubernetes/registry:newer";
/** What is pushed and pulled while things fail. */
const [PUSHES, PULLS] = LONG ? [100, 1000] : [20, 200];

/** The processes of a pod of this machine's, by its control group. */
const processesOf = ({ metadata: { uid } }: Pod): number[] =>
    readdirSync("/proc")
        .filter((pid) => /^\d+$/.test(pid) && existsSync(join("/proc", pid, "cgroup")))
        .filter((pid) => {
            try {
                return readFileSync(join("/proc", pid, "cgroup"), "utf8").includes(`/pod${uid}/`);
            } catch {
                // It ended meanwhile.
                return false;
            }
        })
        .map(Number);

describe("a registry of three replicas, while clients push and pull", () => {
    const use = cleanup();
    let cluster: Cluster;
    let store: S3Server;
    let stack: Stack;
    let there: Namespace;
    let ca: string;
    let traffic: Traffic;

    beforeAll(async () => {
        const PATH = await providerPath();
        [cluster, store] = await Promise.all([Cluster.create(), S3Server.start()]);
        use(cluster);
        use(store);
        there = new Namespace(cluster, NAMESPACE);
        await store.request("PUT", BUCKET);
        await must("docker", ["tag", REGISTRY_IMAGE, NEWER_IMAGE]);
        await cluster.images([REGISTRY_IMAGE, FRONT_IMAGE, NEWER_IMAGE]);
        await must("docker", ["rmi", NEWER_IMAGE]);
        await cluster.apply(restricted(NAMESPACE));
        const [first = "", second = ""] = cluster.nodes.map(({ address }) => address);
        stack = use(
            await stackOn(cluster, NAMESPACE, {
                env: { PATH, KUBECONFIG: await deployer(cluster, [NAMESPACE]) },
                settings: {
                    ...{ domain: DOMAIN, "ipAddresses[0]": first, "ipAddresses[1]": second },
                    "kubernetes.replicas": "3",
                    ...storeSettings(store, BUCKET),
                },
            }),
        );
        await stack.up();
        ca = await stack.output("caCertificatePem");
        traffic = use(
            new Traffic(
                [0, 1].map((node) => clientAt(cluster, node, ca)),
                [first, second].map((address) => `${address}:${NODE_PORT}`),
                ca,
            ),
        );
    }, BUILD_MS);

    const ready = () => there.kubectl("rollout", "status", "deployment", "--timeout=120s");

    /** Has clients push and pull while something happens. @returns what failed of it, in words */
    async function during(work: () => Promise<unknown>): Promise<string[]> {
        const before = traffic.failed.length;
        traffic.start();
        try {
            await until("an image is pushed", () => Promise.resolve(traffic.pushed.length > 0 || undefined));
            await work();
        } finally {
            await traffic.stop();
        }
        process.stderr.write(`${traffic.summary}\n`);
        return traffic.failed.slice(before);
    }

    test("another user, certificate and image: no request fails", async () => {
        const failed = await during(async () => {
            await stack.configure({
                "users.more.password": { secret: "another password" },
                "ipAddresses[2]": "192.0.2.1",
                image: NEWER_IMAGE,
            });
            await stack.up();
        });
        expect(failed).toEqual([]);
        for (const { spec } of await there.pods()) expect(spec.initContainers[0]?.image).toBe(NEWER_IMAGE);
    });

    test("a node is drained and comes back: no request fails", async () => {
        const name = cluster.nodes[1]?.name ?? "";
        const failed = await during(async () => {
            await cluster.kubectl("drain", name, "--ignore-daemonsets", "--delete-emptydir-data");
            await ready();
            await cluster.kubectl("uncordon", name);
            // Its pods are there again for what comes next.
            await there.kubectl("rollout", "restart", "deployment");
            await ready();
        });
        expect(failed).toEqual([]);
    });

    test("the processes of pods are killed, one pod after the other: what fails works when it is tried again", async () => {
        const failed = await during(async () => {
            for (const pod of await there.pods()) {
                const processes = processesOf(pod);
                expect(processes.length).toBeGreaterThan(2);
                for (const pid of processes) process.kill(pid, "SIGKILL");
                await until("the pod runs again", async () => {
                    const { status } = await there.json<Pod>("get", "pod", pod.metadata.name);
                    const again = status.initContainerStatuses?.[0]?.restartCount ?? 0;
                    return again > 0 && status.containerStatuses?.every((one) => one.ready)
                        ? true
                        : undefined;
                });
            }
        });
        process.stderr.write(`killed: ${failed.join("\n")}\n`);
        expect(traffic.lost).toEqual([]);
    });

    test("a node is cut off and comes back: what fails works when it is tried again", async () => {
        const name = cluster.nodes[1]?.name ?? "";
        const failed = await during(async () => {
            await cluster.link(name, "down");
            await cluster.kubectl("wait", "--for=condition=Ready=Unknown", "--timeout=60s", `node/${name}`);
            await cluster.link(name, "up");
            await cluster.kubectl("wait", "--for=condition=Ready=True", "--timeout=60s", `node/${name}`);
            await ready();
            await until(
                `${PUSHES} pushes and ${PULLS} pulls`,
                () =>
                    Promise.resolve(
                        (traffic.pushed.length >= PUSHES && traffic.pulled >= PULLS) || undefined,
                    ),
                900_000,
            );
        });
        process.stderr.write(`cut off: ${failed.join("\n")}\n`);
    });

    test("all that was acknowledged reads back from each replica", async () => {
        expect(traffic.pushed.length).toBeGreaterThanOrEqual(PUSHES);
        const paths = [...new Set(traffic.pushed.flatMap(pathsOf))];
        const pods = await there.pods();
        expect(pods).toHaveLength(3);
        for (const { metadata } of pods) {
            const forward = start(
                "kubectl",
                [
                    ...["--kubeconfig", cluster.kubeconfig, "--namespace", NAMESPACE],
                    ...["port-forward", `pod/${metadata.name}`, ":8443"],
                ],
                { timeoutMs: 300_000 },
            );
            try {
                let said = "";
                forward.process.stdout?.on("data", (chunk: string) => (said += chunk));
                const port = await until("the pod can be asked", () =>
                    Promise.resolve(/127\.0\.0\.1:(\d+) ->/.exec(said)?.[1]),
                );
                const client = new RegistryClient(Number(port), ca);
                for (const path of paths) await readBack(client, path);
                client.close();
            } finally {
                forward.process.kill();
                await forward.done;
            }
        }
        process.stderr.write(`${paths.length} digests on each of ${pods.length} replicas\n`);
    });
});
