/** What garbage collection asks of the Engine. */
import type { ContainerCreateOptions, ContainerInspectInfo } from "../../engine/types";

import type { Engine } from "../../engine/client";
import { found, says } from "../../engine/errors";
import { exec, logsOf } from "../../engine/run";
import { listens } from "../../components/deployment/hardening";

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

export const inspect = (engine: Engine, name: string): Promise<ContainerInspectInfo | undefined> =>
    found(() => engine.getContainer(name).inspect());

/** Removes a container and the volumes without a name that came with it; returns when it is gone. */
export async function remove(engine: Engine, name: string): Promise<void> {
    await found(() => engine.getContainer(name).remove({ force: true, v: true })).catch((error) => {
        if (!says(error, "already in progress")) throw error;
    });
    while ((await inspect(engine, name)) !== undefined) await pause(100);
}

/** Makes a container anew, in place of one of that name. */
export async function create(engine: Engine, options: ContainerCreateOptions): Promise<void> {
    await remove(engine, options.name ?? "");
    await engine.createContainer(options);
}

/** Starts a container; running already is fine. */
export const start = (engine: Engine, name: string) => engine.getContainer(name).start();

/** Ends a container and starts it anew; returns when it is healthy. */
export async function restart(engine: Engine, name: string): Promise<void> {
    await engine.getContainer(name).restart();
    await healthy(engine, name);
}

/** Stops a container after what it has in flight, within its own stop timeout. */
export const stop = (engine: Engine, name: string) => engine.getContainer(name).stop();

/**
 * Waits until a container is healthy; one without a health check only has to run.
 *
 * @throws Error with its last log lines
 */
export async function healthy(engine: Engine, name: string, seconds = 60): Promise<void> {
    for (const end = Date.now() + seconds * 1000; ;) {
        const container = await inspect(engine, name);
        const state = container?.State;
        if (state?.Running && (state.Health?.Status ?? "healthy") === "healthy") return;
        if (Date.now() > end || container === undefined) {
            const log = container === undefined ? "It is gone." : await tail(engine, name);
            throw new Error(`${name} does not become healthy.\n${log}`);
        }
        await pause(250);
    }
}

/** Asks until the answer is yes. @throws Error with `problem` after the limit of time */
export async function until(problem: string, ask: () => Promise<boolean>, seconds = 30): Promise<void> {
    for (const end = Date.now() + seconds * 1000; !(await ask());) {
        if (Date.now() > end) throw new Error(`${problem} within ${seconds} seconds.`);
        await pause(100);
    }
}

/** Waits until a running container has a port open. */
export async function listening(engine: Engine, name: string, port: number): Promise<void> {
    const probe = ["/bin/sh", "-c", `${listens(port)} && echo open`];
    await until(`${name} does not open its port`, async () =>
        (await exec(engine, name, probe)).includes("open"),
    );
}

/** The last lines that a container wrote. */
async function tail(engine: Engine, name: string): Promise<string> {
    return (await logsOf(engine, name, false)).trimEnd().split("\n").slice(-8).join("\n");
}
