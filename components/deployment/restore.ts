/**
 * Puts a container back that was deleted for a new one which then failed. No Pulumi in here.
 *
 * The failed one stays, stopped and under another name: the state knows it, and the next `up` deletes it. What runs in its
 * place is a new container with the old one's settings and files, the stand-in. The state does not know it, so whatever
 * deletes the failed one takes it away (plugins/docker), or whoever needs its name or port (leftovers.ts).
 */
import type { ContainerCreateOptions, ContainerInspectInfo } from "dockerode";

import type { Engine } from "../engine/client";
import { found, messageOf } from "../engine/errors";
import { FORMER_FOLDER, STAND_IN_LABEL } from "../hardening";

/** A container of the deployment as it ran before `up` changed anything. */
export interface Kept {
    info: ContainerInspectInfo;
    /** Volume with files of the kit → ID of the container that had written it. */
    writers: Record<string, string | undefined>;
    /** Of a stand-in, whose files would go with it: folder → archive of them. */
    files: Record<string, Buffer>;
}

/** Seconds that a stand-in may take until it is healthy. */
const PATIENCE = 45;

const nameOf = (info: ContainerInspectInfo): string => info.Name.replace(/^\//, "");
const inspect = (engine: Engine, name: string) => found(() => engine.getContainer(name).inspect());

/** Folder of a container → the named volume there. */
export function volumesOf({ Mounts }: Pick<ContainerInspectInfo, "Mounts">): Map<string, string> {
    return new Map(Mounts.flatMap(({ Destination, Name }) => (Name ? [[Destination, Name] as const] : [])));
}

async function bytes(stream: NodeJS.ReadableStream): Promise<Buffer> {
    const parts: Buffer[] = [];
    for await (const part of stream) parts.push(part as Buffer);
    return Buffer.concat(parts);
}

/** The files in a folder of a container, which need not run. */
export const filesIn = async (engine: Engine, container: string, folder: string): Promise<Buffer> =>
    bytes(await engine.getContainer(container).getArchive({ path: `${folder}/.` }));

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
        { Aliases: [...((Aliases as string[] | null) ?? []).filter((alias) => alias !== short), name] },
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
    for (const end = Date.now() + PATIENCE * 1000; Date.now() < end;) {
        const state = (await engine.getContainer(id).inspect()).State;
        if (state.Running && (state.Health?.Status ?? "healthy") === "healthy") return true;
        if (!state.Running && !state.Restarting) return false;
        await new Promise((resolve) => setTimeout(resolve, 250));
    }
    return false;
}

/** Moves what failed out of the way. @returns its ID; nothing where there is none */
async function setAside(
    engine: Engine,
    name: string,
    isOwn: (info: ContainerInspectInfo) => boolean,
): Promise<string | undefined> {
    const failed = await inspect(engine, name);
    if (failed === undefined) return undefined;
    if (!isOwn(failed)) throw new Error(`the name ${name} is another container's now`);
    const container = engine.getContainer(failed.Id);
    await container.stop({ t: 0 }).catch(() => undefined);
    const aside = `${name}-failed`;
    const before = await inspect(engine, aside);
    if (before !== undefined && isOwn(before))
        await engine.getContainer(before.Id).remove({ force: true, v: true });
    await container.rename({ name: aside });
    return failed.Id;
}

/**
 * Has a deployment's containers run again as before, after the creation of one of them failed.
 *
 * @param name of the container that could not be created
 * @param kept what ran before
 * @returns names of those that run again, and what went wrong with the others
 */
export async function restore(
    engine: Engine,
    name: string,
    kept: ReadonlyMap<string, Kept>,
    isOwn: (info: ContainerInspectInfo) => boolean,
): Promise<{ running: string[]; problems: string[] }> {
    const running: string[] = [];
    const problems: string[] = [];
    const failed = await inspect(engine, name);
    const wanted = new Set(
        Object.values(failed?.HostConfig.PortBindings ?? {}).flatMap((list) =>
            ((list as { HostPort: string }[] | null) ?? []).map(({ HostPort }) => HostPort),
        ),
    );
    for (const [own, was] of kept) {
        const { info } = was;
        try {
            const still = await inspect(engine, info.Id);
            if (still !== undefined) {
                // Its port was wanted for a while (stopFront).
                if (!still.State.Running) {
                    await engine.getContainer(info.Id).start();
                    running.push(own);
                }
                continue;
            }
            const ports = Object.values(info.HostConfig.PortBindings ?? {}).flatMap((list) =>
                ((list as { HostPort: string }[] | null) ?? []).map(({ HostPort }) => HostPort),
            );
            // Beside the one that failed: a registry that had the port which the failed front was to take over.
            if (own !== name && !ports.some((port) => wanted.has(port))) continue;
            const aside = own === name ? await setAside(engine, name, isOwn) : undefined;
            const files = await formerFiles(engine, was, aside);
            const taken = (await inspect(engine, own)) !== undefined;
            const { body, networks } = standInBody(
                info,
                taken ? `${own}-former` : own,
                aside ?? failed?.Id ?? "none",
                Object.keys(files),
            );
            if (own !== name)
                await engine
                    .getContainer(name)
                    .stop({ t: 0 })
                    .catch(() => undefined);
            const made = await engine.createContainer(body);
            for (const [folder, archive] of Object.entries(files))
                await made.putArchive(archive, { path: folder });
            for (const [network, config] of Object.entries(networks))
                await engine
                    .getNetwork(network)
                    .connect({ Container: made.id, EndpointConfig: config as never });
            await made.start();
            if (await untilHealthy(engine, made.id)) running.push(own);
            else problems.push(`${own} was started again and is not healthy`);
        } catch (error) {
            problems.push(`${nameOf(info)} could not be put back: ${messageOf(error)}`);
        }
    }
    return { running, problems };
}
