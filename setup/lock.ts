import { existsSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
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

/** The folder of a file backend; undefined for every other one. */
export function backendFolder(machine: Machine, backend: string): string | undefined {
    if (!backend.startsWith("file://")) return undefined;
    return backend.startsWith("file://~")
        ? join(machine.home, backend.slice("file://~".length))
        : fileURLToPath(backend);
}

/**
 * Takes away the lock that a killed Pulumi left on a stack in files, since it would stop every later run. Only where
 * the lock names this host and a process that is gone: all else may be somebody at work.
 */
export function breakDeadLock(machine: Machine, stack: Stack, hostname: string): void {
    const folder = backendFolder(machine, stack.backend);
    if (folder === undefined) return;
    const locks = join(folder, ".pulumi", "locks", "organization", "private-registry", stack.name);
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
