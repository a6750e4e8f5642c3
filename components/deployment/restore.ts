/**
 * Puts a container back that was deleted for a new one which then failed. No Pulumi in here.
 *
 * The failed one stays, stopped and under another name: the state knows it, and the next `up` deletes it. What runs in its
 * place is a new container with the old one's settings and files, the stand-in. The state does not know it, so whatever
 * deletes the failed one takes it away (plugins/docker), or whoever needs its name or port (leftovers.ts).
 */
import type { ContainerCreateOptions, ContainerInspectInfo } from "../../engine/types";

import type { Engine } from "../../engine/client";
import { found, messageOf } from "../../engine/errors";
import { FORMER_FOLDER, STAND_IN_LABEL } from "./hardening";

/** A container of the deployment as it ran before `up` changed anything. */
export interface Kept {
    info: ContainerInspectInfo;
    /** Volume with files of the kit → ID of the container that had written it. */
    writers: Record<string, string | undefined>;
    /** Of a stand-in, whose files would go with it: folder → archive of them. */
    files: Record<string, Buffer>;
}

/** Seconds that a stand-in may take until it is healthy, or its health check's start period where that is longer. */
const PATIENCE = 45;

const inspect = (engine: Engine, name: string) => found(() => engine.getContainer(name).inspect());

/** Ports of the Docker host that a container publishes. */
const portsOf = ({ HostConfig }: ContainerInspectInfo): number[] =>
    Object.values(HostConfig.PortBindings ?? {}).flatMap((bindings) =>
        (bindings ?? []).map(({ HostPort }) => Number(HostPort)),
    );

/** Folder of a container → the named volume there. */
export function volumesOf({ Mounts }: Pick<ContainerInspectInfo, "Mounts">): Map<string, string> {
    return new Map(Mounts.flatMap(({ Destination, Name }) => (Name ? [[Destination, Name] as const] : [])));
}

/** The files in a folder of a container, which need not run. */
export const filesIn = (engine: Engine, container: string, folder: string): Promise<Buffer> =>
    engine.getContainer(container).getArchive({ path: `${folder}/.` });

/**
 * The folders of files that a writer has written anew since, with what was in them before.
 *
 * @param failed a container with the same volumes, which may have ended
 */
async function formerFiles(
    engine: Engine,
    { info, writers, files }: Kept,
    failed: string | undefined,
): Promise<Record<string, Buffer>> {
    const former = { ...files };
    for (const [folder, volume] of volumesOf(info)) {
        if (former[folder] !== undefined) continue;
        const writer = await inspect(engine, volume);
        if (writer === undefined || writer.Id === writers[volume]) continue;
        // A container has the volume: the failed one, or the writer itself.
        const archive = await found(() => filesIn(engine, failed ?? writer.Id, `${folder}/${FORMER_FOLDER}`));
        if (archive !== undefined) former[folder] = archive;
    }
    return former;
}

/** The body that makes a container anew; folders with files of their own become nameless volumes. */
export function standInBody(
    { Id, Config, HostConfig, Image, NetworkSettings }: ContainerInspectInfo,
    name: string,
    inPlaceOf: string,
    folders: readonly string[],
): { body: ContainerCreateOptions; networks: Record<string, { Aliases?: string[] }> } {
    const short = Id.slice(0, 12);
    const joins = Object.entries(NetworkSettings.Networks).map(([network, { Aliases }]) => [
        network,
        // Found under its own name also where that is not the stand-in's.
        { Aliases: [...(Aliases ?? []).filter((alias) => alias !== short), name] },
    ]);
    const [first, ...others] = joins as [string, { Aliases: string[] }][];
    const { Hostname, ...config } = Config;
    const binds = (HostConfig.Binds ?? []).filter((bind) => !folders.includes(bind.split(":")[1] ?? ""));
    const kept = (HostConfig.Mounts ?? []).filter(({ Target }) => !folders.includes(Target));
    const mounts = folders.map((Target) => ({ Type: "volume", Target, Source: "", ReadOnly: false }));
    const body = {
        ...config,
        ...(Hostname === short ? {} : { Hostname }),
        name,
        Image,
        Labels: { ...config.Labels, [STAND_IN_LABEL]: inPlaceOf },
        HostConfig: {
            ...HostConfig,
            Binds: binds,
            Mounts: [...kept, ...mounts],
            ...(first === undefined || /^(?:container:|host$|none$)/.test(HostConfig.NetworkMode ?? "")
                ? {}
                : { NetworkMode: first[0] }),
        },
        ...(first === undefined ? {} : { NetworkingConfig: { EndpointsConfig: { [first[0]]: first[1] } } }),
    } as ContainerCreateOptions;
    return { body, networks: Object.fromEntries(others) };
}

