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
