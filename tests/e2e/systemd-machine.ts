/**
 * This machine as one that systemd runs: namespaces with an /etc and a /run of their own, in which systemd is process 1 and starts
 * nothing but what a test has it start. Docker, the network and all other folders are this machine's.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { type Result, run, type Running, start, until } from "./run";

const boot = (folder: string) => `set -e
mkdir ${folder}/run ${folder}/rw && mount --bind /run ${folder}/run
mount -t tmpfs tmpfs ${folder}/rw && mkdir ${folder}/rw/upper ${folder}/rw/work
mount -t overlay overlay -o lowerdir=/etc,upperdir=${folder}/rw/upper,workdir=${folder}/rw/work /etc
# Nothing of what boots a machine: it is this one's, which runs.
for kind in sysinit timers sockets local-fs multi-user graphical; do
    if [ -d /lib/systemd/system/$kind.target.wants ]; then mount -t tmpfs tmpfs /lib/systemd/system/$kind.target.wants; fi
    rm -rf /etc/systemd/system/$kind.target.wants
done
# Least of all what empties /tmp at a start, or sets the kernel.
for settings in tmpfiles.d sysctl.d modules-load.d; do
    rm -rf /etc/$settings /etc/sysctl.conf
    if [ -d /usr/lib/$settings ]; then mount -t tmpfs tmpfs /usr/lib/$settings; fi
done
mount -t tmpfs tmpfs /run && mkdir /run/lock
ln -s ${folder}/run/docker.sock /run/docker.sock
exec env -i container=lxc PATH="$PATH" /lib/systemd/systemd --system --unit=timers.target --log-target=console --show-status=no
`;

export class SystemdMachine {
    private readonly folder = mkdtempSync(join(tmpdir(), "private-registry-e2e-systemd-"));
    private init = 0;
    private running: Running | undefined;

    async boot(): Promise<void> {
        if (process.getuid?.() !== 0)
            throw new Error("A machine of namespaces is for root to make: run this as root.");
        writeFileSync(join(this.folder, "boot.sh"), boot(this.folder));
        const spaces = ["--mount", "--pid", "--cgroup", "--ipc", "--uts", "--fork", "--mount-proc"];
        this.running = start(
            "unshare",
            [...spaces, "--propagation", "private", "sh", join(this.folder, "boot.sh")],
            {
                timeoutMs: 900_000,
            },
        );
        const { pid = 0 } = this.running.process;
        let ended: Result | undefined;
        void this.running.done.then((result) => (ended = result));
        await until("systemd answers", async () => {
            if (ended) throw new Error(`systemd did not start:\n${ended.screen}`);
            this.init = Number(
                readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim().split(" ")[0],
            );
            if (!this.init) return undefined;
            return (await this.run(["systemctl", "is-active", "timers.target"])).code === 0
                ? true
                : undefined;
        });
    }

    /** Runs a program there. */
    run(command: string[], env: NodeJS.ProcessEnv = process.env): Promise<Result> {
        return run("nsenter", [`--target=${this.init}`, "--mount", "--pid", ...command], {
            env,
            timeoutMs: 180_000,
        });
    }

    async dispose(): Promise<void> {
        // Process 1 takes all others of its namespace with it.
        if (this.init) process.kill(this.init, "SIGKILL");
        await this.running?.done;
        rmSync(this.folder, { recursive: true, force: true });
    }
}
