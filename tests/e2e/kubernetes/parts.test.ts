/** What may stand beside the registry on a cluster, each in its turn on one stack. */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";

import { clusterSentence } from "../../../setup/cluster-errors";

import { served } from "../certificates";
import { cleanup } from "../cleanup";
import { bridgeAddress } from "../docker";
import { command } from "../gc";
import { RegistryClient } from "../http";
import { REDIS_IMAGE, REGISTRY_IMAGE } from "../images";
import { must, until } from "../run";
import { PASSWORD, type Stack } from "../stack";
import { Upstream } from "../upstream";

import type { Cluster } from "./cluster";
import { SERVICES } from "./machines";
import { leadHere, NameServer } from "./name-server";
import { pauseImage } from "./node";
import {
    BUILD_MS,
    clientAt,
    clusterWithStore,
    deployer,
    Namespace,
    NAMESPACE,
    NODE_PORT,
    restricted,
    stackOn,
    whileAsking,
} from "./support";

const NODES = "nodes";
const TEAM = "team-a";
/** Names at the front. */
const MIRROR = "mirror.e2e.test";
const SITE = "app.e2e.test";

/** As Pod Security `restricted` asks of a container. */
const confined = {
    ...{ allowPrivilegeEscalation: false, capabilities: { drop: ["ALL"] } },
    ...{ runAsNonRoot: true, runAsUser: 101, seccompProfile: { type: "RuntimeDefault" } },
};

