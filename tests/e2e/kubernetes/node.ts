/** What runs on a node of a cluster: containerd with a bridge for its pods, kubelet, kube-proxy. */
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { tar } from "../../../engine/tar";
import type { ClusterPrograms } from "../../../setup/test-cluster";
import { which } from "../../../setup/run";

import { must, until } from "../run";

import type { Authority } from "./authority";
import { type Machines, PODS, SERVICES } from "./machines";

const PAUSE = "e2e.test/pause:1";

/** An archive as of `docker save` with the image that holds the namespaces of a pod: a program that sleeps. */
export async function pauseImage(file: string): Promise<void> {
    const busybox = which("busybox");
    if (busybox === undefined)
        throw new Error("busybox is not on PATH: `npm test` prepares what the tests need.");
    const layer = await tar([{ path: "busybox", mode: 0o755, content: readFileSync(busybox) }]);
    const config = {
        architecture: process.arch === "x64" ? "amd64" : process.arch,
        os: "linux",
        config: { Entrypoint: ["/busybox", "sleep", "1000000"] },
        rootfs: { type: "layers", diff_ids: [`sha256:${createHash("sha256").update(layer).digest("hex")}`] },
    };
    const manifest = [{ Config: "config.json", RepoTags: [PAUSE], Layers: ["layer.tar"] }];
    const text = (value: unknown) => Buffer.from(JSON.stringify(value));
    const archive = await tar([
        { path: "layer.tar", mode: 0o644, content: layer },
        { path: "config.json", mode: 0o644, content: text(config) },
        { path: "manifest.json", mode: 0o644, content: text(manifest) },
    ]);
    writeFileSync(file, archive);
}

const containerdConfig = (folder: string, run: string) => `version = 2
root = "${folder}/containerd"
state = "${run}/containerd"
disabled_plugins = ["io.containerd.snapshotter.v1.aufs", "io.containerd.snapshotter.v1.btrfs", "io.containerd.snapshotter.v1.zfs", "io.containerd.snapshotter.v1.devmapper"]
[grpc]
  address = "${run}/containerd.sock"
[ttrpc]
  address = "${run}/containerd.sock.ttrpc"
[plugins."io.containerd.internal.v1.opt"]
  path = "${folder}/opt"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "${PAUSE}"
  # Root of a container may not lower it (capability SYS_RESOURCE), and no pod would start.
  restrict_oom_score_adj = true
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "/usr/lib/cni"
    conf_dir = "${folder}/cni"
  [plugins."io.containerd.grpc.v1.cri".containerd]
    snapshotter = "overlayfs"
    default_runtime_name = "runc"
    [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
      runtime_type = "io.containerd.runc.v2"
      [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
        SystemdCgroup = false
  [plugins."io.containerd.grpc.v1.cri".registry]
    config_path = "/etc/containerd/certs.d"
`;

const network = (subnet: string, run: string) => ({
    cniVersion: "0.4.0",
    name: "pods",
    plugins: [
        {
            type: "bridge",
            bridge: "cni0",
            isGateway: true,
            hairpinMode: true,
            ipam: {
                type: "host-local",
                dataDir: `${run}/ipam`,
                ranges: [[{ subnet }]],
                routes: [{ dst: "0.0.0.0/0" }],
            },
        },
        { type: "portmap", capabilities: { portMappings: true } },
    ],
});

const kubeletConfig = (folder: string, run: string, cgroupRoot: string, clientCa: string) => ({
    apiVersion: "kubelet.config.k8s.io/v1beta1",
    kind: "KubeletConfiguration",
    authentication: {
        anonymous: { enabled: false },
        webhook: { enabled: true },
        x509: { clientCAFile: clientCa },
    },
    authorization: { mode: "Webhook" },
    containerRuntimeEndpoint: `unix://${run}/containerd.sock`,
    cgroupDriver: "cgroupfs",
    cgroupRoot,
    failCgroupV1: false,
    failSwapOn: false,
    oomScoreAdj: 0,
    clusterDNS: [SERVICES.dns],
    clusterDomain: "cluster.local",
    resolvConf: join(folder, "resolv.conf"),
    podLogsDir: join(folder, "pods"),
    volumePluginDir: join(folder, "plugins"),
    // The tests' machine may be nearly full: it is no reason to take images and pods away.
    imageGCHighThresholdPercent: 100,
    imageGCLowThresholdPercent: 99,
    evictionHard: { "memory.available": "100Mi", "nodefs.available": "1%", "imagefs.available": "1%" },
    // Whether a node is there is known sooner than by default.
    nodeStatusUpdateFrequency: "5s",
    nodeLeaseDurationSeconds: 12,
    syncFrequency: "10s",
});

