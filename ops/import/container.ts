/** A registry in a container, as the Engine knows it. */
import { posix } from "node:path";

import type { Engine } from "../../engine/client";
import { found, messageOf } from "../../engine/errors";
import { readTar } from "../../engine/tar";
import type { ContainerInspectInfo } from "../../engine/types";
import { SetupError } from "../../setup/errors";

import { isRegistryImage, LARGEST, type PublishedPort, type Source } from "./source";

/** `["A=b"]` as an object. */
export const environmentOf = (lines: readonly string[]): Record<string, string> =>
    Object.fromEntries(
        lines.map((line) => {
            const at = line.indexOf("=");
            return at < 0 ? [line, ""] : [line.slice(0, at), line.slice(at + 1)];
        }),
    );

function portsOf({ HostConfig }: ContainerInspectInfo): PublishedPort[] {
    return Object.entries(HostConfig.PortBindings ?? {}).flatMap(([inside, bindings]) =>
        (bindings ?? []).map(({ HostIp, HostPort }) => ({
            address: HostIp === "0.0.0.0" || HostIp === "::" ? "" : HostIp,
            port: Number(HostPort),
            target: Number(inside.split("/")[0]),
        })),
    );
}

/** @throws SetupError where there is none of that name, or it is no registry */
export async function containerSource(engine: Engine, name: string): Promise<Source> {
    const container = await found(() => engine.getContainer(name).inspect());
    if (container === undefined)
        throw new SetupError(`There is no container ${name} in this Engine: \`docker ps --all\` lists them.`);
    const { Config, Mounts, Id } = container;
    if (!isRegistryImage(Config.Image) && !(Config.Env ?? []).some((line) => line.startsWith("REGISTRY_")))
        throw new SetupError(
            `The container ${name} runs ${Config.Image}, which is no Docker registry (CNCF Distribution): name the one that is.`,
        );
    const archive = async (path: string, wanted: (file: string) => boolean) => {
        const bytes = await found(() => engine.getContainer(Id).getArchive({ path })).catch(
            (error: unknown) => {
                // A path through a file is none either.
                if (/not a directory|no such/i.test(messageOf(error))) return undefined;
                throw error;
            },
        );
        return bytes === undefined ? new Map<string, Buffer>() : readTar(bytes, wanted);
    };
    return {
        title: `container ${container.Name.replace(/^\//, "")}`,
        image: Config.Image,
        environment: environmentOf(Config.Env ?? []),
        command: Config.Cmd ?? [],
        mounts: Mounts.map(({ Type, Name, Source, Destination }) => ({
            source: Type === "volume" ? (Name ?? "") : Source,
            isVolume: Type === "volume",
            target: Destination,
        })),
        ports: portsOf(container),
        container: container.Name.replace(/^\//, ""),
        readFile: async (path) =>
            [...(await archive(path, () => true)).values()].find(({ length }) => length <= LARGEST),
        readFolder: async (path) => {
            const inFolder = (file: string) => file.split("/").length === 2;
            const files = await archive(path, inFolder);
            return new Map([...files].map(([file, content]) => [posix.basename(file), content]));
        },
    };
}
