/**
 * A real Kubernetes for a test: the one that PRIVATE_REGISTRY_TEST_CONTEXT names (a context of the kubeconfig), else one of the
 * test's own, of two nodes in network namespaces with all that a cluster has but name service and a StorageClass;
 * NetworkPolicies are enforced once that is asked for.
 *
 * From this machine a Service of type NodePort answers at `nodes[n].address`, one of type LoadBalancer at the address that
 * `balanceLoad` gives it. Pods reach this machine at its own addresses, and nothing beyond it. A PersistentVolume of a test is
 * one with `hostPath` or `local` beneath `cluster.folder`, which both nodes see (they share this machine's files). Pod Security is
 * enforced in a namespace with the label `pod-security.kubernetes.io/enforce: restricted`.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

import { thisMachine } from "../../../setup/machine";
import { type ClusterPrograms, ensureClusterPrograms } from "../../../setup/test-cluster";

import { must, type Result, run, until } from "../run";

import { Authority } from "./authority";
import { type MachineAddress, Machines, PODS, SERVICES } from "./machines";
import { Node, pauseImage, saveImages } from "./node";

const ETCD = "http://127.0.0.1:2379";
const API_PORT = 6443;
const ISSUER = "https://kubernetes.default.svc.cluster.local";

/** One line for each Service that changes, of which an empty address is one that nobody gave yet. */
const SERVICE_LINES =
    'jsonpath={.metadata.namespace} {.metadata.name} {.spec.type} {.status.loadBalancer.ingress[0].ip}{"\\n"}';

export class Cluster {
    /** The cluster's own files; a test may keep volumes in it. */
    readonly folder = mkdtempSync(join(tmpdir(), "private-registry-e2e-kubernetes-"));
    /** Path of an administrator's, with the cluster's context as the current one. */
    readonly kubeconfig = join(this.folder, "kubeconfig");
    /** Its nodes, by their names in the cluster. */
    nodes: readonly MachineAddress[] = [];
    private machines: Machines | undefined;
    private running: Node[] = [];
    private balancer: ChildProcess | undefined;
    private balanced = 0;
    /** Path of what enforces policies. */
    private policies = "";

    private constructor() {}

    /** A cluster whose nodes are ready. Building its programs takes a quarter of an hour, once for each user. */
    static async create(): Promise<Cluster> {
        const cluster = new Cluster();
        try {
            const context = process.env.PRIVATE_REGISTRY_TEST_CONTEXT;
            await (context ? cluster.join(context) : cluster.boot());
        } catch (error) {
            await cluster.dispose();
            throw error;
        }
        return cluster;
    }

    /** Of its control groups and its link to this machine; "" where it is not the test's own. */
    get name(): string {
        return this.machines?.name ?? "";
    }

    /** Whether it is the test's own, whose nodes may be cut off. */
    get isOwn(): boolean {
        return this.machines !== undefined;
    }

    private async join(context: string): Promise<void> {
        const args = ["config", "view", "--minify", "--flatten", "--context", context];
        writeFileSync(this.kubeconfig, await must("kubectl", args), { mode: 0o600 });
        this.nodes = await this.listNodes();
    }

    private async listNodes(): Promise<MachineAddress[]> {
        const text = await this.kubectl("get", "nodes", "--output=json");
        const { items } = JSON.parse(text) as {
            items: {
                metadata: { name: string };
                status: { addresses: { type: string; address: string }[] };
            }[];
        };
        return items.map(({ metadata: { name }, status: { addresses } }) => ({
            name,
            address: addresses.find(({ type }) => type === "InternalIP")?.address ?? "",
        }));
    }

    private async boot(): Promise<void> {
        const { folder } = this;
        const arch = process.arch === "x64" ? "amd64" : process.arch;
        const machine = thisMachine(resolve(__dirname, "..", "..", ".."));
        const programs = await ensureClusterPrograms(machine, arch);
        this.policies = programs.policies;
        const machines = new Machines(folder, ["node1", "node2"]);
        this.machines = machines;
        const { addresses } = machines;
        const first = addresses[0]?.address ?? "";
        const pause = join(folder, "pause.tar");
        const [authority] = await Promise.all([
            Authority.create(join(folder, "authority"), `https://${first}:${API_PORT}`),
            pauseImage(pause),
            machines.boot(),
        ]);
        await this.startControlPlane(machines, programs, authority, addresses[0]?.name ?? "", first);
        await authority.login("proxy", "system:kube-proxy");
        this.running = addresses.map(
            ({ name, address }, index) => new Node(machines, folder, name, address, index + 1),
        );
        await Promise.all(this.running.map((node) => node.start(programs, authority, pause)));
        const ready = ["wait", "--for=condition=Ready", "--timeout=5s", "node", "--all"];
        await until(
            "the cluster's nodes are ready",
            async () => {
                const there = (await this.listNodes()).length === addresses.length;
                return there && (await this.tryKubectl(ready)).code === 0 ? true : undefined;
            },
            240_000,
            500,
        ).catch((error: unknown) => {
            const logs = addresses.map(({ name }) => machines.log(`kubelet-${name}`));
            throw new Error([(error as Error).message, ...logs].join("\n"));
        });
        this.nodes = addresses;
    }

