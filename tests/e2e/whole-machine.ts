/**
 * A machine for a test alone: namespaces with an Engine at the usual place, port 443, an /etc and a home of its own. It shares
 * the programs and what the kit has in its caches; all that is written there goes with it.
 */
import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";

import { must, type Result, run, type Running, start, until } from "./run";

/** Its address, of those that RFC 5737 keeps for examples: Docker takes 127.0.0.0/8 for insecure. */
export const MACHINE = "192.0.2.1";
/** A second one, for a registry that plays Docker Hub. */
export const OTHER = "192.0.2.2";

/** What the machine has for itself: written in memory, over what this one has. */
const OWN = ["/etc", "/opt", "/srv", "/var/lib", homedir()];

const bootScript = (folder: string, names: readonly string[]) => `set -e
# Whether containers leave nothing behind is for the Engine to see to, so it ends first.
trap 'kill -TERM $docker; wait $docker; kill -TERM $containerd; wait $containerd; exit 0' TERM
# Once an Engine was killed, another one begins where it was.
engine() {
    rm -f /run/docker.pid /run/docker.sock /run/containerd/containerd.sock
    containerd >> ${folder}/containerd.log 2>&1 & containerd=$!
    while [ ! -S /run/containerd/containerd.sock ]; do sleep 0.1; done
    dockerd --containerd /run/containerd/containerd.sock >> ${folder}/dockerd.log 2>&1 & docker=$!
    echo "$docker $containerd" > ${folder}/engine
    wait $docker || true
}
mkdir ${folder}/rw && mount -t tmpfs tmpfs ${folder}/rw
for part in ${OWN.join(" ")}; do
    mkdir -p ${folder}/rw$part/upper ${folder}/rw$part/work
    mount -t overlay overlay -o lowerdir=$part,upperdir=${folder}/rw$part/upper,workdir=${folder}/rw$part/work $part
done
mkdir -p /var/lib/docker /var/lib/containerd
mount --bind ${folder}/docker /var/lib/docker
mount --bind ${folder}/containerd /var/lib/containerd
mount -t tmpfs tmpfs /run
rm -rf /etc/docker /etc/containerd
ip link set lo up
ip addr add ${MACHINE}/32 dev lo
ip addr add ${OTHER}/32 dev lo
printf '%s\\n' '127.0.0.1 localhost' '${MACHINE} ${names.join(" ")}' > /etc/hosts
ulimit -n 65536 || true
while true; do
    engine
    while [ ! -e ${folder}/again ]; do sleep 0.1; done
    rm ${folder}/again
done
`;

/** What a terminal shows of a text: without the sequences that move its cursor and choose colours. */
const plain = (text: string) => text.replace(/\x1b\[[0-9;?]*[A-Za-z]/g, "");

export class WholeMachine {
    readonly folder = mkdtempSync(join(tmpdir(), "private-registry-e2e-machine-"));
    private init = 0;
    private running: Running | undefined;

    /** Boots it. @param names host names that lead to it */
    async boot(names: readonly string[]): Promise<void> {
        if (process.getuid?.() !== 0)
            throw new Error(
                "A machine of namespaces with an Engine of its own is for root to make: run this as root.",
            );
        for (const name of ["docker", "containerd"]) mkdirSync(join(this.folder, name));
        writeFileSync(join(this.folder, "boot.sh"), bootScript(this.folder, names));
        const spaces = ["--mount", "--net", "--pid", "--fork", "--mount-proc", "--propagation", "private"];
        this.running = start("unshare", [...spaces, "sh", join(this.folder, "boot.sh")], {
            timeoutMs: 1_800_000,
        });
        const { pid = 0 } = this.running.process;
        let ended: Result | undefined;
        void this.running.done.then((result) => (ended = result));
        await until("the machine's Engine answers", async () => {
            if (ended) throw new Error(`The machine did not start:\n${ended.screen}${this.log()}`);
            this.init = Number(
                readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim().split(" ")[0],
            );
            if (!this.init) return undefined;
            return (await this.run("docker version")).code === 0 ? true : undefined;
        });
    }

    /** Where one of its paths is for this machine. */
    path(there: string): string {
        return join("/proc", String(this.init), "root", there);
    }

    private log(): string {
        return readFileSync(join(this.folder, "dockerd.log"), "utf8").slice(-2000);
    }

    private inside(command: string[]): string[] {
        return [`--target=${this.init}`, "--mount", "--net", "--pid", ...command];
    }

    /** Runs a script there, as root. */
    run(script: string, input?: string): Promise<Result> {
        return run("nsenter", this.inside(["bash", "-c", script]), { input, timeoutMs: 240_000 });
    }

    /** Starts a script there, and does not wait for its end. */
    start(script: string): Running {
        return start("nsenter", this.inside(["bash", "-c", script]), { timeoutMs: 240_000 });
    }

    /** Kills its Engine, which tells nobody and ends no container. */
    async killEngine(): Promise<void> {
        await this.run(`kill -9 $(cat ${this.folder}/engine)`);
    }

    /** Starts it after that, as systemd does with one that was killed. */
    async startEngine(): Promise<void> {
        writeFileSync(join(this.folder, "again"), "");
        await until("the Engine answers again", async () =>
            (await this.run("docker version")).code === 0 ? true : undefined,
        );
    }

    /** Has its Engine the images that this machine's has. */
    async images(names: readonly string[]): Promise<void> {
        const file = join(this.folder, "images.tar");
        await must("docker", ["save", "--output", file, ...new Set(names)]);
        await must("nsenter", this.inside(["docker", "load", "--input", file]));
        rmSync(file);
    }

    /**
     * Runs a bash script on a terminal there.
     *
     * @param answers what somebody types where the screen ends with such a question, or who knows it then
     * @param timeoutMs milliseconds after which it is ended, with code 124
     */
    terminal(
        file: string,
        answers: readonly (readonly [RegExp, string | (() => Promise<string>)])[],
        timeoutMs = 150_000,
    ): Promise<Result> {
        const onTerminal = [
            "script",
            "--quiet",
            "--return",
            "--flush",
            "--command",
            `bash ${file}`,
            "/dev/null",
        ];
        return new Promise((resolve, reject) => {
            const child = spawn("nsenter", this.inside(onTerminal));
            let screen = "";
            let answered = 0;
            let timedOut = false;
            const timer = setTimeout(() => {
                timedOut = true;
                child.kill("SIGKILL");
            }, timeoutMs);
            child.stdout.setEncoding("utf8").on("data", (chunk: string) => {
                screen += chunk;
                const answer = answers.find(([question]) => question.test(plain(screen.slice(answered))));
                if (answer === undefined) return;
                answered = screen.length;
                const [, text] = answer;
                Promise.resolve(typeof text === "string" ? text : text()).then(
                    (typed) => child.stdin.write(`${typed}\r`),
                    reject,
                );
            });
            child.stdin.on("error", () => undefined);
            child.on("error", reject);
            child.on("close", (code) => {
                clearTimeout(timer);
                const text = plain(screen).replace(/\r\n/g, "\n");
                resolve({ code: timedOut ? 124 : (code ?? 137), stdout: text, screen: text });
            });
        });
    }

    async dispose(): Promise<void> {
        if (this.init) {
            await this.run("docker ps --all --quiet | xargs --no-run-if-empty docker rm --force --volumes");
            process.kill(this.init, "SIGTERM");
        }
        await this.running?.done;
        rmSync(this.folder, { recursive: true, force: true });
    }
}
