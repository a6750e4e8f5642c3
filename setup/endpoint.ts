import { join } from "node:path";

import {
    DEFAULT_SOURCE,
    ENGINE_URL,
    type Endpoint,
    resolveEndpoint as resolve,
} from "../components/engine/endpoint";
import { withoutPasswords } from "../components/redact";
import { checkAddress } from "../components/engine/request";
import { SetupError, messageOf } from "./errors";
import type { Machine } from "./machine";

export type { Endpoint };

export interface Resolved {
    candidates: Endpoint[];
    /** True when configuration, environment or context named the engine: then no other one is tried or installed. */
    explicit: boolean;
}

/**
 * The engine that the docker CLI would use, with the stack's own setting first, else the places where one usually is.
 *
 * @throws SetupError where what names it is wrong
 */
export function resolveEndpoint(machine: Machine, configured: string | undefined): Resolved {
    if (configured !== undefined && !ENGINE_URL.test(configured))
        throw new SetupError(
            `private-registry:dockerHost is "${withoutPasswords(configured)}"; it must be a URL that begins with unix://, tcp://, ssh:// ` +
                "or npipe://: pulumi config set dockerHost ssh://root@docker.example.com, or pulumi config rm dockerHost.",
        );
    let endpoint: Endpoint;
    try {
        const { env, home } = machine;
        endpoint = resolve({ host: configured }, { env, home, source: "private-registry:dockerHost" });
        checkAddress(endpoint);
    } catch (error) {
        throw new SetupError(messageOf(error));
    }
    if (endpoint.source !== DEFAULT_SOURCE) return { candidates: [endpoint], explicit: true };
    const candidates = defaultSockets(machine).map((url) => ({ url, source: DEFAULT_SOURCE }));
    return { candidates, explicit: false };
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
