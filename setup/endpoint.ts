import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { SetupError } from "./errors";
import { readJson } from "./json";
import type { Machine } from "./machine";

/** Where a Docker Engine may answer. */
export interface Endpoint {
    /** unix:///path, npipe:////./pipe/name, tcp://host:port, ssh://user@host, as in DOCKER_HOST. */
    url: string;
    /** Who named it, for messages. */
    source: string;
    /** Folder with ca.pem, cert.pem and key.pem, for a tcp:// engine behind TLS. */
    certPath?: string;
}

export interface Resolved {
    candidates: Endpoint[];
    /** True when configuration, environment or context named the engine: then no other one is tried or installed. */
    explicit: boolean;
}

/** The engine that the docker CLI would use, with the stack's own setting first, else the places where one usually is. */
export function resolveEndpoint(machine: Machine, configured: string | undefined): Resolved {
    const { env } = machine;
    const certPath =
        env.DOCKER_TLS_VERIFY || env.DOCKER_TLS ? env.DOCKER_CERT_PATH || dockerConfig(machine) : undefined;
    const named = (url: string, source: string, certs = certPath) => ({
        candidates: [{ url: url.replace(/^(?=\/)/, "unix://"), source, certPath: certs }],
        explicit: true,
    });
    if (configured) return named(configured, "private-registry:dockerHost");
    if (env.DOCKER_HOST) return named(env.DOCKER_HOST, "DOCKER_HOST");
    const context = currentContext(machine);
    if (context) {
        const { host, certs } = readContext(machine, context);
        return named(host, `docker context "${context}"`, certs);
    }
    const candidates = defaultSockets(machine).map((url) => ({ url, source: "default socket" }));
    return { candidates, explicit: false };
}

function dockerConfig(machine: Machine): string {
    return machine.env.DOCKER_CONFIG || join(machine.home, ".docker");
}

function currentContext(machine: Machine): string | undefined {
    const config = () =>
        readJson(join(dockerConfig(machine), "config.json")) as { currentContext?: string } | undefined;
    const name = machine.env.DOCKER_CONTEXT || config()?.currentContext;
    return name && name !== "default" ? name : undefined;
}

interface ContextFile {
    Endpoints?: { docker?: { Host?: string } };
}

// The docker CLI names a context's folder after the SHA-256 of its name (cli/context/store).
function readContext(machine: Machine, name: string): { host: string; certs: string | undefined } {
    const id = createHash("sha256").update(name).digest("hex");
    const contexts = join(dockerConfig(machine), "contexts");
    const file = readJson(join(contexts, "meta", id, "meta.json")) as ContextFile | undefined;
    const host = file?.Endpoints?.docker?.Host;
    if (!host) {
        throw new SetupError(
            `The docker context "${name}" is selected but has no engine: run \`docker context use default\` ` +
                `or \`docker context ls\` to choose another one.`,
        );
    }
    const certs = join(contexts, "tls", id, "docker");
    return { host, certs: existsSync(certs) ? certs : undefined };
}

/** Sockets of Docker Engine, rootless Docker and Docker Desktop, the system's own first. */
export function defaultSockets(machine: Machine): string[] {
    if (machine.platform === "win32") {
        return ["npipe:////./pipe/docker_engine", "npipe:////./pipe/dockerDesktopLinuxEngine"];
    }
    const paths = ["/var/run/docker.sock"];
    if (machine.platform === "linux") {
        if (machine.env.XDG_RUNTIME_DIR) paths.push(join(machine.env.XDG_RUNTIME_DIR, "docker.sock"));
        paths.push(join(machine.home, ".docker", "desktop", "docker.sock"));
    }
    paths.push(join(machine.home, ".docker", "run", "docker.sock"));
    return paths.map((path) => `unix://${path}`);
}
