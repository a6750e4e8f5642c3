/** Which images the stack's Engine has for the configured ones. */
import * as pulumi from "@pulumi/pulumi";

import { resolveEndpoint } from "../components/engine/endpoint";
import { callEngine } from "../components/engine/request";

import type { Schema } from "./schema";
import { imageToRun, listPath, type ListedImage } from "./stand-ins";

/** Configured image → the one to run. */
export type ImageChoice = (image: string) => pulumi.Input<string>;

/** Asks the Engine once. Where it does not answer, the names stay as configured and the docker provider tells why. */
export function imageChoice({
    target,
    dockerHost,
    image,
    front,
    frontSettings,
    cache,
    redis,
}: Schema): ImageChoice {
    const wanted = [
        image,
        ...(front === "nginx" ? [frontSettings.image] : []),
        ...(cache === "redis" ? [redis.image] : []),
    ];
    const path = target === "docker" ? listPath(wanted) : undefined;
    const listed = path === undefined ? Promise.resolve([]) : list(path, dockerHost);
    return (one) => pulumi.output(listed.then((images) => imageToRun(one, images)));
}

async function list(path: string, dockerHost: string | undefined): Promise<ListedImage[]> {
    try {
        const provider = new pulumi.Config("docker");
        const endpoint = resolveEndpoint({
            host: dockerHost ?? provider.get("host"),
            context: provider.get("context"),
        });
        const answer = await callEngine(endpoint, { path, idleMs: 10_000 });
        return answer.status === 200 ? (JSON.parse(answer.body) as ListedImage[]) : [];
    } catch {
        return [];
    }
}
