import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";

import type { Endpoint } from "./client";

/** Folder of the docker CLI's configuration. */
export const dockerFolder = (env: NodeJS.ProcessEnv): string =>
    env.DOCKER_CONFIG || join(homedir(), ".docker");

interface ContextFile {
    Endpoints?: { docker?: { Host?: string } };
}

/**
 * The Engine of a context of the docker CLI, which names a context's folder after the SHA-256 of its name
 * (docker/cli, cli/context/store).
 */
export function contextOf(name: string, env: NodeJS.ProcessEnv): Endpoint {
    const id = createHash("sha256").update(name).digest("hex");
    const folder = join(dockerFolder(env), "contexts");
    const meta = join(folder, "meta", id, "meta.json");
    const file = existsSync(meta) ? (JSON.parse(readFileSync(meta, "utf8")) as ContextFile) : undefined;
    const host = file?.Endpoints?.docker?.Host;
    if (!host) {
        throw new Error(
            `The docker context "${name}" has no Engine: \`docker context ls\` shows those that have one.`,
        );
    }
    const certs = join(folder, "tls", id, "docker");
    return existsSync(certs) ? { host, certPath: certs } : { host };
}
