/** Clients other than docker: how each pushes and pulls, with the CA and the login alone. */
import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { buildkitRegistry } from "../../clients/toml";

import { pemFile } from "./certificates";
import { must, type Running, start, until } from "./run";
import { PASSWORD } from "./stack";

/** Larger than what nginx takes as a body where nobody says otherwise. */
const LAYER = 3_000_000;

/** A folder with a CA, logins, an image in a file, and the daemons that some clients work with. */
export class PushBench {
    readonly folder = mkdtempSync(join(tmpdir(), "private-registry-e2e-push-"));
    readonly content = randomBytes(LAYER);
    private readonly daemons: Running[] = [];
    private readonly env: NodeJS.ProcessEnv;

    constructor(
        private readonly programs: Record<string, string>,
        readonly address: string,
        readonly caPem: string,
    ) {
        for (const one of ["certs", "docker", "context"]) mkdirSync(this.path(one));
        pemFile(this.path("certs"), "ca.crt", caPem);
        writeFileSync(this.path("context", "file"), this.content);
        writeFileSync(this.path("context", "Dockerfile"), "FROM scratch\nCOPY file /file\n");
        const auth = Buffer.from(`admin:${PASSWORD}`).toString("base64");
        const logins = JSON.stringify({ auths: { [address]: { auth } } });
        writeFileSync(this.path("docker", "config.json"), logins);
        this.env = {
            ...process.env,
            HOME: this.folder,
            DOCKER_CONFIG: this.path("docker"),
            REGISTRY_AUTH_FILE: this.path("docker", "config.json"),
            // What Go takes for the system's authorities.
            SSL_CERT_FILE: this.path("certs", "ca.crt"),
        };
    }

    path(...parts: string[]): string {
        return join(this.folder, ...parts);
    }

    run(program: string, ...args: string[]): Promise<string> {
        return must(this.programs[program] ?? program, args, { env: this.env, cwd: this.folder });
    }

    /** Starts a daemon and waits for its socket. @returns the socket */
    async daemon(name: string, ...args: string[]): Promise<string> {
        const socket = this.path(`${name}.sock`);
        const running = start(this.programs[name] ?? name, args, { env: this.env, timeoutMs: 240_000 });
        this.daemons.push(running);
        let screen: string | undefined;
        void running.done.then((result) => (screen = result.screen));
        await until(`${name} answers`, async () => {
            if (screen !== undefined) throw new Error(`${name} did not start:\n${screen}`);
            return existsSync(socket) ? true : undefined;
        });
        return socket;
    }

    async containerd(): Promise<string> {
        const config = this.path("containerd.toml");
        const lines = [
            "version = 2",
            `root = "${this.path("containerd")}"`,
            `state = "${this.path("containerd-state")}"`,
            'disabled_plugins = ["io.containerd.grpc.v1.cri"]',
            `[grpc]\naddress = "${this.path("containerd.sock")}"`,
        ];
        writeFileSync(config, lines.join("\n"));
        return existsSync(this.path("containerd.sock"))
            ? this.path("containerd.sock")
            : this.daemon("containerd", "--config", config);
    }

    async dispose(): Promise<void> {
        for (const { process: child, done } of this.daemons) {
            child.kill("SIGTERM");
            await done;
        }
        rmSync(this.folder, { recursive: true, force: true });
    }
}

type Client = (bench: PushBench, image: string) => Promise<unknown>;

const login = `admin:${PASSWORD}`;
const layerIsBack = (file: string, { content }: PushBench) => {
    if (!readFileSync(file).includes(content)) throw new Error(`${file} has not what was pushed`);
};

