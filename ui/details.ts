/** What the page knows of a tag beside its name. */
import { kindOfType } from "./attachments";
import {
    blobsOf,
    chief,
    createdOf,
    hasHelmProvenance,
    type ImageConfig,
    type Kind,
    kindOf,
    platformsOf,
    platformText,
    statementsOf,
} from "./manifest";
import { type Registry, RegistryError } from "./registry";

export interface Details {
    digest: string;
    kind: Kind;
    /** `linux/amd64` … */
    platforms: string[];
    created: Date | undefined;
    /** Blob or manifest → bytes. */
    blobs: Map<string, number>;
    /** What it is, where it is no image. */
    type?: string | undefined;
    /** Kinds of what lies inside: attestations of an index, the provenance of a chart. */
    inside: string[];
}

/** Loads what a row of the list shows: the manifest, those of its platforms, and one configuration. */
export async function detailsOf(
    registry: Registry,
    repository: string,
    tag: string,
    signal?: AbortSignal,
): Promise<Details> {
    const stored = await registry.manifest(repository, tag, signal);
    const kind = kindOf(stored);
    const { digest, manifest } = stored;
    const blobs = blobsOf(stored);
    if (kind !== "index") {
        const config =
            kind === "image"
                ? ((await registry.config<ImageConfig>(repository, stored).catch(missing)) ?? {})
                : {};
        return {
            ...{ digest, kind, blobs },
            platforms: config.os && config.architecture ? [platformText({ ...config } as Platform)] : [],
            created: createdOf(config.created ?? manifest.annotations?.["org.opencontainers.image.created"]),
            type: kind === "artifact" ? (manifest.artifactType ?? manifest.config?.mediaType) : undefined,
            inside: hasHelmProvenance(manifest) ? ["signature"] : [],
        };
    }
    const listed = platformsOf(manifest);
    const images = await Promise.all(
        // One that is not there (a copy of some platforms alone) hides nothing of the others.
        listed.map((one) => registry.manifest(repository, one.digest).catch(missing)),
    );
    for (const image of images) for (const [blob, size] of image ? blobsOf(image) : []) blobs.set(blob, size);
    const first = images.find((image) => image?.digest === chief(listed)?.digest);
    const config = first && (await registry.config<ImageConfig>(repository, first).catch(missing));
    return {
        ...{ digest, kind, blobs },
        platforms: listed.flatMap(({ platform }) => (platform ? [platformText(platform)] : [])),
        created: createdOf(config?.created ?? manifest.annotations?.["org.opencontainers.image.created"]),
        inside: statementsOf(manifest).size > 0 ? [kindOfType("attestation")] : [],
    };
}

type Platform = Parameters<typeof platformText>[0];

/** What the registry does not have is no reason to show nothing of the rest; that it did not answer is one. */
function missing(error: unknown): undefined {
    if (!(error instanceof RegistryError && error.status === 404)) throw error;
    return undefined;
}

export const sum = (blobs: ReadonlyMap<string, number>): number => {
    let total = 0;
    for (const size of blobs.values()) total += size;
    return total;
};

/** Bytes that several take together, each blob once, and those of them that more than one of them has. */
export function together(all: Iterable<Details>): { total: number; shared: number } {
    const seen = new Map<string, { size: number; digests: Set<string> }>();
    for (const { digest, blobs } of all)
        for (const [blob, size] of blobs) {
            const one = seen.get(blob) ?? { size, digests: new Set() };
            one.digests.add(digest);
            seen.set(blob, one);
        }
    let [total, shared] = [0, 0];
    for (const { size, digests } of seen.values()) {
        total += size;
        if (digests.size > 1) shared += size;
    }
    return { total, shared };
}
