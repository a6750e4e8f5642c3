/**
 * Which Docker Engine is meant. The one table of precedence, for setup, commands, plugins and components, and the same as the
 * docker CLI's (docker/cli, cli/command/cli.go, resolveContextName):
 *
 * 1. what was given: the stack's `dockerHost`, or the docker provider's `context` before its `host`
 * 2. DOCKER_HOST
 * 3. DOCKER_CONTEXT
 * 4. `currentContext` of the CLI's config.json
 * 5. the default socket
 *
 * An empty variable counts as none. The context `default` stands for 5.
 */
import { existsSync, readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";

import { contextOf, dockerFolder } from "./context";

/** The URL by which a configuration names an Engine: by docker's own schemes. */
export const ENGINE_URL = /^(unix|tcp|ssh|npipe):\/\/\S+$/;

/** Where an Engine listens. */
export interface Endpoint {
    /** As in DOCKER_HOST: unix://, npipe://, tcp://, http://, https:// or ssh://. */
    url: string;
    /** Who named it, for messages. */
    source: string;
    /** Folder with ca.pem, cert.pem and key.pem, for an Engine behind TLS. */
    certPath?: string | undefined;
    /** TLS without a check of the Engine's certificate: DOCKER_TLS, or a context made so. @default false */
    insecure?: boolean | undefined;
}

/** As the docker provider's arguments of these names. */
export interface EngineConfig {
    /** As in DOCKER_HOST. */
    host?: string | undefined;
    /** Name of a context of the docker CLI. */
    context?: string | undefined;
    certPath?: string | undefined;
}

export const DEFAULT_HOST =
    process.platform === "win32" ? "npipe:////./pipe/docker_engine" : "unix:///var/run/docker.sock";

/** The default socket: nobody named it, so that others may be tried. */
export const DEFAULT_SOURCE = "default socket";

/** What the variables say of TLS, as the CLI reads them: the folder alone turns nothing on. */
function tlsOf(env: NodeJS.ProcessEnv, home: string): Pick<Endpoint, "certPath" | "insecure"> {
    if (!env.DOCKER_TLS_VERIFY && !env.DOCKER_TLS) return {};
    const certPath = env.DOCKER_CERT_PATH || dockerFolder(env, home);
    return env.DOCKER_TLS_VERIFY ? { certPath } : { certPath, insecure: true };
}

/** The selected context of the CLI's configuration; none where the file cannot be read, as the CLI itself goes on. */
function currentContext(env: NodeJS.ProcessEnv, home: string): string | undefined {
    const file = join(dockerFolder(env, home), "config.json");
    if (!existsSync(file)) return undefined;
    try {
        return (JSON.parse(readFileSync(file, "utf8")) as { currentContext?: string }).currentContext;
    } catch {
        return undefined;
    }
}

/** DOCKER_HOST as a URL: a path stands for a socket, and a bare host for TCP. */
const urlOf = (host: string): string => {
    if (host.startsWith("/")) return `unix://${host}`;
    return host.includes("://") ? host : `tcp://${host}`;
};

/**
 * The Engine that is meant.
 *
 * @param given the stack's or the provider's own words
 * @param source who gave it, for messages
 * @throws Error where a context is named that has no Engine
 */
export function resolveEndpoint(
    given: EngineConfig = {},
    {
        env = process.env,
        home = homedir(),
        source = "the docker provider",
    }: { env?: NodeJS.ProcessEnv; home?: string; source?: string } = {},
): Endpoint {
    const tls = given.certPath ? { certPath: given.certPath } : tlsOf(env, home);
    const byContext = (name: string): Endpoint =>
        name === "default"
            ? { url: DEFAULT_HOST, source: DEFAULT_SOURCE, ...tls }
            : { source: `docker context "${name}"`, ...contextOf(name, env, home) };
    if (given.context) return byContext(given.context);
    if (given.host) return { url: urlOf(given.host), source, ...tls };
    if (env.DOCKER_HOST) return { url: urlOf(env.DOCKER_HOST), source: "DOCKER_HOST", ...tls };
    return byContext(env.DOCKER_CONTEXT || currentContext(env, home) || "default");
}

/** Whether an Engine runs on this machine, as far as its address tells. */
export const isLocal = ({ url }: Endpoint): boolean => /^(?:unix|npipe):/.test(url);

/** Sockets of Docker Engine, rootless Docker and Docker Desktop, the system's own first. */
export function defaultSockets({
    platform,
    env,
    home,
}: {
    platform: NodeJS.Platform;
    env: NodeJS.ProcessEnv;
    home: string;
}): string[] {
    if (platform === "win32")
        return ["npipe:////./pipe/docker_engine", "npipe:////./pipe/dockerDesktopLinuxEngine"];
    const paths = ["/var/run/docker.sock"];
    if (platform === "linux") {
        if (env.XDG_RUNTIME_DIR) paths.push(join(env.XDG_RUNTIME_DIR, "docker.sock"));
        paths.push(join(home, ".docker", "desktop", "docker.sock"));
    }
    paths.push(join(home, ".docker", "run", "docker.sock"));
    return paths.map((path) => `unix://${path}`);
}
