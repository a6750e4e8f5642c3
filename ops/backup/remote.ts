/**
 * Images that lie in S3, Azure or Google: rclone keeps a copy of them in a volume of the Docker host, from which restic reads, and
 * brings what a restore put there back. Only what is new is copied.
 */
import { CONFIG_FOLDER } from "../../components/storage/folders";
import { withProxy } from "../../components/outbound/proxy-file";
import { type Remote, remoteOf } from "../../components/storage/rclone";
import { IDENTITY_LABEL, OWNER_LABEL } from "../../components/deployment/hardening";
import type { Engine } from "../../engine/client";
import { found, says } from "../../engine/errors";
import { runToEnd } from "../../engine/run";
import { tar } from "../../engine/tar";
import type { ContainerInspectInfo } from "../../engine/types";
import { SetupError } from "../../setup/errors";
import { note } from "../../setup/log";
import { configOf } from "../gc/config-of";
import { rclone } from "../gc/containers";
import { remove } from "../gc/engine";
import { jobLabels, type LockOwner } from "../shared/lock";
import { processText } from "../shared/process";

import type { Place } from "./place";

/** Where the volume with the copy is mounted. */
const COPY = "/copy";
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
export RCLONE_CONFIG=/rclone.conf
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

/** From the copy into the store, in the order of a push. Tags that are there stay, but for those in /overwrite. */
const PUSH = ({ root }: Remote) => `to() {
    part=$1
    shift
    clone copy ${COPY}/${FOLDER}/$part ${quoted(`${root}/${FOLDER}`)}/$part "$@" || exit 1
}
to blobs --size-only
to repositories --ignore-existing ${only(LAYERS)}
to repositories --ignore-existing ${only(REVISIONS, HISTORY)}
to repositories --ignore-existing ${only(CURRENT)}
[ ! -s /overwrite ] || to repositories --ignore-times --files-from /overwrite`;

/** `2026/11/26 20:47:26 NOTICE:   1.2 MiB / 5 MiB, 24%, 1 MiB/s, ETA 3s` */
const STATUS = /NOTICE:\s+(\S+ \S+ \/ \S+ \S+, .*)$/;

/** The store of a registry; nothing where its images are on the Docker host. */
export const remoteStore = async (
    engine: Engine,
    registry: ContainerInspectInfo,
): Promise<Remote | undefined> => remoteOf((await configOf(engine, registry)).storage);

/** The volume with the copy. */
export const copyPlace = ({ prefix }: LockOwner): Place => ({
    type: "volume",
    source: `${prefix}-backup-data`,
    elsewhere: true,
});

async function ensureCopy(engine: Engine, owner: LockOwner): Promise<void> {
    const { source } = copyPlace(owner);
    const there = await found(() => engine.getVolume(source).inspect());
    if (there !== undefined) return;
    await engine.createVolume({
        Name: source,
        Labels: {
            [OWNER_LABEL]: owner.prefix,
            ...(owner.identity === undefined ? {} : { [IDENTITY_LABEL]: owner.identity }),
        },
    });
}

export interface RemoteArgs {
    engine: Engine;
    owner: LockOwner;
    registry: ContainerInspectInfo;
    remote: Remote;
    /** Gives the ID of rclone's image. */
    image: () => Promise<string>;
    signal: AbortSignal;
}

async function run(
    { engine, owner, registry, remote, image, signal }: RemoteArgs,
    script: string,
    files: Record<string, string>,
    update: (detail: string) => void,
): Promise<void> {
    await ensureCopy(engine, owner);
    const like = rclone(registry, { identity: undefined, ...owner, process: processText() }, await image());
    const name = `${owner.prefix}-backup-rclone`;
    const end = () => void remove(engine, name).catch(() => undefined);
    const said: string[] = [];
    await remove(engine, name);
    await engine.createContainer({
        ...like,
        name,
        Entrypoint: ["/bin/sh", "-c", PRELUDE(remote) + script],
        Labels: jobLabels(owner),
        HostConfig: {
            ...like.HostConfig,
            Mounts: [{ Type: "volume", Source: copyPlace(owner).source, Target: COPY }],
        },
    });
    signal.addEventListener("abort", end);
    try {
        // In files of the container: what stands in its variables or arguments, `docker inspect` shows.
        const entries = Object.entries({ "rclone.conf": remote.conf, ...files });
        const archive = await tar(
            entries.map(([path, text]) => ({ path, mode: 0o400, content: Buffer.from(text) })),
        );
        await engine.getContainer(name).putArchive(archive, { path: "/" });
        signal.throwIfAborted();
        const code = await runToEnd(engine, name, (line) => {
            const status = STATUS.exec(line)?.[1];
            if (status !== undefined) return update(status);
            note(line);
            said.push(line);
        });
        signal.throwIfAborted();
        if (code !== 0) throw new SetupError(problemOf(said, code));
    } catch (error) {
        signal.throwIfAborted();
        if (!says(error, "No such container")) throw error;
        throw new SetupError(
            `The container ${name} went away while it was at work: run the same command again.`,
        );
    } finally {
        signal.removeEventListener("abort", end);
        await remove(engine, name);
    }
}

function problemOf(said: readonly string[], code: number): string {
    const line =
        said.findLast((one) => /ERROR|Failed|CRITICAL/.test(one)) ?? said.at(-1) ?? `exit code ${code}`;
    const words = line.replace(/^[\d/]+ [\d:]+ (\w+\s*): /, "").slice(0, 300);
    return /no space left on device/i.test(words)
        ? `There is no room on the Docker host for a copy of the store, from which a backup is made: ${words}.`
        : `rclone cannot copy between the store and the Docker host: ${words}. Nothing in the store was removed.`;
}

/** Brings the copy up to date with the store. */
export const pull = (args: RemoteArgs, update: (detail: string) => void): Promise<void> =>
    run(args, PULL(args.remote), {}, update);

/** Brings what a restore put into the copy into the store. @param overwrite tags that go back, as paths below `repositories` */
export const push = (
    args: RemoteArgs,
    overwrite: readonly string[],
    update: (detail: string) => void,
): Promise<void> =>
    run(
        args,
        PUSH(args.remote),
        { overwrite: overwrite.map((path) => `${path.replace(/^\.\//, "")}/current/link\n`).join("") },
        update,
    );
