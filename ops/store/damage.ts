/** What is damaged in a storage, and what can be done about it without losing anything that is whole. */
import type { Look } from "./look";

/**
 * - `restore`: the link's text is certain, by its own path or by the tag's history: it is written anew
 * - `remove`: the link leads to nothing
 * - `aside`: the blob is not what its name says; renamed, so that the next push brings it again
 */
export type Remedy = { do: "restore"; digest: string } | { do: "remove"; folder: string } | { do: "aside" };

export interface Damage {
    /** Nothing for a blob that no repository links. */
    repository?: string | undefined;
    tag?: string | undefined;
    /** Below the storage's folder. */
    file: string;
    what: string;
    /** Nothing where nobody but its owner can help. */
    remedy?: Remedy | undefined;
}

export interface Damages {
    all: Damage[];
    /** Links, by which a collection lists manifests and layers, that it could not read; with what belongs into them. */
    unreadable: Map<string, string>;
    /** Manifests that are there and not what their names say: paths of their data. */
    torn: string[];
    /** Repositories of which a manifest is lost, so that nobody knows which layers it names. */
    lost: Set<string>;
    /** Whether a tag may lead elsewhere than the registry can see. */
    tags: boolean;
}

const EMPTY: Readonly<Record<string, string>> = {
    sha256: "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    sha512: "cf83e1357eefb8bdf1542850d66d8007d620e4050b5715dc83f4a921d36ce9ce47d0d13c5d85f2b0ff8318d2877eec2f63b931bd47417a81a538327af927da3e",
};

const LINK =
    /^repositories\/(.+?)\/(?:(_layers|_manifests\/revisions)|_manifests\/tags\/([^/]+)\/(current|index))(?:\/(sha256|sha512)\/([0-9a-f]+))?\/link$/;

/** Path of a blob's data. */
export function blobPath(digest: string): string {
    const [algorithm = "", hex = ""] = digest.split(":");
    return `blobs/${algorithm}/${hex.slice(0, 2)}/${hex}/data`;
}

type BlobState = "whole" | "missing" | "empty" | "other" | "unreadable";

const SAID: Readonly<Record<BlobState, string>> = {
    whole: "is whole",
    missing: "is not there",
    empty: "is empty",
    other: "is not what its name says",
    unreadable: "cannot be read",
};

/** @param manifest whether its content was looked at */
function blobState({ files, sums }: Look, digest: string, manifest: boolean): BlobState {
    const path = blobPath(digest);
    const file = files.get(path);
    const [algorithm = "", hex = ""] = digest.split(":");
    if (file === undefined) return "missing";
    if (file.size === 0 && EMPTY[algorithm] !== hex) return "empty";
    if (!manifest || algorithm !== "sha256") return "whole";
    const sum = sums.get(path);
    if (sum === undefined) return "unreadable";
    return sum === hex ? "whole" : "other";
}

