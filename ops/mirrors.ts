import { withoutPasswords } from "../text/redact";
import type { Endpoint } from "../engine/endpoint";
import { Engine } from "../engine/client";
import { EngineError } from "../engine/errors";
import { exec } from "../engine/run";
import { SetupError } from "../setup/errors";
import type { Machine } from "../setup/machine";
import { say } from "../setup/progress";
import { commandFlags, OF_STACK } from "./shared/arguments";
import { size } from "./shared/size";
import { readStack } from "./facts/stack-facts";
import { upstreamProblems, upstreamSentences } from "./facts/upstreams";

/** Of one mirror, in bytes. */
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
    return { used: Number(used) * 1024, free: Number(free) * 1024 };
}

/** Measures the cache of a mirror. @throws SetupError why that is not possible */
export async function spaceOf(engine: Endpoint, container: string): Promise<Space> {
    // A large cache takes its time to be counted.
    const client = new Engine(engine, 600_000);
    try {
        return readSpace(await exec(client, container, ["/bin/sh", "-c", MEASURE], { stderr: true }));
    } catch (error) {
        if (!(error instanceof EngineError)) throw error;
        throw new SetupError(`cannot be measured (${error.message}): run \`pulumi up --refresh\``);
    }
}

const FLAGS = {
    json: { type: "boolean", default: false, text: "the sizes as JSON, in bytes" },
    ...OF_STACK,
} as const;

/** `npm run mirrors`: how full each mirror's cache is, and which one does not reach its upstream. */
export async function mirrors(machine: Machine, args: string[]): Promise<number> {
    const flags = commandFlags(
        "mirrors",
        args,
        FLAGS,
        "how full each mirror is, and which does not reach its upstream",
    );
    const { stack, engine, engineProblem, caPem, mirrors: found } = await readStack(machine, args);
    const all = Object.entries(found).sort(([a], [b]) => (a < b ? -1 : 1));
    if (all.length === 0) {
        if (flags.json) process.stdout.write("[]\n");
        say(`The stack ${stack.name} has no mirror; docs/mirrors.md tells how to add one.`);
        return 0;
    }
    if (engineProblem !== undefined)
        throw new SetupError(
            `No Docker Engine answers at ${withoutPasswords(engine.url)} (${engineProblem}): start it there.`,
        );
    const problems = await upstreamProblems(engine, found, caPem);
    let failed = Object.keys(problems).length > 0;
    const measured: ({ name: string; upstream: string; reaches: boolean } & Partial<Space>)[] = [];
    for (const [name, { upstream, container }] of all) {
        const reaches = problems[name] === undefined;
        try {
            const { used, free } = await spaceOf(engine, container);
            measured.push({ name, upstream, reaches, used, free });
            if (!flags.json)
                process.stdout.write(
                    `${name}: ${size(used)} of ${upstream}, ${size(free)} free on its disk\n`,
                );
        } catch (error) {
            if (!(error instanceof SetupError)) throw error;
            failed = true;
            measured.push({ name, upstream, reaches });
            say(`${name}: the cache in ${container} ${error.message}.`);
        }
    }
    if (flags.json) process.stdout.write(`${JSON.stringify(measured, undefined, 2)}\n`);
    for (const sentence of upstreamSentences(problems, found, false)) say(sentence);
    return failed ? 1 : 0;
}
