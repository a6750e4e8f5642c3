import { spawn } from "node:child_process";
import { closeSync, existsSync, openSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { aptInstall, isDebian, readOsRelease } from "./debian";
import { ping } from "../engine/http";
import { SetupError } from "./errors";
import type { Machine } from "./machine";
import { say, withProgress } from "./progress";
import { lastLines, run, which } from "./run";
import { makeFolder, readText } from "./start.cjs";

const FOR_SYSTEM: Record<string, string> = {
    fedora: "`sudo dnf install -y moby-engine && sudo systemctl enable --now docker`",
    rhel: "`sudo dnf install -y docker-ce` (repository: https://docs.docker.com/engine/install/rhel/) and `sudo systemctl enable --now docker`",
    arch: "`sudo pacman -S --noconfirm docker && sudo systemctl enable --now docker`",
    alpine: "`sudo apk add docker && sudo rc-update add docker && sudo service docker start`",
    suse: "`sudo zypper install -y docker && sudo systemctl enable --now docker`",
};

/** The commands that give this system a running engine, for systems where the kit does not run them itself. */
export function howToInstall(machine: Machine, osRelease: string): string {
    const again = ", then run the same command again";
    if (machine.platform === "darwin") return `\`brew install --cask docker && open -a Docker\`${again}.`;
    if (machine.platform === "win32") {
        return `\`winget install Docker.DockerDesktop\`, start Docker Desktop${again}.`;
    }
    if (isDebian(osRelease)) {
        return (
            "`sudo apt-get install -y docker.io && sudo usermod -aG docker $USER`, log out and in" +
            again +
            "."
        );
    }
    const ids = osRelease.match(/^(?:ID|ID_LIKE)=.*$/gm)?.join(" ") ?? "";
    const system = Object.keys(FOR_SYSTEM).find((id) => ids.includes(id));
    return system
        ? `${FOR_SYSTEM[system]}, then \`sudo usermod -aG docker $USER\`, log out and in${again}.`
        : `install it as https://docs.docker.com/engine/install/ says${again}.`;
}

/** On Debian and Ubuntu as root: installs docker.io where it is missing and starts it; elsewhere says how to. */
export async function installEngine(machine: Machine, socket: string): Promise<void> {
    const osRelease = machine.platform === "linux" ? readOsRelease() : "";
    if (!machine.isRoot || !isDebian(osRelease)) {
        throw new SetupError(`No Docker Engine answers on this machine: ${howToInstall(machine, osRelease)}`);
    }
    if (!which("dockerd")) {
        say(
            "Docker Engine: none on this machine, installing Debian's docker.io with apt-get, to run the registry …",
        );
        await aptInstall(["docker.io", "iptables", "ca-certificates"], "Docker Engine");
    }
    await startEngine(machine, socket);
}

async function startEngine(machine: Machine, socket: string): Promise<void> {
    const answers = async () => (await ping({ url: socket, source: "default socket" })).ok;
    // Installing the package may have started it already.
    if (await waitFor(answers, 2)) return;
    if (existsSync("/run/systemd/system")) {
        say("Docker Engine: starting it with systemd …");
        const result = await run("systemctl", ["start", "docker"]);
        if (result.code === 0 && (await waitFor(answers, 30))) return;
        throw new SetupError(
            `systemd could not start Docker: see \`journalctl -u docker\`.\n${lastLines(result)}`,
        );
    }
    if (existsSync("/etc/init.d/docker")) {
        say("Docker Engine: starting it with `service docker start` …");
        const result = await run("service", ["docker", "start"]);
        if (result.code === 0 && (await waitFor(answers, 15))) return;
    }
    say("Docker Engine: no service manager answers for it, starting containerd and dockerd by hand …");
    await startByHand(
        { logs: join(machine.dirs.cache, "engine"), containerdArgs: [], dockerdArgs: [] },
        answers,
    );
}

export interface ByHand {
    /** Folder for containerd.log and dockerd.log. */
    logs: string;
    /** Socket of containerd. Default /run/containerd/containerd.sock. */
    containerd?: string;
    containerdArgs: string[];
    dockerdArgs: string[];
}

/** Starts both daemons in sessions of their own, so that they outlive this process; waits until `answers`. */
export async function startByHand(options: ByHand, answers: () => Promise<boolean>): Promise<void> {
    makeFolder(options.logs);
    const socket = options.containerd ?? "/run/containerd/containerd.sock";
    if (!existsSync(socket) || !isServed(socket)) {
        daemon("containerd", options.containerdArgs, options.logs);
        await waitFor(() => Promise.resolve(existsSync(socket)), 20);
    }
    daemon("dockerd", ["--containerd", socket, ...options.dockerdArgs], options.logs);
    const up = await withProgress("waiting for the Docker Engine", () => waitFor(answers, 40));
    if (up) return;
    const log = join(options.logs, "dockerd.log");
    const tail = (readText(log) ?? "").trim().split("\n").slice(-8).join("\n");
    throw new SetupError(`dockerd was started but does not answer; the end of ${log}:\n${tail}`);
}

// A socket file outlives a killed containerd; only a process that listens on it counts.
function isServed(socket: string): boolean {
    const listening = readText("/proc/net/unix") ?? "";
    return listening.split("\n").some((line) => line.endsWith(` ${socket}`));
}

function daemon(name: string, args: string[], logs: string): void {
    const log = openSync(join(logs, `${name}.log`), "a");
    // Containers may not ask for more files than their daemon may open, and services get this limit from systemd.
    const raise = "ulimit -n 1048576 2>/dev/null || ulimit -n $(ulimit -Hn)";
    const child = spawn("sh", ["-c", `${raise}; exec "$0" "$@"`, name, ...args], {
        detached: true,
        stdio: ["ignore", log, log],
    });
    child.unref();
    closeSync(log);
}

async function waitFor(condition: () => Promise<boolean>, seconds: number): Promise<boolean> {
    const end = Date.now() + seconds * 1000;
    for (;;) {
        if (await condition()) return true;
        if (Date.now() > end) return false;
        await sleep(250);
    }
}
