/** Looks into an Engine where it refused something. No Pulumi in here: the embedded docker plugin asks the same. */
import { mended } from "../definition/mend";
import { type Path, set } from "../definition/problem";
import type { Engine } from "../../engine/client";
import { found, isNotFound } from "../../engine/errors";
import { logText } from "../../engine/frames";
import { IDENTITY_LABEL, OWNER_LABEL, STAND_IN_LABEL } from "./hardening";

/** What an Engine's message says is wrong. */
export type Refusal =
    | { kind: "name"; name: string }
    | { kind: "network"; name: string }
    | { kind: "port"; port: number | undefined }
    | { kind: "unhealthy" }
    | { kind: "other" };

/** Reads an error message of the Engine or of a docker provider. */
export function refusal(message: string): Refusal {
    const name = /The container name "\/?([^"]+)" is already in use/.exec(message)?.[1];
    if (name !== undefined) return { kind: "name", name };
    const network = /network with name (\S+) already exists/.exec(message)?.[1];
    if (network !== undefined) return { kind: "network", name: network };
    if (/port is already allocated|address already in use/.test(message)) {
        // "Bind for 127.0.0.1:443 failed: port is already allocated", "listen tcp4 0.0.0.0:80: bind: address already in use"
        const port = /:(\d+)(?: failed)?: (?:bind: |listen |port is already|address already)/.exec(
            message,
        )?.[1];
        return { kind: "port", port: port === undefined ? undefined : Number(port) };
    }
    if (/failed to be in healthy state/.test(message)) return { kind: "unhealthy" };
    return { kind: "other" };
}

/** Whether an object of the Engine is the deployment's own. */
export type IsOwn = (object: { name: string; id: string; labels: Record<string, string> }) => boolean;

/**
 * Frees the name of a container for a deployment: removes the container that has it, where that is the deployment's
 * own. Such a one is what an interrupted `up` left, since the state does not know it.
 *
 * @returns whether the name is free now
 */
export async function freeContainerName(engine: Engine, name: string, isOwn: IsOwn): Promise<boolean> {
    const container = engine.getContainer(name);
    try {
        const { Id, Config } = await container.inspect();
        if (!isOwn({ name, id: Id, labels: Config.Labels })) return false;
        // With its nameless volumes: the registry's image declares one.
        await engine.getContainer(Id).remove({ force: true, v: true });
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
export async function stopFront(engine: Engine, name: string, isOwn: IsOwn): Promise<boolean> {
    const container = engine.getContainer(name);
    try {
        const { Id, Config, State } = await container.inspect();
        if (!isOwn({ name, id: Id, labels: Config.Labels }) || !State.Running) return false;
        await container.stop();
        return true;
    } catch (error) {
        if (isNotFound(error)) return false;
        throw error;
    }
}

/** Removes the deployment's stand-ins that have a port. @returns whether there was one */
export async function freePort(engine: Engine, port: number, isOwn: IsOwn): Promise<boolean> {
    const standIns = await engine.listContainers({ filters: { label: [STAND_IN_LABEL] } });
    const holders = standIns.filter(
        ({ Id, Names, Labels, Ports }) =>
            Ports.some(({ PublicPort }) => PublicPort === port) &&
            isOwn({ name: Names[0]?.slice(1) ?? Id, id: Id, labels: Labels }),
    );
    for (const { Id } of holders) await engine.getContainer(Id).remove({ force: true, v: true });
    return holders.length > 0;
}

/**
 * Removes stand-ins (deployment/restore.ts).
 *
 * @param filters of the Engine API
 * @param labels of an object of the deployment, whose identity they must have; one of version 0.1 has its prefix alone
 */
export async function removeStandIns(
    engine: Engine,
    filters: Record<string, string[]>,
    labels: unknown,
): Promise<void> {
    const own = Object.fromEntries(
        ((labels ?? []) as { label: string; value: string }[]).map(({ label, value }) => [label, value]),
    );
    const key = own[IDENTITY_LABEL] === undefined ? OWNER_LABEL : IDENTITY_LABEL;
    if (own[key] === undefined) return;
    const all = await engine.listContainers({ all: true, filters });
    for (const { Id } of all.filter(({ Labels }) => Labels[key] === own[key]))
        await found(() => engine.getContainer(Id).remove({ force: true, v: true }));
}

/** The same as for a container's name for a network's. */
export async function freeNetworkName(engine: Engine, name: string, isOwn: IsOwn): Promise<boolean> {
    const networks = await engine.listNetworks({ filters: { name: [name] } });
    const left = networks.filter(
        (network) => network.Name === name && isOwn({ name, id: network.Id, labels: network.Labels ?? {} }),
    );
    for (const { Id } of left) {
        const network = engine.getNetwork(Id);
        const { Containers } = await network.inspect();
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
    const text = logText(frames).split("\n");
    return text
        .filter((line) => line.trim() !== "" && !STACK_FRAME.test(line))
        .slice(-lines)
        .join("\n");
}

/** One sentence for a name that something else has. */
export const nameTaken = (name: string): string =>
    `The container name ${name} is taken by a container that is not part of this deployment. ` +
    `Remove that one (docker rm -f ${name}), or choose another name: ${mended(set(["containerName"], "NAME"))}`;

/** One sentence for a network's name that something else has. */
export const networkTaken = (name: string): string =>
    `The network name ${name} is taken by a network that is not part of this deployment. ` +
    `Remove that one: docker network rm ${name}`;

/**
 * One sentence for a port that something else has.
 *
 * @param holder who has it, where that is known
 */
export function portTaken(
    { port, ip, key }: { port: number; ip: string; key: Path },
    holder = "another program",
): string {
    // In place of the usual ports, those that their secure and plain siblings usually have.
    const next = { 80: 8080, 443: 8443 }[port] ?? (port < 65_535 ? port + 1 : port - 1);
    return (
        `Port ${port} of ${ip} is taken by ${holder}. Stop that ${holder.startsWith("the container") ? "container" : "program"}, ` +
        `or choose another port: ${mended(set(key, next))}`
    );
}
