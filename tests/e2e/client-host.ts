/**
 * A machine beside this one: a network namespace with a dockerd and a containerd of its own, whose /etc is nothing but what
 * `npm run client` writes. It pulls and pushes, and runs no container.
 */
import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { must, type Result, run, type Running, start, until } from "./run";

// RFC 5737 keeps 198.51.100.0/24 for examples: nobody's network has it. A part of its own for each run.
const part = 4 * Math.floor(Math.random() * 64);
const [HERE, THERE] = [`198.51.100.${part + 1}`, `198.51.100.${part + 2}`];

/** The Engine gets its /etc for itself, and a containerd that no other Engine uses. */
const script = (folder: string) => `set -e
mount --bind ${folder}/etc /etc
containerd --config ${folder}/containerd.toml > ${folder}/containerd.log 2>&1 &
echo $! > ${folder}/containerd.pid
while [ ! -S ${folder}/containerd.sock ]; do sleep 0.1; done
exec dockerd --host unix://${folder}/docker.sock --containerd ${folder}/containerd.sock --pidfile ${folder}/dockerd.pid \\
    --data-root ${folder}/docker --exec-root ${folder}/exec --storage-driver vfs --iptables=false --ip6tables=false
`;

const containerdToml = (folder: string) => `version = 2
root = "${folder}/containerd"
state = "${folder}/containerd-state"
disabled_plugins = ["io.containerd.grpc.v1.cri"]
[grpc]
  address = "${folder}/containerd.sock"
`;

export class ClientHost {
    readonly folder = mkdtempSync(join(tmpdir(), "private-registry-e2e-host-"));
    /** Address of this machine, as the other one sees it. */
    readonly address = HERE;
    private readonly name = `e2e-${randomBytes(3).toString("hex")}`;
    private daemons: Running | undefined;

    /** Makes the machine's network. */
    async connect(): Promise<void> {
        if (process.getuid?.() !== 0)
            throw new Error(
                "A network namespace with a cable to this machine is for root to make: run this as root.",
            );
        mkdirSync(join(this.folder, "etc"));
        writeFileSync(join(this.folder, "etc", "hosts"), "127.0.0.1 localhost\n");
        const ip = (...args: string[]) => must("ip", args);
        const there = ["-n", this.name];
        await ip("netns", "add", this.name);
        await ip(
            ..."link add".split(" "),
            this.name,
            ..."type veth peer name eth0 netns".split(" "),
            this.name,
        );
        await ip("addr", "add", `${HERE}/30`, "dev", this.name);
        await ip("link", "set", this.name, "up");
        await ip(...there, "addr", "add", `${THERE}/30`, "dev", "eth0");
        for (const link of ["eth0", "lo"]) await ip(...there, "link", "set", link, "up");
    }

    /** Starts its Engine, which reads what is in its /etc by then. */
    async boot(): Promise<void> {
        writeFileSync(join(this.folder, "containerd.toml"), containerdToml(this.folder));
        writeFileSync(join(this.folder, "boot.sh"), script(this.folder));
        this.daemons = this.begin(["sh", join(this.folder, "boot.sh")], 240_000);
        let ended: Result | undefined;
        void this.daemons.done.then((result) => (ended = result));
        await until("the client's Engine answers", async () => {
            if (ended) throw new Error(`The client's Engine did not start:\n${ended.screen}`);
            return (await this.docker(["version"])).code === 0 ? true : undefined;
        });
    }

    private begin(command: string[], timeoutMs?: number): Running {
        const inside = [`--net=/run/netns/${this.name}`, "unshare", "--mount", "--propagation", "private"];
        return start("nsenter", [...inside, ...command], { timeoutMs });
    }

    /** The docker command line of that machine, with logins of its own. */
    docker(args: string[], input?: string): Promise<Result> {
        const env = {
            ...process.env,
            DOCKER_CONFIG: join(this.folder, "docker-config"),
            DOCKER_HOST: `unix://${this.folder}/docker.sock`,
        };
        return run("docker", args, { env, input });
    }

    /** `ctr` there, with its /etc. */
    ctr(...args: string[]): Promise<Result> {
        const enter = 'mount --bind "$0" /etc && exec ctr "$@"';
        const where = ["--address", join(this.folder, "containerd.sock"), "--namespace", "e2e"];
        return this.begin(["sh", "-c", enter, join(this.folder, "etc"), ...where, ...args]).done;
    }

    async dispose(): Promise<void> {
        for (const name of ["dockerd.pid", "containerd.pid"]) {
            const file = join(this.folder, name);
            if (!existsSync(file)) continue;
            const pid = Number(readFileSync(file, "utf8"));
            process.kill(pid, "SIGTERM");
            await until(`the end of ${name}`, async () => (existsSync(`/proc/${pid}`) ? undefined : true));
        }
        await this.daemons?.done;
        await must("ip", ["netns", "del", this.name]);
        rmSync(this.folder, { recursive: true, force: true });
    }
}
