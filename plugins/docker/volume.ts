import type { Unwrap } from "@pulumi/pulumi";
import type { VolumeArgs } from "@pulumi/docker";
import type { VolumeInspectInfo } from "../../engine/types";

import type { Props, ResourceType } from "../framework/resource";

import type { Engine } from "../../engine/client";
import { doing, found, isNotFound, messageOf, retrying, says } from "../../engine/errors";
import { IDENTITY_LABEL, STAND_IN_LABEL } from "../../components/deployment/hardening";
import { removeStandIns } from "../../components/deployment/leftovers";
import { inputsOf, labelList, labelMap, labelsRule } from "./state";

const IN_USE = "volume is in use";

/** How long a volume may be in use by a container that is on its way out. Milliseconds. */
const GRACE = 30_000;

const outputs = (volume: VolumeInspectInfo): Props => ({
    name: volume.Name,
    driver: volume.Driver,
    driverOpts: volume.Options ?? {},
    labels: labelList(volume.Labels),
    mountpoint: volume.Mountpoint,
    cluster: null,
});

async function users(engine: Engine, name: string): Promise<string> {
    const containers = await engine.listContainers({ all: true, filters: { volume: [name] } });
    return containers.map(({ Id, Names }) => Names[0]?.replace(/^\//, "") ?? Id).join(", ");
}

/** A named volume. */
export const volume: ResourceType<Engine> = {
    token: "docker:index/volume:Volume",
    autoName: "name",
    // Its name is its identity: the new one would be the old one.
    deleteBeforeReplace: true,
    inputs: {
        name: { type: "string", computed: true, replace: true },
        driver: { type: "string", computed: true, replace: true },
        driverOpts: { type: "map", element: "string", replace: true },
        labels: labelsRule,
    },
    async create(inputs, engine) {
        const args = inputs as Unwrap<VolumeArgs>;
        const { name } = args;
        // The Engine gives the volume of that name where there is one.
        await doing(`create volume ${name}`, () =>
            engine.createVolume({
                Name: name,
                Driver: args.driver ?? "local",
                DriverOpts: args.driverOpts ?? {},
                Labels: labelMap(args.labels),
            }),
        );
        const info = await doing(`inspect volume ${name}`, () => engine.getVolume(String(name)).inspect());
        return { id: info.Name, outs: outputs(info) };
    },
    async read(id, _state, inputs, engine) {
        const info = await found(() => engine.getVolume(id).inspect());
        if (!info) return undefined;
        const outs = outputs(info);
        return { id: info.Name, outs, inputs: inputsOf(volume, inputs, outs) };
    },
    async delete(id, olds, engine) {
        // A volume is known by its name alone: another deployment may have made one of the same name since.
        const identity = labelMap(olds.labels as never)[IDENTITY_LABEL];
        const there = await found(() => engine.getVolume(id).inspect());
        const now = there?.Labels?.[IDENTITY_LABEL];
        if (identity !== undefined && now !== undefined && now !== identity) return;
        // The state does not know them; whose volume they use goes with them, as with a network.
        await removeStandIns(engine, { label: [STAND_IN_LABEL], volume: [id] }, olds.labels);
        try {
            await retrying(IN_USE, GRACE, () => engine.getVolume(id).remove({ force: true }));
        } catch (error) {
            if (isNotFound(error)) return;
            if (!says(error, IN_USE)) throw new Error(`Unable to remove volume ${id}: ${messageOf(error)}`);
            throw new Error(
                `Unable to remove volume ${id}: it is in use by ${await users(engine, id)}; remove that first, ` +
                    `or keep the volume with the resource option retainOnDelete.`,
            );
        }
    },
};
