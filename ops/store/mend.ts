/** Mends a storage in files, from within a container that may write to it. Nothing that is whole is changed. */
import { createHash } from "node:crypto";

import { tar, type TarEntry } from "../../engine/tar";
import { type Broom, type Shell, shell } from "./broom";
import { blobPath, type Damage } from "./damage";
import { KEEPER_FILE, LOOK, type Look, OLD_MINUTES, readLook, STORE_FOLDER } from "./look";

const IN_STORE = `cd ${STORE_FOLDER} || exit 1`;

/** Paths given at once: a command line has an end. */
const BATCH = 300;
/** Layers that one manifest names: the registry reads manifests of 4 MB at most. */
const LAYERS = 5_000;

/** Renames blobs out of the registry's sight. */
export const ASIDE = `${IN_STORE}
for data in "$@"; do [ -f "$data" ] && mv "$data" "$data.damaged"; done`;

/** Takes links away, and the repository's folders that are empty then. */
export const REMOVE = `${IN_STORE}
for folder in "$@"; do rm -r "$folder"; done`;

/** Uploads that nobody went on with. @returns of the script: a line for each */
export const PURGE = `${IN_STORE}
find repositories \\( -name _manifests -o -name _layers \\) -prune -o -type d -path "*/_uploads/*" -prune -print |
    while read -r upload; do
        [ -n "$(find "$upload" -type f -mmin -${OLD_MINUTES})" ] && continue
        rm -r "$upload" && echo "purged $upload"
    done`;

/** What a collection made for its own time, of an earlier one that was killed, too. */
export const UNKEEP = `${IN_STORE}
find repositories -type f -path "*/_manifests/revisions/sha256/*/${KEEPER_FILE}" | while read -r mark; do
    folder="\${mark%/*}"
    hex="\${folder##*/}"
    rm -r "blobs/sha256/$(echo "$hex" | cut -c1-2)/$hex" "$folder"
done`;

/** Looks at the storage that a container has. @returns nothing where it is elsewhere, or empty */
export async function lookAt(run: Shell, script = LOOK): Promise<Look | undefined> {
    return readLook(await run(shell(script)));
}

/** Puts files into the storage. */
async function put(broom: Broom, files: readonly [string, string][]): Promise<void> {
    if (files.length === 0) return;
    const entries: TarEntry[] = [];
    const folders = new Set<string>();
    for (const [path, content] of files) {
        const parts = path.split("/").slice(0, -1);
        parts.forEach((_, i) => {
            const folder = `${parts.slice(0, i + 1).join("/")}/`;
            if (!folders.has(folder)) entries.push({ path: folder, mode: 0o755 });
            folders.add(folder);
        });
        entries.push({ path, mode: 0o644, content: Buffer.from(content) });
    }
    await broom.put(await tar(entries), STORE_FOLDER);
}

/** Writes links anew. @param links path → digest */
export const restore = (broom: Broom, links: Iterable<[string, string]>) => put(broom, [...links]);

/**
 * Keeps what the lost manifests of some repositories may name: each gets, until UNKEEP, a manifest without a tag that
 * names all its layers.
 */
export function keepers(look: Look, repositories: ReadonlySet<string>): [string, string][] {
    return [...repositories].flatMap((repository) => {
        const prefix = `repositories/${repository}/_layers/`;
        const layers = [...look.files.keys()].flatMap((path) => {
            if (!path.startsWith(prefix)) return [];
            const digest = path
                .slice(prefix.length)
                .replace(/\/link$/, "")
                .replace("/", ":");
            const size = look.files.get(blobPath(digest))?.size;
            return size === undefined ? [] : [{ mediaType: "application/octet-stream", digest, size }];
        });
        const batches = Array.from({ length: Math.ceil(layers.length / LAYERS) }, (_, i) =>
            layers.slice(i * LAYERS, (i + 1) * LAYERS),
        );
        return batches.flatMap((batch): [string, string][] => {
            const manifest = JSON.stringify({
                schemaVersion: 2,
                mediaType: "application/vnd.oci.image.manifest.v1+json",
                config: batch[0],
                layers: batch,
                annotations: { "private-registry.gc": repository },
            });
            const digest = `sha256:${createHash("sha256").update(manifest).digest("hex")}`;
            const folder = `repositories/${repository}/_manifests/revisions/${digest.replace(":", "/")}`;
            return [
                [`${folder}/${KEEPER_FILE}`, ""],
                [blobPath(digest), manifest],
                [`${folder}/link`, digest],
            ];
        });
    });
}

export const keep = (broom: Broom, look: Look, repositories: ReadonlySet<string>) =>
    put(broom, keepers(look, repositories));

async function each({ run }: Broom, script: string, paths: readonly string[]) {
    for (let at = 0; at < paths.length; at += BATCH) await run(shell(script, ...paths.slice(at, at + BATCH)));
}

/** Sets blobs aside. @param paths of their data */
export const setAside = (broom: Broom, paths: readonly string[]) => each(broom, ASIDE, paths);

/** Does what can be done about damages. */
export async function mendStore(broom: Broom, damages: readonly Damage[]) {
    const links: [string, string][] = [];
    const gone: string[] = [];
    const aside: string[] = [];
    for (const { file, remedy } of damages) {
        if (remedy?.do === "restore") links.push([file, remedy.digest]);
        else if (remedy?.do === "remove") gone.push(remedy.folder);
        else if (remedy?.do === "aside") aside.push(file);
    }
    await restore(broom, links);
    await each(broom, REMOVE, gone);
    await setAside(broom, aside);
}
