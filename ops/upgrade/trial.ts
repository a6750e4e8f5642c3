/** A new image is tried before it is deployed: with the part's own configuration and files, read-only, where no client comes. */
import type { Engine } from "../../engine/client";
import { exec } from "../../engine/run";
import type { ContainerCreateOptions, ContainerInspectInfo } from "../../engine/types";
import { lastLogLines } from "../../components/deployment/leftovers";
import { DONE } from "../../components/storage/check";
import { messageOf } from "../../setup/errors";
import { networkOf, type Owner, reader } from "../gc/containers";
import { inspect, remove, start } from "../gc/engine";
import type { Ground } from "../gc/ground";
import { EngineGround } from "../gc/on-engine";
import type { imagesOf } from "../gc/stack";
import { type Content } from "../retain/content";
import { readContent } from "../retain/look";
import { Session } from "../retain/session";
import { jobLabels, type LockOwner } from "../shared/lock";
import { processText } from "../shared/process";

import type { Image, Part } from "./parts";
import { causeIn } from "./version";

/** Seconds that a trial may take until it is healthy. */
const PATIENCE = 60;

/** Nexus changes its database when it starts: it cannot be tried beside the one that runs. */
export const canBeTried = ({ part }: Pick<Part, "part">): boolean => part !== "nexus";

/** The container of a trial. */
function trialOf({ part, container }: Part, image: string, owner: LockOwner): ContainerCreateOptions {
    const { Config, HostConfig, Mounts } = container;
    // Where the front writes what was asked of it, the trial has memory of its own.
    const own = Mounts.filter(({ RW }) => part === "front" && RW).map(({ Destination }) => Destination);
    const like =
        part === "registry"
            ? reader(container, { identity: undefined, ...owner, process: processText() })
            : {
                  Entrypoint: Config.Entrypoint,
                  Cmd: Config.Cmd,
                  Env: Config.Env,
                  User: Config.User,
                  Healthcheck: Config.Healthcheck,
                  HostConfig: {
                      ReadonlyRootfs: HostConfig.ReadonlyRootfs,
                      CapAdd: HostConfig.CapAdd,
                      CapDrop: HostConfig.CapDrop,
                      SecurityOpt: HostConfig.SecurityOpt,
                      Tmpfs: {
                          ...HostConfig.Tmpfs,
                          ...Object.fromEntries(own.map((path) => [path, "mode=1777,size=16m"])),
                      },
                      Mounts: Mounts.filter(({ Destination }) => !own.includes(Destination)).map(
                          ({ Type, Name, Source, Destination }) => ({
                              Type,
                              Source: Name ?? Source,
                              Target: Destination,
                              ReadOnly: true,
                          }),
                      ),
                  },
              };
    return {
        ...like,
        name: `${owner.prefix}-trial`,
        Image: image,
        WorkingDir: Config.WorkingDir,
        Labels: jobLabels(owner),
        // Without the names by which others in the network find the part.
        NetworkingConfig: { EndpointsConfig: {} },
        HostConfig: {
            ...like.HostConfig,
            NetworkMode: networkOf(container),
            RestartPolicy: { Name: "no" },
            LogConfig: { Type: "json-file", Config: {} },
        },
    } as ContainerCreateOptions;
}

async function untilHealthy(engine: Engine, name: string): Promise<string | undefined> {
    for (const end = Date.now() + PATIENCE * 1000; ;) {
        const state = (await inspect(engine, name))?.State;
        if (state?.Running && (state.Health?.Status ?? "healthy") === "healthy") return undefined;
        if (!state?.Running || Date.now() > end) {
            const cause = causeIn(await lastLogLines(engine, name));
            return (
                cause ??
                (state?.Running
                    ? "it does not become healthy"
                    : `it ends with code ${state?.ExitCode ?? "?"}`)
            );
        }
        await new Promise((resolve) => setTimeout(resolve, 250));
    }
}

/** @returns why an image does not start in a part's place; nothing where it does */
export async function problemOfTrial(
    engine: Engine,
    owner: LockOwner,
    part: Part,
    image: Image,
): Promise<string | undefined> {
    const name = `${owner.prefix}-trial`;
    await remove(engine, name);
    try {
        await engine.createContainer(trialOf(part, image.id, owner));
        await start(engine, name);
        // Whether it may write is not to be tried: it may not.
        if (part.part === "registry")
            await exec(engine, name, ["/bin/sh", "-c", `: > ${DONE}`]).catch(() => undefined);
        return await untilHealthy(engine, name);
    } catch (error) {
        return messageOf(error);
    } finally {
        await remove(engine, name);
    }
}

/** A manifest that one image reads and another does not. */
export interface Unread {
    /** `team/app:1`, `team/app@sha256:…` */
    name: string;
    /** Of Docker before 1.10, which registry 3 does not know. */
    schema1: boolean;
}

interface Reading {
    content: Content;
    unread: Unread[];
}

const asRepository = (container: ContainerInspectInfo, Image: string): ContainerInspectInfo => ({
    ...container,
    Image,
});

interface ReadingArgs {
    engine: Engine;
    registry: ContainerInspectInfo;
    owner: Owner;
    images: ReturnType<typeof imagesOf>;
}

/**
 * Has the registry of another image read every manifest of the store, in which it may not write.
 *
 * @param image its ID
 * @returns what it does not read and the one that runs does
 */
export async function readBy(
    image: string,
    { engine, registry, owner, images }: ReadingArgs,
    progress: (text: string) => void,
): Promise<Reading> {
    const now = new EngineGround(engine, registry, owner, images);
    return readThrough(new EngineGround(engine, asRepository(registry, image), owner, images), now, progress);
}

/**
 * The same wherever they run.
 *
 * @param then with the other image
 */
export async function readThrough(
    then: Pick<Ground, "config" | "beside">,
    now: Pick<Ground, "config" | "beside">,
    progress: (text: string) => void,
): Promise<Reading> {
    const content = await Session.with(then, false, (session) =>
        readContent(session, undefined, undefined, progress),
    );
    const lost = [...content].flatMap(([repository, { unreadable }]) =>
        unreadable.map((reference) => ({ repository, reference })),
    );
    if (lost.length === 0) return { content, unread: [] };
    const answers = await Session.with(now, false, (session) =>
        session.ask(lost.map(({ repository, reference }) => `GET /v2/${repository}/manifests/${reference}`)),
    );
    const told = new Set<string>();
    const unread = lost.flatMap(({ repository, reference }, i): Unread[] => {
        const answer = answers[i];
        // What neither reads is damaged, and no matter of versions.
        if (answer?.status !== 200) return [];
        const digest = reference.includes(":");
        if (digest && told.has(`${repository} ${reference}`)) return [];
        told.add(`${repository} ${answer.headers["docker-content-digest"] ?? ""}`);
        const { schemaVersion } = JSON.parse(answer.body.toString()) as { schemaVersion?: number };
        return [{ name: `${repository}${digest ? "@" : ":"}${reference}`, schema1: schemaVersion === 1 }];
    });
    return { content, unread };
}
