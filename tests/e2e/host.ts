/** A host with Debian's registry package: a folder that stands for its root, and a look from inside. */
import {
    chmodSync,
    lchownSync,
    mkdtempSync,
    readdirSync,
    readFileSync,
    rmSync,
    writeFileSync,
} from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { aptGet } from "../../setup/debian";

import { must, type Result, run, type Running, start, until } from "./run";

/** Debian's user `nobody`, in the place of the one that the package makes. */
const NOBODY = 65_534;
const PACKAGE = "docker-registry";
const isRoot = process.getuid?.() === 0;

/** Lays the host's folders over this machine's, for one process and its children, and nothing else. */
const ENTER = `set -eu
root=$1; shift
for d in etc usr/bin var/lib; do mount -t overlay overlay -o "lowerdir=$root/$d:/$d" "/$d"; done
mount --bind "$root/var/lib/${PACKAGE}" /var/lib/${PACKAGE}
exec "$@"`;

const listens = (port: number): Promise<true | undefined> =>
    new Promise((resolve) => {
        const socket = connect(port, "127.0.0.1")
            .once("connect", () => {
                socket.destroy();
                resolve(true);
            })
            .once("error", () => resolve(undefined));
    });

export class Host {
    readonly root = mkdtempSync(join(tmpdir(), "private-registry-e2e-host-"));
    private registry: Running | undefined;

    /** A host on which the package is installed, as far as files go. */
    static async create(): Promise<Host> {
        const host = new Host();
        chmodSync(host.root, 0o755);
        const folder = mkdtempSync(join(tmpdir(), "private-registry-e2e-deb-"));
        try {
            await aptGet(`fetching ${PACKAGE}`, ["download", PACKAGE], folder);
            const [deb = ""] = readdirSync(folder);
            await must("dpkg-deb", ["--extract", join(folder, deb), host.root]);
        } finally {
            rmSync(folder, { recursive: true });
        }
        return host;
    }

    read(path: string): string {
        return readFileSync(join(this.root, path), "utf8");
    }

    write(path: string, text: string): void {
        writeFileSync(join(this.root, path), text);
    }

    /** The files of the host, folders without files too. */
    async files(): Promise<string[]> {
        const text = await must("find", [this.root, "-printf", "%P %m %l\n"]);
        return text.split("\n").sort();
    }

    /** The same with what is in them, and their times. */
    async contents(): Promise<string> {
        const script = `find . -printf "%P %m %l %T@\\n" | sort; find . -type f -exec sha256sum {} + | sort`;
        return must("sh", ["-c", script], { cwd: this.root });
    }

    /** Runs a program with the host's /etc, /usr/bin and /var/lib. */
    run(...command: string[]): Promise<Result> {
        const [program, args] = this.inside(command);
        return run(program, args);
    }

    private inside(command: string[]): [string, string[]] {
        const namespaces = ["--mount", "--propagation", "private", ...(isRoot ? [] : ["--map-root-user"])];
        return ["unshare", [...namespaces, "sh", "-c", ENTER, "sh", this.root, ...command]];
    }

    /**
     * Starts what the unit's ExecStart says, confined as far as it goes without systemd: an unprivileged user without
     * capabilities.
     */
    async start(port: number): Promise<void> {
        const unit = this.read(`etc/systemd/system/${PACKAGE}.service`);
        const command = /^ExecStart=(.+)$/m.exec(unit)?.[1]?.split(" ") ?? [];
        const user = ["--reuid", String(NOBODY), "--regid", String(NOBODY), "--clear-groups"];
        const confined = ["--no-new-privs", "--bounding-set=-all", "--inh-caps=-all"];
        const [program, args] = this.inside(["setpriv", ...(isRoot ? user : []), ...confined, ...command]);
        this.registry = start(program, args, { timeoutMs: 240_000 });
        await until("the registry's port", () => listens(port));
    }

    /** What chown does in the installer, where there is no user of that name. */
    giveFilesToService(...paths: string[]): void {
        if (isRoot) for (const path of paths) lchownSync(join(this.root, path), -1, NOBODY);
    }

    /** `/proc/PID/status` of the running registry. */
    status(): string {
        return readFileSync(`/proc/${this.registry?.process.pid}/status`, "utf8");
    }

    /** Ends the registry as systemd does. @returns its exit code and log */
    async stop(): Promise<Result | undefined> {
        this.registry?.process.kill("SIGTERM");
        const result = await this.registry?.done;
        this.registry = undefined;
        return result;
    }

    async dispose(): Promise<void> {
        await this.stop();
        rmSync(this.root, { recursive: true, force: true });
    }
}
