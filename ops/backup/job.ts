/** A container of restic's image that does one thing for a backup or a restore, and goes with the command. */
import type { Engine } from "../../engine/client";
import { found, isNotFound, says } from "../../engine/errors";
import { runToEnd } from "../../engine/run";
import { tar, type TarEntry } from "../../engine/tar";
import type { Mount } from "../../engine/types";
import { note } from "../../setup/log";
import { shellWord } from "../../text/shell";
import { SetupError } from "../../setup/errors";
import { jobLabels, type LockOwner } from "../shared/lock";

import {
    isFolder,
    REPOSITORY_FOLDER,
    type Repository,
    resticOptions,
    secretFiles,
    SECRETS,
} from "./repository";

export interface Job {
    name: string;
    /** ID of restic's image. */
    image: string;
    owner: LockOwner;
    repository: Repository;
    /** Network in which the repository is reached, where it is no folder. */
    network: string;
    /** Shell script; `restic` in it is told of the repository. */
    script: string;
    mounts?: Mount[];
    /** Folders of the Docker host, which are made where they are not there: `FOLDER:PATH`. */
    binds?: string[];
    /** Folders in memory. */
    memory?: string[];
    /** Folders of the container's own on the Docker host's disk. */
    volumes?: string[];
    /** Its own root may be written to. @default false */
    writable?: boolean;
    /** Files in /job. */
    files?: Record<string, string | Buffer>;
    signal: AbortSignal;
}

/** What a script prints, by its steps. */
export interface Told {
    /** JSON that restic printed. */
    json: unknown[];
    /** Lines `@NAME WORDS` of the script itself: [NAME, WORDS]. */
    lines: [string, string][];
    /** All else: what was complained of. */
    said: string;
}

const PRELUDE = (options: readonly string[]) => `exec 2>&1
umask 077
mkdir -p /job/tmp ${SECRETS}
cp /job/secrets/* ${SECRETS}/
rm -rf /job/secrets
. ${SECRETS}/environment
export RESTIC_PASSWORD_FILE=${SECRETS}/password RESTIC_PROGRESS_FPS=1 TMPDIR=/job/tmp HOME=/job
umask 022
restic() { command restic ${options.map(shellWord).join(" ")} "$@"; }
fail() { echo "@failed $*"; exit 1; }
`;

/** One line that a script printed. */
export function tell(told: Told, line: string): void {
    const [, name, words] = /^@([\w-]+) ?(.*)$/.exec(line) ?? [];
    if (name !== undefined) told.lines.push([name, words ?? ""]);
    else if (/^[[{]/.test(line)) {
        try {
            const value = JSON.parse(line) as { message_type?: string; error?: unknown; message?: string };
            if (value.message_type === "status") return;
            told.json.push(value);
            // As restic tells of errors where it was asked for JSON.
            if (value.message_type === "error" || value.message_type === "exit_error")
                told.said += `${value.message ?? (value.error as { message?: string }).message ?? JSON.stringify(value.error)}\n`;
        } catch {
            told.said += `${line}\n`;
        }
    } else told.said += `${line}\n`;
}

const remove = (engine: Engine, name: string) =>
    found(() => engine.getContainer(name).remove({ force: true, v: true })).catch((error) => {
        if (!says(error, "already in progress")) throw error;
    });

const entriesOf = (files: Record<string, string | Buffer>): TarEntry[] =>
    Object.entries(files).map(([path, content]) => ({ path, mode: 0o600, content: Buffer.from(content) }));

/** Makes the container of a job. */
async function create(engine: Engine, job: Job): Promise<void> {
    const { owner, repository, mounts = [], binds = [], memory = [], volumes = [] } = job;
    const { prefix, identity } = owner;
    const folder = isFolder(repository);
    await remove(engine, job.name);
    const container = await engine.createContainer({
        name: job.name,
        Image: job.image,
        Entrypoint: ["/bin/sh", "-c", PRELUDE(resticOptions(repository)) + job.script],
        Cmd: [],
        // By it restic's own locks are known as this deployment's.
        Hostname: (identity ?? prefix).slice(0, 63),
        User: "0:0",
        Labels: jobLabels(owner),
        Volumes: Object.fromEntries(["/job", ...volumes].map((path) => [path, {}])),
        HostConfig: {
            NetworkMode: folder ? "none" : job.network,
            Mounts: mounts,
            // A folder that is not there yet is made.
            Binds: [...binds, ...(folder ? [`${repository.repository}:${REPOSITORY_FOLDER}`] : [])],
            Tmpfs: Object.fromEntries(memory.map((path) => [path, "mode=0700"])),
            ReadonlyRootfs: !(job.writable ?? false),
            CapDrop: ["ALL"],
            // The images, or the repository, may belong to another user of the Docker host.
            CapAdd: ["DAC_OVERRIDE", "CHOWN", "FOWNER"],
            SecurityOpt: ["no-new-privileges:true"],
            // Its output is read as it comes.
            LogConfig: { Type: "none", Config: {} },
        },
    });
    const files = { ...prefixed("secrets/", secretFiles(repository)), ...job.files };
    const folders = [...new Set(Object.keys(files).flatMap((path) => /^(.+)\//.exec(path)?.[1] ?? []))];
    const archive = await tar([
        ...folders.map((path) => ({ path: `${path}/`, mode: 0o700 })),
        ...entriesOf(files),
    ]);
    await container.putArchive(archive, { path: "/job" });
}

const prefixed = (prefix: string, files: Record<string, string>) =>
    Object.fromEntries(Object.entries(files).map(([name, content]) => [prefix + name, content]));

/**
 * Runs a job to its end, and takes its container away.
 *
 * @param onStatus called with what restic tells of how far it is
 * @param use called before the container goes, with its name
 * @throws SetupError where its container went away, or Ctrl-C ended it
 */
export async function runJob(
    engine: Engine,
    job: Job,
    onLine: (line: string) => void = () => {},
    use: (told: Told) => Promise<void> = async () => {},
): Promise<{ code: number; told: Told }> {
    const told: Told = { json: [], lines: [], said: "" };
    const end = () => void remove(engine, job.name).catch(() => undefined);
    await create(engine, job);
    job.signal.addEventListener("abort", end);
    try {
        job.signal.throwIfAborted();
        const code = await runToEnd(engine, job.name, (line) => {
            if (!line.includes('"message_type":"status"') && !line.startsWith("@private ")) note(line);
            tell(told, line);
            onLine(line);
        });
        job.signal.throwIfAborted();
        if (code === 0) await use(told);
        return { code, told };
    } catch (error) {
        job.signal.throwIfAborted();
        if (!isNotFound(error)) throw error;
        throw new SetupError(
            `The container ${job.name} went away while it was at work: run the same command again.`,
        );
    } finally {
        job.signal.removeEventListener("abort", end);
        await remove(engine, job.name);
    }
}

/** The words after `@NAME` where the script printed such a line. */
export const wordsOf = ({ lines }: Told, name: string): string | undefined =>
    lines.find(([of]) => of === name)?.[1];
