/** What a collection asks of where the registry runs: a Docker Engine, or a cluster. */
import type { CheckedConfig } from "../../components/storage/check";
import type { Remote } from "../../components/storage/rclone";
import type { LogChoice, LogLine } from "../shared/front-log";
import type { Broom, Shell } from "../store/broom";

/** What runs beside the registry for a while, with the same storage, and past its users and its network. */
export interface Beside {
    /** Runs a command beside a registry without users. @returns the bytes that it prints */
    registry: (command: string[]) => Promise<Buffer>;
    /** Runs a command where rclone is; nothing where the images are in files. */
    rclone: { run: Shell; conf: string } | undefined;
}

export interface Ground {
    /** Start of the deployment's names, for messages. */
    readonly prefix: string;
    /** Runs a command where the storage is read as the registry reads it, whether that is at work or held. */
    readonly run: Shell;
    /** Does something while no other command works on the deployment. @param what such as "gc" */
    alone<T>(what: string, work: () => Promise<T>): Promise<T>;
    /** Begins. @throws SetupError where another collection is at work; then there is nothing to release */
    claim(): Promise<void>;
    /** Until here pushes go on, and nothing after it may fail for want of preparation. */
    prepare(): Promise<void>;
    /** Refuses what writes, while pulls go on; returns when what was being written has ended. */
    hold(signal: AbortSignal): Promise<void>;
    /** Back to the normal mode, from wherever it was left. */
    release(): Promise<void>;
    /**
     * Runs the registry's own garbage-collect to its end.
     *
     * @returns its exit code
     * @throws the signal's reason where that ends it
     */
    collect(flags: readonly string[], onLine: (line: string) => void, signal: AbortSignal): Promise<number>;
    /** Does something with what may write to the storage, while nobody else does. */
    sweep(work: (broom: Broom) => Promise<void>): Promise<void>;
    /** The registry's configuration. Secret. */
    config(): Promise<CheckedConfig>;
    /**
     * Runs a registry without users, on its own loopback.
     *
     * @param script starts it
     * @param write it may delete: nobody else may write then
     * @param remote where the images are, if elsewhere: rclone is there too
     * @throws SetupError where another command has one
     */
    beside<T>(
        how: { script: string; write: boolean; remote: Remote | undefined },
        work: (beside: Beside) => Promise<T>,
    ): Promise<T>;
    /** Reads the front's log. @returns whether there is a front with one */
    readLog(onLine: (line: LogLine) => void, choice: LogChoice): Promise<boolean>;
    /** Writes into the front's log what a command removed, which no request through the front did. */
    noteRemovals(command: string, repository: string, references: readonly string[]): Promise<void>;
    /** The registry's version, in its own words. */
    version(): Promise<string>;
    /** Tells the numbers that a command ended well. */
    ended(what: "gc" | "retain"): Promise<void>;
}
