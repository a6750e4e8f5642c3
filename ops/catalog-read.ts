import type { RegistryApi } from "./registry-api";
import { size } from "./size";

export interface TagSize {
    tag: string;
    digest: string;
    /** Of an index: how many images it has. */
    images: number;
    /** Manifests, configurations and layers, each counted once, in bytes. */
    bytes: number;
}

export interface RepositorySize {
    repository: string;
    tags: TagSize[];
    bytes: number;
}

export interface Catalog {
    repositories: RepositorySize[];
    /** Of all that a tag reaches, what is shared counted once. */
    bytes: number;
}

interface Descriptor {
    digest: string;
    size: number;
}

interface Manifest {
    manifests?: Descriptor[];
    config?: Descriptor;
    layers?: Descriptor[];
    blobs?: Descriptor[];
}

/** The media types of Docker and OCI, of images and of indexes. */
export const ACCEPT = [
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
    "application/vnd.docker.distribution.manifest.v2+json",
].join(", ");

type Sizes = Map<string, number>;

const sum = (sizes: Sizes) => [...sizes.values()].reduce((total, size) => total + size, 0);

/** Adds a manifest and all that it reaches; @returns its digest and how many images it is. */
async function weigh(
    api: RegistryApi,
    repository: string,
    reference: string,
    sizes: Sizes,
): Promise<{ digest: string; images: number } | undefined> {
    const answer = await api.must(`/v2/${repository}/manifests/${reference}`, [200, 404], {
        headers: { Accept: ACCEPT },
    });
    // Deleted in the meantime, or an image of an index that was not pushed along.
    if (answer.status === 404) return undefined;
    const digest = String(answer.headers["docker-content-digest"] ?? reference);
    sizes.set(digest, answer.body.length);
    const {
        manifests,
        config,
        layers = [],
        blobs = [],
    } = JSON.parse(answer.body.toString("utf8")) as Manifest;
    for (const blob of [...(config ? [config] : []), ...layers, ...blobs]) sizes.set(blob.digest, blob.size);
    if (manifests === undefined) return { digest, images: 1 };
    let images = 0;
    for (const child of manifests) {
        images += sizes.has(child.digest)
            ? 1
            : ((await weigh(api, repository, child.digest, sizes))?.images ?? 0);
    }
    return { digest, images };
}

/** Every repository with its tags and sizes, in the registry's order. */
export async function readCatalog(api: RegistryApi, pageSize?: number): Promise<Catalog> {
    const all: Sizes = new Map();
    const repositories: RepositorySize[] = [];
    for (const repository of await api.repositories(pageSize)) {
        const names = await api.tags(repository, pageSize);
        const own: Sizes = new Map();
        const tags = await Promise.all(
            names.map(async (tag): Promise<TagSize[]> => {
                const sizes: Sizes = new Map();
                const found = await weigh(api, repository, tag, sizes);
                for (const [digest, size] of sizes) own.set(digest, size);
                return found ? [{ tag, ...found, bytes: sum(sizes) }] : [];
            }),
        );
        for (const [digest, size] of own) all.set(digest, size);
        repositories.push({ repository, tags: tags.flat(), bytes: sum(own) });
    }
    return { repositories, bytes: sum(all) };
}

/** A catalog as a table; each repository ends with its own total. */
export function catalogTable({ repositories, bytes }: Catalog): string {
    const rows = repositories.flatMap(({ repository, tags, bytes: total }) => [
        ...tags.map(({ tag, images, bytes: own }) => [
            `${repository}:${tag}`,
            images === 1 ? "" : `${images} images`,
            size(own),
        ]),
        [repository, tags.length === 0 ? "no tags" : `${tags.length} tags`, size(total)],
    ]);
    const all = [...rows, [`${repositories.length} repositories`, "shared once", size(bytes)]];
    const width = (at: number) => Math.max(...all.map((row) => row[at]?.length ?? 0));
    return all
        .map(([name = "", what = "", space = ""]) =>
            `${name.padEnd(width(0))}  ${what.padEnd(width(1))}  ${space.padStart(width(2))}`.trimEnd(),
        )
        .join("\n")
        .concat("\n");
}
