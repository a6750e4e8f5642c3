/** Manifests as the registry gives them (OCI image spec, and Docker's own kinds). */

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

/** Repositories of the kit's own checks. */
export const OWN_REPOSITORIES = ["private-registry-doctor", "storage-check"];

/** @throws Error where it is none */
export function manifestOf(body: Buffer): Manifest {
    try {
        return JSON.parse(body.toString("utf8")) as Manifest;
    } catch {
        throw new Error(`its manifest is damaged (${body.length} bytes)`);
    }
}
