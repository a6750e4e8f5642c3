/** Whether what the state knows of is still in the Engine: found out without Pulumi, which looks only with `--refresh`. */
import { gunzipSync } from "node:zlib";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Endpoint } from "../engine/endpoint";
import { Engine } from "../engine/client";
import { backendFolder } from "./file-backend";
import type { Machine } from "./machine";
import type { Stack } from "./stack";

/** A resource as the state has it. */
export interface StateResource {
    urn: string;
    type: string;
    id?: string;
    delete?: boolean;
    inputs?: Record<string, unknown>;
    outputs?: Record<string, unknown>;
}

/** A Docker object that the state knows of. */
export interface Known {
    kind: "container" | "network" | "volume";
    urn: string;
    id: string;
    name: string;
    /** A container that is to run; others write something and end. */
    runs: boolean;
}

/** What the Engine has. */
export interface Present {
    /** ID → state: running, exited, paused … */
    containers: ReadonlyMap<string, string>;
    networks: ReadonlySet<string>;
    volumes: ReadonlySet<string>;
}

/** A known object that is not there, or does not run. */
export interface Lacking extends Known {
    /** "gone", or the state of the container. */
    state: string;
}

const KINDS: Readonly<Record<string, Known["kind"]>> = {
    "docker:index/container:Container": "container",
    "docker:index/network:Network": "network",
    "docker:index/volume:Volume": "volume",
};

/** The Docker objects in a state. */
export function knownObjects(resources: readonly StateResource[]): Known[] {
    return resources.flatMap(({ urn, type, id, inputs = {}, outputs = {}, delete: going }): Known[] => {
        const kind = KINDS[type];
        if (kind === undefined || !id || going) return [];
        const name = typeof outputs.name === "string" ? outputs.name : id;
        const runs = kind === "container" && inputs.start !== false && inputs.mustRun !== false;
        return [{ kind, urn, id, name, runs }];
    });
}

/**
 * URNs of containers that were to do a thing and end, and did not end well: the Engine was killed meanwhile, or what they write was
 * refused. To Pulumi they are there, and it would not make them again.
 */
export const unfinished = (resources: readonly StateResource[]): string[] =>
    resources
        .filter(
            ({ type, inputs, outputs, delete: going }) =>
                KINDS[type] === "container" && inputs?.attach === true && outputs?.exitCode !== 0 && !going,
        )
        .map(({ urn }) => urn);

/** Which of them are not there, or do not run. */
export function lacking(known: readonly Known[], { containers, networks, volumes }: Present): Lacking[] {
    return known.flatMap((one): Lacking[] => {
        if (one.kind === "network") return networks.has(one.id) ? [] : [{ ...one, state: "gone" }];
        if (one.kind === "volume") return volumes.has(one.id) ? [] : [{ ...one, state: "gone" }];
        const state = containers.get(one.id);
        if (state === undefined) return [{ ...one, state: "gone" }];
        return one.runs && state !== "running" ? [{ ...one, state }] : [];
    });
}

/** In words: "container a (gone), volume b (gone)". */
export const lackingText = (list: readonly Lacking[]): string =>
    list.map(({ kind, name, state }) => `${kind} ${name} (${state})`).join(", ");

/** Asks the Engine for these objects. @throws Error where it does not answer */
export async function presentIn(engine: Endpoint, known: readonly Known[]): Promise<Present> {
    // While it removes a large volume it may take its time.
    const client = new Engine(engine, 60_000);
    const of = (kind: Known["kind"]) => known.filter((one) => one.kind === kind).map(({ id }) => id);
    const [containers, networks, { Volumes }] = await Promise.all([
        client.listContainers({ all: true, filters: { id: of("container") } }),
        client.listNetworks({ filters: { id: of("network") } }),
        client.listVolumes({ filters: { name: of("volume") } }),
    ]);
    return {
        containers: new Map(containers.map(({ Id, State }) => [Id, State])),
        networks: new Set(networks.map(({ Id }) => Id)),
        volumes: new Set((Volumes ?? []).map(({ Name }) => Name)),
    };
}

interface Deployment {
    resources?: StateResource[] | null;
}

/** The resources of a stack whose state lies in files; undefined for every other backend, and where there is no such file. */
export function readState(machine: Machine, stack: Stack): StateResource[] | undefined {
    const folder = backendFolder(machine, stack.backend);
    if (folder === undefined) return undefined;
    const short = stack.name.split("/").pop() ?? stack.name;
    const file = join(folder, ".pulumi", "stacks", "private-registry", `${short}.json`);
    const text = existsSync(file)
        ? readFileSync(file, "utf8")
        : existsSync(`${file}.gz`)
          ? gunzipSync(readFileSync(`${file}.gz`)).toString("utf8")
          : undefined;
    if (text === undefined) return undefined;
    const { checkpoint } = JSON.parse(text) as { checkpoint?: { latest?: Deployment | null } };
    return checkpoint?.latest?.resources ?? [];
}

/** The Engine that a state's own provider names; undefined where it names none. */
export const stateHost = (resources: readonly StateResource[]): string | undefined =>
    resources
        .filter(({ type }) => type === "pulumi:providers:docker")
        .map(({ inputs }) => inputs?.host)
        .find((host): host is string => typeof host === "string" && host !== "");
