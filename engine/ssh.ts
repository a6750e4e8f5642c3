/** Engines that are reached through ssh://. */
import { spawn } from "node:child_process";
import { Agent } from "node:http";
import { Duplex } from "node:stream";

/** What runs `docker system dial-stdio` on the Engine's machine, which joins stdin and stdout with its socket. */
export function sshCommand(url: URL): string[] {
    return [
        "-o",
        "ConnectTimeout=30",
        "-T",
        ...(url.username ? ["-l", decodeURIComponent(url.username)] : []),
        ...(url.port ? ["-p", url.port] : []),
        "--",
        url.hostname,
        "docker",
        "system",
        "dial-stdio",
    ];
}

/** The two ends of a process as one stream, which fails with what the process complains of. */
function streamOf(command: string, args: string[]): Duplex {
    const child = spawn(command, args, { stdio: ["pipe", "pipe", "pipe"] });
    let complaint = "";
    const stream = new Duplex({
        read: () => void child.stdout.resume(),
        // A process that has ended takes nothing more; why it ended comes with its close.
        write: (chunk, encoding, done) => void child.stdin.write(chunk, encoding, () => done()),
        final: (done) => void child.stdin.end(done),
        destroy: (error, done) => {
            child.kill();
            done(error);
        },
    });
    child.stdin.on("error", () => undefined);
    child.stderr.on("data", (chunk: Buffer) => (complaint += chunk.toString()));
    child.stdout.on("data", (chunk: Buffer) => {
        if (!stream.push(chunk)) child.stdout.pause();
    });
    child.on("error", (error) => stream.destroy(error));
    child.on("close", (code) => {
        if (code) stream.destroy(new Error(complaint.trim() || `${command} ended with code ${code}`));
        else stream.push(null);
    });
    return stream;
}

/**
 * Connects through the system's own ssh, as the docker CLI does: the user's keys, configuration and known_hosts
 * count.
 */
export function sshAgent(url: URL): Agent {
    // sshd drops connections when more than ten knock at once (MaxStartups).
    const agent = new Agent({ maxSockets: 4 });
    return Object.assign(agent, { createConnection: () => streamOf("ssh", sshCommand(url)) });
}
