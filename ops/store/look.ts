import { DATA_FOLDER } from "../../components/storage/folders";
/**
 * A look at a registry's storage in files (distribution, registry/storage/paths.go), from within a container of its image: the
 * official one and the kit's own both have busybox.
 */

/** Folder that all paths of a look are relative to. */
export const STORE_FOLDER = `${DATA_FOLDER}/docker/registry/v2`;
/** Minutes after which an upload that nobody went on with counts as given up. */
export const OLD_MINUTES = 60;
/** Beside a link that a collection made for its own time (see keep.ts). */
export const KEEPER_FILE = "of-a-collection";

const NONE = "== none";
const END = "== end";

/**
 * Prints what there is, each part under a line of its own; without the last line the look was cut short. Programs get their files
 * in batches, and no folder is walked through that a part does not need: the walks and the starts are what takes the time.
 */
export const LOOK = `cd ${STORE_FOLDER}/repositories 2> /dev/null && cd .. || { echo "${NONE}"; exit 0; }
echo "== now"
date +%s
echo "== files"
find repositories blobs \\( -type f -o -path "*/_manifests/tags/*/current" \\) -exec stat -c "%Y %s %n" {} + 2> /dev/null
echo "== good"
find repositories -type f -name link \\( -size 71c -o -size 135c \\) \\
    -exec grep -HEx "sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128}" {} + 2> /dev/null
echo "== sums"
{
    find repositories \\( -name _layers -o -path "*/_manifests/tags" \\) -prune -o \\
        -type f -path "*/_manifests/revisions/sha256/*/link" -print | sed "s,.*/sha256/\\(.*\\)/link\\$,\\1,"
    find repositories \\( -name _layers -o -path "*/_manifests/revisions" -o -path "*/_manifests/tags/*/index" \\) -prune -o \\
        -type f -path "*/_manifests/tags/*/current/link" -exec grep -hEx "sha256:[0-9a-f]{64}" {} + 2> /dev/null | sed "s,sha256:,,"
} | sort -u | sed "s,\\(..\\)\\(.*\\),blobs/sha256/\\1/\\1\\2/data," |
    xargs -r sha256sum 2> /dev/null
echo "${END}"`;

/** Unfinished uploads alone, which need no walk through the links. */
export const LOOK_AT_UPLOADS = `cd ${STORE_FOLDER}/repositories 2> /dev/null && cd .. || { echo "${NONE}"; exit 0; }
echo "== now"
date +%s
echo "== files"
find repositories \\( -name _manifests -o -name _layers \\) -prune -o -type f -path "*/_uploads/*" -print | xargs -r stat -c "%Y %s %n" 2> /dev/null
echo "${END}"`;

export interface Look {
    /** Seconds since 1970, by the clock of the container. */
    now: number;
    /** By path: bytes, and seconds since 1970 of the last change. */
    files: Map<string, { size: number; changed: number }>;
    /** By path of a link that reads well: its digest. */
    links: Map<string, string>;
    /** By path of a manifest: the SHA-256 of what is there. One that cannot be read has none. */
    sums: Map<string, string>;
}

/** @returns nothing where the storage is elsewhere, or empty. @throws Error where the look was cut short */
export function readLook(text: string): Look | undefined {
    const lines = text.split("\n").filter((line) => line !== "");
    if (lines[0] === NONE) return undefined;
    if (lines.at(-1) !== END) throw new Error("the look at the storage was cut short");
    const look: Look = { now: 0, files: new Map(), links: new Map(), sums: new Map() };
    let part = "";
    for (const line of lines) {
        if (line.startsWith("== ")) part = line.slice(3);
        else if (part === "now") look.now = Number(line);
        else if (part === "files") {
            const [, changed, size, path] = /^(\d+) (\d+) (.+)$/.exec(line) ?? [];
            if (path !== undefined) look.files.set(path, { size: Number(size), changed: Number(changed) });
        } else if (part === "good") {
            const [, path, digest] = /^(.+?\/link):(\S+)$/.exec(line) ?? [];
            if (path !== undefined && digest !== undefined) look.links.set(path, digest);
        } else if (part === "sums") {
            const [, sum, path] = /^([0-9a-f]{64}) {2}(.+)$/.exec(line) ?? [];
            if (path !== undefined && sum !== undefined) look.sums.set(path, sum);
        }
    }
    return look;
}

/** Uploads that were not ended. */
export interface Uploads {
    count: number;
    bytes: number;
}

/** The unfinished uploads, all and those that nobody went on with for an hour. */
export function uploadsOf({ now, files }: Look): { all: Uploads; old: Uploads } {
    const folders = new Map<string, { bytes: number; changed: number }>();
    for (const [path, { size, changed }] of files) {
        const folder = /^repositories\/.+?\/_uploads\/[^/]+/.exec(path)?.[0];
        if (folder === undefined) continue;
        const known = folders.get(folder) ?? { bytes: 0, changed: 0 };
        folders.set(folder, { bytes: known.bytes + size, changed: Math.max(known.changed, changed) });
    }
    const sum = (some: { bytes: number }[]) => ({
        count: some.length,
        bytes: some.reduce((total, { bytes }) => total + bytes, 0),
    });
    const all = [...folders.values()];
    return { all: sum(all), old: sum(all.filter(({ changed }) => now - changed > OLD_MINUTES * 60)) };
}