    /** On the first node, as it is on many a small cluster: cut off the others. */
    private async startControlPlane(
        machines: Machines,
        programs: ClusterPrograms,
        authority: Authority,
        machine: string,
        address: string,
    ): Promise<void> {
        const inside = ["kubernetes", "kubernetes.default", "kubernetes.default.svc"];
        const names = [...inside, "kubernetes.default.svc.cluster.local", "localhost"];
        await authority.serve("apiserver", names, [address, SERVICES.api, "127.0.0.1"]);
        await authority.login("kubelet-client", "kube-apiserver-kubelet-client", "system:masters");
        machines.start(machine, "etcd", [
            ...["etcd", "--data-dir", join(this.folder, "etcd"), "--unsafe-no-fsync"],
            ...["--listen-client-urls", ETCD, "--advertise-client-urls", ETCD],
            ...["--listen-peer-urls", "http://127.0.0.1:2380"],
        ]);
        const file = (name: string) => authority.file(name);
        machines.start(machine, "kube-apiserver", [
            programs.apiserver,
            ...[`--etcd-servers=${ETCD}`, `--secure-port=${API_PORT}`, `--advertise-address=${address}`],
            `--service-cluster-ip-range=${SERVICES.all}`,
            ...[
                `--tls-cert-file=${file("apiserver.crt")}`,
                `--tls-private-key-file=${file("apiserver.key")}`,
            ],
            `--client-ca-file=${file("ca.crt")}`,
            `--service-account-issuer=${ISSUER}`,
            `--service-account-key-file=${file("accounts.pub")}`,
            `--service-account-signing-key-file=${file("accounts.key")}`,
            "--authorization-mode=Node,RBAC",
            "--enable-admission-plugins=NodeRestriction",
            "--allow-privileged=true",
            "--kubelet-preferred-address-types=InternalIP",
            `--kubelet-client-certificate=${file("kubelet-client.crt")}`,
            `--kubelet-client-key=${file("kubelet-client.key")}`,
        ]);
        const admin = await authority.login("admin", "admin", "system:masters");
        writeFileSync(this.kubeconfig, await must("cat", [admin]), { mode: 0o600 });
        await until(
            "the API server is ready",
            async () => ((await this.tryKubectl(["get", "--raw=/readyz"])).code === 0 ? true : undefined),
            240_000,
            300,
        ).catch((error: unknown) => {
            throw new Error(`${(error as Error).message}\n${machines.log("kube-apiserver")}`);
        });
        for (const [name, program, options] of [
            [
                "kube-controller-manager",
                programs.controllerManager,
                [
                    "--use-service-account-credentials=true",
                    `--root-ca-file=${file("ca.crt")}`,
                    `--service-account-private-key-file=${file("accounts.key")}`,
                    ...[`--cluster-signing-cert-file=${file("ca.crt")}`],
                    `--cluster-signing-key-file=${file("ca.key")}`,
                    ...[`--service-cluster-ip-range=${SERVICES.all}`, `--cluster-cidr=${PODS.all}`],
                    // A node that is cut off is known, and a claim bound, sooner than by default.
                    "--node-monitor-grace-period=16s",
                    "--pvclaimbinder-sync-period=1s",
                ],
            ],
            ["kube-scheduler", programs.scheduler, []],
        ] as const) {
            const login = await authority.login(name, `system:${name}`);
            const logins = ["kubeconfig", "authentication-kubeconfig", "authorization-kubeconfig"];
            machines.start(machine, name, [
                program,
                ...logins.map((option) => `--${option}=${login}`),
                "--leader-elect=false",
                ...options,
            ]);
        }
    }

    private withLogin(args: readonly string[]): string[] {
        return ["--kubeconfig", this.kubeconfig, ...args];
    }

