/** Images as `npm run retain` and `npm run delete` meet them, and the times at which they were pushed. */
import { resolve } from "node:path";

import { ANY, command, put, type Pushed } from "./gc";
import { docker } from "./docker";
import { ACCEPT, type RegistryClient } from "./http";
import type { Result } from "./run";
import type { S3Server } from "./s3-server";
import type { Stack } from "./stack";

const OCI = "application/vnd.oci.image.manifest.v1+json";

/** As `npm run NAME -- …` of a stack. */
export const careRun = (stack: Stack, name: string, ...flags: string[]) =>
    command(stack, name, ...flags, "--config-file", resolve(stack.project, `Pulumi.${stack.name}.yaml`));

export const care = (stack: Stack, name: string, ...flags: string[]): Promise<Result> =>
    careRun(stack, name, ...flags).done;

export interface Told {
    tags: { repository: string; tag: string; stays: boolean; why: string; bytes: number; pushed: string }[];
    going: { tags: number; manifests: number; bytes: number };
    removed?: { tags: number; manifests: number; repositories: string[]; blobs: number; bytes: number };
}

/** What a command with --json tells. */
export async function told(stack: Stack, name: string, ...flags: string[]): Promise<Told> {
    const { code, stdout, screen } = await care(stack, name, "--json", ...flags);
    if (code !== 0) throw new Error(`npm run ${name} ended with code ${code}:\n${screen}`);
    return JSON.parse(stdout) as Told;
}

/** Tag → why it stays, or `goes`. */
export const verdicts = ({ tags }: Told, repository: string): Record<string, string> =>
    Object.fromEntries(
        tags
            .filter((one) => one.repository === repository)
            .map(({ tag, stays, why }) => [tag, stays ? why : `goes (${why})`]),
    );

export class Shelf {
    constructor(
        private readonly client: RegistryClient,
        private readonly stack: Stack,
        /** Where the images are; nothing for files. */
        private readonly store?: S3Server | undefined,
    ) {}

    with(client: RegistryClient): Shelf {
        return new Shelf(client, this.stack, this.store);
    }

    /** Pushes a manifest of any kind, with a blob of its own of 100 kB. */
    async manifest(repository: string, tag: string | undefined, content: object = {}): Promise<Pushed> {
        const { digest } = await this.client.upload(repository);
        const blob = { mediaType: "application/octet-stream", digest, size: 100_000 };
        return put(this.client, repository, tag, {
            ...{ schemaVersion: 2, mediaType: OCI, config: blob, layers: [blob] },
            ...content,
        });
    }

    /** Gives the manifest of a digest another tag. */
    async tag(repository: string, digest: string, tag: string): Promise<void> {
        const path = `/v2/${repository}/manifests/${digest}`;
        const { body, headers } = await this.client.ask(path, { headers: { Accept: ANY } });
        await this.client.ask(`/v2/${repository}/manifests/${tag}`, {
            method: "PUT",
            headers: { "Content-Type": headers["content-type"] ?? ACCEPT },
            body: Buffer.from(body),
        });
    }

    /** Runs a shell script in the folder of the repositories. */
    async inStore(script: string): Promise<string> {
        const [container, folder] = this.store
            ? [this.store.name, "/data/images"]
            : [this.stack.prefix, "/var/lib/registry"];
        const path = `${folder}/docker/registry/v2/repositories`;
        return docker("exec", container, "/bin/sh", "-ec", `cd ${path}; ${script}`);
    }

    /** Has a tag be pushed so many days ago. */
    async age(repository: string, tag: string, days: number): Promise<void> {
        const seconds = Math.floor(Date.now() / 1000 - days * 86_400);
        await this.inStore(`touch -d @${seconds} ${repository}/_manifests/tags/${tag}/current/link`);
    }

    async tags(repository: string): Promise<string[]> {
        const { status, body } = await this.client.ask(`/v2/${repository}/tags/list`);
        if (status !== 200) return [`${status}`];
        return ((JSON.parse(body) as { tags: string[] | null }).tags ?? []).sort();
    }

    async repositories(): Promise<string[]> {
        const { body } = await this.client.ask("/v2/_catalog");
        return (JSON.parse(body) as { repositories: string[] }).repositories;
    }

    async has(repository: string, digest: string): Promise<boolean> {
        const path = `/v2/${repository}/manifests/${digest}`;
        return (await this.client.ask(path, { headers: { Accept: ANY } })).status === 200;
    }
}
