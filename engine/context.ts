import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";

import type { Endpoint } from "./endpoint";

/** Folder of the docker CLI's configuration. */
export const dockerFolder = (env: NodeJS.ProcessEnv, home = homedir()): string =>
    env.DOCKER_CONFIG || join(home, ".docker");

interface ContextFile {
    Endpoints?: { docker?: { Host?: string; SkipTLSVerify?: boolean } };
}

/**
 * The Engine of a context of the docker CLI, which names a context's folder after the SHA-256 of its name
 * (docker/cli, cli/context/store).
 */
export function contextOf(name: string, env: NodeJS.ProcessEnv, home?: string): Omit<Endpoint, "source"> {
    const id = createHash("sha256").update(name).digest("hex");
    const folder = join(dockerFolder(env, home), "contexts");
    const meta = join(folder, "meta", id, "meta.json");
    const file = existsSync(meta) ? (JSON.parse(readFileSync(meta, "utf8")) as ContextFile) : undefined;
    const { Host: url, SkipTLSVerify: insecure } = file?.Endpoints?.docker ?? {};
    if (!url) {
        throw new Error(
            `The docker context "${name}" is selected but has no Engine: run \`docker context use default\`, ` +
                `or \`docker context ls\` to choose another one.`,
        );
    }
    const certPath = join(folder, "tls", id, "docker");
    return {
        url,
        ...(existsSync(certPath) ? { certPath } : {}),
        ...(insecure ? { insecure } : {}),
    };
}
