import { type Attachment, endingKind, listed, stated } from "./attachments";
import { bytes, shortDigest } from "./format";
import { type Stored, statementsOf } from "./manifest";
import { Problem } from "./parts";
import type { Registry } from "./registry";
import { linkTo } from "./route";
import type { Shelf } from "./shelf";
import { useLoaded, useShown } from "./shown";

/** What is attached to an image: within its index, and under the tags that stand for its digest and for that of its index. */
async function attachmentsOf(
    registry: Registry,
    shelf: Shelf,
    stored: Stored,
    index: Stored | undefined,
    signal: AbortSignal,
): Promise<Attachment[]> {
    const { repository } = shelf;
    const inside = (index ? (statementsOf(index.manifest).get(stored.digest) ?? []) : []).map(async (one) =>
        stated(one, (await registry.manifest(repository, one.digest, signal)).manifest),
    );
    const digests = new Set([stored.digest, ...(index ? [index.digest] : [])]);
    const outside = [...digests]
        .flatMap((digest) => shelf.attached.get(digest) ?? [])
        .map(async ({ tag, ending }): Promise<Attachment[]> => {
            const { digest, size, manifest } = await registry.manifest(repository, tag, signal);
            if (ending === undefined && manifest.manifests !== undefined) return listed(manifest, tag);
            return [
                {
                    kind: endingKind(ending ?? ""),
                    type: manifest.layers?.[0]?.mediaType ?? "",
                    digest,
                    size,
                    tag,
                },
            ];
        });
    return (await Promise.all([...inside, ...outside])).flat();
}

interface AttachedProps {
    shelf: Shelf;
    stored: Stored;
    /** The index that it stands in. */
    index?: Stored;
}

export function Attached({ shelf, stored, index }: AttachedProps) {
    const { registry, words } = useShown();
    const { value = [], error } = useLoaded(
        (signal) => attachmentsOf(registry, shelf, stored, index, signal),
        [shelf, stored.digest],
    );
    if (error !== undefined) return <Problem error={error} />;
    if (value.length === 0) return null;
    return (
        <section class="card">
            <h2>{words.attachments}</h2>
            <ul class="attached">
                {value.map(({ kind, type, digest, size }, i) => (
                    <li key={i}>
                        <b class="badge quiet">{words.kinds[kind]}</b> <span class="type">{type}</span>
                        {digest && (
                            <a href={linkTo(shelf.repository, digest)}>
                                <code>{shortDigest(digest)}</code>
                            </a>
                        )}
                        {size !== undefined && <small>{bytes(size)}</small>}
                    </li>
                ))}
            </ul>
        </section>
    );
}
