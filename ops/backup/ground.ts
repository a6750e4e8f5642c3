/** What a backup or a restore asks of where the registry runs: a Docker Engine, or a cluster. */
import type { Remote } from "../../components/storage/rclone";
import type { LockOwner } from "../shared/lock";
import type { Shell } from "../store/broom";

import type { Job } from "./job";
import type { Place } from "./place";
import type { Plan } from "./plan";

export interface RegistryThere {
    /** Its image, as its container names it. */
    image: string;
    /** Whether it takes requests. */
    running: boolean;
    /** Where its images are, or a copy of them (remote.ts). */
    place: Place;
    /** The store, where they lie elsewhere. */
    remote: Remote | undefined;
}

/** What runs beside a job that has ended, and goes with it. */
export interface Beside {
    /** Does something with a registry, on its own loopback, that serves what a job with a store of its own has put there. */
    serve: <T>(work: (run: Shell) => Promise<T>) => Promise<T>;
}

/** A script that runs where rclone is, with the copy of the store at COPY (remote.ts). */
export interface CopyJob {
    script: string;
    /** Name below /job → content. Secret. */
    files: Readonly<Record<string, string>>;
    signal: AbortSignal;
}

export interface Ground {
    readonly owner: LockOwner;
    /** In words: "in this Engine". */
    readonly where: string;
    /** The machine on which jobs run, in words: "the Docker host". */
    readonly host: string;
    /** The deployment's registry; nothing where there is none. */
    readonly registry: RegistryThere | undefined;
    /** Does something while no other command works on the deployment. @param what such as "backup" */
    alone<T>(what: string, work: () => Promise<T>): Promise<T>;
    /** Gets what jobs need, for which they would wait. */
    prepare(): Promise<void>;
    /**
     * Runs a job to its end, and takes away what it had of its own.
     *
     * @param use called before that, where it ended well
     * @returns its exit code
     * @throws SetupError where it went away, or Ctrl-C ended it
     */
    run(job: Job, onLine: (line: string) => void, use: (beside: Beside) => Promise<void>): Promise<number>;
    /** The same for rclone, with the copy of the store, which is made where it is not there. */
    copy(job: CopyJob, onLine: (line: string) => void): Promise<number>;
    /** Why a backup's configuration is not for here, with the way out; nothing where it is. @param config its options, as Pulumi keeps them */
    refused(config: Readonly<Record<string, unknown>>): string | undefined;
    /** Makes the place of the images as a backup's deployment had it. @returns whether it could: else the registry must come first */
    makePlace(plan: Plan): Promise<boolean>;
    /** Tells the numbers that a backup ended well. */
    ended(): Promise<void>;
}
