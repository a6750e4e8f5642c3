import { messageOf } from "../setup/errors";
import type { RegistryApi } from "./shared/registry-api";
import { manifestOf, OWN_REPOSITORIES } from "./shared/manifest";
import { ANY_MANIFEST } from "../address/media-types";
import { size } from "./shared/size";

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

/** What the registry lists and cannot give. */
export interface Unreadable {
    repository: string;
    /** Nothing where it is the list of tags. */
    tag?: string | undefined;
    problem: string;
}

export interface Catalog {
    repositories: RepositorySize[];
    unreadable: Unreadable[];
    /** Of all that a tag reaches, what is shared counted once. */
    bytes: number;
}

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
        headers: { Accept: ANY_MANIFEST },
    });
    // Deleted in the meantime, or an image of an index that was not pushed along.
    if (answer.status === 404) return undefined;
    const digest = String(answer.headers["docker-content-digest"] ?? reference);
    sizes.set(digest, answer.body.length);
    const { manifests, config, layers = [], blobs = [] } = manifestOf(answer.body);
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

/** The tags of a repository with their sizes, and those that cannot be read: one does not hide the others. */
async function readRepository(
    api: RegistryApi,
    repository: string,
    pageSize: number | undefined,
): Promise<{ tags: TagSize[]; own: Sizes; unreadable: Unreadable[] }> {
    const own: Sizes = new Map();
    const unreadable: Unreadable[] = [];
    const absent: string[] = [];
    const names = await api.tags(repository, pageSize);
    const tags = await Promise.all(
        names.map(async (tag): Promise<TagSize[]> => {
            const sizes: Sizes = new Map();
            try {
                const found = await weigh(api, repository, tag, sizes);
                if (found === undefined) absent.push(tag);
                for (const [digest, size] of sizes) own.set(digest, size);
                return found ? [{ tag, ...found, bytes: sum(sizes) }] : [];
            } catch (error) {
                unreadable.push({ repository, tag, problem: messageOf(error) });
                return [];
            }
        }),
    );
    // One that is listed still was not deleted in the meantime: its manifest is lost.
    const still = absent.length === 0 ? [] : await api.tags(repository, pageSize);
    for (const tag of absent.filter((tag) => still.includes(tag)))
        unreadable.push({ repository, tag, problem: "its manifest is not there" });
    return { tags: tags.flat(), own, unreadable };
}

/**
 * Every repository with its tags and sizes, in the registry's order.
 *
 * @param all also repositories without tags, and those of the kit's own checks. @default false
 */
export async function readCatalog(api: RegistryApi, pageSize?: number, all = false): Promise<Catalog> {
    const sizes: Sizes = new Map();
    const repositories: RepositorySize[] = [];
    const unreadable: Unreadable[] = [];
    for (const repository of await api.repositories(pageSize)) {
        if (!all && OWN_REPOSITORIES.includes(repository)) continue;
        try {
            const found = await readRepository(api, repository, pageSize);
            unreadable.push(...found.unreadable);
            for (const [digest, size] of found.own) sizes.set(digest, size);
            if (all || found.tags.length > 0)
                repositories.push({ repository, tags: found.tags, bytes: sum(found.own) });
        } catch (error) {
            unreadable.push({ repository, problem: messageOf(error) });
        }
    }
    return { repositories, unreadable, bytes: sum(sizes) };
}

/** A catalog as a table; each repository ends with its own total. */
export function catalogTable({ repositories, bytes }: Omit<Catalog, "unreadable">): string {
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
