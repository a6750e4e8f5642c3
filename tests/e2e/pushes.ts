/** A registry in use while it is backed up, and what it holds. */
import { ANY, missing, pushImage, pushIndex } from "./gc";
import type { RegistryClient } from "./http";
import { sleep } from "./run";

/** Pushes without a pause: new images, tags that move, indexes, and now and then an image is deleted. */
export class Pushes {
    readonly failures: string[] = [];
    private going = true;
    private readonly done: Promise<void>;
    count = 0;

    constructor(private readonly client: RegistryClient) {
        this.done = this.run();
    }

    private async run(): Promise<void> {
        for (; this.going; this.count++) {
            const repository = `team/app${this.count % 3}`;
            try {
                if (this.count % 4 === 3) await pushIndex(this.client, repository, "multi", 1);
                else await pushImage(this.client, repository, `v${this.count % 7}`, 1);
                if (this.count % 9 === 8) await this.remove(repository, `v${(this.count + 3) % 7}`);
            } catch (error) {
                this.failures.push(String(error));
            }
            await sleep(40);
        }
    }

    private async remove(repository: string, tag: string): Promise<void> {
        const { status, headers } = await this.client.ask(`/v2/${repository}/manifests/${tag}`, {
            headers: { Accept: ANY },
        });
        if (status !== 200) return;
        const digest = String(headers["docker-content-digest"]);
        await this.client.ask(`/v2/${repository}/manifests/${digest}`, { method: "DELETE" });
    }

    async stop(): Promise<void> {
        this.going = false;
        await this.done;
    }
}

/** Every tag with its digest, whole or with what it lacks. */
export async function contents(client: RegistryClient): Promise<Record<string, string>> {
    const found: Record<string, string> = {};
    const { body } = await client.ask("/v2/_catalog?n=1000");
    for (const repository of (JSON.parse(body) as { repositories: string[] }).repositories) {
        const list = await client.ask(`/v2/${repository}/tags/list`);
        const { tags } = JSON.parse(list.body) as { tags?: string[] | null };
        for (const tag of tags ?? []) {
            const { headers } = await client.ask(`/v2/${repository}/manifests/${tag}`, {
                headers: { Accept: ANY },
            });
            const lacks = await missing(client, repository, tag);
            found[`${repository}:${tag}`] = [String(headers["docker-content-digest"]), ...lacks].join(" ");
        }
    }
    return found;
}
