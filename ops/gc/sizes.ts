/** Sizes of blobs in a store that tells of no folder. */
import { withProxy } from "../../components/outbound/proxy-file";
import { CHECK_CONFIG, CHECK_PORT } from "../../components/storage/check";
import { CONFIG_FOLDER } from "../../components/storage/folders";
import { type Shell, shell } from "../store/broom";

/** A blob and a repository that has it. */
export interface Layer {
    repository: string;
    digest: string;
}

/** Blobs asked for at once: a command line has an end. */
const BATCH = 500;

/**
 * Asks a registry without users, on the container's loopback and for this moment alone, for the length of each path that
 * it is given, and prints them.
 */
const SCRIPT = `${withProxy(CONFIG_FOLDER)}
/bin/registry serve ${CONFIG_FOLDER}/${CHECK_CONFIG} > /dev/null 2>&1 &
trap "kill $! 2> /dev/null" EXIT
n=0
until timeout 2 wget -q -O /dev/null http://127.0.0.1:${CHECK_PORT}/ 2> /dev/null; do
    n=$((n + 1))
    [ "$n" -lt 50 ] || exit 1
    sleep 0.1
done
for path in "$@"; do
    timeout 10 wget -q -S --spider "http://127.0.0.1:${CHECK_PORT}$path" 2>&1 | sed -n 's/^ *[Cc]ontent-[Ll]ength: *//p' | tail -n 1
done`;

/** Space that was given back. */
export interface Freed {
    bytes: number;
    /** Number of blobs that the bytes are of. @default all */
    known?: number;
}

/** Bytes of the blobs together, as far as the registry tells them. @param run in a container of the registry's */
export async function sizesOf(run: Shell, layers: readonly Layer[]): Promise<Required<Freed>> {
    const paths = layers.map(({ repository, digest }) => `/v2/${repository}/blobs/${digest}`);
    const sizes: number[] = [];
    for (let at = 0; at < paths.length; at += BATCH) {
        const lines = (await run(shell(SCRIPT, ...paths.slice(at, at + BATCH)))).split("\n");
        sizes.push(...lines.filter((line) => /^\d+\r?$/.test(line)).map(Number));
    }
    return { bytes: sizes.reduce((sum, one) => sum + one, 0), known: sizes.length };
}
