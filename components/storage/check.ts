/**
 * The check that images can be written, once after each start of the container. The registry's own health check only
 * reads the root of the storage, thirty seconds after the start at the earliest: with a wrong key, a missing bucket or
 * a folder without write permission it would count as healthy until the first push.
 */
import { stringify } from "yaml";

import { withProxy } from "../outbound/proxy-file";
import { CONFIG_FOLDER, DATA_FOLDER } from "./folders";

/** Port of the second registry that the check starts, on the container's loopback alone. */
export const CHECK_PORT = 5002;
export const CHECK_SCRIPT = "storage-check.sh";
export const CHECK_CONFIG = "storage-check.yml";
/** Start of a line that the check writes into the container's log. */
export const CHECK_FAILED = "storage check failed: ";

/** The only place that a container with a read-only root can write to; empty after each start. */
export const DONE = "/dev/shm/storage-checked";

/** Runs the check where it has not succeeded since the container's start. */
export const STORAGE_CHECKED = `{ [ -e ${DONE} ] || sh ${CONFIG_FOLDER}/${CHECK_SCRIPT}; }`;

const FRAME = `set -u
fail() {
    echo "${CHECK_FAILED}$1" > /proc/1/fd/2
    exit 1
}
`;

// Root of a container without capabilities is held to the permissions, but busybox's own \`test -w\` does not know it.
const FOLDER_CHECK = `${FRAME}
folder=${DATA_FOLDER}
for part in docker registry v2 repositories; do
    [ -d "$folder/$part" ] || break
    folder="$folder/$part"
done
said=$(mkdir "$folder/.check-$$" 2>&1) || fail "$said"
rmdir "$folder/.check-$$"
touch ${DONE}
`;

/** SHA-256 of no bytes. */
const EMPTY = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

// A second registry without users takes an empty blob: what a push needs, done by the driver itself. The blob has no
// manifest, so no catalog shows it, and it is the same one each time. (An upload that is taken back leaves a file.)
// Not wget's own -T, with which Debian's static busybox crashes.
const STORE_CHECK = `${FRAME}
log=/dev/shm/storage-check.log
answer=/dev/shm/storage-check.answer
url=http://127.0.0.1:${CHECK_PORT}
${withProxy(CONFIG_FOLDER)}
/bin/registry serve ${CONFIG_FOLDER}/${CHECK_CONFIG} > "$log" 2>&1 &
trap "kill $! 2> /dev/null" EXIT
tries=0
until timeout 2 wget -q -O /dev/null "$url/" 2> /dev/null; do
    tries=$((tries + 1))
    [ "$tries" -lt 20 ] || fail "$(cat "$log")"
    sleep 0.2
done
if ! timeout 8 wget -S -O /dev/null --post-data= "$url/v2/storage-check/blobs/uploads/" 2> "$answer"; then
    [ -s "$log" ] || fail "the store does not answer"
    fail "$(cat "$log")"
fi
upload=$(sed -n 's/^ *Location: *//p' "$answer" | tr -d '\\r')
: > "$answer"
{
    printf 'PUT %s&digest=sha256:${EMPTY} HTTP/1.0\\r\\n' "$upload"
    printf 'Host: localhost\\r\\nContent-Length: 0\\r\\n\\r\\n'
    tries=0
    while [ ! -s "$answer" ] && [ "$tries" -lt 40 ]; do
        sleep 0.2
        tries=$((tries + 1))
    done
} | nc 127.0.0.1 ${CHECK_PORT} > "$answer"
grep -q '^HTTP/1.. 201' "$answer" || fail "$(cat "$log" "$answer")"
touch ${DONE}
`;

/** A whole config.yml, as far as the check reads it. */
export interface CheckedConfig {
    version: unknown;
    storage: Readonly<Record<string, unknown>>;
    http: { secret: string };
}

/** The script of the check, for a store elsewhere or for a folder of the container. */
export const storageCheckScript = (remote: boolean): string => (remote ? STORE_CHECK : FOLDER_CHECK);

/** The configuration of the check's registry: the same storage, no users, no TLS, the container's loopback. */
export function renderCheckConfig({ version, storage, http }: CheckedConfig): string {
    const { cache, maintenance, ...driver } = storage;
    void [cache, maintenance];
    const config = {
        version,
        log: { level: "error", accesslog: { disabled: true } },
        storage: driver,
        http: { addr: `127.0.0.1:${CHECK_PORT}`, relativeurls: true, secret: http.secret },
    };
    return stringify(config, { version: "1.1", lineWidth: 0, aliasDuplicateObjects: false });
}
