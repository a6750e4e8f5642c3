/** What fails on a cluster, and what is changed there, while clients push and pull. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

import { cleanup } from "../cleanup";
import { command } from "../gc";
import { RegistryClient } from "../http";
import { REDIS_IMAGE, REGISTRY_IMAGE } from "../images";
import { LONG } from "../long";
import { must, start, until } from "../run";
import { DOMAIN, type Stack } from "../stack";

import type { Cluster } from "./cluster";
import {
    BUILD_MS,
    clientAt,
    clusterWithStore,
    deployer,
    exampleRole,
    type Namespace,
    NAMESPACE,
    NODE_PORT,
    type Pod,
    stackOn,
    whileAsking,
} from "./support";
import { pathsOf, readBack, Traffic } from "./traffic";

const NEWER_IMAGE = "e2e-kubernetes/registry:newer";
/** What is pushed and pulled while things fail. */
const [PUSHES, PULLS] = LONG ? [100, 1000] : [20, 200];

/** Limit of a test that pushes and pulls all of it. */
const LONG_MS = 1_000_000;

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

/** Kills all that runs in a pod, and what holds it. */
function killed(pod: Pod): void {
    const processes = processesOf(pod);
    expect(processes.length).toBeGreaterThan(1);
    for (const pid of processes)
        try {
            process.kill(pid, "SIGKILL");
        } catch {
            // It ended with one that was killed before.
        }
}