/** Everything in a storage that is damaged, in the order of the files. */
export function damagesOf(look: Look): Damages {
    const { files, links } = look;
    const all: Damage[] = [];
    const unreadable = new Map<string, string>();
    const lost = new Set<string>();
    const blobs = new Map<string, { repository: string; state: BlobState; manifest: boolean }>();
    /** By tag's folder: where its history leads to. */
    const histories = new Map<string, { digest: string; changed: number }[]>();
    const named = (file: string) => {
        const [, repository = "", kind, tag, part, algorithm, hex] = LINK.exec(file) ?? [];
        return { repository, kind, tag, part, digest: hex && `${algorithm}:${hex}` };
    };
    const revision = (repository: string, digest: string) =>
        `repositories/${repository}/_manifests/revisions/${digest.replace(":", "/")}/link`;
    // Of a repository that never had a manifest a collection takes the layers and leaves the links: nobody misses them.
    const used = new Set(
        [...files.keys()].map((file) => /^repositories\/(.+?)\/_manifests\//.exec(file)?.[1]),
    );
    const wrong = (file: string) =>
        `the link ${files.get(file)?.size === 0 ? "is empty" : "does not hold a digest"}`;

    for (const [file, { changed }] of files) {
        const { repository, kind, tag, part, digest } = named(file);
        if (digest === undefined || repository === "") continue;
        const manifest = kind !== "_layers";
        const state = blobState(look, digest, manifest);
        const reads = links.get(file) === digest;
        if (part === "index") {
            const folder = `repositories/${repository}/_manifests/tags/${tag ?? ""}`;
            // Past ones stay where their image was deleted: that is not damage.
            if (state === "whole")
                histories.set(folder, [...(histories.get(folder) ?? []), { digest, changed }]);
        } else if (["empty", "other", "unreadable"].includes(state)) {
            blobs.set(digest, { repository, state, manifest });
        }
        const gone = state === "missing" || state === "empty" || state === "other";
        if (kind === "_manifests/revisions" && state !== "whole") lost.add(repository);
        if (!reads) {
            if (part === undefined) unreadable.set(file, digest);
            all.push({
                repository,
                tag,
                file,
                what: wrong(file),
                remedy: gone
                    ? { do: "remove", folder: file.replace(/\/link$/, "") }
                    : { do: "restore", digest },
            });
        } else if (gone && part === undefined && (state !== "missing" || used.has(repository))) {
            // A blob that is set aside is not there any more: its links go with it, else they would lead to nothing.
            all.push({
                repository,
                file,
                what: `it leads to a ${manifest ? "manifest" : "layer"} that ${SAID[state]}`,
                remedy: { do: "remove", folder: file.replace(/\/link$/, "") },
            });
        }
    }

    let tags = false;
    for (const path of files.keys()) {
        const [, folder, repository, tag] =
            /^(repositories\/(.+?)\/_manifests\/tags\/([^/]+))\/current$/.exec(path) ?? [];
        if (folder === undefined || repository === undefined) continue;
        const file = `${path}/link`;
        const digest = links.get(file);
        const state = digest === undefined ? undefined : blobState(look, digest, true);
        if (digest !== undefined && state === "whole") {
            const link = revision(repository, digest);
            if (files.has(link)) continue;
            lost.add(repository);
            all.push({
                repository,
                tag,
                file: link,
                what: "the link is not there",
                remedy: { do: "restore", digest },
            });
            continue;
        }
        tags = true;
        lost.add(repository);
        // Its history is written first, and anew each time the tag is moved: the last one is where it led to.
        const last = (histories.get(folder) ?? []).sort((a, b) => b.changed - a.changed)[0];
        const to = state === undefined && last !== undefined ? last.digest : undefined;
        all.push({
            repository,
            tag,
            file,
            what:
                digest === undefined
                    ? files.has(file)
                        ? wrong(file)
                        : "the link is not there"
                    : `it leads to a manifest that ${SAID[state ?? "missing"]}`,
            remedy:
                to !== undefined
                    ? { do: "restore", digest: to }
                    : state === "unreadable"
                      ? undefined
                      : { do: "remove", folder },
        });
    }

    for (const [digest, { repository, state, manifest }] of blobs)
        all.push({
            repository,
            file: blobPath(digest),
            what: `the ${manifest ? "manifest" : "layer"} ${SAID[state]}`,
            remedy: state === "unreadable" ? undefined : { do: "aside" },
        });
    const torn = [...blobs]
        .filter(([, { manifest, state }]) => manifest && state !== "unreadable")
        .map(([digest]) => blobPath(digest));
    all.sort((a, b) => (a.file < b.file ? -1 : 1));
    return { all, unreadable, torn, lost, tags };
}

/** One line: repository, file, what is wrong with it. */
export const damageLine = ({ repository, tag, file, what }: Damage): string =>
    `${repository ?? "no repository"}${tag === undefined ? "" : `:${tag}`}: ${file}: ${what}`;

/** What is to be done about a damage, for the screen. */
export function remedyText({ remedy }: Damage): string {
    if (remedy?.do === "restore") return "its text is known, and can be written anew";
    if (remedy?.do === "remove") return "leads to nothing, and can be removed; push the image again";
    if (remedy?.do === "aside") return "can be set aside, so that a push brings it again";
    return "look after the disk: nothing is done about what cannot be read";
}
