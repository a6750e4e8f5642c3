/** The login of `docker login` (docs.docker.com/reference/cli/docker/login, "Credential stores"). */
import { spawn } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

import { dockerFolder } from "./context";
import { parseImage } from "../address/image-name";

const DOCKER_HUB = "https://index.docker.io/v1/";

interface DockerConfig {
    auths?: Record<string, { auth?: string; identitytoken?: string }>;
    credHelpers?: Record<string, string>;
    credsStore?: string;
}

/** What the Engine passes on to the registry. */
export interface Credentials {
    username?: string;
    password?: string;
    identitytoken?: string;
    serveraddress: string;
}

/** Asks a credential helper: the registry on its stdin, JSON on its stdout. */
function ask(helper: string, registry: string, env: NodeJS.ProcessEnv): Promise<Credentials | undefined> {
    return new Promise((resolve) => {
        const child = spawn(`docker-credential-${helper}`, ["get"], {
            env,
            stdio: ["pipe", "pipe", "ignore"],
        });
        let answer = "";
        child.stdout.on("data", (chunk: Buffer) => (answer += chunk.toString()));
        // As the CLI, which goes on without one that is configured and not there.
        child.on("error", () => resolve(undefined));
        child.stdin.on("error", () => undefined);
        child.on("close", (code) => {
            // The helper knows no such registry: the pull goes without.
            if (code !== 0) return resolve(undefined);
            const { Username, Secret } = JSON.parse(answer) as { Username: string; Secret: string };
            const token = Username === "<token>";
            const login = token ? { identitytoken: Secret } : { username: Username, password: Secret };
            resolve({ ...login, serveraddress: registry });
        });
        child.stdin.end(registry);
    });
}

/**
 * Credentials for an image's registry; undefined where the user is not logged in to it.
 *
 * @throws Error where the docker CLI's configuration cannot be read
 */
export async function credentialsFor(
    image: string,
    env: NodeJS.ProcessEnv = process.env,
    home?: string,
): Promise<Credentials | undefined> {
    const file = join(dockerFolder(env, home), "config.json");
    if (!existsSync(file)) return undefined;
    let config: DockerConfig;
    try {
        config = JSON.parse(readFileSync(file, "utf8")) as DockerConfig;
    } catch {
        throw new Error(`${file} is not valid JSON: mend or remove it.`);
    }
    const { hub, host } = parseImage(image);
    const registry = hub ? DOCKER_HUB : host;
    const helper = config.credHelpers?.[registry] ?? config.credsStore;
    if (helper) return ask(helper, registry, env);
    const entry = config.auths?.[registry] ?? config.auths?.[`https://${registry}`];
    if (!entry?.auth) return undefined;
    const [username = "", password = ""] = Buffer.from(entry.auth, "base64").toString().split(/:(.*)/s);
    const { identitytoken } = entry;
    return { ...(identitytoken ? { identitytoken } : { username, password }), serveraddress: registry };
}

/** The header by which the Engine takes them: base64 in its URL form, and padded, since Go's reader drops what is not. */
export const loginHeader = (login: Credentials | undefined): Record<string, string> =>
    login === undefined
        ? {}
        : {
              "X-Registry-Auth": Buffer.from(JSON.stringify(login))
                  .toString("base64")
                  .replaceAll("+", "-")
                  .replaceAll("/", "_"),
          };