    /** kubectl that may fail. */
    tryKubectl(args: readonly string[], input?: string): Promise<Result> {
        return run("kubectl", this.withLogin(args), { input });
    }

    /** kubectl that must succeed. @returns its output */
    kubectl(...args: string[]): Promise<string> {
        return must("kubectl", this.withLogin(args));
    }

    /** `kubectl apply` of objects. */
    async apply(...objects: readonly object[]): Promise<void> {
        const list = { apiVersion: "v1", kind: "List", items: objects };
        await must("kubectl", this.withLogin(["apply", "--filename", "-"]), { input: JSON.stringify(list) });
    }

    /**
     * Has the nodes images of this machine's Engine, which pods then take with `imagePullPolicy: IfNotPresent`. A cluster that is
     * not the test's own pulls them itself.
     */
    async images(names: readonly string[]): Promise<void> {
        if (!this.isOwn) return;
        const file = join(this.folder, "images.tar");
        await saveImages(file, names);
        await Promise.all(this.running.map((node) => node.load(file)));
        rmSync(file);
    }

    /**
     * From now on gives each Service of type LoadBalancer an address, as the controller of a cloud does, and leads this machine
     * there through the first node. A cluster that is not the test's own has a controller, or has none.
     */
    balanceLoad(): void {
        const { machines } = this;
        if (machines === undefined || this.balancer !== undefined) return;
        const args = ["get", "services", "--all-namespaces", "--watch", `--output=${SERVICE_LINES}`];
        const watch = spawn("kubectl", this.withLogin(args), { stdio: ["ignore", "pipe", "ignore"] });
        this.balancer = watch;
        let rest = "";
        watch.stdout.setEncoding("utf8").on("data", (chunk: string) => {
            const lines = (rest + chunk).split("\n");
            rest = lines.pop() ?? "";
            for (const line of lines) {
                const [namespace = "", name = "", type, address] = line.split(" ");
                if (type === "LoadBalancer" && !address) void this.assign(machines, namespace, name);
            }
        });
    }

    private async assign(machines: Machines, namespace: string, name: string): Promise<void> {
        const ip = machines.freeAddress(this.balanced++);
        await machines.route(ip, machines.addresses[0]?.address ?? "");
        const status = { status: { loadBalancer: { ingress: [{ ip }] } } };
        const service = ["service", name, "--namespace", namespace, "--subresource=status"];
        // Where the Service is gone by now nobody waits for its address.
        await this.tryKubectl(["patch", ...service, "--type=merge", "--patch", JSON.stringify(status)]);
    }

    /**
     * From now on NetworkPolicies count: on each node kube-router's controller of them turns them into rules of iptables. A cluster
     * that is not the test's own enforces them, or does not.
     */
    async enforcePolicies(): Promise<void> {
        const { machines } = this;
        if (machines === undefined) return;
        await Promise.all(
            machines.addresses.map(async ({ name }) => {
                machines.start(name, `kube-router-${name}`, [
                    ...[this.policies, `--kubeconfig=${this.kubeconfig}`, `--hostname-override=${name}`],
                    // The cluster has routes and a proxy.
                    ...["--run-firewall=true", "--run-router=false", "--run-service-proxy=false"],
                    ...[`--service-cluster-ip-range=${SERVICES.all}`, "--health-port=0"],
                ]);
                await until(`policies count on ${name}`, async () => {
                    const { stdout } = await machines.run(name, ["iptables", "-S", "KUBE-ROUTER-FORWARD"]);
                    // Ends each of its chains, once all that is before it is there.
                    return stdout.includes("comply to network policies") || undefined;
                }).catch((error: unknown) => {
                    const log = machines.log(`kube-router-${name}`);
                    throw new Error(`${(error as Error).message}\n${log}`);
                });
            }),
        );
    }

    /** Runs a command on a node, whose /etc, /var and /run it sees. @returns what it did */
    async onNode(node: string, command: readonly string[]): Promise<Result> {
        if (this.machines === undefined) throw new Error("The nodes of this cluster are not the test's own.");
        return this.machines.run(node, command);
    }

    /** Takes a node off the network, or puts it back; not the first one, which has the control plane. */
    async link(node: string, state: "up" | "down"): Promise<void> {
        if (this.machines === undefined) throw new Error("The nodes of this cluster are not the test's own.");
        await this.machines.link(node, state);
    }

    async dispose(): Promise<void> {
        if (this.balancer !== undefined) {
            this.balancer.kill();
            this.balancer = undefined;
        }
        await this.machines?.dispose();
        rmSync(this.folder, { recursive: true, force: true });
    }
}
