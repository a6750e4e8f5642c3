/** How a registry's storage is read and written: by what runs in a container that has it, on an Engine or on a cluster. */
import type { Engine } from "../../engine/client";
import { exec } from "../../engine/run";

/** Runs a command there. @returns what it prints, whatever its exit code */
export type Shell = (command: string[]) => Promise<string>;

/** What may write to the storage. */
export interface Broom {
    run: Shell;
    /** Unpacks a tar archive into a folder. */
    put: (archive: Buffer, folder: string) => Promise<void>;
}

/** A script of the shell, as a command. */
export const shell = (script: string, ...args: string[]): string[] => [
    "/bin/sh",
    "-c",
    script,
    "sh",
    ...args,
];

/** In a container of an Engine. */
export const inContainer = (engine: Engine, name: string): Broom => ({
    run: (command) => exec(engine, name, command),
    put: async (archive, path) => void (await engine.getContainer(name).putArchive(archive, { path })),
});
