/** When a command last ended well, for the numbers of the deployment (docs/monitoring.md). */
import { metricsName, RUNS_FOLDER } from "../../components/metrics/files";
import type { Engine } from "../../engine/client";
import { found, messageOf } from "../../engine/errors";
import { tar } from "../../engine/tar";
import { say } from "../../setup/progress";

import { isOf } from "./identity";
import type { LockOwner } from "./lock";

/** The commands of which an alert may want to know. */
export type Run = "gc" | "retain" | "backup" | "sync";

/** Tells what counts that a command ended well: nothing without `metrics`, and no failure of the command where it cannot. */
export async function keepEnd(engine: Engine, { prefix, identity }: LockOwner, command: Run): Promise<void> {
    try {
        const counting = await found(() => engine.getContainer(metricsName(prefix)).inspect());
        if (counting === undefined || !isOf(counting.Config.Labels, prefix, identity)) return;
        const content = Buffer.from(`${Math.floor(Date.now() / 1000)}\n`);
        await engine
            .getContainer(counting.Id)
            .putArchive(await tar([{ path: command, mode: 0o644, content }]), { path: RUNS_FOLDER });
    } catch (error) {
        say(`The metrics cannot be told of this ${command}: ${messageOf(error)}.`);
    }
}
