/** A client of the Docker Engine, for what no resource of the docker provider can do: read logs, look for leftovers. */
import type Docker from "dockerode";
import type { DockerOptions } from "dockerode";

/**
 * Where an Engine listens, as dockerode wants it.
 *
 * @param host URL as in DOCKER_HOST: unix://, npipe://, tcp:// or ssh://. Default: what DOCKER_HOST says, else
 *   the default socket; docker-modem reads that by itself
 */
export function engineOptions(host?: string): DockerOptions {
    if (host === undefined) return {};
    const url = new URL(host);
    switch (url.protocol) {
        case "unix:":
        case "npipe:":
            return { socketPath: host.replace(/^(unix|npipe):\/\//, "") };
        case "ssh:":
            return {
                protocol: "ssh",
                host: url.hostname,
                port: Number(url.port || 22),
                username: url.username,
                sshOptions: { agentForward: false, agent: process.env.SSH_AUTH_SOCK },
            } as DockerOptions;
        default:
            return { host: url.hostname, port: Number(url.port || 2375) };
    }
}

/** Connects to an Engine. Loaded at first use: a program that runs into no trouble never needs it. */
export async function connect(host?: string): Promise<Docker> {
    const { default: Client } = await import("dockerode");
    return new Client(engineOptions(host));
}

/**
 * Takes the frames of a container's log apart (Engine API, "Attach to a container", stream format): eight bytes
 * of header, of which the last four are the length, then the text.
 */
export function logText(frames: Buffer): string {
    const parts: string[] = [];
    for (let at = 0; at + 8 <= frames.length;) {
        const length = frames.readUInt32BE(at + 4);
        parts.push(frames.toString("utf8", at + 8, at + 8 + length));
        at += 8 + length;
    }
    return parts.join("");
}
