/**
 * Images that lie in S3, Azure or Google: rclone keeps a copy of them in a volume of the Docker host, or a claim of the cluster, from
 * which restic reads, and brings what a restore put there back. Only what is new is copied.
 */
import { CONFIG_FOLDER } from "../../components/storage/folders";
import { withProxy } from "../../components/outbound/proxy-file";
import type { Remote } from "../../components/storage/rclone";
import { SetupError } from "../../setup/errors";
import { note } from "../../setup/log";

import type { Ground } from "./ground";

/** Where the copy is mounted. */
export const COPY = "/copy";
const FOLDER = "docker/registry/v2";

/** What a registry writes into the store, in the order of a push, as rclone's filters name it below `repositories`. */
const LAYERS = "**/_layers/**";
const REVISIONS = "**/_manifests/revisions/**";
const HISTORY = "**/_manifests/tags/*/index/**";
const CURRENT = "**/_manifests/tags/*/current/link";

const quoted = (...words: string[]) => words.map((word) => `'${word}'`).join(" ");
const only = (...patterns: string[]) => quoted(...patterns.flatMap((pattern) => ["--include", pattern]));

/** Runs rclone, and ends with its words where it fails. */
const PRELUDE = ({ root, anyCertificate }: Remote) => `${withProxy(CONFIG_FOLDER)}
export RCLONE_CONFIG=/job/rclone.conf
# The bucket is there, and its own rules say who may read.
export RCLONE_S3_NO_CHECK_BUCKET=true RCLONE_AZUREBLOB_NO_CHECK_CONTAINER=true RCLONE_GCS_NO_CHECK_BUCKET=true RCLONE_GCS_BUCKET_POLICY_ONLY=true
clone() {
    rclone "$@" ${quoted("--transfers", "8", "--checkers", "16", "--retries", "3", "--contimeout", "20s")} \\
        ${quoted("--stats", "1s", "--stats-one-line", "--stats-log-level", "NOTICE", "--fast-list")} ${anyCertificate ? "--no-check-certificate" : ""} 2>&1
}
# A bucket that is not there is no empty one.
clone lsf --max-depth 1 ${quoted(root.split("/")[0] ?? "")} > /tmp/said || { cat /tmp/said; exit 1; }
`;

/**
 * From the store into the copy, in the reverse of a push: then all that a tag needs is there when its turn comes (scripts.ts). What is
 * gone from the store goes from the copy; 3 says that the store has no such folder.
 */
const PULL = ({ root }: Remote) => `from() {
    part=$1
    shift
    mkdir -p ${COPY}/${FOLDER}/$part
    clone sync ${quoted(`${root}/${FOLDER}`)}/$part ${COPY}/${FOLDER}/$part "$@" && return
    [ $? = 3 ] && rm -rf ${COPY}/${FOLDER}/$part && mkdir ${COPY}/${FOLDER}/$part || exit 1
}
from repositories --use-server-modtime ${only(CURRENT, HISTORY)}
from repositories --use-server-modtime ${only(REVISIONS)}
from repositories --use-server-modtime ${only(LAYERS)}
from blobs --size-only`;

/** From the copy into the store, in the order of a push. Tags that are there stay, but for those in /job/overwrite. */
const PUSH = ({ root }: Remote) => `to() {
    part=$1
    shift
    clone copy ${COPY}/${FOLDER}/$part ${quoted(`${root}/${FOLDER}`)}/$part "$@" || exit 1
}
to blobs --size-only
to repositories --ignore-existing ${only(LAYERS)}
to repositories --ignore-existing ${only(REVISIONS, HISTORY)}
to repositories --ignore-existing ${only(CURRENT)}
[ ! -s /job/overwrite ] || to repositories --ignore-times --files-from /job/overwrite`;

/** `2026/11/26 20:47:26 NOTICE:   1.2 MiB / 5 MiB, 24%, 1 MiB/s, ETA 3s` */
const STATUS = /NOTICE:\s+(\S+ \S+ \/ \S+ \S+, .*)$/;

/** Of the volume or claim with the copy. @param own start of the deployment's names */
export const copyName = (own: string): string => `${own}-backup-data`;

async function run(
    ground: Ground,
    remote: Remote,
    signal: AbortSignal,
    script: string,
    files: Record<string, string>,
    update: (detail: string) => void,
): Promise<void> {
    const said: string[] = [];
    const job = { script: PRELUDE(remote) + script, files: { "rclone.conf": remote.conf, ...files }, signal };
    const code = await ground.copy(job, (line) => {
        const status = STATUS.exec(line)?.[1];
        if (status !== undefined) return update(status);
        note(line);
        said.push(line);
    });
    if (code !== 0) throw new SetupError(problemOf(said, code, ground.host));
}

function problemOf(said: readonly string[], code: number, host: string): string {
    const line =
        said.findLast((one) => /ERROR|Failed|CRITICAL/.test(one)) ?? said.at(-1) ?? `exit code ${code}`;
    const words = line.replace(/^[\d/]+ [\d:]+ (\w+\s*): /, "").slice(0, 300);
    return /no space left on device/i.test(words)
        ? `There is no room on ${host} for a copy of the store, from which a backup is made: ${words}.`
        : `rclone cannot copy between the store and ${host}: ${words}. Nothing in the store was removed.`;
}

/** Brings the copy up to date with the store. */
export const pull = (
    ground: Ground,
    remote: Remote,
    signal: AbortSignal,
    update: (detail: string) => void,
): Promise<void> => run(ground, remote, signal, PULL(remote), {}, update);

/** Brings what a restore put into the copy into the store. @param overwrite tags that go back, as paths below `repositories` */
export const push = (
    ground: Ground,
    remote: Remote,
    signal: AbortSignal,
    overwrite: readonly string[],
    update: (detail: string) => void,
): Promise<void> =>
    run(
        ground,
        remote,
        signal,
        PUSH(remote),
        { overwrite: overwrite.map((path) => `${path.replace(/^\.\//, "")}/current/link\n`).join("") },
        update,
    );
