import type { MirrorAccess } from "../components/mirror/mirror";
import type { Endpoint } from "../setup/endpoint";
import { callEngine, type EngineRequest, refusal } from "../setup/engine-api";
import { SetupError } from "../setup/errors";
import type { Machine } from "../setup/machine";
import { prepare } from "../setup/prepare";
import { say } from "../setup/progress";
import { lastLines, run } from "../setup/run";

/** Of one mirror, in KiB. */
export interface Space {
    /** What the cache takes. */
    used: number;
    /** What is left on the disk that it lies on. */
    free: number;
}

// The registry's own image measures, so that a cache on any Engine, on a volume or in a folder, is read alike.
const MEASURE = "du -sk /var/lib/registry && df -Pk /var/lib/registry";

/** Reads what MEASURE printed. @throws SetupError where that is something else */
export function readSpace(text: string): Space {
    const lines = text.trim().split(/\r?\n/);
    const used = /^(\d+)\s/.exec(lines[0] ?? "")?.[1];
    // POSIX: file system, blocks, used, available, capacity, mount point.
    const free = lines.at(-1)?.trim().split(/\s+/)[3];
    if (used === undefined || !/^\d+$/.test(free ?? ""))
        throw new SetupError(`could not be measured: ${lines.join(" ")}`);
    return { used: Number(used), free: Number(free) };
}

/** KiB for people: `812 kB`, `1.4 GB`. */
export function size(kib: number): string {
    const bytes = kib * 1024;
    const [unit, factor] = bytes < 1e6 ? ["kB", 1e3] : bytes < 1e9 ? ["MB", 1e6] : ["GB", 1e9];
    return `${(bytes / factor).toFixed(unit === "GB" ? 1 : 0)} ${unit}`;
}

/** Measures the cache of a mirror. @throws SetupError why that is not possible */
export async function spaceOf(engine: Endpoint, container: string): Promise<Space> {
    const ask = async (path: string, body: object, expected: number): Promise<string> => {
        const request: EngineRequest = {
            method: "POST",
            path,
            headers: { "Content-Type": "application/json" },
            body: Buffer.from(JSON.stringify(body)),
            // A large cache takes its time to be counted.
            idleMs: 600_000,
        };
        const answer = await callEngine(engine, request);
        if (answer.status === expected) return answer.body;
        throw new SetupError(`cannot be measured (${refusal(answer)}): run \`pulumi up --refresh\``);
    };
    const command = { AttachStdout: true, AttachStderr: true, Tty: true, Cmd: ["/bin/sh", "-c", MEASURE] };
    const created = await ask(`/containers/${encodeURIComponent(container)}/exec`, command, 201);
    const { Id } = JSON.parse(created) as { Id: string };
    return readSpace(await ask(`/exec/${Id}/start`, { Detach: false, Tty: true }, 200));
}

/** `npm run mirrors`: how full each mirror's cache is. */
export async function mirrors(machine: Machine, args: string[]): Promise<number> {
    const { cli, engine, stack, env } = await prepare(machine, args);
    const output = ["stack", "output", "--json", "--stack", stack.name];
    const result = await run(cli.path, output, {
        cwd: machine.root,
        env: { ...machine.env, ...env, PWD: machine.root },
    });
    if (result.code !== 0) throw new SetupError(`The stack's outputs cannot be read:\n${lastLines(result)}`);
    const found = (JSON.parse(result.stdout) as { mirrors?: Record<string, MirrorAccess> }).mirrors ?? {};
    const names = Object.keys(found).sort();
    if (names.length === 0)
        say(`The stack ${stack.name} has no mirror; docs/mirrors.md tells how to add one.`);
    // A stack without an Engine has no mirrors either.
    if (engine === undefined) return 0;
    let failed = false;
    for (const name of names) {
        const { upstream = "", container = "" } = found[name] ?? {};
        try {
            const { used, free } = await spaceOf(engine, container);
            process.stdout.write(`${name}: ${size(used)} of ${upstream}, ${size(free)} free on its disk\n`);
        } catch (error) {
            if (!(error instanceof SetupError)) throw error;
            failed = true;
            say(`${name}: the cache in ${container} ${error.message}.`);
        }
    }
    return failed ? 1 : 0;
}
