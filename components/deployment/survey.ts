/** What an Engine has under the names of a deployment, and whose it is. No Pulumi in here. */
import { mended } from "../definition/mend";
import { type Path, set } from "../definition/problem";
import type { Endpoint } from "../../engine/endpoint";
import { callEngine, refusal } from "../../engine/http";
import { IDENTITY_LABEL, OWNER_LABEL, STACK_KEY_LABEL, STACK_LABEL } from "./hardening";

export type Kind = "container" | "network" | "volume";

/** An object of an Engine. */
export interface EngineObject {
    kind: Kind;
    name: string;
    id: string;
    labels: Record<string, string>;
    /** When the Engine made it. */
    since: Date;
    /** Of a container: names of its volumes. */
    volumes: string[];
    /** Of a container that runs: what it publishes. */
    ports: { port: number; ip: string }[];
    running: boolean;
    /** Of a container that ended: its exit code. */
    exitCode?: number | undefined;
    image?: string | undefined;
}

/** A port that a deployment is going to publish. */
export interface PlannedPort {
    port: number;
    ip: string;
    /** Path of the configuration's key that chooses it. */
    key: Path;
}

export interface PlannedVolume {
    /** It outlives the deployment. */
    data: boolean;
    /** The user named it. */
    given: boolean;
}

/** Names that a deployment is going to use. */
export interface Plan {
    containers: Set<string>;
    networks: Set<string>;
    volumes: Map<string, PlannedVolume>;
}

/** By what a deployment knows its own. */
export interface Proof {
    /** Its identity, once there is one, and those that it adopted. */
    identities: ReadonlySet<string>;
    /** Names that it adopted. */
    adopted: ReadonlySet<string>;
    /** Value of STACK_KEY_LABEL on data volumes of its stack. */
    stackKey?: string | undefined;
    /** Objects of version 0.1, with this prefix and no identity, were shown to be its own. */
    legacy?: string | undefined;
}

interface ContainerEntry {
    Id: string;
    Names?: string[];
    Image: string;
    Created: number;
    State: string;
    /** `Exited (3) 5 minutes ago` */
    Status?: string;
    Labels?: Record<string, string> | null;
    Mounts?: { Type: string; Name?: string }[];
    Ports?: { IP?: string; PublicPort?: number; Type?: string }[];
}
interface NetworkEntry {
    Id: string;
    Name: string;
    Created: string;
    Labels?: Record<string, string> | null;
}
interface VolumeEntry {
    Name: string;
    CreatedAt?: string;
    Labels?: Record<string, string> | null;
}

/** The Engine answers, and does not let anyone look. */
export class LookRefused extends Error {}

async function list<T>(endpoint: Endpoint, path: string): Promise<T> {
    const answer = await callEngine(endpoint, { path, idleMs: 60_000 });
    if (answer.status !== 200)
        throw new LookRefused(`The Docker Engine refuses ${path.replace(/\?.*/, "")}: ${refusal(answer)}`);
    return JSON.parse(answer.body) as T;
}

const named = (names: Iterable<string>) =>
    `filters=${encodeURIComponent(JSON.stringify({ name: [...names] }))}`;

function exitCodeIn(status = ""): number | undefined {
    const code = /^Exited \((\d+)\)/.exec(status)?.[1];
    return code === undefined ? undefined : Number(code);
}

/** All containers of an Engine, and the networks and volumes of these names. Three requests at once. */
export async function survey(endpoint: Endpoint, plan: Plan): Promise<EngineObject[]> {
    const none = { volumes: [], ports: [], running: false };
    const [containers, networks, volumes] = await Promise.all([
        list<ContainerEntry[]>(endpoint, "/containers/json?all=1"),
        list<NetworkEntry[]>(endpoint, `/networks?${named(plan.networks)}`),
        list<{ Volumes?: VolumeEntry[] | null }>(endpoint, `/volumes?${named(plan.volumes.keys())}`),
    ]);
    return [
        ...containers.map((one) => ({
            kind: "container" as const,
            name:
                (one.Names ?? []).map((name) => name.slice(1)).find((name) => !name.includes("/")) ?? one.Id,
            id: one.Id,
            labels: one.Labels ?? {},
            since: new Date(one.Created * 1000),
            volumes: (one.Mounts ?? []).flatMap(({ Name }) => Name ?? []),
            ports: (one.Ports ?? []).flatMap(({ IP, PublicPort, Type }) =>
                PublicPort && Type !== "udp" ? { port: PublicPort, ip: IP ?? "0.0.0.0" } : [],
            ),
            running: one.State === "running",
            exitCode: exitCodeIn(one.Status),
            image: one.Image,
        })),
        ...networks.map(({ Id, Name, Created, Labels }) => ({
            ...none,
            kind: "network" as const,
            name: Name,
            id: Id,
            labels: Labels ?? {},
            since: new Date(Created),
        })),
        ...(volumes.Volumes ?? []).map(({ Name, CreatedAt, Labels }) => ({
            ...none,
            kind: "volume" as const,
            name: Name,
            id: Name,
            labels: Labels ?? {},
            since: new Date(CreatedAt ?? 0),
        })),
    ];
}

