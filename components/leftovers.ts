/** Looks into an Engine where it refused something. No Pulumi in here: the embedded docker plugin asks the same. */
import type { Engine } from "./engine/client";
import { isNotFound } from "./engine/errors";
import { logText } from "./engine/logs";
import { OWNER_LABEL } from "./hardening";

/** What an Engine's message says is wrong. */
export type Refusal =
    | { kind: "name"; name: string }
    | { kind: "network"; name: string }
    | { kind: "port" }
    | { kind: "unhealthy" }
    | { kind: "other" };

/** Reads an error message of the Engine or of a docker provider. */
export function refusal(message: string): Refusal {
    const name = /The container name "\/?([^"]+)" is already in use/.exec(message)?.[1];
    if (name !== undefined) return { kind: "name", name };
    const network = /network with name (\S+) already exists/.exec(message)?.[1];
    if (network !== undefined) return { kind: "network", name: network };
    if (/port is already allocated|address already in use/.test(message)) return { kind: "port" };
    if (/failed to be in healthy state/.test(message)) return { kind: "unhealthy" };
    return { kind: "other" };
}

/**
 * Frees the name of a container for a deployment: removes the container that has it, where that belongs to the
 * same deployment. Such a one is what an interrupted `up` left, since the state does not know it.
 *
 * @returns whether the name is free now
 */
export async function freeContainerName(engine: Engine, name: string, owner: string): Promise<boolean> {
    const container = engine.getContainer(name);
    try {
        const { Config } = await container.inspect();
        if (Config.Labels[OWNER_LABEL] !== owner) return false;
        await container.remove({ force: true });
    } catch (error) {
        // Gone in the meantime: then the name is free.
        if (!isNotFound(error)) throw error;
    }
    return true;
}

/**
 * Frees a deployment's port where its own front has it: a registry that is to take the port again is created before
 * the front is deleted. The front is stopped and no more, so that the deletion still finds it.
 *
 * @returns whether a front was stopped
 */
export async function stopFront(engine: Engine, owner: string): Promise<boolean> {
    const container = engine.getContainer(`${owner}-front`);
    try {
        const { Config, State } = await container.inspect();
        if (Config.Labels[OWNER_LABEL] !== owner || !State.Running) return false;
        await container.stop();
        return true;
    } catch (error) {
        if (isNotFound(error)) return false;
        throw error;
    }
}

/** The same for a network. */
export async function freeNetworkName(engine: Engine, name: string, owner: string): Promise<boolean> {
    const networks = await engine.listNetworks({ filters: { label: [`${OWNER_LABEL}=${owner}`] } });
    const left = networks.filter((network) => network.Name === name);
    for (const { Id } of left) {
        const network = engine.getNetwork(Id);
        const { Containers } = (await network.inspect()) as { Containers?: Record<string, unknown> };
        // The Engine does not remove a network that a container is still in, running or not known to the state.
        for (const container of Object.keys(Containers ?? {})) {
            await network.disconnect({ Container: container, Force: true });
        }
        await network.remove();
    }
    return left.length > 0;
}

/** Lines of a Go stack trace, which hide the panic's own line above them. */
const STACK_FRAME = /^(\t|goroutine \d+ |[\w./*()-]+\(.*\)$|created by )/;

/** The last lines that a container wrote, without stack traces. @default 15 lines */
export async function lastLogLines(engine: Engine, name: string, lines = 15): Promise<string> {
    const frames = await engine.getContainer(name).logs({ stdout: true, stderr: true, tail: 20 * lines });
    const text = logText(frames as unknown as Buffer).split("\n");
    return text
        .filter((line) => line.trim() !== "" && !STACK_FRAME.test(line))
        .slice(-lines)
        .join("\n");
}

/** One sentence for a name that something else has. */
export const nameTaken = (name: string): string =>
    `The container name ${name} is taken by a container that is not part of this deployment. ` +
    `Remove that one (docker rm -f ${name}), or choose another name: pulumi config set containerName NAME`;

/** One sentence for a network's name that something else has. */
export const networkTaken = (name: string): string =>
    `The network name ${name} is taken by a network that is not part of this deployment. ` +
    `Remove that one: docker network rm ${name}`;

/**
 * One sentence for a port that something else has.
 *
 * @param key path of the configuration's key that chooses it
 */
export function portTaken(
    ports: readonly { external?: number | undefined; ip?: string | undefined }[],
    key = "port",
): string {
    const { external = 0, ip = "0.0.0.0" } = ports[0] ?? {};
    return (
        `Port ${external} of ${ip} is taken by another program. Stop that program, or choose another port: ` +
        `pulumi config set ${key.includes(".") ? "--path " : ""}${key} ${external === 443 ? 8443 : external + 1}`
    );
}
