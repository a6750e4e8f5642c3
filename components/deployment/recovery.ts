import * as pulumi from "@pulumi/pulumi";

import type { Deployment } from "./deployment";
import { restore } from "./restore";
import { connectTo, type Engine } from "../../engine/client";
import {
    freeContainerName,
    freeNetworkName,
    freePort,
    lastLogLines,
    nameTaken,
    networkTaken,
    portTaken,
    refusal,
    stopFront,
} from "./leftovers";
import { storageProblem } from "./storage-problem";

interface Port {
    internal?: number;
    external?: number;
    ip?: string;
}

/** What a container was to publish. */
const portsIn = ({ ports }: Record<string, unknown>): Port[] => (ports ?? []) as Port[];

/**
 * What happens where the Engine refuses to create an object of a deployment:
 *
 * - The name is taken by what an interrupted `up` left: it is removed, and the creation tried again.
 * - The port is taken by the deployment's own front, which is to go, or by a stand-in: the creation is tried again without it.
 * - The port is taken by something else: one sentence with the fix.
 * - The container does not become healthy: its own last log lines.
 *
 * Where a container cannot be replaced, the one that ran before runs again (deployment/restore.ts).
 *
 * Only what has the deployment's identity is touched, and only where this program can tell which Engine the object was for.
 *
 * @returns the callback of an error hook: whether to try again
 */
export function recover(deployment: Deployment): pulumi.ErrorHookFunction {
    return async ({ errors, failedOperation, newInputs, type, urn }) => {
        if (failedOperation !== "create") return false;
        const endpoint = await deployment.engine();
        if (endpoint === undefined) return false;
        const engine = await connectTo(endpoint);
        const again = await mend(engine, deployment, errors[0] ?? "", newInputs ?? {}, (text) =>
            explain(urn, text),
        );
        if (!again && type.endsWith(":Container")) await backToFormer(engine, deployment, newInputs ?? {});
        return again;
    };
}

/** Says of a resource in one sentence what the Engine refused; by its URN setup/events.ts knows what is the same once more. */
const explain = (urn: string, text: string): Promise<void> =>
    // Of the resource the log reads nothing but the URN, which is all that a hook is given.
    pulumi.log.error(text, { urn: pulumi.output(urn) } as pulumi.Resource);

/** What a health check said that is asked once, and so says why: one sentence. */
function verdict(message: string, { healthcheck }: Record<string, unknown>): string | undefined {
    if ((healthcheck as { retries?: number } | undefined)?.retries !== 1) return undefined;
    return /health check gave exit code \d+: (.+?)\. `docker logs/s.exec(message)?.[1];
}

async function mend(
    engine: Engine,
    deployment: Deployment,
    message: string,
    inputs: Record<string, unknown>,
    say: (text: string) => Promise<void>,
): Promise<boolean> {
    const isOwn = await deployment.ownership();
    const reason = refusal(message);
    switch (reason.kind) {
        case "name": {
            const free = await freeContainerName(engine, reason.name, isOwn);
            if (!free) await say(nameTaken(reason.name));
            return free;
        }
        case "network": {
            const free = await freeNetworkName(engine, reason.name, isOwn);
            if (!free) await say(networkTaken(reason.name));
            return free;
        }
        case "port": {
            const ports = portsIn(inputs);
            const port = ports.find(({ external }) => external === reason.port) ?? ports[0];
            const front = `${deployment.prefix}-front`;
            if (inputs.name !== front && (await stopFront(engine, front, isOwn))) return true;
            for (const { external } of ports)
                if (external !== undefined && (await freePort(engine, external, isOwn))) return true;
            const { external = 0, ip = "0.0.0.0" } = port ?? {};
            await say(portTaken({ port: external, ip, key: await deployment.portKey(external) }));
            return false;
        }
        case "unhealthy": {
            const name = String(inputs.name);
            const final = verdict(message, inputs);
            if (final !== undefined) {
                await say(`${name}: ${final}`);
                return false;
            }
            const lines = await lastLogLines(engine, name);
            const problem = storageProblem(lines);
            await say(
                `${name} did not become healthy. ${problem === undefined ? "" : `${problem} `}Its last log lines:\n${lines}`,
            );
            return false;
        }
        case "other":
            return false;
    }
}

/** Has what ran before run again, and says so. */
async function backToFormer(
    engine: Engine,
    deployment: Deployment,
    inputs: Record<string, unknown>,
): Promise<void> {
    const isOwn = await deployment.ownership();
    const name = String(inputs.name);
    const { running, problems } = await restore(
        engine,
        { name, ports: portsIn(inputs).flatMap(({ external }) => external ?? []) },
        await deployment.kept(),
        ({ Name, Id, Config }) => isOwn({ name: Name.replace(/^\//, ""), id: Id, labels: Config.Labels }),
    );
    if (running.length > 0)
        await pulumi.log.warn(
            `${name} could not be replaced: ${running.join(" and ")} ${running.length === 1 ? "runs" : "run"} again as before. ` +
                "Mend what is told, and run the same command again.",
        );
    for (const problem of problems) await pulumi.log.error(`After the failure of ${name}, ${problem}.`);
}
