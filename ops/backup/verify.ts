/** Looks whether a backup is whole: restored into a store of its own, served by a registry of its own, and read through. */
import { createHash } from "node:crypto";

import { SetupError } from "../../setup/errors";
import { shell, type Shell } from "../store/broom";
import { blobPath, damageLine, damagesOf } from "../store/damage";
import { lookAt } from "../store/mend";

import type { Beside } from "./ground";
import type { Told } from "./job";
import type { Restic } from "./restic";
import { SERVED_PORT, verifyScript } from "./scripts";
import { ANY_MANIFEST } from "../../address/media-types";

export interface Verified {
    tags: number;
    manifests: number;
    blobs: number;
}

const AWAIT = `n=0
until wget -q -O /dev/null http://127.0.0.1:${SERVED_PORT}/v2/; do n=$((n + 1)); [ $n -lt 100 ] || exit 1; sleep 0.1; done 2> /dev/null
echo up`;
/** All bodies, one after the other, in base64: one process for many paths. */
const FETCH_ALL = `for path in "$@"; do shift; set -- "$@" "http://127.0.0.1:${SERVED_PORT}$path"; done
wget -q -O - --header "Accept: ${ANY_MANIFEST}" "$@" 2> /dev/null | base64 | tr -d '\\n'`;
/** A line for each path: its body in base64. */
const FETCH = `for path in "$@"; do
    printf '%s ' "$path"
    wget -q -O - --header "Accept: ${ANY_MANIFEST}" "http://127.0.0.1:${SERVED_PORT}$path" 2> /dev/null | base64 | tr -d '\\n'
    echo
done`;
/** Of blobs those that are not answered: all at once, and one by one where one is not. */
export const LACKING = `paths="$*"
for path in "$@"; do shift; set -- "$@" "http://127.0.0.1:${SERVED_PORT}$path"; done
wget -q -O /dev/null --spider "$@" 2> /dev/null && exit 0
for path in $paths; do
    wget -q -O /dev/null --spider "http://127.0.0.1:${SERVED_PORT}$path" 2> /dev/null || echo "$path"
done`;

/** Paths asked for at once: a command line has an end. */
const BATCH = 300;

async function asked(run: Shell, script: string, paths: readonly string[]) {
    const lines: string[] = [];
    for (let at = 0; at < paths.length; at += BATCH) {
        const text = await run(shell(script, ...paths.slice(at, at + BATCH)));
        lines.push(...text.split("\n").filter(Boolean));
    }
    return lines;
}

/**
 * Bodies of manifests, path → bytes.
 *
 * @param sizes of them, by which the bodies are told apart
 */
async function fetched(
    run: Shell,
    sizes: ReadonlyMap<string, number | undefined>,
): Promise<Map<string, Buffer>> {
    const bodies = new Map<string, Buffer>();
    const paths = [...sizes.keys()];
    for (let at = 0; at < paths.length; at += BATCH) {
        const some = paths.slice(at, at + BATCH);
        const [text = ""] = await asked(run, FETCH_ALL, some);
        const all = Buffer.from(text, "base64");
        const total = some.reduce((sum, path) => sum + (sizes.get(path) ?? NaN), 0);
        if (all.length === total) {
            let from = 0;
            for (const path of some) {
                const end = from + (sizes.get(path) ?? 0);
                bodies.set(path, all.subarray(from, end));
                from = end;
            }
            continue;
        }
        // One of them is not what it should be: which one, only each by itself tells.
        for (const line of await asked(run, FETCH, some)) {
            const [path = "", body = ""] = line.split(" ");
            bodies.set(path, Buffer.from(body, "base64"));
        }
    }
    return bodies;
}

interface Content {
    manifests?: { digest: string }[];
    layers?: { digest: string; urls?: string[] }[];
    config?: { digest: string };
}

