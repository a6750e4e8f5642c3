/** What belongs to an image and lies beside it: signatures, SBOMs, attestations. */
import type { Descriptor, Manifest } from "./manifest";

export type AttachmentKind = "signature" | "sbom" | "provenance" | "attestation" | "scan" | "other";

export interface Attachment {
    kind: AttachmentKind;
    /** What the manifest says it is. */
    type: string;
    digest?: string | undefined;
    size?: number | undefined;
    /** The tag under which it lies. */
    tag?: string | undefined;
    annotations?: Record<string, string> | undefined;
}

/** A tag that stands for a digest (OCI distribution specification, referrers tag schema; cosign adds an ending). */
const FALLBACK = /^(sha256|sha512)-([0-9a-f]{64,128})(?:\.([\w.-]+))?$/;

/** A tag that says where something is attached. */
export interface Fallback {
    tag: string;
    /** `sha256:…` of what it belongs to. */
    digest: string;
    /** `sig`, `att`, `sbom`; nothing for an index of all that is attached. */
    ending?: string | undefined;
}

export function fallbackOf(tag: string): Fallback | undefined {
    const [, algorithm, hex, ending] = FALLBACK.exec(tag) ?? [];
    return algorithm === undefined ? undefined : { tag, digest: `${algorithm}:${hex}`, ending };
}

/** Tags for people, and those that stand for digests: digest → tags. */
export function sortOut(tags: readonly string[]): { tags: string[]; attached: Map<string, Fallback[]> } {
    const attached = new Map<string, Fallback[]>();
    const rest = tags.filter((tag) => {
        const fallback = fallbackOf(tag);
        if (fallback !== undefined)
            attached.set(fallback.digest, [...(attached.get(fallback.digest) ?? []), fallback]);
        return fallback === undefined;
    });
    return { tags: rest, attached };
}

/** A word of the media type or of the annotations → what it is. The first that fits counts. */
const KINDS: readonly [RegExp, AttachmentKind][] = [
    [/signature|cosign\.simplesigning|artifact\.sig|sigstore\.bundle|\bsig\b/i, "signature"],
    [/spdx|cyclonedx|syft|sbom/i, "sbom"],
    [/slsa|provenance/i, "provenance"],
    [/vex|sarif|trivy|grype|scan|vulnerab/i, "scan"],
    [/in-toto|dsse|attest|\batt\b/i, "attestation"],
];

export const kindOfType = (...told: (string | undefined)[]): AttachmentKind =>
    KINDS.find(([pattern]) => told.some((one) => one !== undefined && pattern.test(one)))?.[1] ?? "other";

/** What a tag of cosign's holds: the kind stands in its ending. */
export const endingKind = (ending: string): AttachmentKind => kindOfType(ending);

const typeOf = ({ artifactType, mediaType }: Descriptor): string => artifactType ?? mediaType;

/** What an index by the referrers tag schema lists. */
export const listed = (index: Manifest, tag: string): Attachment[] =>
    (index.manifests ?? []).map((one) => ({
        kind: kindOfType(typeOf(one), ...Object.values(one.annotations ?? {})),
        type: typeOf(one),
        ...{ digest: one.digest, size: one.size, annotations: one.annotations, tag },
    }));

/** What a manifest in an index says of an image of that index: the types stand at its layers (BuildKit). */
export const stated = (descriptor: Descriptor, manifest: Manifest): Attachment[] =>
    (manifest.layers ?? []).map(({ mediaType, annotations, size }) => {
        const type = annotations?.["in-toto.io/predicate-type"] ?? mediaType;
        return { kind: kindOfType(type, mediaType), type, digest: descriptor.digest, size };
    });
