export interface ImageName {
    /** Name without tag or digest, as the user wrote it. */
    repository: string;
    /** Tag, or digest such as `sha256:…`. */
    tag: string;
    digest: boolean;
    /** True for images of Docker Hub, the only ones that a mirror serves. */
    hub: boolean;
    /** Host to which the engine would connect for a pull. */
    host: string;
    /** Path on that host: `library/registry`. */
    path: string;
}

const PART = "[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*";
/** A repository's name without a host before it, as a regular expression (OCI distribution spec, "Pulling manifests"): `team/app`. */
export const REPOSITORY = `${PART}(?:/${PART})*`;
const IMAGE = new RegExp(
    `^(?:(?:\\[[0-9a-fA-F:]+\\]|[a-zA-Z0-9.-]+)(?::\\d+)?/)?${REPOSITORY}(?::\\w[\\w.-]{0,127})?(?:@[a-z0-9]+:[0-9a-f]+)?$`,
);

/** Whether a text is an image's name (distribution/reference): with host, tag and digest where there are some, no URL. */
export const isImageName = (text: string): boolean => IMAGE.test(text);

/** Reads an image name the way Docker does (distribution/reference): a first part with a dot or colon is a host. */
export function parseImage(image: string): ImageName {
    const at = image.indexOf("@");
    const colon = image.lastIndexOf(":");
    const tagged = at < 0 && colon > image.lastIndexOf("/");
    const repository = at >= 0 ? image.slice(0, at) : tagged ? image.slice(0, colon) : image;
    const tag = at >= 0 ? image.slice(at + 1) : tagged ? image.slice(colon + 1) : "latest";
    const [first = "", ...rest] = repository.split("/");
    const hosted = rest.length > 0 && (/[.:]/.test(first) || first === "localhost");
    const hub = !hosted || ["docker.io", "index.docker.io"].includes(first);
    const name = hosted ? rest.join("/") : repository;
    return {
        repository,
        tag,
        digest: at >= 0,
        hub,
        host: hub ? "docker.io" : first,
        path: hub && !name.includes("/") ? `library/${name}` : name,
    };
}

/** Whether two names mean the same image: `registry:3.1.2` and `docker.io/library/registry:3.1.2`. */
export function sameImage(one: string, other: string): boolean {
    const [a, b] = [parseImage(one), parseImage(other)];
    return a.host === b.host && a.path === b.path && a.tag === b.tag;
}
