/** What the tests of the page look at: images of every kind that it knows, and names without number. */
import { tar, type TarEntry } from "../../engine/tar";

import { docker } from "./docker";
import { put, type Pushed } from "./gc";
import type { RegistryClient } from "./http";
import { REGISTRY_IMAGE } from "./images";
import { Shelf } from "./retain";
import { must } from "./run";
import type { Stack } from "./stack";

const OCI = "application/vnd.oci.image";
const MANIFEST = `${OCI}.manifest.v1+json`;
const CONFIG = `${OCI}.config.v1+json`;
const LAYER = `${OCI}.layer.v1.tar+gzip`;

interface Blob {
    mediaType: string;
    digest: string;
    size: number;
}

export class PageStore {
    private readonly shelf: Shelf;

    constructor(
        private readonly client: RegistryClient,
        private readonly stack: Stack,
    ) {
        this.shelf = new Shelf(client, stack);
    }

    async blob(repository: string, mediaType: string, content: Buffer): Promise<Blob> {
        const parts = async function* () {
            yield content;
        };
        const { digest, statuses } = await this.client.upload(repository, parts());
        if (statuses.at(-1) !== 201) throw new Error(`a blob of ${repository}: ${statuses.join(", ")}`);
        return { mediaType, digest, size: content.length };
    }

    layer(repository: string, bytes: number, letter = "x"): Promise<Blob> {
        return this.blob(repository, LAYER, Buffer.alloc(bytes, letter));
    }

    config(repository: string, config: object, mediaType = CONFIG): Promise<Blob> {
        return this.blob(repository, mediaType, Buffer.from(JSON.stringify(config)));
    }

    manifest(repository: string, tag: string | undefined, content: object): Promise<Pushed> {
        return put(this.client, repository, tag, { schemaVersion: 2, mediaType: MANIFEST, ...content });
    }

    /** team/app in two versions, the younger of which has another tag, too. @returns digest of that one */
    async versions(): Promise<string> {
        await this.image("team/app", "1.9.0", 40);
        const { digest } = await this.image("team/app", "1.10.0", 12);
        await this.tag("team/app", digest, "stable");
        return digest;
    }

    /** An image as BuildKit makes one. @param days since it was made */
    async image(
        repository: string,
        tag: string | undefined,
        days: number,
        architecture = "amd64",
    ): Promise<Pushed> {
        const made = new Date(Date.now() - days * 86_400_000).toISOString();
        const layers = [
            await this.layer(repository, 3_100_000, "b"),
            await this.layer(repository, 700_000, architecture),
            await this.layer(repository, 1_400_000 + 997 * days, tag ?? architecture),
        ];
        const config = await this.config(repository, {
            created: made,
            os: "linux",
            architecture,
            config: {
                User: "app",
                Env: ["PATH=/usr/local/bin:/usr/bin:/bin", "PORT=8080"],
                Entrypoint: ["/app/serve"],
                Cmd: ["--listen", ":8080"],
                WorkingDir: "/app",
                ExposedPorts: { "8080/tcp": {} },
                Labels: {
                    "org.opencontainers.image.title": "app",
                    "org.opencontainers.image.revision": "2f1c0de",
                    "com.example.team": "payments",
                },
            },
            history: [
                { created_by: "/bin/sh -c #(nop) ADD rootfs.tar.xz / " },
                { created_by: '/bin/sh -c #(nop)  CMD ["sh"]', empty_layer: true },
                { created_by: "RUN /bin/sh -c apk add --no-cache ca-certificates tzdata # buildkit" },
                { created_by: "COPY build/serve /app/serve # buildkit" },
                { created_by: "USER app", empty_layer: true },
            ],
        });
        return this.manifest(repository, tag, { config, layers });
    }

