/** A registry on a real cluster: what stands there, what changes without a failed request, and what is left after it. */
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";

import { parse } from "yaml";

import { ensureKubernetesProvider } from "../../../setup/kubernetes-provider";
import { thisMachine } from "../../../setup/machine";
import { ClosedRoutes } from "../../../setup/probe";
import { which } from "../../../setup/run";

import { cleanup } from "../cleanup";
import { RegistryClient } from "../http";
import { FRONT_IMAGE, REGISTRY_IMAGE } from "../images";
import { must, sleep, until } from "../run";
import { S3Server } from "../s3-server";
import { ADMIN, DOMAIN, PASSWORD, Stack } from "../stack";

import { Cluster } from "./cluster";

// What it runs is built before the first test, once for each user.
const BUILD_MS = 3_600_000;
const ROOT = resolve(__dirname, "..", "..", "..");
const NAMESPACE = "registry";
const TEAM = "team-a";
const BUCKET = "images";
const NODE_PORT = 31443;

const restricted = (name: string) => ({
    apiVersion: "v1",
    kind: "Namespace",
    metadata: { name, labels: { "pod-security.kubernetes.io/enforce": "restricted" } },
});

describe("a registry on a cluster", () => {
    const use = cleanup();
    let cluster: Cluster;
    let store: S3Server;
    let stack: Stack;
    let client: RegistryClient;
    let ca: string;
    /** By which Pulumi finds the provider and the cluster. */
    let env: NodeJS.ProcessEnv;

    beforeAll(async () => {
        const machine = thisMachine(ROOT);
        const PATH = await ensureKubernetesProvider(
            machine,
            process.env.PATH ?? "",
            which("pulumi") ?? "",
            new ClosedRoutes(machine),
        );
        [cluster, store] = await Promise.all([Cluster.create(), S3Server.start()]);
        use(cluster);
        use(store);
        await store.request("PUT", BUCKET);
        await cluster.images([REGISTRY_IMAGE, FRONT_IMAGE]);
        await cluster.apply(restricted(NAMESPACE), restricted(TEAM));
        env = { PATH, KUBECONFIG: await deployer() };
        stack = use(
            await Stack.create("cluster", {
                env,
                settings: {
                    ...ADMIN,
                    "users.puller.generate": "true",
                    "users.puller.role": "pull",
                    target: "kubernetes",
                    domain: cluster.nodes[0]?.address ?? "",
                    "ipAddresses[0]": cluster.nodes[1]?.address ?? "",
                    port: String(NODE_PORT),
                    image: REGISTRY_IMAGE,
                    "front.off": "false",
                    "front.image": FRONT_IMAGE,
                    "kubernetes.namespace": NAMESPACE,
                    "kubernetes.expose": "nodePort",
                    "kubernetes.replicas": "2",
                    "kubernetes.pullSecrets[0]": TEAM,
                    "storage.s3.bucket": BUCKET,
                    "storage.s3.region": "us-east-1",
                    "storage.s3.endpoint": store.endpoint,
                    "storage.s3.ca": store.caPem(),
                    "storage.s3.accessKey": { secret: store.accessKey },
                    "storage.s3.secretKey": { secret: store.secretKey },
                },
            }),
        );
        await stack.unset("bindAddress");
        await stack.up();
        ca = await stack.output("caCertificatePem");
        client = at(0);
    }, BUILD_MS);

    /** A login with no more rights than the example's Role, in the two namespaces. @returns path of its kubeconfig */
    async function deployer(): Promise<string> {
        const role = parse(readFileSync(join(ROOT, "examples/kubernetes/role.yaml"), "utf8")) as {
            metadata: object;
        };
        const subject = { kind: "User", name: "deployer", apiGroup: "rbac.authorization.k8s.io" };
        for (const namespace of [NAMESPACE, TEAM])
            await cluster.apply(
                { ...role, metadata: { ...role.metadata, namespace } },
                {
                    apiVersion: "rbac.authorization.k8s.io/v1",
                    kind: "RoleBinding",
                    metadata: { name: "private-registry", namespace },
                    roleRef: {
                        kind: "Role",
                        name: "private-registry",
                        apiGroup: "rbac.authorization.k8s.io",
                    },
                    subjects: [subject],
                },
            );
        const config = parse(readFileSync(cluster.kubeconfig, "utf8")) as { users: { user: object }[] };
        for (const one of config.users) Object.assign(one.user, { as: "deployer" });
        const file = join(cluster.folder, "deployer");
        writeFileSync(file, JSON.stringify(config), { mode: 0o600 });
        return file;
    }

    /** A client that comes by one of the nodes, with a connection for each request: so each pod is met. */
    const at = (node: number) => {
        const address = cluster.nodes[node]?.address ?? "";
        return new RegistryClient(NODE_PORT, ca, address, address, false);
    };

    const kubectl = (...args: string[]) => cluster.kubectl("--namespace", NAMESPACE, ...args);
    const json = async (...args: string[]) => JSON.parse(await kubectl(...args, "--output=json")) as unknown;
    const pods = async () =>
        (
            (await json("get", "pods", "--selector=app.kubernetes.io/name=private-registry")) as {
                items: {
                    metadata: { name: string; deletionTimestamp?: string };
                    spec: { nodeName: string };
                }[];
            }
        ).items.filter(({ metadata }) => metadata.deletionTimestamp === undefined);

    /** Asks all the time while something happens. @returns the answers that were not right */
    async function whileAsking(work: () => Promise<unknown>): Promise<{ asked: number; wrong: string[] }> {
        let over = false;
        let asked = 0;
        const wrong: string[] = [];
        const asking = [0, 1].map(async (node) => {
            for (; !over; asked++) {
                const status = await at(node)
                    .ask("/v2/")
                    .then(
                        (answer) => String(answer.status),
                        (error: Error) => error.message,
                    );
                if (status !== "200") wrong.push(status);
                await sleep(50);
            }
        });
        try {
            await work();
        } finally {
            over = true;
            await Promise.all(asking);
        }
        process.stderr.write(`${asked} requests, ${wrong.length} failed\n`);
        return { asked, wrong };
    }

    test("two pods, on two nodes, under Pod Security restricted and without a token", async () => {
        const all = await pods();
        expect(all.map(({ spec }) => spec.nodeName).sort()).toEqual(cluster.nodes.map(({ name }) => name));
        for (const { metadata } of all)
            for (const container of ["registry", "front"]) {
                const look = ["--container", container, "--", "ls", "/var/run/secrets"];
                const { code } = await cluster.tryKubectl([
                    ...["--namespace", NAMESPACE, "exec", metadata.name],
                    ...look,
                ]);
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

    test("roles count, and no network leads past the front", async () => {
        const { puller } = await stack.output<Record<string, string>>("passwords");
        const request = { method: "POST", login: `puller:${puller}` };
        expect((await client.ask("/v2/team/app/blobs/uploads/", request)).status).toBe(403);
        expect((await client.ask("/v2/", { login: "" })).status).toBe(401);
        const listening = await kubectl(
            ...["exec", (await pods())[0]?.metadata.name ?? "", "--container", "registry", "--"],
            ...["sh", "-c", "grep -h ' 0A ' /proc/net/tcp /proc/net/tcp6"],
        );
        // 8443 is the front's; what else listens does so on the pod's own loopback.
        for (const line of listening.trim().split("\n"))
            expect(line).toMatch(/:20FB |^ *\d+: (0100007F|0{24}01000000):/);
    });

    test("a namespace that is named pulls with its Secret, which may not push", async () => {
        const name = (await kubectl("get", "deployments", "--output=name")).trim().split("/")[1] ?? "";
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
        const maps = await kubectl("get", "configmaps", "--output=json");
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
        const added = await whileAsking(async () => {
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
        const removed = await whileAsking(async () => {
            await stack.unset("users.more");
            await stack.up();
        });
        expect(await statuses()).toEqual(new Set([401]));
        expect([...added.wrong, ...removed.wrong]).toEqual([]);
        expect(added.asked + removed.asked).toBeGreaterThan(100);
    });

    test("scales 2, 3, 1, 2 without a failed request", async () => {
        const { wrong } = await whileAsking(async () => {
            for (const replicas of [3, 1, 2]) {
                await stack.configure({ "kubernetes.replicas": String(replicas) });
                await stack.up();
                expect(await pods()).toHaveLength(replicas);
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
        const restart = kubectl("rollout", "restart", "deployment").then(() =>
            kubectl("rollout", "status", "deployment", "--timeout=120s"),
        );
        await restart;
        go();
        expect((await push).statuses).toEqual([202, 202, 201]);
    });

    test("pods that are killed come back, and nothing acknowledged is lost", async () => {
        const { digest } = await client.upload("team/kept");
        for (const { metadata } of await pods())
            await kubectl("delete", "pod", metadata.name, "--grace-period=0", "--force");
        await until("the registry answers again", () =>
            at(0)
                .ask(`/v2/team/kept/blobs/${digest}`)
                .then(
                    ({ status }) => (status === 200 ? true : undefined),
                    () => undefined,
                ),
        );
        await kubectl("rollout", "status", "deployment", "--timeout=60s");
    });

    test("an image that nobody has leaves the old pods serving", async () => {
        const { wrong } = await whileAsking(async () => {
            await stack.configure({ image: "registry.invalid/none:1" });
            const update = stack.startUp();
            await until("a pod waits for the image", async () =>
                /ErrImagePull|ImagePullBackOff/.test(await kubectl("get", "pods")) ? true : undefined,
            );
            update.process.kill("SIGINT");
            await update.done;
            await stack.configure({ image: REGISTRY_IMAGE });
            await stack.up("--refresh");
        });
        expect(wrong).toEqual([]);
    });

    test("destroy leaves nothing in the cluster", async () => {
        await stack.destroy();
        expect(await left()).toBe("");
    });

    /** What of the kit's is in the two namespaces. */
    const left = async () => {
        const kinds = "deployments,services,poddisruptionbudgets,networkpolicies,persistentvolumeclaims";
        const all = await Promise.all(
            [NAMESPACE, TEAM].map((namespace) =>
                cluster.kubectl(
                    ...["get", `${kinds},secrets,configmaps`, "--namespace", namespace],
                    ...["--selector=app.kubernetes.io/managed-by=pulumi", "--output=name"],
                ),
            ),
        );
        return all.join("");
    };

    describe("on a claim, at the address of a load balancer", () => {
        const useHere = cleanup();
        let onClaim: Stack;
        let digest: string;

        beforeAll(async () => {
            cluster.balanceLoad();
            const path = join(cluster.folder, "images");
            mkdirSync(path);
            // A hostPath takes no group of the pod's.
            chmodSync(path, 0o777);
            await cluster.apply({
                ...{ apiVersion: "v1", kind: "PersistentVolume", metadata: { name: "images" } },
                spec: {
                    ...{ capacity: { storage: "1Gi" }, accessModes: ["ReadWriteMany"] },
                    ...{ storageClassName: "shared", hostPath: { path } },
                },
            });
            onClaim = useHere(
                await Stack.create("claim", {
                    env,
                    settings: {
                        ...ADMIN,
                        target: "kubernetes",
                        port: "443",
                        image: REGISTRY_IMAGE,
                        "front.off": "false",
                        "front.image": FRONT_IMAGE,
                        "kubernetes.namespace": NAMESPACE,
                        "kubernetes.claim.size": "1Gi",
                        "kubernetes.claim.storageClass": "shared",
                    },
                }),
            );
            await onClaim.unset("bindAddress");
            await onClaim.up();
        });

        /** A client at the address that the cluster gave. */
        const balanced = async () =>
            new RegistryClient(
                443,
                await onClaim.output("caCertificatePem"),
                await kubectl(
                    ...["get", "services", "--selector=app.kubernetes.io/managed-by=pulumi"],
                    "--output=jsonpath={.items[0].status.loadBalancer.ingress[0].ip}",
                ),
                DOMAIN,
                false,
            );

        test("pushes, and pulls from the front's disk", async () => {
            const there = await balanced();
            const pushed = await there.upload("team/app");
            ({ digest } = pushed);
            expect(pushed.statuses).toEqual([202, 202, 201]);
            for (let i = 0; i < 8; i++)
                expect((await there.ask(`/v2/team/app/blobs/${digest}`)).status).toBe(200);
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
