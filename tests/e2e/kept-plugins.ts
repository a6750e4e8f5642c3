/**
 * Provider plugins that stay from one run of Pulumi to the next in a file of tests: their starts take a quarter of the time of an `up`,
 * of which the tests make hundreds. Where a test goes by `npm run` (user.ts, backup.ts, docs), Pulumi starts them, as for everyone.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";

import { withoutOurs } from "../../setup/plugins";
import { environment } from "./environment";

/** Ended by tests/environment.cjs: the last hooks of a file destroy its stacks. */
const running: ChildProcess[] = [];
Object.assign(globalThis, { [Symbol.for("kept")]: running });
let kept: Promise<NodeJS.ProcessEnv> | undefined;

async function startOne(name: string): Promise<string> {
    const child = spawn(`pulumi-resource-${name}`, [], {
        env: environment(),
        stdio: ["pipe", "pipe", "inherit"],
    });
    running.push(child);
    const [port] = (await once(child.stdout, "data")) as [Buffer];
    return `${name}:${port.toString().trim()}`;
}

/** @returns the variables that lead Pulumi to them; none where the official ones are in use */
export function keptPlugins(): Promise<NodeJS.ProcessEnv> {
    const { PATH = "" } = process.env;
    // A benchmark measures what its reader has.
    if (process.env.JEST_WORKER_ID === undefined || withoutOurs(PATH) === PATH) return Promise.resolve({});
    kept ??= Promise.all(["docker", "random", "tls"].map(startOne)).then((ports) => ({
        PULUMI_DEBUG_PROVIDERS: ports.join(","),
    }));
    return kept;
}