const proxyConfig = (kubeconfig: string, name: string) => ({
    apiVersion: "kubeproxy.config.k8s.io/v1alpha1",
    kind: "KubeProxyConfiguration",
    // Not every kernel has IPVS.
    mode: "iptables",
    clientConnection: { kubeconfig },
    clusterCIDR: PODS.all,
    // What is counted for the whole machine is not theirs to set.
    conntrack: { maxPerCore: 0, min: 0, tcpEstablishedTimeout: "0s", tcpCloseWaitTimeout: "0s" },
    hostnameOverride: name,
    oomScoreAdj: 0,
    iptables: { minSyncPeriod: "100ms" },
});

export class Node {
    private readonly folder: string;
    /** In the machines' own /run: a socket's path may have 107 bytes. */
    private readonly run: string;

    /** @param index 1 for the first one */
    constructor(
        private readonly machines: Machines,
        folder: string,
        readonly name: string,
        readonly address: string,
        private readonly index: number,
    ) {
        this.folder = join(folder, name);
        this.run = `/run/${name}`;
    }

    private json(name: string, value: unknown): string {
        const file = join(this.folder, name);
        writeFileSync(file, JSON.stringify(value));
        return file;
    }

    private ctr(...args: string[]): string[] {
        return ["ctr", "--address", `${this.run}/containerd.sock`, "--namespace", "k8s.io", ...args];
    }

    async start(programs: ClusterPrograms, authority: Authority, pause: string): Promise<void> {
        const { machines, folder, name, run } = this;
        for (const part of ["", "cni", "pods", "plugins"]) mkdirSync(join(folder, part));
        writeFileSync(join(folder, "containerd.toml"), containerdConfig(folder, run));
        writeFileSync(join(folder, "resolv.conf"), "");
        this.json("cni/10-pods.conflist", network(PODS.of(this.index), run));
        await machines.must(name, ["mkdir", "-p", run]);
        machines.start(name, `containerd-${name}`, [
            "containerd",
            "--config",
            join(folder, "containerd.toml"),
        ]);
        await until(`containerd of ${name} answers`, async () =>
            (await machines.run(name, this.ctr("version"))).code === 0 ? true : undefined,
        );
        await this.load(pause);
        const kubelet = kubeletConfig(folder, run, machines.cgroup(name), authority.file("ca.crt"));
        machines.start(name, `kubelet-${name}`, [
            programs.kubelet,
            `--config=${this.json("kubelet.json", kubelet)}`,
            `--kubeconfig=${await authority.login(name, `system:node:${name}`, "system:nodes")}`,
            ...[`--hostname-override=${name}`, `--node-ip=${this.address}`],
            ...[`--root-dir=${join(folder, "kubelet")}`, `--cert-dir=${join(folder, "certificates")}`],
        ]);
        const proxy = proxyConfig(authority.file("proxy.kubeconfig"), name);
        machines.start(name, `kube-proxy-${name}`, [
            programs.proxy,
            `--config=${this.json("proxy.json", proxy)}`,
        ]);
    }

    /** Imports an archive as of `docker save`. */
    async load(archive: string): Promise<void> {
        await this.machines.must(this.name, this.ctr("images", "import", archive), 240_000);
    }

    /** Names of the images that it has. */
    async images(): Promise<string[]> {
        const list = await this.machines.must(this.name, this.ctr("images", "list", "--quiet"));
        return list.split("\n").filter((name) => name !== "" && !name.startsWith("sha256:"));
    }
}

/** Saves images of the Engine, as `Node.load` takes them. */
export const saveImages = (file: string, names: readonly string[]): Promise<string> =>
    must("docker", ["save", "--output", file, ...new Set(names)], { timeoutMs: 240_000 });
