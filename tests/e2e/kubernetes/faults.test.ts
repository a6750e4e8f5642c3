/** What fails on a cluster, and what is changed there, while clients push and pull. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

import { BareRegistry } from "../bare-registry";
import { cleanup } from "../cleanup";
import { Conformance } from "../conformance";
import { command } from "../gc";
import { RegistryClient } from "../http";
import { FRONT_IMAGE, REGISTRY_IMAGE } from "../images";
import { LONG } from "../long";
import { must, type Running, start, until } from "../run";
import { S3Server } from "../s3-server";
import { DOMAIN, type Stack } from "../stack";

import { Cluster } from "./cluster";
import {
    BUILD_MS,
    clientAt,
    deployer,
    exampleRole,
    Namespace,
    NODE_PORT,
    type Pod,
    providerPath,
    restricted,
    stackOn,
    storeSettings,
    whileAsking,
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
                    deleteEnabled: "true",
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

    /** `npm run up` until it says something, or to its end. @returns what the screen showed, and seconds until it was said */
    async function upUntil(
        said: RegExp,
        { of = stack, env = {} }: { of?: Stack; env?: NodeJS.ProcessEnv } = {},
    ): Promise<{ run: Running; seconds: number; screen: () => string }> {
        const begun = Date.now();
        const run = command(
            { name: of.name, env: { ...of.env, ...env } },
            "up",
            "--config-file",
            join(of.project, `Pulumi.${of.name}.yaml`),
        );
        let screen = "";
        let over = false;
        for (const stream of [run.process.stdout, run.process.stderr])
            stream?.on("data", (chunk: string) => (screen += chunk));
        void run.done.then(() => (over = true));
        await until(
            `npm run up says ${said}`,
            () => {
                if (said.test(screen)) return Promise.resolve(true);
                if (over) throw new Error(`It ended without a word of ${said}:\n${screen}`);
                return Promise.resolve(undefined);
            },
            75_000,
        ).catch((error: unknown) => {
            run.process.kill("SIGINT");
            throw new Error(`${(error as Error).message}\n${screen}`);
        });
        const seconds = (Date.now() - begun) / 1000;
        process.stderr.write(`${seconds.toFixed(1)} s: ${said}\n`);
        return { run, seconds, screen: () => screen };
    }

    /** Waits for what an `up` that goes on says next. */
    async function thenSays(screen: () => string, said: RegExp): Promise<void> {
        const begun = Date.now();
        await until(`then ${said}`, () => Promise.resolve(said.test(screen()) || undefined));
        process.stderr.write(`${((Date.now() - begun) / 1000).toFixed(1)} s later: ${said}\n`);
    }

    async function interrupted({ process: { pid }, done }: Running): Promise<void> {
        if (pid !== undefined) process.kill(pid, "SIGINT");
        await done;
    }

    const asked = (work: () => Promise<unknown>) =>
        whileAsking(
            [0, 1].map((node) => clientAt(cluster, node, ca)),
            work,
        );

    test("conformance: each test ends as with one registry that has nothing before it", async () => {
        const suite = use(await Conformance.create());
        const bare = use(await BareRegistry.start(`${stack.prefix}-bare`, { image: REGISTRY_IMAGE }));
        const alone = await suite.bare(bare.port);
        expect(await suite.behind(`${cluster.nodes[0]?.address}:${NODE_PORT}`, ca)).toEqual(alone);
        expect(alone.filter((line) => line.startsWith("passed ")).length).toBeGreaterThan(500);
    });

    describe("what keeps `npm run up` from it: a sentence within a minute, and the old pods serve", () => {
        test("a context that there is not, a namespace that there is not: before anything is touched", async () => {
            const before = await there.kubectl("get", "deployments", "--output=yaml");
            await stack.configure({ "kubernetes.context": "nope" });
            const context = await upUntil(/The kubeconfig has no context nope: /);
            expect((await context.run.done).code).toBe(1);
            await stack.unset("kubernetes.context");
            await stack.configure({ "kubernetes.namespace": "nowhere" });
            const admin = { KUBECONFIG: cluster.kubeconfig };
            const namespace = await upUntil(/The cluster has no namespace nowhere: /, { env: admin });
            expect((await namespace.run.done).code).toBe(1);
            await stack.configure({ "kubernetes.namespace": NAMESPACE });
            expect(await there.kubectl("get", "deployments", "--output=yaml")).toBe(before);
            for (const { seconds } of [context, namespace]) expect(seconds).toBeLessThan(60);
        });

        test("a right that the login has not, for want of which Pulumi would wait for ever", async () => {
            const role = exampleRole();
            const rules = role.rules.map((rule) => ({
                ...rule,
                verbs: rule.resources.includes("replicasets") ? ["list"] : rule.verbs,
            }));
            const KUBECONFIG = await deployer(cluster, [NAMESPACE], {
                user: "narrow",
                role: { ...role, rules },
            });
            const { run, seconds } = await upUntil(
                /narrow may not watch replicasets in the namespace registry: examples\/kubernetes\/role\.yaml/,
                { env: { KUBECONFIG } },
            );
            expect((await run.done).code).toBe(1);
            expect(seconds).toBeLessThan(60);
        });

        test("no node that takes pods, then an image that nobody has", async () => {
            const { wrong } = await asked(async () => {
                const nodes = cluster.nodes.map(({ name }) => name);
                await cluster.kubectl("cordon", ...nodes);
                await stack.configure({ image: "registry.invalid/none:1" });
                const { run, seconds, screen } = await upUntil(
                    /Warning: No node takes a pod \(.*unschedulable.*\): make room/,
                );
                expect(seconds).toBeLessThan(60);
                await cluster.kubectl("uncordon", ...nodes);
                await thenSays(
                    screen,
                    /Warning: A node cannot pull registry\.invalid\/none:1 \(.*\): `kubectl --namespace registry describe pod/,
                );
                await interrupted(run);
            });
            expect(wrong).toEqual([]);
        });

        test("a quota, then a registry that ends by itself", async () => {
            const { wrong } = await asked(async () => {
                const quota = { apiVersion: "v1", kind: "ResourceQuota", metadata: { name: "few" } };
                await cluster.apply({
                    ...quota,
                    metadata: { ...quota.metadata, namespace: NAMESPACE },
                    spec: { hard: { pods: "1" } },
                });
                await stack.configure({ image: NEWER_IMAGE, "registryConfig.http.http2.disabled": "maybe" });
                const { run, seconds, screen } = await upUntil(
                    /Warning: The quota few of the namespace does not allow it \(requested: pods=1, used: pods=\d, limited: pods=1\)/,
                );
                expect(seconds).toBeLessThan(60);
                await there.kubectl("delete", "resourcequota", "few");
                await thenSays(
                    screen,
                    /Warning: registry ends by itself \(exit code 1: .*maybe.*\): `kubectl --namespace registry logs --previous/,
                );
                await interrupted(run);
            });
            expect(wrong).toEqual([]);
        });

        test("the next one mends it", async () => {
            await stack.unset("registryConfig");
            const { wrong } = await asked(async () => {
                const { code, screen } = await (await upUntil(/./)).run.done;
                expect({ code, screen }).toMatchObject({ code: 0 });
            });
            expect(wrong).toEqual([]);
            await stack.up("--expect-no-changes");
        });

        test("no storage class, and nobody who gives addresses", async () => {
            const another = await stackOn(cluster, NAMESPACE, {
                name: "another",
                env: stack.env,
                settings: {
                    "kubernetes.expose": "loadBalancer",
                    "kubernetes.claim.storageClass": "none",
                    port: "443",
                    keepData: "false",
                },
            });
            try {
                const { run, seconds, screen } = await upUntil(
                    /Warning: No volume comes for the claim \S+ \(storageclass\S* "none" not found\): /,
                    { of: another },
                );
                expect(seconds).toBeLessThan(60);
                await thenSays(screen, /Warning: The cluster has given the Service \S+ no address so far\./);
                await interrupted(run);
            } finally {
                await another.dispose();
            }
        });
    });
});
