/** Credentials of `docker login` (docs.docker.com/reference/cli/docker/login, "Credential stores"). */
import { spawn } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

import { dockerFolder } from "../../components/engine/context";

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

/** The registry in an image's name, as docker's configuration calls it. */
export function registryOf(image: string): string {
    const [first = "", ...rest] = image.split("/");
    const isHost = rest.length > 0 && (/[.:]/.test(first) || first === "localhost");
    return !isHost || first === "docker.io" ? DOCKER_HUB : first;
}

/** Asks a credential helper: the registry on its stdin, JSON on its stdout. */
function ask(helper: string, registry: string): Promise<Credentials | undefined> {
    return new Promise((resolve, reject) => {
        const child = spawn(`docker-credential-${helper}`, ["get"], { stdio: ["pipe", "pipe", "ignore"] });
        let answer = "";
        child.stdout.on("data", (chunk: Buffer) => (answer += chunk.toString()));
        child.on("error", reject);
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

/** Credentials for an image's registry; nothing where the user is not logged in to it. */
export async function credentialsFor(image: string, env = process.env): Promise<Credentials | undefined> {
    const file = join(dockerFolder(env), "config.json");
    if (!existsSync(file)) return undefined;
    const config = JSON.parse(readFileSync(file, "utf8")) as DockerConfig;
    const registry = registryOf(image);
    const helper = config.credHelpers?.[registry] ?? config.credsStore;
    if (helper) return ask(helper, registry);
    const entry = config.auths?.[registry] ?? config.auths?.[`https://${registry}`];
    if (!entry?.auth) return undefined;
    const [username = "", password = ""] = Buffer.from(entry.auth, "base64").toString().split(/:(.*)/s);
    const { identitytoken } = entry;
    return { ...(identitytoken ? { identitytoken } : { username, password }), serveraddress: registry };
}