/** Reads every tag with all that it needs. @returns what is wrong, in words */
async function readThrough(run: Shell): Promise<{ wrong: string[]; tags: number; manifests: number }> {
    const look = await lookAt(run);
    if (look === undefined) return { wrong: [], tags: 0, manifests: 0 };
    const wrong = damagesOf(look).all.map(damageLine);
    const tags = [...look.links].flatMap(([path, digest]) => {
        const [, repository, tag] =
            /^repositories\/(.+?)\/_manifests\/tags\/([^/]+)\/current\/link$/.exec(path) ?? [];
        return repository === undefined || tag === undefined ? [] : [{ repository, reference: tag, digest }];
    });
    const seen = new Map<string, { repository: string; digest: string }>();
    const blobs = new Set<string>();
    for (let next: { repository: string; reference: string; digest: string }[] = tags; next.length > 0;) {
        const wanted = new Map(
            next.map(({ repository, reference, digest }) => [
                `/v2/${repository}/manifests/${reference}`,
                { repository, digest },
            ]),
        );
        next = [];
        const sizes = new Map(
            [...wanted].map(([path, { digest }]) => [path, look.files.get(blobPath(digest))?.size] as const),
        );
        for (const [path, bytes] of await fetched(run, sizes)) {
            const { repository = "", digest = "" } = wanted.get(path) ?? {};
            const [algorithm = "sha256"] = digest.split(":");
            if (`${algorithm}:${createHash(algorithm).update(bytes).digest("hex")}` !== digest) {
                wrong.push(`${path} is ${bytes.length === 0 ? "not answered" : "another manifest"}`);
                continue;
            }
            seen.set(`${repository} ${digest}`, { repository, digest });
            const { manifests = [], layers = [], config } = JSON.parse(bytes.toString()) as Content;
            for (const child of manifests)
                if (!seen.has(`${repository} ${child.digest}`))
                    next.push({ repository, reference: child.digest, digest: child.digest });
            for (const { digest: blob, urls = [] } of [...layers, ...(config ? [config] : [])] as NonNullable<
                Content["layers"]
            >)
                // Of a foreign layer the registry has no copy.
                if (urls.length === 0) blobs.add(`/v2/${repository}/blobs/${blob}`);
        }
    }
    const lacking = await asked(run, LACKING, [...blobs]);
    wrong.push(...lacking.map((path) => `${path} is not answered`));
    return { wrong, tags: tags.length, manifests: seen.size };
}

/**
 * Restores a snapshot into a store of its own, has a registry on a loopback serve it, and reads every tag's manifests and every blob.
 *
 * @throws SetupError where anything lacks
 */
export async function verify(restic: Restic, id: string): Promise<Verified> {
    let result: Verified | undefined;
    const use = async (told: Told, { serve }: Beside) => {
        const [blobs = "0"] = (told.lines.find(([of]) => of === "blobs")?.[1] ?? "").split(" ");
        const wrong = told.lines
            .filter(([of]) => of === "wrong")
            .map(([, path]) => `${path} is not what its name says`);
        await serve(async (run) => {
            if (!(await run(shell(AWAIT))).includes("up"))
                throw new SetupError("The registry that was to serve the backup does not answer.");
            const { wrong: more, tags, manifests } = await readThrough(run);
            wrong.push(...more);
            if (wrong.length > 0)
                throw new SetupError(
                    `The backup ${id.slice(0, 8)} is not whole: ${wrong.slice(0, 3).join("; ")}${wrong.length > 3 ? `; and ${wrong.length - 3} more` : ""}. ` +
                        "npm run doctor -- --store tells whether the registry's own store is; npm run backup -- --mend stores anew what the repository lost.",
                );
            result = { tags, manifests, blobs: Number(blobs) };
        });
    };
    const job = { script: verifyScript(id), images: { for: "verification" } } as const;
    // State and passphrase touch no disk.
    await restic.run({ ...job, memory: ["/job/memory"] }, { use });
    if (result === undefined) throw new Error("the backup was not looked through");
    return result;
}
