/** Which images the stack's Engine has for the configured ones. */
import * as pulumi from "@pulumi/pulumi";

import type { PrivateRegistryArgs } from "../components";
import { callEngine } from "../engine/http";

import { chosenFront } from "../components/front/options";

import { engineOf } from "./engine";
import type { Config, kitOptions } from "./options";
import { imageToRun, listPath, type ListedImage } from "../setup/stand-ins";

/**
 * The configuration with the images that the Engine has in place of the configured ones. It is asked once; where it does
 * not answer, the names stay as configured and the docker provider tells why.
 */
export function withImages(config: Omit<Config, keyof typeof kitOptions>): PrivateRegistryArgs {
    const { target, dockerHost, image } = config;
    const front = chosenFront(config);
    const { valkey } = config.cache;
    const { acme } = config.tls;
    const wanted = [image, ...[front, valkey, acme].flatMap((one) => (one ? [one.image] : []))];
    const path = target === "docker" ? listPath(wanted) : undefined;
    if (path === undefined) return config;
    const listed = list(path, dockerHost);
    const toRun = (one: string) => pulumi.output(listed.then((images) => imageToRun(one, images)));
    return {
        ...config,
        image: toRun(image),
        front: front ? { ...front, image: toRun(front.image) } : false,
        tls: { ...config.tls, acme: acme && { ...acme, image: toRun(acme.image) } },
        cache: { valkey: valkey && { ...valkey, image: toRun(valkey.image) } },
    };
}

async function list(path: string, dockerHost: string | undefined): Promise<ListedImage[]> {
    try {
        const answer = await callEngine(engineOf(dockerHost), { path, idleMs: 10_000 });
        return answer.status === 200 ? (JSON.parse(answer.body) as ListedImage[]) : [];
    } catch {
        return [];
    }
}
