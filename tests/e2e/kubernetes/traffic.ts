/** Clients that push and pull all the time, try again as clients do, and remember what they were told is there. */
import { createHash, randomBytes } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import type { RegistryClient } from "../http";
import { type Answer } from "../http";
import { run, sleep } from "../run";
import { PASSWORD } from "../stack";

const MANIFEST = "application/vnd.oci.image.manifest.v1+json";
const CONFIG = "application/vnd.oci.image.config.v1+json";
const LAYER = "application/vnd.oci.image.layer.v1.tar";

/** Times that docker, containerd and skopeo (`--retry-times`) try what failed. */
const TRIES = 5;

/** Something that a client was told is there. */
export interface Pushed {
    repository: string;
    tag: string;
    digest: string;
    blobs: string[];
}

const digestOf = (text: string | Buffer): string =>
    `sha256:${createHash("sha256").update(text).digest("hex")}`;

/** An image of one layer, of text, so that an answer's body is what was pushed. */
function image() {
    const layer = randomBytes(20_000).toString("hex");
    const blob = (mediaType: string, text: string) => ({
        mediaType,
        digest: digestOf(text),
        size: text.length,
    });
    const diff_ids = [digestOf(layer)];
    const config = JSON.stringify({
        ...{ architecture: "amd64", os: "linux", rootfs: { type: "layers", diff_ids } },
    });
    const parts = { config: blob(CONFIG, config), layers: [blob(LAYER, layer)] };
    const manifest = JSON.stringify({ schemaVersion: 2, mediaType: MANIFEST, ...parts });
    return { blobs: [config, layer], manifest };
}

/** Reads something back by its digest. @throws Error where it is not there, or is another thing */
export async function readBack(client: RegistryClient, path: string): Promise<void> {
    const { status, body } = await client.ask(path, { headers: { Accept: MANIFEST } });
    if (status !== 200) throw new Error(`${path}: ${status}`);
    if (!path.endsWith(digestOf(body))) throw new Error(`${path}: not what was pushed`);
}

export const pathsOf = ({ repository, digest, blobs }: Pushed): string[] => [
    `/v2/${repository}/manifests/${digest}`,
    ...blobs.map((blob) => `/v2/${repository}/blobs/${blob}`),
];

export class Traffic {
    /** What was acknowledged. */
    readonly pushed: Pushed[] = [];
    /** Requests of clients, or calls of skopeo, that failed, in words. */
    readonly failed: string[] = [];
    pulled = 0;
    /** What failed however often it was tried. */
    readonly lost: string[] = [];
    private over = false;
    private readonly working: Promise<unknown>[] = [];
    private readonly folder = mkdtempSync(join(tmpdir(), "private-registry-e2e-traffic-"));

    /**
     * @param clients of the nodes, with a connection for each request
     * @param addresses of the same, as in image names
     * @param options.pauseMs between two things that a client does
     */
    constructor(
        private readonly clients: readonly RegistryClient[],
        private readonly addresses: readonly string[],
        ca: string,
        private readonly pauseMs = 150,
    ) {
        writeFileSync(join(this.folder, "ca.crt"), ca);
    }

    start(): void {
        this.over = false;
        for (const [index] of this.clients.entries()) {
            this.working.push(this.each(() => this.push(index)));
            this.working.push(this.each(() => this.pull(index)));
        }
        this.working.push(this.each(() => this.skopeo()));
    }

    async stop(): Promise<void> {
        this.over = true;
        await Promise.all(this.working.splice(0));
    }

    private async each(work: () => Promise<void>): Promise<void> {
        while (!this.over) {
            await work();
            await sleep(this.pauseMs);
        }
    }

    /** Does something as often as clients do. */
    private async again<T>(what: string, work: () => Promise<T>): Promise<T | undefined> {
        for (let tried = 1; ; tried++) {
            try {
                return await work();
            } catch (error) {
                this.failed.push(`${what}: ${(error as Error).message}`);
                if (tried === TRIES) break;
                await sleep(1000 * tried);
            }
        }
        this.lost.push(what);
        return undefined;
    }

    private client(index: number): RegistryClient {
        const client = this.clients[index % this.clients.length];
        if (client === undefined) throw new Error("no client");
        return client;
    }

    private async push(index: number): Promise<void> {
        const client = this.client(index);
        const repository = `team/traffic-${index}`;
        const tag = randomBytes(6).toString("hex");
        const { blobs, manifest } = image();
        await this.again(`push ${repository}:${tag}`, async () => {
            for (const blob of blobs)
                await must(client.upload(repository, once(Buffer.from(blob))), [202, 202, 201]);
            const put = {
                ...{ method: "PUT", headers: { "Content-Type": MANIFEST }, body: Buffer.from(manifest) },
            };
            await status(client.ask(`/v2/${repository}/manifests/${tag}`, put), 201);
            this.pushed.push({ repository, tag, digest: digestOf(manifest), blobs: blobs.map(digestOf) });
        });
    }

    private async pull(index: number): Promise<void> {
        const one = this.pushed[Math.floor(Math.random() * this.pushed.length)];
        if (one === undefined) return;
        for (const path of pathsOf(one))
            await this.again(`pull ${path}`, () => readBack(this.client(index), path));
        this.pulled += 1;
    }

    /** Copies an image from one repository to another, by the nodes in turn: it pulls and pushes. */
    private async skopeo(): Promise<void> {
        const one = this.pushed[Math.floor(Math.random() * this.pushed.length)];
        if (one === undefined) return;
        const tag = randomBytes(6).toString("hex");
        const [from, to] = this.addresses;
        const repository = "team/skopeo";
        const args = [
            ...["copy", "--insecure-policy", "--preserve-digests"],
            ...["--src-creds", `admin:${PASSWORD}`, "--src-cert-dir", this.folder],
            ...["--dest-creds", `admin:${PASSWORD}`, "--dest-cert-dir", this.folder],
            `docker://${from}/${one.repository}@${one.digest}`,
            `docker://${to ?? from}/${repository}:${tag}`,
        ];
        await this.again(`skopeo ${tag}`, async () => {
            const { code, screen } = await run("skopeo", args, { timeoutMs: 60_000 });
            if (code !== 0) throw new Error(screen.trim().split("\n").pop());
            this.pushed.push({ ...one, repository, tag });
            this.pulled += 1;
        });
        await sleep(this.pauseMs * 5);
    }

    dispose(): Promise<void> {
        rmSync(this.folder, { recursive: true, force: true });
        return Promise.resolve();
    }
}

async function* once(data: Buffer): AsyncGenerator<Buffer> {
    yield await Promise.resolve(data);
}

async function must(upload: ReturnType<RegistryClient["upload"]>, expected: number[]): Promise<void> {
    const { statuses } = await upload;
    if (statuses.join() !== expected.join()) throw new Error(`statuses ${statuses.join()}`);
}

async function status(answer: Promise<Answer>, expected: number): Promise<void> {
    const { status: got, body } = await answer;
    if (got !== expected) throw new Error(`status ${got}: ${body.slice(0, 100)}`);
}
