/** Which ports a deployment could not open. No Pulumi in here. */
import { existsSync, readFileSync } from "node:fs";
import { createServer } from "node:net";
import { hostname } from "node:os";

import { mended } from "../definition/mend";
import { set } from "../definition/problem";
import { canonicalAddress, collide, isAny, type Listener } from "../../address/address";
import { type Endpoint, isLocal } from "../../engine/endpoint";
import { callEngine } from "../../engine/http";
import { portTaken } from "./leftovers";

import type { EngineObject, PlannedPort } from "./survey";

/** An address as the kernel's table writes it: groups of four bytes, each with its last byte first. */
function address(hex: string): string {
    const words = hex.match(/.{8}/g) ?? [];
    const bytes = words.flatMap((word) =>
        (word.match(/../g) ?? []).reverse().map((byte) => parseInt(byte, 16)),
    );
    if (bytes.length === 4) return bytes.join(".");
    if (bytes.every((byte) => byte === 0)) return "::";
    // An IPv4 address in IPv6's clothes.
    if (bytes.slice(0, 10).every((byte) => byte === 0) && bytes[10] === 255) return bytes.slice(12).join(".");
    const groups = Array.from({ length: 8 }, (_, i) =>
        (((bytes[2 * i] ?? 0) << 8) | (bytes[2 * i + 1] ?? 0)).toString(16),
    );
    return canonicalAddress(groups.join(":"));
}

/** The listening sockets in a table of /proc/net/tcp's form; state 0A is LISTEN. */
export const listeners = (table: string): Listener[] =>
    [...table.matchAll(/^\s*\d+: ([0-9A-F]+):([0-9A-F]{4}) [0-9A-F]+:0000 0A /gm)].map(
        ([, ip = "", port = ""]) => ({
            ip: address(ip),
            port: parseInt(port, 16),
        }),
    );

/** What listens on this machine; nothing where that cannot be told, or is not the Engine's machine. */
async function machineListeners(endpoint: Endpoint): Promise<Listener[] | undefined> {
    if (!isLocal(endpoint) || process.platform !== "linux") return undefined;
    // With a socket from elsewhere, as in a container, this process sees other addresses and ports than the Engine.
    const { body } = await callEngine(endpoint, { path: "/info" });
    if ((JSON.parse(body) as { Name?: string }).Name !== hostname()) return undefined;
    const read = (file: string) => (existsSync(file) ? readFileSync(file, "utf8") : "");
    return listeners(read("/proc/net/tcp") + read("/proc/net/tcp6"));
}

/**
 * Whether a program may listen at an IP address of this machine, tried with a port of the kernel's choice. The list of
 * interfaces would not do: Node leaves out those without a carrier, as a bridge to which no container is attached yet.
 */
export const mayListenAt = (ip: string): Promise<boolean> =>
    new Promise((done) => {
        const server = createServer();
        server.once("error", (error: NodeJS.ErrnoException) => done(error.code !== "EADDRNOTAVAIL"));
        server.listen({ host: ip, port: 0, exclusive: true }, () => server.close(() => done(true)));
    });

/**
 * A sentence for each port that cannot be opened: something else has it, or its address is not the machine's.
 *
 * @param own tells whether a container is the deployment's: what that one has will be free
 */
export async function portProblems(
    endpoint: Endpoint,
    ports: readonly PlannedPort[],
    containers: readonly EngineObject[],
    own: (container: EngineObject) => boolean,
): Promise<string[]> {
    const held = containers.filter(own).flatMap((container) => container.ports);
    const wanted = ports.filter((port) => !held.some((one) => one.port === port.port && one.ip === port.ip));
    if (wanted.length === 0) return [];
    const foreign = containers.filter((container) => !own(container));
    const others = await machineListeners(endpoint);
    const problemOf = async (port: PlannedPort): Promise<string | undefined> => {
        const holder = foreign.find((one) => one.ports.some((published) => collide(published, port)));
        if (holder !== undefined) return portTaken(port, `the container ${holder.name}`);
        if (others === undefined) return undefined;
        if (!isAny(canonicalAddress(port.ip)) && !(await mayListenAt(port.ip)))
            return (
                `${port.ip} is no address of this machine, so port ${port.port} cannot be opened there: give one that ` +
                "`ip addr` shows, or all of them: " +
                mended(
                    set(
                        port.key[0] === "mirrors"
                            ? [...port.key.slice(0, -1), "bindAddress"]
                            : ["bindAddress"],
                        "0.0.0.0",
                    ),
                )
            );
        const ours = held.some((one) => collide(one, port));
        return !ours && others.some((one) => collide(one, port)) ? portTaken(port) : undefined;
    };
    const problems = await Promise.all(wanted.map(problemOf));
    return problems.filter((problem) => problem !== undefined);
}