async function untilHealthy(engine: Engine, id: string): Promise<boolean> {
    const { Config } = await engine.getContainer(id).inspect();
    const startMs = (Config.Healthcheck?.StartPeriod ?? 0) / 1_000_000;
    for (const end = Date.now() + Math.max(PATIENCE * 1000, startMs); Date.now() < end;) {
        const state = (await engine.getContainer(id).inspect()).State;
        if (state.Running && (state.Health?.Status ?? "healthy") === "healthy") return true;
        if (!state.Running && !state.Restarting) return false;
        await new Promise((resolve) => setTimeout(resolve, 250));
    }
    return false;
}

type IsOwn = (info: ContainerInspectInfo) => boolean;

/**
 * Stops what failed, since what runs again has its port and its data.
 *
 * @param aside whether its name is wanted too
 * @returns its ID; nothing where there is none
 */
async function clear(
    engine: Engine,
    name: string,
    aside: boolean,
    isOwn: IsOwn,
): Promise<string | undefined> {
    const failed = await inspect(engine, name);
    if (failed === undefined) return undefined;
    if (!isOwn(failed)) throw new Error(`the name ${name} is another container's now`);
    const container = engine.getContainer(failed.Id);
    // In its own time: it may have the data open.
    await container.stop().catch(() => undefined);
    if (!aside) return failed.Id;
    const before = await inspect(engine, `${name}-failed`);
    if (before !== undefined && isOwn(before))
        await engine.getContainer(before.Id).remove({ force: true, v: true });
    await container.rename({ name: `${name}-failed` });
    return failed.Id;
}

/**
 * Makes and starts a stand-in.
 *
 * @param of.failed ID of what could not be created
 * @param of.sibling ID of a container that has the volumes of the former one
 * @returns whether it is healthy
 */
async function standIn(
    engine: Engine,
    was: Kept,
    name: string,
    { failed, sibling }: { failed: string | undefined; sibling: string | undefined },
): Promise<boolean> {
    const files = await formerFiles(engine, was, sibling);
    const taken = (await inspect(engine, name)) !== undefined;
    const { body, networks } = standInBody(
        was.info,
        taken ? `${name}-former` : name,
        failed ?? "none",
        Object.keys(files),
    );
    const made = await engine.createContainer(body);
    for (const [folder, archive] of Object.entries(files)) await made.putArchive(archive, { path: folder });
    for (const [network, config] of Object.entries(networks))
        await engine.getNetwork(network).connect({ Container: made.id, EndpointConfig: config });
    await made.start();
    return untilHealthy(engine, made.id);
}

/**
 * Has a deployment's containers run again as before, after the creation of one of them failed: that one, and those whose
 * ports it was to have. A registry gives its port to a front, and the reverse.
 *
 * @param failed name and ports of what could not be created
 * @param kept what ran before
 * @returns names of those that run again, and what went wrong with the others
 */
export async function restore(
    engine: Engine,
    { name, ports }: { name: string; ports: readonly number[] },
    kept: ReadonlyMap<string, Kept>,
    isOwn: IsOwn,
): Promise<{ running: string[]; problems: string[] }> {
    const running: string[] = [];
    const problems: string[] = [];
    const back: [string, Kept, { Running: boolean } | undefined][] = [];
    for (const [own, was] of kept) {
        if (own !== name && !portsOf(was.info).some((port) => ports.includes(port))) continue;
        const still = await inspect(engine, was.info.Id);
        if (!still?.State.Running) back.push([own, was, still?.State]);
    }
    if (back.length === 0) return { running, problems };
    let failed: string | undefined;
    try {
        const aside = back.some(([own, , still]) => own === name && still === undefined);
        failed = await clear(engine, name, aside, isOwn);
    } catch (error) {
        return { running, problems: [messageOf(error)] };
    }
    for (const [own, was, still] of back) {
        try {
            // It was stopped for its port (stopFront).
            if (still !== undefined) await engine.getContainer(was.info.Id).start();
            else if (
                !(await standIn(engine, was, own, { failed, sibling: own === name ? failed : undefined }))
            ) {
                problems.push(`${own} was started again and is not healthy`);
                continue;
            }
            running.push(own);
        } catch (error) {
            problems.push(`${own} could not be put back: ${messageOf(error)}`);
        }
    }
    return { running, problems };
}
