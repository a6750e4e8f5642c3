/** What the state knows of and the Engine does not have, or that does not run. */
import { Engine } from "../engine/client";
import { found } from "../engine/errors";
import { coloured } from "../setup/colour";
import { messageOf } from "../setup/errors";
import type { Machine } from "../setup/machine";
import type { Prepared } from "../setup/prepare";
import {
    type Lacking,
    type StateResource,
    knownObjects,
    lacking,
    lackingText,
    presentIn,
    readState,
    stateHost,
    unfinished,
} from "../setup/presence";
import { say } from "../setup/progress";
import type { ClusterUp } from "./shared/cluster-up";
import { askPulumi } from "./shared/pulumi-run";

/** The Docker objects of the state that the Engine does not have, or that do not run. */
export const lackingNow = async (machine: Machine, prepared: Prepared): Promise<Lacking[]> =>
    prepared.engine ? lackingOf(await resourcesOf(machine, prepared), prepared) : [];

async function lackingOf(resources: StateResource[], { engine, stack }: Prepared): Promise<Lacking[]> {
    if (!engine) return [];
    const host = stateHost(resources);
    // A stack that moves to another Engine has its objects in the old one still.
    if (host !== undefined && host !== stack.settings.dockerHost) return [];
    const known = knownObjects(resources);
    return known.length === 0 ? [] : lacking(known, await presentIn(engine, known));
}

/**
 * What an Engine does not start any more, whoever asks. In one that was killed while it started a container, containerd may still have
 * that container's task ("task …: already exists"); a dead one is what could be removed only in part.
 */
const BEYOND_START = ["created", "dead"];

/**
 * `--refresh` where the Engine lost something: Pulumi by itself would not look. `--replace URN` for what was to be done once and was not
 * done, and for what has never run and may not be able to.
 */
export async function refreshNeeded(machine: Machine, prepared: Prepared): Promise<string[]> {
    let missing: Lacking[];
    let again: string[];
    try {
        const resources = await resourcesOf(machine, prepared);
        missing = await lackingOf(resources, prepared);
        again = unfinished(resources).flatMap((urn) => ["--replace", urn]);
    } catch (error) {
        say(`Whether all that was deployed is still there cannot be found out: ${messageOf(error)}.`);
        return [];
    }
    // A container that starts again and again, or is paused, is there: making it again would not mend it.
    const lost = missing.filter(({ state }) => !["restarting", "paused"].includes(state));
    if (lost.length === 0) return again;
    const data = lost.some(({ kind, name }) => kind === "volume" && name.endsWith("-data"));
    say(
        coloured(
            `Not in the Engine any more, and made again now: ${lackingText(lost)}.` +
                (data ? " What lay in a data volume that is gone cannot come back." : ""),
            "yellow",
            process.stderr,
        ),
    );
    const unstartable = lost.filter(({ state }) => BEYOND_START.includes(state));
    return ["--refresh", ...again, ...unstartable.flatMap(({ urn }) => ["--replace", urn])];
}

/** `--refresh` where the cluster lost something. */
export async function lostOnCluster(
    machine: Machine,
    prepared: Prepared,
    cluster: ClusterUp,
): Promise<string[]> {
    const known = (await resourcesOf(machine, prepared)).flatMap(({ type, id, delete: going }) => {
        const [provider, , kind] = type.split(":");
        return provider === "kubernetes" && kind !== undefined && id && !going ? [{ kind, id }] : [];
    });
    const gone = await cluster.gone(known);
    if (gone.length === 0) return [];
    const text = `Not in the cluster any more, and made again now: ${gone.join(", ")}.`;
    say(coloured(text, "yellow", process.stderr));
    return ["--refresh"];
}

/**
 * `--replace URN` for each image whose name leads to another one in the Engine than when it was deployed: Pulumi by itself looks at the
 * name alone.
 */
export async function movedImages(machine: Machine, prepared: Prepared): Promise<string[]> {
    if (!prepared.engine) return [];
    const engine = new Engine(prepared.engine, 30_000);
    const images = (await resourcesOf(machine, prepared)).filter(
        ({ type }) => type === "docker:index/remoteImage:RemoteImage",
    );
    const flags = images.map(async ({ urn, outputs: { name, imageId } = {} }) => {
        const there = await found(() => engine.getImage(String(name)).inspect());
        return there === undefined || there.Id === imageId ? [] : ["--replace", urn];
    });
    return (await Promise.all(flags)).flat();
}

const resourcesOf = async (machine: Machine, prepared: Prepared): Promise<StateResource[]> =>
    readState(machine, prepared.stack) ?? (await exported(machine, prepared));

async function exported(machine: Machine, prepared: Prepared): Promise<StateResource[]> {
    const state = await askPulumi(machine, prepared, ["stack", "export"]);
    return (
        (state as { deployment?: { resources?: StateResource[] } } | undefined)?.deployment?.resources ?? []
    );
}
