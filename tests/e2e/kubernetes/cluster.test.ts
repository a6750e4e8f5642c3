/** The tests' own cluster, and Pulumi's Kubernetes provider on it. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { cleanup } from "../cleanup";
import { REGISTRY_IMAGE } from "../images";
import { must, run, until } from "../run";
import { Stack } from "../stack";

import { Cluster } from "./cluster";
import { BUILD_MS, providerPath, restricted } from "./support";

const NAMESPACE = "e2e";
const LABELS = { app: "registry" };

/** A registry without TLS on port 5000, as Pod Security `restricted` asks for it. */
const POD = {
    automountServiceAccountToken: false,
    terminationGracePeriodSeconds: 1,
    securityContext: {
        runAsNonRoot: true,
        runAsUser: 10_000,
        seccompProfile: { type: "RuntimeDefault" },
    },
    containers: [
        {
            name: "registry",
            image: REGISTRY_IMAGE,
            imagePullPolicy: "IfNotPresent",
            env: [{ name: "OTEL_TRACES_EXPORTER", value: "none" }],
            ports: [{ containerPort: 5000 }],
            readinessProbe: { httpGet: { path: "/v2/", port: 5000 }, periodSeconds: 1 },
            securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ["ALL"] } },
        },
    ],
};

/** One pod on each node. */
const deployment = {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name: "registry", namespace: NAMESPACE },
    spec: {
        replicas: 2,
        selector: { matchLabels: LABELS },
        template: {
            metadata: { labels: LABELS },
            spec: {
                ...POD,
                topologySpreadConstraints: [
                    {
                        maxSkew: 1,
                        topologyKey: "kubernetes.io/hostname",
                        whenUnsatisfiable: "DoNotSchedule",
                        labelSelector: { matchLabels: LABELS },
                    },
                ],
            },
        },
    },
};

const service = (name: string, type: string) => ({
    apiVersion: "v1",
    kind: "Service",
    metadata: { name, namespace: NAMESPACE },
    spec: { type, selector: LABELS, ports: [{ port: 80, targetPort: 5000 }] },
});

/** Status of an answer. */
const statusOf = async (url: string): Promise<string> =>
    (
        await run("curl", [
            "--silent",
            "--max-time",
            "5",
            "--output",
            "/dev/null",
            "--write-out",
            "%{http_code}",
            url,
        ])
    ).stdout;

const answers = (url: string) =>
    until(`${url} answers`, async () => ((await statusOf(url)) === "200" ? true : undefined), 30_000);

/** What of the kernel's the kubelet is after (tests/e2e/kubernetes/machines.ts). */
const kernelSettings = () =>
    ["vm/overcommit_memory", "kernel/panic", "kernel/panic_on_oops", "kernel/keys/root_maxkeys"].map((name) =>
        readFileSync(join("/proc/sys", name), "utf8"),
    );

/** What of a cluster is on this machine: processes, mounts, links, routes, control groups, files. */
async function tracesOf(words: readonly string[]): Promise<string[]> {
    const has = (text: string) => words.some((word) => text.includes(word));
    const read = (file: string) => {
        try {
            return readFileSync(file, "utf8").replaceAll("\0", " ");
        } catch {
            // A process that ended meanwhile.
            return "";
        }
    };
    const processes = readdirSync("/proc")
        .filter((pid) => /^\d+$/.test(pid))
        .map((pid) => `process ${pid} ${read(`/proc/${pid}/cmdline`)} ${read(`/proc/${pid}/cgroup`)}`);
    const lines = async (what: string, ...command: string[]) =>
        (await must(command[0] ?? "", command.slice(1))).split("\n").map((line) => `${what} ${line}`);
    const groups = readdirSync("/sys/fs/cgroup").map((part) => join("/sys/fs/cgroup", part));
    return [
        ...processes,
        ...(await lines("link", "ip", "-oneline", "link")),
        ...(await lines("route", "ip", "route")),
        ...(await lines("namespace", "ip", "netns", "list")),
        ...read("/proc/self/mountinfo")
            .split("\n")
            .map((line) => `mount ${line}`),
        ...groups
            .filter((folder) => existsSync(join(folder, "cgroup.procs")))
            .flatMap((folder) => readdirSync(folder)),
        ...words.filter((word) => existsSync(word)).map((word) => `file ${word}`),
    ].filter(has);
}

