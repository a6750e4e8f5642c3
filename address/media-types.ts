/** What a client that takes every kind of manifest sends as Accept: those of Docker and OCI, of images and of indexes. */
export const ANY_MANIFEST = [
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
    "application/vnd.docker.distribution.manifest.v2+json",
].join(", ");