/** Whether a name of the plan is this object's. */
export function isPlanned(plan: Plan, { kind, name }: EngineObject): boolean {
    if (kind === "container") return plan.containers.has(name);
    return kind === "network" ? plan.networks.has(name) : plan.volumes.has(name);
}

/** Version 0.1 gave its objects no identity. */
export const isLegacy = ({ labels }: EngineObject, prefix: string): boolean =>
    labels[OWNER_LABEL] === prefix && labels[IDENTITY_LABEL] === undefined;

/** Whether an object is a deployment's own by what is written on it. */
export function isMarked(object: Pick<EngineObject, "name" | "labels">, proof: Proof): boolean {
    const identity = object.labels[IDENTITY_LABEL];
    if (identity !== undefined && proof.identities.has(identity)) return true;
    if (proof.adopted.has(object.name)) return true;
    return (
        identity === undefined && proof.legacy !== undefined && object.labels[OWNER_LABEL] === proof.legacy
    );
}

/** Splits what has the deployment's names into its own and the rest. */
export function split(
    objects: readonly EngineObject[],
    plan: Plan,
    proof: Proof,
): { own: EngineObject[]; foreign: EngineObject[] } {
    const containers = objects.filter(({ kind }) => kind === "container");
    const ownContainer = (one: EngineObject) => isMarked(one, proof);
    const isOwn = (object: EngineObject): boolean => {
        if (isMarked(object, proof)) return true;
        if (object.kind !== "volume") return false;
        const users = containers.filter(({ volumes }) => volumes.includes(object.name));
        // A volume cannot be given a label later. One that the deployment's own container has is the deployment's.
        if (users.some(ownContainer)) return true;
        const { data, given } = plan.volumes.get(object.name) ?? {};
        const kept =
            data && proof.stackKey !== undefined && object.labels[STACK_KEY_LABEL] === proof.stackKey;
        // Made by the user, and named by the user.
        const brought = given && object.labels[OWNER_LABEL] === undefined;
        return Boolean(kept || brought) && users.every((user) => user.labels[OWNER_LABEL] === undefined);
    };
    const mine = objects.filter((object) => isPlanned(plan, object));
    return { own: mine.filter(isOwn), foreign: mine.filter((object) => !isOwn(object)) };
}

const enumerate = (items: string[]): string =>
    items.length < 2 ? items.join("") : `${items.slice(0, -1).join(", ")} and ${items.at(-1)}`;

const time = (date: Date): string => `${date.toISOString().slice(0, 16).replace("T", " ")} UTC`;

const REMOVAL: Record<Kind, string> = {
    container: "docker rm -f",
    network: "docker network rm",
    volume: "docker volume rm",
};

/**
 * A sentence for each owner of what is not the deployment's: what it is, whose, since when, and the ways out.
 *
 * @param adopted how many entries `adopt` has already
 */
export function foreignSentences(foreign: readonly EngineObject[], adopted = 0): string[] {
    const owners = new Map<string, EngineObject[]>();
    for (const object of foreign) {
        const { labels } = object;
        const owner =
            labels[IDENTITY_LABEL] ??
            (labels[OWNER_LABEL] === undefined
                ? `${object.kind} ${object.name}`
                : `0.1 ${labels[OWNER_LABEL]}`);
        owners.set(owner, [...(owners.get(owner) ?? []), object]);
    }
    let next = adopted;
    const adopt = (values: string[]) => mended(...values.map((value) => set(["adopt", next++], value)));
    return [...owners.values()].map((objects) => {
        const [first] = objects as [EngineObject];
        const what = enumerate(objects.map(({ kind, name }) => `the ${kind} ${name}`));
        const are = objects.length === 1 ? "is" : "are";
        const since = time(new Date(Math.min(...objects.map((one) => one.since.getTime()))));
        const { [IDENTITY_LABEL]: identity, [STACK_LABEL]: stack, [OWNER_LABEL]: owner } = first.labels;
        const head = what.charAt(0).toUpperCase() + what.slice(1);
        const away = `Choose another stack name (pulumi stack init NAME) or another Docker host (${mended(set(["dockerHost"], "URL"))})`;
        if (identity !== undefined)
            return (
                `${head} ${are} of another deployment: ${stack ?? owner ?? "of unknown name"}, there since ${since}. ` +
                `${away}. Only if it is yours and its state is lost, take it over: ${adopt([identity])}`
            );
        const names = objects.map(({ name }) => name);
        if (owner !== undefined)
            return (
                `${head} ${are} of a deployment ${owner} that version 0.1 of the kit made, there since ${since}, and not in this ` +
                `stack's state. ${away}. Only if it is yours, take it over: ${adopt([...new Set(names)])}`
            );
        const image = first.image === undefined ? "" : `, from the image ${first.image}`;
        return (
            `${head} was not made by this kit${image}, there since ${since}. Remove it (${REMOVAL[first.kind]} ${first.name}), or ` +
            `${away.charAt(0).toLowerCase()}${away.slice(1)}` +
            `${first.kind === "container" ? ` or another container name (${mended(set(["containerName"], "NAME"))})` : ""}. ` +
            `Only if it is to become the deployment's own, take it over: ${adopt(names)}`
        );
    });
}
