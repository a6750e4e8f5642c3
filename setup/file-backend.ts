/** A backend in files: its URL, its folder, and what a killed Pulumi left in it. */
import { existsSync, readdirSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { readJson } from "./json";
import type { Machine } from "./machine";
import { say } from "./progress";
import type { Stack } from "./stack";
import { isAlive } from "./start.cjs";

/** What Pulumi writes into the lock of a stack in a file backend (pkg/backend/diy/lock.go). */
interface Lock {
    pid?: number;
    hostname?: string;
}

/**
 * URL of a backend in files. Without the sidecar of each file: Pulumi does not need it, and one that a killed Pulumi was
 * writing makes the state unreadable ("failed to load checkpoint: EOF"; gocloud.dev/blob/fileblob, `metadata`).
 */
export const fileBackend = (folder: string): string => `${pathToFileURL(folder).href}?metadata=skip`;

/** The folder of a file backend; undefined for every other one. */
export function backendFolder(machine: Machine, backend: string): string | undefined {
    if (!backend.startsWith("file://")) return undefined;
    const [url = ""] = backend.split("?");
    return url.startsWith("file://~") ? join(machine.home, url.slice("file://~".length)) : fileURLToPath(url);
}

const locksOf = ({ name }: Stack) => join(".pulumi", "locks", "organization", "private-registry", name);

/**
 * Takes away what a killed Pulumi left of the file beside another one, with its checksum: empty, it makes that other one
 * unreadable ("failed to load checkpoint: EOF"); missing, it changes nothing.
 */
export function removeEmptySidecars(machine: Machine, stack: Stack): void {
    const folder = backendFolder(machine, stack.backend);
    if (folder === undefined) return;
    const files = [".pulumi", join(".pulumi", "stacks", "private-registry"), locksOf(stack)]
        .map((place) => join(folder, place))
        .filter((place) => existsSync(place))
        .flatMap((place) => readdirSync(place).map((name) => join(place, name)))
        .filter((file) => file.endsWith(".attrs") && statSync(file, { throwIfNoEntry: false })?.size === 0);
    for (const file of files) {
        rmSync(file, { force: true });
        say(`State: took away ${file}, which a killed Pulumi left empty.`);
    }
}

/**
 * Takes away the lock that a killed Pulumi left on a stack in files, since it would stop every later run. Only where
 * the lock names this host and a process that is gone: all else may be somebody at work.
 */
export function breakDeadLock(machine: Machine, stack: Stack, hostname: string): void {
    const folder = backendFolder(machine, stack.backend);
    if (folder === undefined) return;
    const locks = join(folder, locksOf(stack));
    if (!existsSync(locks)) return;
    for (const name of readdirSync(locks).filter((entry) => entry.endsWith(".json"))) {
        const file = join(locks, name);
        const { pid, hostname: owner } = (readJson(file) ?? {}) as Lock;
        if (pid === undefined || owner !== hostname || isAlive(pid)) continue;
        rmSync(file, { force: true });
        say(
            `State: took away the lock of process ${pid}, which was killed while it worked on ${stack.name}.`,
        );
    }
}