describe("a registry of three replicas, while clients push and pull", () => {
    const use = cleanup();
    let cluster: Cluster;
    let stack: Stack;
    let there: Namespace;
    let ca: string;
    let traffic: Traffic;

    beforeAll(async () => {
        await must("docker", ["tag", REGISTRY_IMAGE, NEWER_IMAGE]);
        const site = await clusterWithStore(use, { images: [REDIS_IMAGE, NEWER_IMAGE] });
        await must("docker", ["rmi", NEWER_IMAGE]);
        ({ cluster, there } = site);
        const [first = "", second = ""] = cluster.nodes.map(({ address }) => address);
        stack = use(
            await stackOn(cluster, NAMESPACE, {
                env: site.env,
                settings: {
                    ...{ domain: DOMAIN, "ipAddresses[0]": first, "ipAddresses[1]": second },
                    "kubernetes.replicas": "3",
                    "cache.valkey.image": REDIS_IMAGE,
                    ...site.settings,
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
        const { pushed, failed, lost } = traffic;
        const [pushes, pulls, failures] = [pushed.length, traffic.pulled, failed.length];
        traffic.start();
        try {
            await until("an image is pushed", () => Promise.resolve(pushed.length > 0 || undefined));
            await work();
        } finally {
            await traffic.stop();
        }
        process.stderr.write(
            `${expect.getState().currentTestName ?? ""}: ${pushed.length - pushes} pushes, ${traffic.pulled - pulls} pulls, ` +
                `${failed.length - failures} failed and were tried again, ${lost.length} given up\n`,
        );
        return failed.slice(failures);
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
        await during(async () => {
            for (const pod of await there.pods()) {
                killed(pod);
                await until("the pod runs again", async () => {
                    const { status } = await there.json<Pod>("get", "pod", pod.metadata.name);
                    const again = status.initContainerStatuses?.[0]?.restartCount ?? 0;
                    return again > 0 && status.containerStatuses?.every((one) => one.ready)
                        ? true
                        : undefined;
                });
            }
        });
        expect(traffic.lost).toEqual([]);
    });

    const redis = async (): Promise<Pod> => {
        const selector = "--selector=app.kubernetes.io/name=private-registry-redis";
        const { items } = await there.json<{ items: Pod[] }>("get", "pods", selector);
        if (items[0] === undefined) throw new Error("There is no Redis.");
        return items[0];
    };

    test("Redis is killed: no request fails", async () => {
        const failed = await during(async () => {
            killed(await redis());
            await until("Redis runs again", async () => {
                const [container] = (await redis()).status.containerStatuses ?? [];
                return container?.ready && container.restartCount > 0 ? true : undefined;
            });
        });
        expect(failed).toEqual([]);
    });

    test(
        "a node is cut off and comes back: what fails works when it is tried again",
        async () => {
            const name = cluster.nodes[1]?.name ?? "";
            await during(async () => {
                await cluster.link(name, "down");
                await cluster.kubectl(
                    "wait",
                    "--for=condition=Ready=Unknown",
                    "--timeout=60s",
                    `node/${name}`,
                );
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
            expect(traffic.lost).toEqual([]);
        },
        LONG_MS,
    );

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

    /**
     * `npm run up`, to its end or until all is done with it.
     *
     * @param work gets a function that waits until it says something
     * @param options.toEnd false: it is interrupted after that. @default false
     * @returns its exit code
     */
    async function upWhile(
        work: (says: (sentence: RegExp, limitMs?: number) => Promise<void>) => Promise<unknown>,
        {
            of = stack,
            env = {},
            toEnd = false,
        }: { of?: Stack; env?: NodeJS.ProcessEnv; toEnd?: boolean } = {},
    ): Promise<number> {
        const file = join(of.project, `Pulumi.${of.name}.yaml`);
        const up = command({ name: of.name, env: { ...of.env, ...env } }, ...["up", "--config-file", file]);
        let screen = "";
        let over = false;
        for (const stream of [up.process.stdout, up.process.stderr])
            stream?.on("data", (chunk: string) => (screen += chunk));
        void up.done.then(() => (over = true));
        let since = Date.now();
        const says = async (sentence: RegExp, limitMs = 60_000) => {
            await until(
                `npm run up says ${sentence}`,
                () => {
                    const said = sentence.test(screen);
                    if (over && !said) throw new Error(`It ended without a word of ${sentence}`);
                    return Promise.resolve(said || undefined);
                },
                limitMs,
            );
            process.stderr.write(`${((Date.now() - since) / 1000).toFixed(1)} s: ${sentence}\n`);
            since = Date.now();
        };
        try {
            await work(says);
        } catch (error) {
            throw new Error(`${(error as Error).message}\n${screen}`);
        } finally {
            if (!over && !toEnd) up.process.kill("SIGINT");
            await up.done;
        }
        return (await up.done).code;
    }

    const asked = (work: () => Promise<unknown>) =>
        whileAsking(
            [0, 1].map((node) => clientAt(cluster, node, ca)),
            work,
        );

    describe("what keeps `npm run up` from it: a sentence within a minute, and the old pods serve", () => {
        const toEnd = true;

        test("a context that there is not, a namespace that there is not: before anything is touched", async () => {
            const before = await there.kubectl("get", "deployments", "--output=yaml");
            await stack.configure({ "kubernetes.context": "nope" });
            expect(await upWhile((says) => says(/The kubeconfig has no context nope: /), { toEnd })).toBe(1);
            await stack.unset("kubernetes.context");
            await stack.configure({ "kubernetes.namespace": "nowhere" });
            const env = { KUBECONFIG: cluster.kubeconfig };
            expect(
                await upWhile((says) => says(/The cluster has no namespace nowhere: /), { env, toEnd }),
            ).toBe(1);
            await stack.configure({ "kubernetes.namespace": NAMESPACE });
            expect(await there.kubectl("get", "deployments", "--output=yaml")).toBe(before);
        });

        test("a right that the login has not, for want of which Pulumi would wait for ever", async () => {
            const role = exampleRole();
            const rules = role.rules.map((rule) => ({
                ...rule,
                verbs: rule.resources.includes("replicasets") ? ["list"] : rule.verbs,
            }));
            const narrow = { user: "narrow", role: { ...role, rules } };
            const env = { KUBECONFIG: await deployer(cluster, [NAMESPACE], narrow) };
            const sentence =
                /narrow may not watch replicasets in the namespace registry: examples\/kubernetes\/role\.yaml/;
            expect(await upWhile((says) => says(sentence), { env, toEnd })).toBe(1);
        });

        test("no node that takes pods, then an image that nobody has", async () => {
            const nodes = cluster.nodes.map(({ name }) => name);
            const { wrong } = await asked(async () => {
                await cluster.kubectl("cordon", ...nodes);
                await stack.configure({ image: "registry.invalid/none:1" });
                await upWhile(async (says) => {
                    await says(/Warning: No node takes a pod \(.*unschedulable.*\): make room/);
                    await cluster.kubectl("uncordon", ...nodes);
                    await says(
                        /Warning: A node cannot pull registry\.invalid\/none:1 \(.*\): `kubectl --namespace registry describe pod/,
                    );
                });
            });
            expect(wrong).toEqual([]);
        });

        test("a registry that ends by itself, then a quota", async () => {
            const { wrong } = await asked(async () => {
                await stack.configure({ image: NEWER_IMAGE, "registryConfig.http.http2.disabled": "maybe" });
                await upWhile(async (says) => {
                    await says(
                        /Warning: registry ends by itself \(exit code 1: .*maybe.*\): `kubectl --namespace registry logs --previous/,
                    );
                    await cluster.apply({
                        ...{ apiVersion: "v1", kind: "ResourceQuota" },
                        metadata: { name: "few", namespace: NAMESPACE },
                        spec: { hard: { pods: "1" } },
                    });
                    for (const { metadata, status } of await there.pods())
                        if (!status.containerStatuses?.every(({ ready: is }) => is))
                            await there.kubectl("delete", "pod", metadata.name, "--force");
                    await says(
                        /Warning: The quota few of the namespace does not allow it \(requested: pods=1, used: pods=\d, limited: pods=1\)/,
                    );
                });
                await there.kubectl("delete", "resourcequota", "few");
            });
            expect(wrong).toEqual([]);
        });

        test("the next one mends it, and makes what somebody removed", async () => {
            await stack.unset("registryConfig");
            await there.kubectl("delete", "networkpolicy,poddisruptionbudget", "--all");
            const { wrong } = await asked(async () => {
                const code = await upWhile(
                    async (says) => {
                        await says(
                            /Not in the cluster any more, and made again now: .*poddisruptionbudget\/\S+/,
                        );
                        // After a whole rollout, which no sentence has to wait for.
                        await says(/Endpoint: /, 180_000);
                    },
                    { toEnd },
                );
                expect(code).toBe(0);
            });
            expect(wrong).toEqual([]);
            expect(await there.left()).toMatch(/poddisruptionbudget[^]*networkpolicy/);
            await stack.up("--expect-no-changes");
        });

        test("no storage class, and nobody who gives addresses", async () => {
            const another = use(
                await stackOn(cluster, NAMESPACE, {
                    name: "another",
                    env: stack.env,
                    settings: {
                        "kubernetes.expose": "loadBalancer",
                        "kubernetes.claim.storageClass": "none",
                        port: "443",
                        keepData: "false",
                    },
                }),
            );
            await upWhile(
                async (says) => {
                    await says(
                        /Warning: No volume comes for the claim \S+ \(storageclass\S* "none" not found\): /,
                    );
                    await says(/Warning: The cluster has given the Service \S+ no address so far\./);
                },
                { of: another },
            );
        });
    });
});