    /** An index of two images with an attestation. @returns the digest of the index, and those of its images */
    async index(repository: string, tag: string): Promise<[Pushed, ...Pushed[]]> {
        const images = [
            await this.image(repository, undefined, 3, "amd64"),
            await this.image(repository, undefined, 3, "arm64"),
        ];
        const predicate = { "in-toto.io/predicate-type": "https://spdx.dev/Document" };
        const sbom = await this.blob(repository, "application/vnd.in-toto+json", Buffer.from("{}"));
        const statement = await this.manifest(repository, undefined, {
            config: await this.config(repository, { architecture: "unknown", os: "unknown" }),
            layers: [{ ...sbom, annotations: predicate }],
        });
        const index = await put(this.client, repository, tag, {
            schemaVersion: 2,
            mediaType: `${OCI}.index.v1+json`,
            manifests: [
                ...images.map((image, i) => ({
                    ...image,
                    platform: { os: "linux", architecture: ["amd64", "arm64"][i] },
                })),
                {
                    ...statement,
                    platform: { os: "unknown", architecture: "unknown" },
                    annotations: {
                        "vnd.docker.reference.type": "attestation-manifest",
                        "vnd.docker.reference.digest": images[0]?.digest,
                    },
                },
            ],
            annotations: { "org.opencontainers.image.source": "https://git.example.com/team/app" },
        });
        return [index, ...images];
    }

    async chart(repository: string, tag: string): Promise<Pushed> {
        const chart = {
            name: "app",
            version: tag,
            appVersion: "2.4.1",
            description: "The app, for a cluster",
        };
        return this.manifest(repository, tag, {
            config: await this.config(repository, chart, "application/vnd.cncf.helm.config.v1+json"),
            layers: [
                await this.blob(
                    repository,
                    "application/vnd.cncf.helm.chart.content.v1.tar+gzip",
                    Buffer.alloc(9_000),
                ),
            ],
        });
    }

    /** What cosign and other clients attach where a registry has no referrers API: by tags that stand for the digest. */
    async attach(repository: string, digest: string): Promise<void> {
        const at = digest.replace(":", "-");
        const type = "application/vnd.dev.cosign.simplesigning.v1+json";
        const config = await this.config(repository, {});
        await this.manifest(repository, `${at}.sig`, {
            config,
            layers: [await this.blob(repository, type, Buffer.from('{"critical":{}}'))],
        });
        const sbom = await this.manifest(repository, undefined, {
            artifactType: "application/vnd.cyclonedx+json",
            config: { ...config, mediaType: "application/vnd.oci.empty.v1+json" },
            layers: [await this.blob(repository, "application/vnd.cyclonedx+json", Buffer.from('{"x":1}'))],
        });
        await put(this.client, repository, at, {
            schemaVersion: 2,
            mediaType: `${OCI}.index.v1+json`,
            manifests: [{ ...sbom, artifactType: "application/vnd.cyclonedx+json" }],
        });
    }

    /** Names one manifest by many tags, in many repositories: links in the store, as the registry itself writes them. */
    async many(digest: string, repositories: number, tags: number): Promise<void> {
        const hex = digest.replace("sha256:", "");
        const link = (path: string): TarEntry => ({ path, mode: 0o644, content: Buffer.from(digest) });
        const repository = (name: string): TarEntry[] => [
            link(`${name}/_manifests/revisions/sha256/${hex}/link`),
            link(`${name}/_layers/sha256/${hex}/link`),
        ];
        const tag = (name: string, one: string) => link(`${name}/_manifests/tags/${one}/current/link`);
        const numbers = (count: number) => Array.from({ length: count }, (_, i) => i + 1);
        const archive = await tar([
            ...numbers(repositories).flatMap((i) => {
                const name = `team-${i % 40}/service-${i}`;
                return [...repository(name), tag(name, `1.${i}`)];
            }),
            ...repository("bulk/tags"),
            ...numbers(tags).map((i) => tag("bulk/tags", `1.${Math.floor(i / 100)}.${i % 100}`)),
        ]);
        const name = `${this.stack.prefix}-many`;
        const volume = ["--volume", `${this.stack.prefix}-data:/data`];
        await docker("create", "--name", name, "--network", "none", ...volume, REGISTRY_IMAGE);
        try {
            const folder = `${name}:/data/docker/registry/v2/repositories`;
            await must("docker", ["cp", "-", folder], { input: archive });
        } finally {
            await docker("rm", name);
        }
    }

    tags(repository: string): Promise<string[]> {
        return this.shelf.tags(repository);
    }

    /** Gives a manifest another tag. */
    tag(repository: string, digest: string, tag: string): Promise<void> {
        return this.shelf.tag(repository, digest, tag);
    }
}
