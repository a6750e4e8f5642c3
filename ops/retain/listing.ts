/** What lies in a registry's storage, as far as no request tells it: times, and manifests without a tag. Pure. */
import { OLD_MINUTES, STORE_FOLDER } from "../store/look";

export interface Listed {
    /** Tag → seconds since 1970 of its last push. */
    tags: Map<string, number>;
    /** Digests of manifests. */
    revisions: Set<string>;
    /** Uploads that somebody went on with within the last hour. */
    uploads: number;
}

export type Listing = Map<string, Listed>;

/** Prints time and path of what is wanted, and the end. */
export const LIST_FILES = `cd ${STORE_FOLDER}/repositories 2> /dev/null || { echo "== end"; exit 0; }
echo "now $(date +%s)"
find . -type d -name _manifests | sed "s,^./,folder ,"
find . \\( -name _layers -o -path "*/_manifests/tags/*/index" \\) -prune -o -type f \\
    \\( -path "*/_manifests/*/link" -o -path "*/_uploads/*" \\) -exec stat -c "%Y %n" {} + | sed "s, ./, ,"
echo "== end"`;

/** Takes repositories away that have no manifest and no upload of the last hour. */
export const EMPTY_FILES = `cd ${STORE_FOLDER}/repositories || exit 1
for one in "$@"; do
    [ -z "$(find "$one/_manifests" -type f 2> /dev/null | head -n 1)" ] || continue
    [ -z "$(find "$one/_uploads" -type f -mmin -${OLD_MINUTES} 2> /dev/null | head -n 1)" ] || continue
    rm -rf "$one/_layers" "$one/_uploads" "$one/_manifests"
    # And the folders above it that held nothing else.
    while [ "$one" != . ]; do
        rmdir "$one" 2> /dev/null || break
        one=$(dirname "$one")
    done
done`;

const PATH =
    /^(.+?)\/(?:_manifests\/(?:tags\/([^/]+)\/current|revisions\/([a-z0-9]+)\/([0-9a-f]+))\/link|_uploads\/([^/]+)\/.+)$/;

/** @param files seconds and path below `repositories` */
function listing(files: Iterable<readonly [number, string]>, now: number): Listing {
    const found: Listing = new Map();
    const uploads = new Map<string, Set<string>>();
    for (const [time, path] of files) {
        const [, repository = "", tag, algorithm, hex, upload] = PATH.exec(path) ?? [];
        if (repository === "") continue;
        const listed = found.get(repository) ?? { tags: new Map(), revisions: new Set(), uploads: 0 };
        found.set(repository, listed);
        if (tag !== undefined) listed.tags.set(tag, time);
        else if (algorithm !== undefined) listed.revisions.add(`${algorithm}:${hex ?? ""}`);
        else if (upload !== undefined && time > now - OLD_MINUTES * 60) {
            const own = uploads.get(repository) ?? new Set();
            uploads.set(repository, own.add(upload));
            listed.uploads = own.size;
        }
    }
    return found;
}

/** @param text what LIST_FILES printed. @throws Error where it was cut short */
export function readListing(text: string): Listing {
    const lines = text.split("\n").filter((line) => line !== "");
    if (lines.at(-1) !== "== end") throw new Error("the look at the storage was cut short");
    const now = Number(/^now (\d+)$/m.exec(text)?.[1] ?? 0);
    const files = lines.flatMap((line) => {
        const [, time, path] = /^(\d+) (.+)$/.exec(line) ?? [];
        return path === undefined ? [] : [[Number(time), path] as const];
    });
    const found = listing(files, now);
    for (const line of lines) {
        const [, repository] = /^folder (.+)\/_manifests$/.exec(line) ?? [];
        if (repository !== undefined && !found.has(repository))
            found.set(repository, { tags: new Map(), revisions: new Set(), uploads: 0 });
    }
    return found;
}

/** @param text what `rclone lsjson` printed; "" where nothing is there */
export function readObjects(text: string, now: number): Listing {
    if (text.trim() === "") return new Map();
    const begin = text.indexOf("[");
    const objects = JSON.parse(text.slice(begin)) as { Path: string; ModTime: string }[];
    return listing(
        objects.map(({ Path, ModTime }) => [Date.parse(ModTime) / 1000, Path] as const),
        now,
    );
}
