/** A container that does one thing for a command, and goes with it. */
import type { Engine } from "../../engine/client";
import { found, isNotFound, says } from "../../engine/errors";
import { runToEnd } from "../../engine/run";
import { tar } from "../../engine/tar";
import type { ContainerCreateOptions } from "../../engine/types";
import { SetupError } from "../../setup/errors";

import { jobLabels, type LockOwner } from "./lock";

/** Memory of the container: no secret is on a disk for longer than it takes to read it. */
export const SECRETS = "/dev/shm/secrets";

/** Lines of a shell with which a job begins: its secrets go from their files into memory. */
export const TAKE_SECRETS = `exec 2>&1
umask 077
mkdir -p ${SECRETS}
cp /job/secrets/* ${SECRETS}/
rm -rf /job/secrets
`;

export interface ContainerJob {
    name: string;
    owner: LockOwner;
    /** All but its name and labels. It has a volume of its own in /job. */
    container: ContainerCreateOptions;
    /** Path below /job → content; those in `secrets/` are for TAKE_SECRETS. */
    files: Record<string, string | Buffer>;
    signal: AbortSignal;
}

/** Takes a job's container away, with what it has of its own. */
export const removeJob = (engine: Engine, name: string) =>
    found(() => engine.getContainer(name).remove({ force: true, v: true })).catch((error) => {
        if (!says(error, "already in progress")) throw error;
    });

async function create(engine: Engine, { name, owner, container, files }: ContainerJob): Promise<void> {
    await removeJob(engine, name);
    const made = await engine.createContainer({
        ...container,
        name,
        Labels: jobLabels(owner),
        Volumes: { "/job": {}, ...container.Volumes },
        HostConfig: {
            CapDrop: ["ALL"],
            SecurityOpt: ["no-new-privileges:true"],
            // Its output is read as it comes.
            LogConfig: { Type: "none", Config: {} },
            ...container.HostConfig,
        },
    });
    const folders = [...new Set(Object.keys(files).flatMap((path) => /^(.+)\//.exec(path)?.[1] ?? []))];
    const archive = await tar([
        ...folders.map((path) => ({ path: `${path}/`, mode: 0o700 })),
        ...Object.entries(files).map(([path, text]) => ({ path, mode: 0o600, content: Buffer.from(text) })),
    ]);
    await made.putArchive(archive, { path: "/job" });
}

/**
 * Runs a job to its end, and takes its container away.
 *
 * @param onLine called with each line that it prints
 * @param use called with its exit code before the container goes
 * @returns its exit code
 * @throws SetupError where its container went away, or Ctrl-C ended it
 */
export async function runContainer(
    engine: Engine,
    job: ContainerJob,
    onLine: (line: string) => void,
    use: (code: number) => Promise<void> = async () => {},
): Promise<number> {
    const end = () => void removeJob(engine, job.name).catch(() => undefined);
    await create(engine, job);
    job.signal.addEventListener("abort", end);
    try {
        job.signal.throwIfAborted();
        const code = await runToEnd(engine, job.name, onLine);
        job.signal.throwIfAborted();
        await use(code);
        return code;
    } catch (error) {
        job.signal.throwIfAborted();
        if (!isNotFound(error)) throw error;
        throw new SetupError(
            `The container ${job.name} went away while it was at work: run the same command again.`,
        );
    } finally {
        job.signal.removeEventListener("abort", end);
        await removeJob(engine, job.name);
    }
}
