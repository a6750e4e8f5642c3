import * as pulumi from "@pulumi/pulumi";

import { connect } from "./engine/client";
import {
    freeContainerName,
    freeNetworkName,
    lastLogLines,
    nameTaken,
    networkTaken,
    portTaken,
    refusal,
    stopFront,
} from "./leftovers";
import { storageProblem } from "./registry/storage-problem";

/**
 * What happens where the Engine refuses to create an object of a deployment:
 *
 * - The name is taken by what an interrupted `up` left: it is removed, and the creation tried again.
 * - The port is taken by the deployment's own front, which is to go: it is stopped, and the creation tried again.
 * - The port is taken by something else: one sentence with the fix.
 * - The container does not become healthy: its own last log lines.
 *
 * @param prefix value of the deployment's label
 * @param dockerHost Engine that the deployment goes to. Default: as for the docker provider
 * @param portKey path of the configuration's key that chooses the port. Default: port
 * @returns the callback of an error hook: whether to try again
 */
export function recover(prefix: string, dockerHost?: string, portKey?: string): pulumi.ErrorHookFunction {
    return async ({ errors, failedOperation, newInputs }) => {
        if (failedOperation !== "create") return false;
        const reason = refusal(errors[0] ?? "");
        switch (reason.kind) {
            case "name": {
                const free = await freeContainerName(
                    await connect({ host: dockerHost }),
                    reason.name,
                    prefix,
                );
                if (!free) await pulumi.log.error(nameTaken(reason.name));
                return free;
            }
            case "network": {
                const free = await freeNetworkName(await connect({ host: dockerHost }), reason.name, prefix);
                if (!free) await pulumi.log.error(networkTaken(reason.name));
                return free;
            }
            case "port":
                if (newInputs?.name !== `${prefix}-front`) {
                    if (await stopFront(await connect({ host: dockerHost }), prefix)) return true;
                }
                await pulumi.log.error(
                    portTaken((newInputs?.ports ?? []) as { external?: number; ip?: string }[], portKey),
                );
                return false;
            case "unhealthy": {
                const name = String(newInputs?.name);
                const lines = await lastLogLines(await connect({ host: dockerHost }), name);
                const problem = storageProblem(lines);
                await pulumi.log.error(
                    `${name} did not become healthy. ${problem === undefined ? "" : `${problem} `}Its last log lines:\n${lines}`,
                );
                return false;
            }
            case "other":
                return false;
        }
    };
}
