import type { ContainerInspectInfo } from "../../engine/types";

import type { Engine } from "../../engine/client";

/** Milliseconds between two looks: most are well within half a second, and `up` waits for them one after the other. */
const [SOON, POLL] = [25, 100];
const SOON_MS = 2_000;

/** Ends within some seven seconds, since the Engine waits longer before each start: what ended so often ends again. */
const ENDS = 6;

/** Whether a container has ended. The Engine says of one that it is going to start again that it runs. */
const ended = ({ Running, Restarting }: ContainerInspectInfo["State"]): boolean => !Running || Restarting;

/** What one may know of a container that is not healthy, in words. */
function reason({ State }: ContainerInspectInfo): string {
    if (ended(State)) return `it ended with exit code ${State.ExitCode}`;
    const last = State.Health?.Log?.at(-1);
    if (!last) return `its health check has not run yet`;
    return `its last health check gave exit code ${last.ExitCode}${last.Output ? `: ${last.Output.trim()}` : ""}`;
}

/**
 * Waits until the health check of a container has succeeded.
 *
 * @param limit seconds
 */
export async function waitUntilHealthy(engine: Engine, id: string, limit: number): Promise<void> {
    for (const start = Date.now(); ;) {
        const info = await engine.getContainer(id).inspect();
        const name = info.Name.replace(/^\//, "");
        const { Running, Restarting, Health } = info.State;
        // Whatever its restart policy: of one that it is going to start again the Engine says that it runs.
        const over = !Running && !Restarting;
        if (!Health && !over) {
            throw new Error(
                `You have supplied 'wait' for container ${name}, and neither it nor its image has a health check: ` +
                    `give a healthcheck, or leave out wait.`,
            );
        }
        if (Health?.Status === "healthy" && !ended(info.State)) return;
        // One try means that its verdict is final.
        const refused = Health?.Status === "unhealthy" && info.Config.Healthcheck?.Retries === 1;
        const hopeless = ended(info.State) && info.RestartCount >= ENDS;
        const waited = Date.now() - start;
        if (over || hopeless || refused || waited > limit * 1000) {
            const time = over || hopeless || refused ? "" : ` within ${limit} s`;
            throw new Error(
                `container failed to be in healthy state in time: ${name} did not become healthy${time}, ` +
                    `${reason(info)}. \`docker logs ${name}\` may tell why.`,
            );
        }
        await new Promise((resolve) => setTimeout(resolve, waited < SOON_MS ? SOON : POLL));
    }
}
