/** Images that the kit builds where the official ones cannot be had: they have names of their own, and never an official one. */
import {
    DEFAULT_ACME_IMAGE,
    DEFAULT_BACKUP_IMAGE,
    DEFAULT_CACHE_IMAGE,
    DEFAULT_FRONT_IMAGE,
    DEFAULT_IMAGE,
    DEFAULT_SYNC_IMAGE,
    RCLONE_IMAGE,
} from "../address/default-images";

/** Label by which an image tells that the kit made it, and of what. */
export const SOURCE_LABEL = "private-registry.source";

/** What the Engine tells of an image: `GET /images/json`. */
export interface ListedImage {
    Id: string;
    /** Seconds since 1970. */
    Created: number;
    RepoTags?: string[] | null;
    Labels?: Record<string, string> | null;
}

/** Default image → repository of what stands in for it. */
const REPOSITORIES: Readonly<Record<string, string>> = {
    [DEFAULT_IMAGE]: "private-registry/registry",
    [DEFAULT_FRONT_IMAGE]: "private-registry/nginx",
    [DEFAULT_BACKUP_IMAGE]: "private-registry/restic",
    [DEFAULT_ACME_IMAGE]: "private-registry/lego",
    [DEFAULT_CACHE_IMAGE]: "private-registry/redis",
    [RCLONE_IMAGE]: "private-registry/rclone",
    [DEFAULT_SYNC_IMAGE]: "private-registry/regsync",
};

/** Those that are built from a Go module, of the very version; the others are what Debian has. */
const OF_GO: readonly string[] = [DEFAULT_IMAGE, DEFAULT_SYNC_IMAGE];

/** The version in the tag of an image: `registry:3.1.2`, `regclient/regsync:v0.11.7-alpine`. */
export const versionIn = (image: string): string =>
    (image.split(":").at(-1) ?? "").replace(/^v(?=\d)/, "").replace(/-alpine$/, "");

/**
 * Name of the image that stands in for a default one.
 *
 * @param version what it is made of: `3.1.2`, or the version of Debian's package, `5:7.0.15-1~deb12u6`
 * @returns `private-registry/registry:3.1.2`, `private-registry/redis:7.0.15-debian`; undefined where nothing stands in
 */
export function standInName(image: string, version: string): string | undefined {
    const repository = REPOSITORIES[image];
    if (repository === undefined || OF_GO.includes(image)) return repository && `${repository}:${version}`;
    // A tag has neither the + nor the ~ of Debian's versions.
    const upstream = version
        .replace(/^\d+:/, "")
        .replace(/-[^-]*$/, "")
        .replace(/[+~].*$/, "");
    return `${repository}:${upstream}-debian`;
}

/** Path of the Engine API that lists all that `imageToRun` wants to know of these images; undefined where it needs nothing. */
export function listPath(images: readonly string[]): string | undefined {
    const known = images.filter((image) => REPOSITORIES[image] !== undefined);
    if (known.length === 0) return undefined;
    const filters = { reference: known.flatMap((image) => [image, `${REPOSITORIES[image]}:*`]) };
    return `/images/json?filters=${encodeURIComponent(JSON.stringify(filters))}`;
}

/** Whether the kit made an image. Earlier versions gave such images the official name. */
export const ownBuild = ({ Labels }: Pick<ListedImage, "Labels">): boolean =>
    Labels?.[SOURCE_LABEL] !== undefined;

/** The image of a name, as far as it is what the name says: not one that the kit made under an official name. */
export const official = (image: string, listed: readonly ListedImage[]): ListedImage | undefined =>
    listed.find((one) => one.RepoTags?.includes(image) && !ownBuild(one));

/**
 * The image that a stack runs: the configured one, or what stands in for it where the Engine has that alone.
 *
 * @param image as configured
 * @param listed the Engine's answer to `listPath`
 */
export function imageToRun(image: string, listed: readonly ListedImage[]): string {
    const repository = REPOSITORIES[image];
    if (repository === undefined || official(image, listed)) return image;
    const fits = (tag: string) =>
        OF_GO.includes(image)
            ? tag === standInName(image, versionIn(image))
            : tag.startsWith(`${repository}:`);
    const [newest] = listed
        .filter(ownBuild)
        .sort((a, b) => b.Created - a.Created)
        .flatMap(({ RepoTags }) => (RepoTags ?? []).filter(fits));
    return newest ?? image;
}
