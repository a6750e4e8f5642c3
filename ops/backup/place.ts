/** What a backup reads and a restore writes: the registry's store on the Docker host. */
import type { Engine } from "../../engine/client";
import { found } from "../../engine/errors";
import type { ContainerInspectInfo, Mount } from "../../engine/types";
import { DATA_FOLDER } from "../../components/storage/folders";
import { SetupError } from "../../setup/errors";

import { REPOSITORIES, SOURCE } from "./scripts";

/** A volume or a folder of the Docker host. */
export interface Place {
    type: "volume" | "bind";
    source: string;
    /** The images lie elsewhere, and this is the copy of them (remote.ts). */
    elsewhere?: true;
}

/** Where the images of a registry are that lie on the Docker host. @throws SetupError where they do not */
export function placeOf({ Name, Mounts }: ContainerInspectInfo): Place {
    const data = Mounts.find(({ Destination }) => Destination === DATA_FOLDER);
    // With a store elsewhere the image's own declaration makes a volume without a name.
    if (data === undefined || /^[0-9a-f]{64}$/.test(data.Name ?? ""))
        throw new SetupError(`The images of ${Name.replace(/^\//, "")} do not lie on the Docker host.`);
    return data.Type === "volume"
        ? { type: "volume", source: data.Name ?? data.Source }
        : { type: "bind", source: data.Source };
}

const mount = ({ type, source }: Place, target: string, ReadOnly: boolean): Mount => ({
    Type: type,
    Source: source,
    Target: target,
    ReadOnly,
    ...(type === "volume" ? { VolumeOptions: { NoCopy: true } } : {}),
});

/** For reading and comparing. */
export const readOnly = (place: Place): Mount[] => [mount(place, DATA_FOLDER, true)];
/** For a restore. */
export const writable = (place: Place): Mount[] => [mount(place, DATA_FOLDER, false)];

/** For a backup: the blobs at their place, and a copy of the links at theirs, where there are any. */
export async function forBackup(
    engine: Engine,
    registry: ContainerInspectInfo,
    place: Place,
): Promise<{ mounts: Mount[]; volumes: string[] }> {
    const path = encodeURIComponent(REPOSITORIES);
    const some =
        place.elsewhere ??
        (await found(() => engine.call("HEAD", `/containers/${registry.Id}/archive?path=${path}`)));
    return {
        mounts: [...readOnly(place), mount(place, SOURCE, true)],
        volumes: some === undefined ? [] : [REPOSITORIES],
    };
}
