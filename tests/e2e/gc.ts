/** Images as garbage collection meets them, and storage full of what nobody uses. */
import { createHash, randomBytes } from "node:crypto";
import { resolve } from "node:path";

import { tar, type TarEntry } from "../../engine/tar";

import { ACCEPT, randomParts, type RegistryClient } from "./http";
import { must, type Running, start } from "./run";
import type { Stack } from "./stack";

const ROOT = resolve(__dirname, "../..");

/** As `npm run NAME -- …` of a stack. */
export const command = (stack: Pick<Stack, "name" | "env">, name: string, ...flags: string[]): Running =>
    start(process.execPath, [resolve(ROOT, "setup", "start.cjs"), name, ...flags, "--stack", stack.name], {
        cwd: ROOT,
        env: stack.env,
        timeoutMs: 200_000,
    });

/** As `npm run gc -- …` of a stack. */
export const collect = (stack: Stack, ...flags: string[]): Running =>
    command(stack, "gc", ...flags, "--config-file", resolve(stack.project, `Pulumi.${stack.name}.yaml`));

const INDEX = "application/vnd.docker.distribution.manifest.list.v2+json";
const OCI = ["manifest", "index"].map((kind) => `application/vnd.oci.image.${kind}.v1+json`);
export const ANY = [ACCEPT, INDEX, ...OCI].join(", ");

export interface Pushed {
    digest: string;
    size: number;
    mediaType: string;
}

export async function put(
    client: RegistryClient,
    repository: string,
    tag: string | undefined,
    manifest: object,
) {
    const body = Buffer.from(JSON.stringify(manifest));
    const digest = `sha256:${createHash("sha256").update(body).digest("hex")}`;
    const { mediaType } = manifest as { mediaType: string };
    const { status } = await client.ask(`/v2/${repository}/manifests/${tag ?? digest}`, {
        method: "PUT",
        headers: { "Content-Type": mediaType },
        body,
    });
    if (status !== 201) throw new Error(`manifest of ${repository}: status ${status}`);
    return { digest, size: body.length, mediaType };
}

/** Pushes an image of one layer. @param tag none leaves it without one. @param parts of 10 kB. */
export async function pushImage(
    client: RegistryClient,
    repository: string,
    tag?: string,
    parts = 10,
): Promise<Pushed> {
    const upload = () => client.upload(repository, randomParts(parts));
    const [config, layer] = [await upload(), await upload()];
    const blob = (digest: string) => ({
        mediaType: "application/octet-stream",
        digest,
        size: parts * 10_000,
    });
    return put(client, repository, tag, {
        schemaVersion: 2,
        mediaType: ACCEPT,
        config: blob(config.digest),
        layers: [blob(layer.digest)],
    });
}

/** Pushes an index of two images that have no tag of their own. */
export async function pushIndex(
    client: RegistryClient,
    repository: string,
    tag: string,
    parts = 10,
): Promise<Pushed[]> {
    const image = () => pushImage(client, repository, undefined, parts);
    const manifests = [await image(), await image()];
    return [
        await put(client, repository, tag, { schemaVersion: 2, mediaType: INDEX, manifests }),
        ...manifests,
    ];
}

/** What of an image or an index cannot be had; empty where it is whole. */
export async function missing(
    client: RegistryClient,
    repository: string,
    reference: string,
): Promise<string[]> {
    const headers = { Accept: ANY };
    const { status, body } = await client.ask(`/v2/${repository}/manifests/${reference}`, { headers });
    if (status !== 200) return [`${reference}: ${status}`];
    const { manifests, config, layers } = JSON.parse(body) as Record<"manifests" | "layers", Pushed[]> & {
        config?: Pushed;
    };
    const lost: string[] = [];
    for (const { digest } of manifests ?? []) lost.push(...(await missing(client, repository, digest)));
    for (const blob of [config, ...(layers ?? [])]) {
        if (blob === undefined) continue;
        const { status } = await client.ask(`/v2/${repository}/blobs/${blob.digest}`);
        if (status !== 200) lost.push(`${blob.digest}: ${status}`);
    }
    return lost;
}

/** Puts blobs that no image uses into a registry's storage, past the registry, so that a collection takes a while. */
export async function litter(container: string, count: number): Promise<void> {
    const folders = new Set<string>();
    const files: TarEntry[] = [];
    for (let i = 0; i < count; i++) {
        const digest = randomBytes(32).toString("hex");
        const shelf = `docker/registry/v2/blobs/sha256/${digest.slice(0, 2)}/`;
        folders.add(shelf);
        files.push({ path: `${shelf}${digest}/`, mode: 0o755 });
        files.push({ path: `${shelf}${digest}/data`, mode: 0o644, content: randomBytes(16) });
    }
    const shelves = [...folders].map((path) => ({ path, mode: 0o755 }));
    await must("docker", ["cp", "-", `${container}:/var/lib/registry`], {
        input: await tar([...shelves, ...files]),
    });
}