// Where a cluster is named, none is made.
const own = process.env.PRIVATE_REGISTRY_TEST_CONTEXT ? undefined : describe;

own?.("a cluster of the test's own", () => {
    const use = cleanup();
    const kernel = kernelSettings();
    let cluster: Cluster;
    let url: string;

    beforeAll(async () => {
        cluster = use(await Cluster.create());
        await cluster.images([REGISTRY_IMAGE]);
        await cluster.apply(restricted(NAMESPACE));
    }, BUILD_MS);

    const jsonpath = (path: string, ...args: string[]) =>
        cluster.kubectl("get", ...args, "--namespace", NAMESPACE, `--output=jsonpath=${path}`);

    test("has two nodes that are ready", async () => {
        const ready = '{range .items[*]}{.status.conditions[?(@.type=="Ready")].status} {end}';
        expect((await cluster.kubectl("get", "nodes", `--output=jsonpath=${ready}`)).trim()).toBe(
            "True True",
        );
        expect(cluster.nodes).toHaveLength(2);
    });

    test("runs an image of this machine's Engine on both; a Service answers at each node", async () => {
        await cluster.apply(deployment, service("registry", "NodePort"));
        await cluster.kubectl(
            "rollout",
            "status",
            "deployment/registry",
            "--namespace",
            NAMESPACE,
            "--timeout=90s",
        );
        const nodes = await jsonpath("{.items[*].spec.nodeName}", "pods");
        expect(nodes.split(" ").sort()).toEqual(cluster.nodes.map(({ name }) => name));
        const port = await jsonpath("{.spec.ports[0].nodePort}", "service/registry");
        for (const { address } of cluster.nodes) await answers(`http://${address}:${port}/v2/`);
        url = `http://${cluster.nodes[0]?.address}:${port}/v2/`;
    });

    test("a pod reaches the one on the other node, by its address and by the Service's", async () => {
        const pods = (await jsonpath("{.items[*].metadata.name}", "pods")).split(" ");
        const addresses = (await jsonpath("{.items[*].status.podIP}", "pods")).split(" ");
        const ip = await jsonpath("{.spec.clusterIP}", "service/registry");
        for (const target of [`${addresses[1]}:5000`, `${ip}:80`]) {
            const ask = ["wget", "-q", "-O", "-", `http://${target}/v2/`];
            const answer = await cluster.kubectl(
                "exec",
                pods[0] ?? "",
                "--namespace",
                NAMESPACE,
                "--",
                ...ask,
            );
            expect(answer).toContain("{}");
        }
    });

    test("enforces Pod Security", async () => {
        const lax = { ...deployment.spec.template.spec, securityContext: {} };
        const pod = {
            ...{ apiVersion: "v1", kind: "Pod" },
            ...{ metadata: { name: "lax", namespace: NAMESPACE }, spec: lax },
        };
        const { code, screen } = await cluster.tryKubectl(["create", "--filename", "-"], JSON.stringify(pod));
        expect(code).not.toBe(0);
        expect(screen).toContain('violates PodSecurity "restricted');
    });

    test("gives a Service of type LoadBalancer an address that leads there from this machine", async () => {
        cluster.balanceLoad();
        await cluster.apply(service("balanced", "LoadBalancer"));
        const address = await until("the Service has an address", async () => {
            const ip = await jsonpath("{.status.loadBalancer.ingress[0].ip}", "service/balanced");
            return ip || undefined;
        });
        await answers(`http://${address}/v2/`);
    });

    test("a claim takes a volume of the cluster's folder", async () => {
        const size = { storage: "1Mi" };
        const volume = {
            ...{ apiVersion: "v1", kind: "PersistentVolume", metadata: { name: "e2e" } },
            spec: {
                ...{ capacity: size, accessModes: ["ReadWriteMany"], storageClassName: "" },
                hostPath: { path: join(cluster.folder, "volume"), type: "DirectoryOrCreate" },
            },
        };
        const claim = {
            ...{ apiVersion: "v1", kind: "PersistentVolumeClaim" },
            metadata: { name: "e2e", namespace: NAMESPACE },
            spec: { accessModes: ["ReadWriteMany"], storageClassName: "", resources: { requests: size } },
        };
        await cluster.apply(volume, claim);
        const bound = ["--for=jsonpath={.status.phase}=Bound", "--timeout=30s", "persistentvolumeclaim/e2e"];
        await cluster.kubectl("wait", "--namespace", NAMESPACE, ...bound);
    });

    test("a node that is cut off is known, the other one serves, and it comes back", async () => {
        const name = cluster.nodes[1]?.name ?? "";
        const becomes = (status: string) =>
            cluster.kubectl("wait", `--for=condition=Ready=${status}`, "--timeout=60s", `node/${name}`);
        await cluster.link(name, "down");
        await becomes("Unknown");
        await answers(url);
        await cluster.link(name, "up");
        await becomes("True");
    });

    test("goes without a trace", async () => {
        const words = [cluster.folder, cluster.name];
        const before = await tracesOf(words);
        for (const kind of ["process", "link", "route"])
            expect(before.filter((trace) => trace.startsWith(kind))).not.toEqual([]);
        await cluster.dispose();
        expect(await tracesOf(words)).toEqual([]);
        expect(kernelSettings()).toEqual(kernel);
    });

    test("a cluster that cannot be had leaves nothing either", async () => {
        const folders = () =>
            readdirSync(tmpdir()).filter((name) => name.startsWith("private-registry-e2e-kubernetes-"));
        const before = folders();
        process.env.PRIVATE_REGISTRY_TEST_CONTEXT = "no-such-context";
        try {
            await expect(Cluster.create()).rejects.toThrow("no-such-context");
        } finally {
            delete process.env.PRIVATE_REGISTRY_TEST_CONTEXT;
        }
        expect(folders()).toEqual(before);
    });
});

