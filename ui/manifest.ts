/** What a manifest says (OCI image specification, and Docker's schema 2 before it). */

/** Of a blob or manifest. */
export interface Descriptor {
    mediaType: string;
    digest: string;
    size: number;
    platform?: { os: string; architecture: string; variant?: string; "os.version"?: string };
    annotations?: Record<string, string>;
    artifactType?: string;
}

export interface Manifest {
    mediaType?: string;
    artifactType?: string;
    config?: Descriptor;
    /** Go writes a list of nothing as null. */
    layers?: Descriptor[] | null;
    /** Of an index. */
    manifests?: Descriptor[] | null;
    subject?: Descriptor;
    annotations?: Record<string, string>;
}

/** A manifest as it was answered. */
export interface Stored {
    digest: string;
    /** Bytes of the manifest itself. */
    size: number;
    mediaType: string;
    manifest: Manifest;
}

/** What an image's configuration says, as far as the page shows it. */
export interface ImageConfig {
    created?: string;
    author?: string;
    os?: string;
    architecture?: string;
    variant?: string;
    config?: null | {
        User?: string;
        Env?: string[];
        Entrypoint?: string[] | null;
        Cmd?: string[] | null;
        WorkingDir?: string;
        ExposedPorts?: Record<string, object> | null;
        Volumes?: Record<string, object> | null;
        Labels?: Record<string, string> | null;
        StopSignal?: string;
    };
    history?: null | { created_by?: string; comment?: string; empty_layer?: boolean; created?: string }[];
}

/** What a Helm chart says of itself (Chart.yaml as JSON). */
export interface Chart {
    name?: string;
    version?: string;
    appVersion?: string;
    description?: string;
    home?: string;
    kubeVersion?: string;
}

const INDEXES = [
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
];
const IMAGES = [
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.docker.distribution.manifest.v2+json",
];
/** What the page asks for. */
export const ACCEPT = [...INDEXES, ...IMAGES].join(", ");

const IMAGE_CONFIGS = [
    "application/vnd.oci.image.config.v1+json",
    "application/vnd.docker.container.image.v1+json",
];
export const HELM_CONFIG = "application/vnd.cncf.helm.config.v1+json";
const HELM_PROVENANCE = "application/vnd.cncf.helm.chart.provenance.v1.prov";
/** BuildKit's mark of a manifest that says something of another one in the same index. */
const REFERENCE_TYPE = "vnd.docker.reference.type";
const REFERENCE_DIGEST = "vnd.docker.reference.digest";

export type Kind = "index" | "image" | "helm" | "artifact";

export function kindOf({ mediaType, manifest }: Pick<Stored, "mediaType" | "manifest">): Kind {
    if (INDEXES.includes(mediaType) || Array.isArray(manifest.manifests)) return "index";
    const config = manifest.config?.mediaType ?? "";
    if (config === HELM_CONFIG) return "helm";
    return IMAGE_CONFIGS.includes(config) && manifest.artifactType === undefined ? "image" : "artifact";
}

/** @example platformText({ os: "linux", architecture: "arm", variant: "v7" }) // "linux/arm/v7" */
export const platformText = ({ os, architecture, variant }: NonNullable<Descriptor["platform"]>): string =>
    [os, architecture, variant].filter(Boolean).join("/");

/** The images of an index, without what only says something of them. */
export const platformsOf = (manifest: Manifest): Descriptor[] =>
    (manifest.manifests ?? []).filter(
        ({ annotations, platform }) =>
            annotations?.[REFERENCE_TYPE] === undefined && platform?.os !== "unknown",
    );

/** What says something of the images of an index: digest of the image → descriptors. */
export function statementsOf(manifest: Manifest): Map<string, Descriptor[]> {
    const found = new Map<string, Descriptor[]>();
    for (const one of manifest.manifests ?? []) {
        const about = one.annotations?.[REFERENCE_DIGEST];
        if (about !== undefined) found.set(about, [...(found.get(about) ?? []), one]);
    }
    return found;
}

/** The one whose configuration stands for all: linux/amd64, else the first. */
export const chief = (platforms: readonly Descriptor[]): Descriptor | undefined =>
    platforms.find(({ platform }) => platform?.os === "linux" && platform.architecture === "amd64") ??
    platforms[0];

/** Blob or manifest → bytes, of one manifest with all that it names by itself. */
export function blobsOf({ digest, size, manifest }: Stored): Map<string, number> {
    const parts = [manifest.config, ...(manifest.layers ?? [])].filter((one) => one !== undefined);
    return new Map([[digest, size], ...parts.map((one): [string, number] => [one.digest, one.size])]);
}

/** Whether a chart is signed by Helm's own means. */
export const hasHelmProvenance = (manifest: Manifest): boolean =>
    (manifest.layers ?? []).some(({ mediaType }) => mediaType === HELM_PROVENANCE);

export interface Layer {
    digest: string;
    size: number;
    mediaType: string;
    /** The command that made it; nothing where the image does not tell. */
    command?: string | undefined;
}

/** A command as it stands in a Dockerfile. */
export const command = (text: string): string =>
    text
        .replace(/^\/bin\/sh -c #\(nop\)\s+/, "")
        .replace(/^\/bin\/sh -c /, "RUN ")
        .replace(/^RUN \/bin\/sh -c /, "RUN ")
        .replace(/# buildkit$/, "")
        .trim();

/** The layers with their commands: the history has a line for each, and others for what made none. */
export function layersOf(manifest: Manifest, { history }: ImageConfig): Layer[] {
    const layers = manifest.layers ?? [];
    const made = (history ?? []).filter(({ empty_layer }) => !empty_layer);
    // A history that does not fit would put commands beside layers that they did not make.
    const fits = made.length === layers.length;
    return layers.map(({ digest, size, mediaType }, i) => {
        const line = fits ? made[i] : undefined;
        return { digest, size, mediaType, command: line && command(line.created_by ?? line.comment ?? "") };
    });
}

/** A time that is one: tools that build the same bytes each time write the year 1970 or 1980, which says nothing. */
export function createdOf(text: string | undefined): Date | undefined {
    const time = new Date(text ?? "");
    return Number.isNaN(time.getTime()) || time.getUTCFullYear() < 1981 ? undefined : time;
}