describe("what may stand beside the registry", () => {
    const use = cleanup();
    let cluster: Cluster;
    let stack: Stack;
    let registry: Namespace;
    let clients: RegistryClient[];

    beforeAll(async () => {
        const site = await clusterWithStore(use, { images: [REDIS_IMAGE] });
        ({ cluster, there: registry } = site);
        stack = use(
            await stackOn(cluster, NAMESPACE, {
                name: "parts",
                env: site.env,
                settings: {
                    ...site.settings,
                    "cache.valkey.image": REDIS_IMAGE,
                },
            }),
        );
        await stack.up();
        const ca = await stack.output("caCertificatePem");
        clients = [0, 1].map((node) => clientAt(cluster, node, ca));
    }, BUILD_MS);

    /** Namespaces of who pulls, and of the pods that set nodes up. */
    const placesOfNodes = async () => {
        const metadata = { name: NODES };
        await cluster.apply(restricted(TEAM), { apiVersion: "v1", kind: "Namespace", metadata });
        await deployer(cluster, [NODES]);
    };

    /** A client that comes by one of the nodes; a connection goes to any pod. */
    const at = (node: number) => clients[node % 2] as RegistryClient;

    /** The pod of a kind of which there is one, `pod/NAME`; "" where there is none. */
    const podOf = async (kind: string) =>
        (
            await registry.kubectl(
                ...["get", "pods", `--selector=app.kubernetes.io/name=private-registry-${kind}`],
                "--output=name",
            )
        ).trim();
    const redis = () => podOf("redis");

    /** Pods of nobody's on each node: of another namespace, and of the registry's own. */
    let strangers: (readonly [Namespace, string])[] = [];
    /** Where those connect to. @param targets name → `ADDRESS PORT` @returns the names, of each pod */
    const reached = (pods: readonly (readonly [Namespace, string])[], targets: Record<string, string>) => {
        const each = Object.entries(targets).map(
            ([name, at]) => `nc -w 5 ${at} < /dev/null > /dev/null 2>&1 && echo ${name}`,
        );
        const script = [...each, "true"].join("\n");
        return Promise.all(
            pods.map(async ([namespace, pod]) => {
                const names = await namespace.kubectl("exec", pod, "--", "sh", "-c", script);
                return names.split("\n").filter(Boolean);
            }),
        );
    };
    const ownPods = async () =>
        (await registry.pods()).map(({ metadata: { name } }) => [registry, name] as const);
    const addressOf = async (pod: string) =>
        registry.kubectl("get", pod, "--output=jsonpath={.status.podIP}");
    /** The cluster's API: a port that no policy of the kit's opens. */
    const API = `${SERVICES.api} 443`;

    describe("a Redis that the replicas share", () => {
        const REPOSITORY = "team/cached";
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

    describe("numbers", () => {
        const MONITORING = "monitoring.coreos.com";
        /** A CRD with nothing but its name: the operator's own have the same group, versions and kinds. */
        const definition = (kind: string, plural: string) => ({
            ...{ apiVersion: "apiextensions.k8s.io/v1", kind: "CustomResourceDefinition" },
            metadata: { name: `${plural}.${MONITORING}` },
            spec: {
                ...{ group: MONITORING, scope: "Namespaced" },
                names: { kind, plural, singular: kind.toLowerCase(), listKind: `${kind}List` },
                versions: [
                    {
                        ...{ name: "v1", served: true, storage: true },
                        schema: {
                            openAPIV3Schema: {
                                type: "object",
                                properties: {
                                    spec: { type: "object", "x-kubernetes-preserve-unknown-fields": true },
                                },
                            },
                        },
                    },
                ],
            },
        });

        test("without the Prometheus Operator `up` says so", async () => {
            await stack.configure({
                "users.prometheus.generate": "true",
                "users.prometheus.role": "metrics",
                metrics: "true",
                "kubernetes.serviceMonitor": "true",
                "kubernetes.prometheusRule.labels.release": "prometheus",
            });
            const { code, screen } = await stack.tryUp();
            expect(code).not.toBe(0);
            expect(clusterSentence(screen)).toMatch(
                /^The cluster knows no (ServiceMonitor|PrometheusRule): the Prometheus Operator is not there\./,
            );
            expect((await at(0).ask("/v2/")).status).toBe(200);
        });

        test("each pod tells its own, to who has the login of the ServiceMonitor", async () => {
            await cluster.apply(
                definition("ServiceMonitor", "servicemonitors"),
                definition("PrometheusRule", "prometheusrules"),
            );
            await stack.up();
            const [{ spec } = { spec: undefined }] = (
                await registry.json<{
                    items: {
                        spec: { endpoints: { basicAuth: Record<string, { name: string; key: string }> }[] };
                    }[];
                }>("get", "servicemonitors")
            ).items;
            const { username, password } = spec?.endpoints[0]?.basicAuth ?? {};
            const { data } = await registry.json<{ data: Record<string, string> }>(
                ...["get", "secret", username?.name ?? ""],
            );
            const text = (key = "") => Buffer.from(data[key] ?? "", "base64").toString();
            const login = `${text(username?.key)}:${text(password?.key)}`;
            expect((await at(0).ask("/v2/", { login })).status).toBe(403);
            expect((await at(0).ask("/metrics")).status).toBe(403);
            const numbers = (node: number) => at(node).ask("/metrics", { login });
            const wanted = [
                /^private_registry_up 1$/m,
                /^private_registry_storage_healthy 1$/m,
                /^registry_storage_cache_requests_total \d/m,
                /^private_registry_front_requests_total\{site="registry"/m,
                /^private_registry_certificate_expiry_timestamp_seconds\{site="registry"\} \d+$/m,
            ];
            await until("each pod tells all its numbers", async () => {
                const all = await Promise.all(Array.from({ length: 8 }, (_, i) => numbers(i)));
                return all.every(
                    ({ status, body }) => status === 200 && wanted.every((one) => one.test(body)),
                )
                    ? true
                    : undefined;
            });
        });

        test("the rules are those of `npm run monitoring`, with the labels that were asked for", async () => {
            const { items } = await registry.json<{
                items: { metadata: { labels: object }; spec: { groups: { rules: { alert: string }[] }[] } }[];
            }>("get", "prometheusrules");
            expect(items[0]?.metadata.labels).toMatchObject({ release: "prometheus" });
            const alerts = items[0]?.spec.groups[0]?.rules.map(({ alert }) => alert);
            expect(alerts).toEqual(expect.arrayContaining(["RegistryDown", "RegistryErrors"]));
        });
    });

    describe("a certificate that the cluster keeps", () => {
        const SECRET = "registry-tls";
        /** As cert-manager renews it: another key, of the same authority. */
        let renew: () => Promise<void>;
        const shown = async (node: number) =>
            (await served(`${cluster.nodes[node]?.address}:${NODE_PORT}`, "registry.test"))[0] ?? "";

        beforeAll(async () => {
            const file = (name: string) => join(stack.folder, name);
            const openssl = (...args: string[]) => must("openssl", args);
            const key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-noenc", "-days", "90"];
            const ca = ["-x509", "-subj", "/CN=Cluster CA", "-addext", "keyUsage=critical,keyCertSign"];
            await openssl("req", ...key, ...ca, "-keyout", file("c.key"), "-out", file("c.crt"));
            const names = [
                ...cluster.nodes.map(({ address }) => `IP:${address}`),
                `DNS:${MIRROR},DNS:${SITE}`,
            ];
            renew = async () => {
                await openssl(
                    ...["req", "-x509", ...key, "-CA", file("c.crt"), "-CAkey", file("c.key")],
                    ...["-subj", "/CN=registry", "-addext", `subjectAltName=${names.join(",")}`],
                    ...["-addext", "basicConstraints=critical,CA:FALSE"],
                    ...["-keyout", file("tls.key"), "-out", file("tls.crt")],
                );
                const text = (name: string) => readFileSync(file(name), "utf8");
                await cluster.apply({
                    ...{ apiVersion: "v1", kind: "Secret", type: "kubernetes.io/tls" },
                    metadata: { name: SECRET, namespace: NAMESPACE },
                    stringData: {
                        "tls.crt": text("tls.crt"),
                        "tls.key": text("tls.key"),
                        "ca.crt": text("c.crt"),
                    },
                });
            };
        });

        test("one that is not there is told, and the pods go on", async () => {
            await stack.configure({ "tls.secret": SECRET });
            const { code, screen } = await stack.tryUp();
            expect(code).not.toBe(0);
            expect(clusterSentence(screen)).toContain(`The namespace ${NAMESPACE} has no Secret ${SECRET}`);
            expect((await at(0).ask("/v2/")).status).toBe(200);
        });

        test("is shown by each pod, and its ca.crt is what clients get to trust", async () => {
            await renew();
            await stack.up();
            const ca = await stack.output("caCertificatePem");
            expect(ca.trim()).toBe(readFileSync(join(stack.folder, "c.crt"), "utf8").trim());
            clients = [0, 1].map((node) => clientAt(cluster, node, ca));
            for (let i = 0; i < 8; i++) expect((await at(i).ask("/v2/")).status).toBe(200);
        });

        test("a renewed one is shown without an up and without a failed request", async () => {
            await renew();
            const renewed = readFileSync(join(stack.folder, "tls.crt"), "utf8").trim();
            const { asked, wrong } = await whileAsking(clients, () =>
                until(
                    "each pod shows the renewed certificate",
                    async () => {
                        const all = await Promise.all(Array.from({ length: 8 }, (_, i) => shown(i % 2)));
                        return all.every((one) => one.trim() === renewed) ? true : undefined;
                    },
                    180_000,
                ),
            );
            expect(wrong).toEqual([]);
            expect(asked).toBeGreaterThan(20);
            await stack.up("--expect-no-changes");
        });
    });

    describe("pods that come and go by the load", () => {
        test("who scales has the number of pods, and no up takes it back", async () => {
            await stack.configure({ "kubernetes.autoscale.min": "2", "kubernetes.autoscale.max": "4" });
            await stack.up();
            const { items } = await registry.json<{
                items: { spec: { scaleTargetRef: { name: string }; maxReplicas: number } }[];
            }>("get", "horizontalpodautoscalers");
            const name = (await registry.kubectl("get", "deployments", "--output=name")).trim();
            expect(items).toMatchObject([{ spec: { maxReplicas: 4 } }]);
            expect(`deployment.apps/${items[0]?.spec.scaleTargetRef.name}`).toBe(name);
            // Nobody measures pods here: this is what an autoscaler does, by the same subresource.
            await registry.kubectl("scale", name, "--replicas=3");
            await registry.kubectl("rollout", "status", name, "--timeout=60s");
            await stack.up("--expect-no-changes");
            await stack.configure({ logLevel: "info" });
            await stack.up("--refresh");
            expect(await registry.pods()).toHaveLength(3);
        });
    });

    // From here on they count: for all that is made, pushed and pulled further down, too.
    describe("policies that the network enforces", () => {
        beforeAll(async () => {
            await placesOfNodes();
            const all = [registry, new Namespace(cluster, TEAM)].flatMap((namespace) =>
                cluster.nodes.map(({ name }) => [namespace, name, `stranger-${name}`] as const),
            );
            await cluster.apply(
                ...all.map(([namespace, nodeName, name]) => ({
                    ...{ apiVersion: "v1", kind: "Pod", metadata: { name, namespace: namespace.name } },
                    spec: {
                        ...{ nodeName, terminationGracePeriodSeconds: 1 },
                        containers: [
                            {
                                ...{
                                    name: "stranger",
                                    image: REGISTRY_IMAGE,
                                    imagePullPolicy: "IfNotPresent",
                                },
                                ...{ command: ["sleep", "100000"], securityContext: confined },
                            },
                        ],
                    },
                })),
            );
            strangers = all.map(([namespace, , name]) => [namespace, name]);
            for (const [namespace, name] of strangers)
                await namespace.kubectl("wait", "--for=condition=Ready", "pod", name, "--timeout=60s");
            await cluster.enforcePolicies();
        });

        test("strangers reach the front alone; its pods reach the Redis, and that nobody", async () => {
            const own = await ownPods();
            const front = `${await addressOf(`pod/${own[0]?.[1]}`)} 8443`;
            const cache = `${await addressOf(await redis())} 6379`;
            expect(await reached(strangers, { front, cache, API })).toEqual(
                strangers.map(() => ["front", "API"]),
            );
            expect(await reached(own, { cache, API })).toEqual(own.map(() => ["cache"]));
            expect(await reached([[registry, await redis()]], { own: "127.0.0.1 6379", front, API })).toEqual(
                [["own"]],
            );
        });
    });

    describe("nodes that trust the registry", () => {
        const address = () => `${cluster.nodes[0]?.address}:${NODE_PORT}`;

        test("pull from it, set up by nothing else", async () => {
            const archive = join(stack.folder, "program.tar");
            await pauseImage(archive);
            // Of its own: skopeo takes each key in it for a client's.
            const trust = join(stack.folder, "trust");
            mkdirSync(trust);
            writeFileSync(join(trust, "ca.crt"), await stack.output("caCertificatePem"));
            const image = `${address()}/team/program:1`;
            const login = ["--dest-creds", `admin:${PASSWORD}`, "--dest-cert-dir", trust];
            const copy = ["copy", "--insecure-policy", ...login];
            await must("skopeo", [...copy, `docker-archive:${archive}`, `docker://${image}`]);
            await placesOfNodes();
            const team = new Namespace(cluster, TEAM);
            const secret = ["--docker-username=admin", `--docker-password=${PASSWORD}`];
            await team.kubectl(
                ...[
                    "create",
                    "secret",
                    "docker-registry",
                    "login",
                    `--docker-server=${address()}`,
                    ...secret,
                ],
            );
            await stack.configure({ "kubernetes.trustNodes.namespace": NODES });
            // As many as replicas says: who scaled has come to that.
            await registry.kubectl("scale", "deployment", "--all", "--replicas=2");
            await stack.unset("kubernetes.autoscale");
            await stack.up();
            expect(await registry.pods()).toHaveLength(2);
            await cluster.kubectl("rollout", "status", "daemonset", "--namespace", NODES, "--timeout=60s");
            for (const { name } of cluster.nodes)
                await cluster.apply({
                    ...{ apiVersion: "v1", kind: "Pod", metadata: { name, namespace: TEAM } },
                    spec: {
                        nodeName: name,
                        imagePullSecrets: [{ name: "login" }],
                        containers: [{ name: "program", image, securityContext: confined }],
                    },
                });
            await team.kubectl("wait", "--for=condition=Ready", "pod", "--all", "--timeout=90s");
        });
    });

    describe("mirrors, further sites and plain HTTP", () => {
        const HTTP_PORT = 31080;
        const upstream = new Upstream();
        const site = (name: string, node: number) =>
            new RegistryClient(NODE_PORT, ca, cluster.nodes[node]?.address, name, false);
        /** As a node names the image. */
        let image: string;
        let ca: string;

        beforeAll(async () => {
            await upstream.start(await bridgeAddress());
            use(upstream);
            image = `${upstream.address}/team/mirrored:1`;
            const archive = join(stack.folder, "program.tar");
            await pauseImage(archive);
            await placesOfNodes();
            const plain = ["copy", "--insecure-policy", "--dest-tls-verify=false"];
            await must("skopeo", [...plain, `docker-archive:${archive}`, `docker://${image}`]);
            const server = createServer((request, response) => {
                response.end(
                    `${request.headers.host} ${request.url} ${request.headers["x-forwarded-proto"]}`,
                );
            });
            await new Promise<void>((done) => server.listen(0, done));
            use({ dispose: () => new Promise<void>((done) => server.close(() => done())) });
            const { port } = server.address() as AddressInfo;
            const service = await leadHere(cluster, [TEAM, "app"], { port, at: 80 });
            use(await NameServer.start(cluster, new Map([[`app.${TEAM}.svc.cluster.local`, service]])));
            // Nodes ask no name server here.
            const line = `${cluster.nodes[0]?.address} ${MIRROR}`;
            for (const { name } of cluster.nodes)
                await cluster.onNode(name, ["sh", "-c", `echo ${line} >> /etc/hosts`]);
            await stack.configure({
                "mirrors.team.upstream": `http://${upstream.address}`,
                "mirrors.team.domain": MIRROR,
                "mirrors.team.size": "1Gi",
                "kubernetes.trustNodes.namespace": NODES,
                [`front.sites["${SITE}"].upstream`]: `http://app.${TEAM}.svc.cluster.local`,
                "front.httpPort": String(HTTP_PORT),
            });
            await stack.up();
            ca = await stack.output("caCertificatePem");
        });

        test("a site passes on to a Service of the cluster, by each pod", async () => {
            for (let i = 0; i < 6; i++) {
                const { status, body } = await site(SITE, i % 2).ask("/path?query", { login: "" });
                expect([status, body]).toEqual([200, `${SITE} /path?query https`]);
            }
        });

        test("plain HTTP is led to TLS", async () => {
            const plain = new RegistryClient(HTTP_PORT, undefined, cluster.nodes[1]?.address, SITE, false);
            const { status, headers } = await plain.ask("/path?query", { login: "" });
            expect([status, headers.location]).toEqual([308, `https://${SITE}:${NODE_PORT}/path?query`]);
        });

        test("a mirror is read without a login, and takes nothing", async () => {
            for (let i = 0; i < 4; i++) {
                const mirror = site(MIRROR, i % 2);
                const { status } = await mirror.ask("/v2/team/mirrored/manifests/1", { login: "" });
                expect(status).toBe(200);
                expect((await mirror.ask("/v2/team/other/blobs/uploads/", { method: "POST" })).status).toBe(
                    405,
                );
            }
            expect((await at(0).ask("/v2/team/mirrored/manifests/1")).status).toBe(404);
        });

        test("nobody else reaches it, and it reaches nothing else", async () => {
            const mirror = `${await addressOf(await podOf("mirror"))} ${await registry.kubectl(
                ...["get", "services", "--selector=app.kubernetes.io/name=private-registry-mirror"],
                "--output=jsonpath={.items[0].spec.ports[0].port}",
            )}`;
            const own = await ownPods();
            expect(await reached(strangers, { mirror })).toEqual(strangers.map(() => []));
            expect(await reached(own, { mirror })).toEqual(own.map(() => ["mirror"]));
            const cache = `${await addressOf(await redis())} 6379`;
            expect(await reached([[registry, await podOf("mirror")]], { mirror, cache, API })).toEqual([
                ["mirror"],
            ]);
        });

        test("nodes pull through it, and go on while its upstream is away", async () => {
            await cluster.kubectl("rollout", "status", "daemonset", "--namespace", NODES, "--timeout=60s");
            const team = new Namespace(cluster, TEAM);
            const pulled = async (node: number) => {
                const name = `mirrored-${node}`;
                await cluster.apply({
                    ...{ apiVersion: "v1", kind: "Pod", metadata: { name, namespace: TEAM } },
                    spec: {
                        nodeName: cluster.nodes[node]?.name,
                        containers: [{ name: "program", image, securityContext: confined }],
                    },
                });
                await team.kubectl("wait", "--for=condition=Ready", "pod", name, "--timeout=60s");
            };
            await pulled(0);
            await upstream.dispose();
            await pulled(1);
        });

        test("a second up changes nothing, and npm run up says once that it does not reach its upstream any more, and doctor says it too", async () => {
            const out = join(__dirname, "..", "..", "..", "out", stack.name);
            use({ dispose: async () => rmSync(out, { recursive: true, force: true }) });
            const file = ["--config-file", join(stack.project, `Pulumi.${stack.name}.yaml`)];
            const up = await command(stack, "up", ...file, "--expect-no-changes").done;
            expect([up.code, up.screen]).toEqual([0, expect.any(String)]);
            expect(up.screen.match(/does not reach/g)).toHaveLength(1);
            const why = `does not reach http://${upstream.address}: .*refused`;
            expect(up.screen).toMatch(new RegExp(`The mirror team ${why}.*proxy\\.https.*extraHosts`));
            const doctor = await command(stack, "doctor", ...file).done;
            expect(doctor.screen).toMatch(new RegExp(`^warning +mirror team: ${why}`, "m"));
        });
    });

    test("destroy leaves nothing, on the nodes neither", async () => {
        const folders = async () =>
            (await cluster.onNode(cluster.nodes[0]?.name ?? "", ["ls", "-A", "/etc/containerd/certs.d"]))
                .stdout;
        expect(await folders()).toContain(":");
        await stack.destroy();
        expect(await registry.left()).toBe("");
        await until("the nodes have nothing of it", async () =>
            (await folders()).includes(":") ? undefined : true,
        );
    });
});
