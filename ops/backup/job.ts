/** A container of restic's image that does one thing for a backup or a restore, and goes with the command. */
import type { Engine } from "../../engine/client";
import type { ContainerCreateOptions, Mount } from "../../engine/types";
import { note } from "../../setup/log";
import { shellWord } from "../../text/shell";
import { runContainer, SECRETS, TAKE_SECRETS } from "../shared/job";
import type { LockOwner } from "../shared/lock";

import { isFolder, REPOSITORY_FOLDER, type Repository, resticOptions, secretFiles } from "./repository";

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

const PRELUDE = (options: readonly string[]) => `${TAKE_SECRETS}mkdir -p /job/tmp
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

/** What its container is made of. */
function containerOf(job: Job): ContainerCreateOptions {
    const { owner, repository, mounts = [], binds = [], memory = [], volumes = [] } = job;
    const folder = isFolder(repository);
    return {
        Image: job.image,
        Entrypoint: ["/bin/sh", "-c", PRELUDE(resticOptions(repository)) + job.script],
        Cmd: [],
        // By it restic's own locks are known as this deployment's.
        Hostname: (owner.identity ?? owner.prefix).slice(0, 63),
        User: "0:0",
        Volumes: Object.fromEntries(volumes.map((path) => [path, {}])),
        HostConfig: {
            NetworkMode: folder ? "none" : job.network,
            Mounts: mounts,
            // A folder that is not there yet is made.
            Binds: [...binds, ...(folder ? [`${repository.repository}:${REPOSITORY_FOLDER}`] : [])],
            Tmpfs: Object.fromEntries(memory.map((path) => [path, "mode=0700"])),
            ReadonlyRootfs: !(job.writable ?? false),
            // The images, or the repository, may belong to another user of the Docker host.
            CapAdd: ["DAC_OVERRIDE", "CHOWN", "FOWNER"],
        },
    };
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
    const { name, owner, signal } = job;
    const files = { ...prefixed("secrets/", secretFiles(job.repository)), ...job.files };
    const code = await runContainer(
        engine,
        { name, owner, container: containerOf(job), files, signal },
        (line) => {
            if (!line.includes('"message_type":"status"') && !line.startsWith("@private ")) note(line);
            tell(told, line);
            onLine(line);
        },
        async (code) => {
            if (code === 0) await use(told);
        },
    );
    return { code, told };
}

/** The words after `@NAME` where the script printed such a line. */
export const wordsOf = ({ lines }: Told, name: string): string | undefined =>
    lines.find(([of]) => of === name)?.[1];
