import type { Unwrap } from "@pulumi/pulumi";
import type { RemoteImageArgs } from "@pulumi/docker";
import type { ImageInspectInfo } from "../../engine/types";

import type { InputRule, Props, ResourceType } from "../framework/resource";

import type { Engine } from "../../engine/client";
import { found, isNotFound, messageOf } from "../../engine/errors";
import { ensureImage } from "./images";
import { inputsOf } from "./state";

type Inputs = Unwrap<RemoteImageArgs>;

const rules: Record<string, InputRule> = {
    name: { type: "string", required: true, replace: true },
    keepLocally: { type: "boolean" },
    forceRemove: { type: "boolean" },
    platform: { type: "string", replace: true },
    pullTriggers: { type: "array", element: "string", set: true, replace: true },
    triggers: { type: "map", element: "string", replace: true },
};

/** The digest under which the image was pulled by this name; of several, the one of its repository. */
export function repoDigest(name: string, digests: string[] | null | undefined): string {
    const repository = name.split(":")[0] ?? name;
    return digests?.find((digest) => digest.startsWith(repository)) ?? digests?.[0] ?? "";
}

function outputs(inputs: Props, image: ImageInspectInfo): Props {
    const given = Object.fromEntries(Object.keys(rules).map((key) => [key, inputs[key] ?? null]));
    return {
        ...given,
        build: null,
        imageId: image.Id,
        repoDigest: repoDigest(String(inputs.name), image.RepoDigests),
    };
}

const idOf = (image: ImageInspectInfo, name: unknown) => `${image.Id}${String(name)}`;

/** An image on the Docker host, pulled where it is not there. */
export const remoteImage: ResourceType<Engine> = {
    token: "docker:index/remoteImage:RemoteImage",
    inputs: rules,
    async create(inputs, engine) {
        const { name, platform } = inputs as Inputs;
        const image = await ensureImage(engine, name, platform);
        return { id: idOf(image, name), outs: outputs(inputs, image) };
    },
    async read(_id, state, inputs, engine) {
        const { name } = state;
        if (typeof name !== "string") {
            throw new Error(
                "A RemoteImage cannot be imported: leave out `import`, an image that is there is not pulled again.",
            );
        }
        const image = await found(() => engine.getImage(name).inspect());
        if (!image) return undefined;
        const outs = outputs(state, image);
        return { id: idOf(image, name), outs, inputs: inputsOf(remoteImage, inputs, outs) };
    },
    async update(_id, _olds, news, engine) {
        const { name, platform } = news as unknown as Inputs;
        return outputs(news, await ensureImage(engine, name, platform));
    },
    async delete(_id, olds, engine) {
        if (olds.keepLocally === true) return;
        const name = String(olds.name);
        try {
            await engine.getImage(name).remove({ force: olds.forceRemove === true });
        } catch (error) {
            if (isNotFound(error)) return;
            throw new Error(
                `Unable to remove image ${name}: ${messageOf(error)}. Set keepLocally: true to leave it on the Docker host.`,
            );
        }
    },
};