describe("Pulumi's Kubernetes provider", () => {
    const use = cleanup();
    const WORD = "a secret greeting";
    let cluster: Cluster;
    let stack: Stack;

    beforeAll(async () => {
        const PATH = await providerPath();
        cluster = use(await Cluster.create());
        await cluster.images([REGISTRY_IMAGE]);
        await cluster.apply(restricted(NAMESPACE));
        cluster.balanceLoad();
        stack = use(
            await Stack.create("kubernetes", {
                program: "tests/e2e/programs/kubernetes",
                settings: {
                    namespace: NAMESPACE,
                    pod: JSON.stringify(POD),
                    word: { secret: WORD },
                    kubeconfig: { secret: readFileSync(cluster.kubeconfig, "utf8") },
                },
                env: { PATH, PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "true" },
            }),
        );
    }, BUILD_MS);

    const objects = () =>
        cluster
            .kubectl("get", "all,secrets", "--namespace", NAMESPACE, "--output=name")
            .then((text) => text.trim());

    test("makes a Secret, a Deployment and a Service, and nothing the second time", async () => {
        await stack.up();
        const args = ["get", "service/greeting", "--namespace", NAMESPACE];
        const ip = await cluster.kubectl(...args, "--output=jsonpath={.status.loadBalancer.ingress[0].ip}");
        await answers(`http://${ip}/v2/`);
        expect(await objects()).toContain("secret/greeting");
        await stack.up("--expect-no-changes");
    });

    test("keeps the Secret's data out of the state", async () => {
        const state = await stack.exportText();
        for (const text of [WORD, Buffer.from(WORD).toString("base64")]) expect(state).not.toContain(text);
    });

    test("takes them away", async () => {
        await stack.destroy();
        expect(await objects()).toBe("");
    });
});
