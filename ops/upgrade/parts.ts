/** What of a deployment runs which image, and what it would become. */
import { DEFAULT_CACHE_IMAGE, DEFAULT_FRONT_IMAGE, DEFAULT_IMAGE } from "../../address/default-images";
import { parseImage } from "../../address/image-name";
import { redisName } from "../../components/cache/redis-conf";
import { chosenFront } from "../../components/front/options";
import { NEXUS_IMAGE } from "../../components/nexus/plan";
import type { Config } from "../../config/options";
import type { Engine } from "../../engine/client";
import { found, messageOf } from "../../engine/errors";
import { runToEnd } from "../../engine/run";
import type { ContainerInspectInfo } from "../../engine/types";
import { SetupError } from "../../setup/errors";
import { remove } from "../gc/engine";
import { isOf } from "../shared/identity";
import { jobLabels, type LockOwner } from "../shared/lock";

import { versionIn } from "./version";

export type PartName = "registry" | "front" | "cache" | "nexus";

interface Kind {
    /** Option that names the image. */
    path: readonly string[];
    /** The image where that is not set. */
    fallback: string;
    /** Prints the version; nothing where a label of the image has it. */
    version?: readonly string[];
}

export const PARTS: Readonly<Record<PartName, Kind>> = {
    registry: { path: ["image"], fallback: DEFAULT_IMAGE, version: ["/bin/registry", "--version"] },
    front: { path: ["front", "image"], fallback: DEFAULT_FRONT_IMAGE, version: ["nginx", "-v"] },
    cache: {
        path: ["cache", "valkey", "image"],
        fallback: DEFAULT_CACHE_IMAGE,
        version: ["redis-server", "--version"],
    },
    nexus: { path: ["nexus", "image"], fallback: NEXUS_IMAGE },
};
export const PART_NAMES = Object.keys(PARTS) as PartName[];

/** An image, and what the program in it tells of itself. */
export interface Image {
    /** As the configuration names it. */
    name: string;
    /** sha256:… */
    id: string;
    version: string | undefined;
}

/** A part that runs. */
export interface Part {
    part: PartName;
    /** Names of its containers, the mirrors' among the registry's. */
    containers: string[];
    /** The first of them. */
    container: ContainerInspectInfo;
    /** As configured. */
    configured: string;
}

/** @param mirrors names of their containers. @throws SetupError where a part is not deployed */
export async function partsOf(
    engine: Engine,
    owner: LockOwner,
    config: Config,
    { registry, mirrors }: { registry: string; mirrors: readonly string[] },
): Promise<Part[]> {
    const { prefix, identity } = owner;
    const front = chosenFront(config);
    const { valkey } = config.cache;
    const wanted: [PartName, string | undefined, string[]][] = [
        ["registry", config.image, [registry, ...mirrors]],
        ["front", front ? front.image : undefined, [`${prefix}-front`]],
        ["cache", valkey?.image, [redisName(prefix)]],
        ["nexus", config.nexus?.image, [`${prefix}-nexus`]],
    ];
    const parts: Part[] = [];
    for (const [part, configured, containers] of wanted) {
        if (configured === undefined) continue;
        const [first = ""] = containers;
        const container = await found(() => engine.getContainer(first).inspect());
        if (container === undefined || !isOf(container.Config.Labels, prefix, identity))
            throw new SetupError(
                `${first} is configured and not deployed: npm run up, and the same command again.`,
            );
        parts.push({ part, containers, container, configured });
    }
    return parts;
}

/**
 * The image that a part is to have.
 *
 * @param tag in place of the kit's own. @default that of the kit's image
 * @returns nothing where the configured one is of another program's name, whose versions the kit does not know
 */
export function wantedImage(part: PartName, configured: string, tag?: string): string | undefined {
    const { fallback } = PARTS[part];
    const own = parseImage(fallback);
    const { repository, digest } = parseImage(configured);
    const name = (of: string) => of.split("/").at(-1);
    // What the kit built stands in for its own.
    const isOwn = repository === own.repository || repository.startsWith("private-registry/");
    if (isOwn) return tag === undefined ? fallback : `${own.repository}:${tag}`;
    // A mirror of the same image, under the same last name.
    if (name(repository) === name(own.repository) || (tag !== undefined && !digest))
        return `${repository}:${tag ?? own.tag}`;
    return undefined;
}

/**
 * What the program in an image tells of its version.
 *
 * @param id of the image
 * @throws SetupError where it does not run
 */
export async function versionOf(
    engine: Engine,
    owner: LockOwner,
    part: PartName,
    { name: image, id }: Pick<Image, "name" | "id">,
): Promise<string | undefined> {
    const { version: command } = PARTS[part];
    if (command === undefined) {
        const { Config } = await engine.getImage(id).inspect();
        const { version, "org.opencontainers.image.version": own } = Config?.Labels ?? {};
        return versionIn(version ?? own ?? parseImage(image).tag);
    }
    const name = `${owner.prefix}-version`;
    const lines: string[] = [];
    await remove(engine, name);
    try {
        await engine.createContainer({
            name,
            Image: id,
            Entrypoint: [...command],
            Cmd: [],
            Labels: jobLabels(owner),
            HostConfig: {
                NetworkMode: "none",
                CapDrop: ["ALL"],
                ReadonlyRootfs: true,
                LogConfig: { Type: "none", Config: {} },
            },
        });
        const code = await runToEnd(engine, name, (line) => lines.push(line));
        if (code !== 0) throw new Error(lines.at(-1) ?? `exit code ${code}`);
    } catch (error) {
        throw new SetupError(
            `The image ${image} does not run \`${command.join(" ")}\`: ${messageOf(error)}. Nothing was changed.`,
        );
    } finally {
        await remove(engine, name);
    }
    return versionIn(lines.join("\n"));
}