/** `image.tar` in the folder is what docker saved of an image with the layer. */
export const CLIENTS: Record<string, Client> = {
    async skopeo(bench, image) {
        const certs = bench.path("certs");
        const both = ["copy", "--insecure-policy"];
        await bench.run(
            "skopeo",
            ...both,
            "--dest-cert-dir",
            certs,
            "docker-archive:image.tar",
            `docker://${image}`,
        );
        await bench.run(
            "skopeo",
            ...both,
            "--src-cert-dir",
            certs,
            `docker://${image}`,
            "docker-archive:skopeo.tar",
        );
        layerIsBack(bench.path("skopeo.tar"), bench);
    },
    async podman(bench, image) {
        const own = [
            "--root",
            bench.path("podman"),
            "--runroot",
            bench.path("podman-run"),
            "--storage-driver",
            "vfs",
        ];
        const certs = ["--cert-dir", bench.path("certs")];
        const loaded = await bench.run("podman", ...own, "load", "--quiet", "--input", "image.tar");
        const local = loaded.trim().replace(/^Loaded image(s)?: /, "");
        await bench.run("podman", ...own, "push", ...certs, local, `docker://${image}`);
        await bench.run("podman", ...own, "rmi", "--force", local);
        await bench.run("podman", ...own, "pull", ...certs, image);
        await bench.run("podman", ...own, "save", "--output", bench.path("podman.tar"), image);
        layerIsBack(bench.path("podman.tar"), bench);
    },
    async ctr(bench, image) {
        const own = ["--address", await bench.containerd(), "--namespace", "e2e"];
        const to = ["--user", login, "--tlscacert", bench.path("certs", "ca.crt")];
        await bench.run("ctr", ...own, "images", "import", "image.tar");
        const local = (await bench.run("ctr", ...own, "images", "ls", "--quiet")).trim();
        await bench.run("ctr", ...own, "images", "push", ...to, image, local);
        await bench.run("ctr", ...own, "images", "rm", local);
        await bench.run("ctr", ...own, "content", "fetch", ...to, image);
        await bench.run("ctr", ...own, "images", "export", "ctr.tar", image);
        layerIsBack(bench.path("ctr.tar"), bench);
    },
    async nerdctl(bench, image) {
        const own = ["--address", await bench.containerd(), "--namespace", "nerd", "--snapshotter", "native"];
        const hosts = bench.path("hosts", bench.address);
        mkdirSync(hosts, { recursive: true });
        const ca = bench.path("certs", "ca.crt");
        writeFileSync(join(hosts, "hosts.toml"), `server = "https://${bench.address}"\nca = "${ca}"\n`);
        const all = [...own, "--hosts-dir", bench.path("hosts")];
        await bench.run("ctr", ...own.slice(0, 4), "images", "import", "image.tar");
        const local = (await bench.run("ctr", ...own.slice(0, 4), "images", "ls", "--quiet")).trim();
        await bench.run("nerdctl", ...all, "tag", local, image);
        await bench.run("nerdctl", ...all, "push", image);
        await bench.run("nerdctl", ...all, "rmi", "--force", image, local);
        await bench.run("nerdctl", ...all, "pull", "--quiet", image);
        await bench.run("nerdctl", ...all, "save", "--output", bench.path("nerdctl.tar"), image);
        layerIsBack(bench.path("nerdctl.tar"), bench);
    },
    async buildkit(bench, image) {
        const config = bench.path("buildkitd.toml");
        const ca = bench.path("certs", "ca.crt");
        // The table that `npm run client -- --for buildkit` writes.
        writeFileSync(config, buildkitRegistry(bench.address, { ca }) ?? "");
        const socket = bench.path("buildkitd.sock");
        await bench.daemon(
            "buildkitd",
            ...["--config", config, "--root", bench.path("buildkit"), "--addr", `unix://${socket}`],
            ...["--containerd-worker=false", "--oci-worker-snapshotter", "native"],
        );
        await bench.run(
            "buildctl",
            ...["--addr", `unix://${socket}`, "build", "--frontend", "dockerfile.v0"],
            ...["--local", "context=context", "--local", "dockerfile=context"],
            ...["--output", `type=image,name=${image},push=true`],
        );
        await bench.run("crane", "pull", image, "buildkit.tar");
    },
    async crane(bench, image) {
        await bench.run("crane", "push", "image.tar", image);
        await bench.run("crane", "pull", image, "crane.tar");
        await bench.run("crane", "copy", image, `${image}-copy`);
    },
    async oras(bench, image) {
        await bench.run("oras", "push", image, "context/file:application/octet-stream");
        await bench.run("oras", "pull", "--output", "oras", image);
        layerIsBack(bench.path("oras", "context", "file"), bench);
    },
    async regctl(bench, image) {
        await bench.run("regctl", "image", "import", image, "image.tar");
        await bench.run("regctl", "image", "copy", image, `${image}-copy`);
        await bench.run("regctl", "image", "export", image, "regctl.tar");
    },
    async helm(bench, image) {
        const chart = bench.path("chart");
        mkdirSync(join(chart, "files"), { recursive: true });
        writeFileSync(join(chart, "Chart.yaml"), "apiVersion: v2\nname: chart\nversion: 1.0.0\n");
        writeFileSync(join(chart, "files", "file"), bench.content.subarray(0, 900_000).toString("base64"));
        await bench.run("helm", "package", chart);
        const [above = ""] = image.split(":1");
        // The flag that `npm run client -- --for helm` prints.
        const ca = ["--ca-file", bench.path("certs", "ca.crt")];
        const config = ["--registry-config", bench.path("docker", "config.json"), ...ca];
        await bench.run("helm", "push", ...config, "chart-1.0.0.tgz", `oci://${above}`);
        await bench.run(
            "helm",
            "pull",
            ...config,
            `oci://${above}/chart`,
            "--destination",
            bench.path("docker"),
        );
        layerIsBackAs(bench.path("docker", "chart-1.0.0.tgz"), bench.path("chart-1.0.0.tgz"));
    },
};

function layerIsBackAs(file: string, original: string): void {
    if (!readFileSync(file).equals(readFileSync(original))) throw new Error(`${file} is not ${original}`);
}
