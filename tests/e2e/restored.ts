/** Stacks that former code of the kit made, with the Docker objects that their states tell of, labels and all. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { connect } from "../../engine/client";
import { container } from "../../plugins/docker/container";
import { network } from "../../plugins/docker/network";
import { volume } from "../../plugins/docker/volume";
import type { Props } from "../../plugins/framework/resource";

import { docker } from "./docker";
import { FRONT_IMAGE, REDIS_IMAGE, REGISTRY_IMAGE } from "./images";
import { freePort, SECRET, Stack } from "./stack";

/** What former code left; its secrets are of no stack but this one. `madeBy` says how. */
export interface Fixture {
    name: string;
    port: number;
    /** Of the front, for plain HTTP. */
    httpPort?: number;
    passphrase: string;
    ca: string;
    stackFile: string;
    /** Name of an image → its ID where the fixture was made. */
    images: Record<string, string>;
    state: unknown;
}

export const fixture = <T extends Fixture>(name: string): T =>
    JSON.parse(readFileSync(join(__dirname, "fixtures", `${name}.json`), "utf8")) as T;

const KINDS = [network, volume, container];

export interface Resource {
    urn: string;
    type: string;
    id: string;
    inputs: Props;
    outputs: Props;
}

/** A value of a state in clear. */
export function clear(value: unknown): unknown {
    if (Array.isArray(value)) return value.map(clear);
    if (typeof value !== "object" || value === null) return value;
    if (SECRET in value) return JSON.parse((value as unknown as { plaintext: string }).plaintext);
    return Object.fromEntries(
        Object.entries(value)
            .filter(([key]) => key !== "__defaults")
            .map(([key, below]) => [key, clear(below)]),
    );
}

const resourcesOf = (state: string): Resource[] =>
    (JSON.parse(state) as { deployment: { resources: Resource[] } }).deployment.resources;

/** The resources of a stack, secrets in clear. */
export const resources = async (stack: Stack): Promise<Resource[]> =>
    resourcesOf(await stack.must(["stack", "export", "--show-secrets"]));

/** IDs of the images that the Engine has for those of a fixture. */
async function imageIds(images: Fixture["images"]): Promise<[former: string, id: string][]> {
    const here = { registry: REGISTRY_IMAGE, nginx: FRONT_IMAGE, redis: REDIS_IMAGE };
    return Promise.all(
        Object.entries(images).map(async ([name, former]) => {
            const image = Object.entries(here).find(([what]) => new RegExp(`(^|/)${what}:`).test(name))?.[1];
            if (image === undefined) throw new Error(`no image here for ${name}`);
            const id = await docker("image", "inspect", "--format", "{{.Id}}", image);
            return [former, id.trim()];
        }),
    );
}

/** The stack of a fixture, under a name and ports of its own. */
export async function restored(what: string, of: Fixture): Promise<Stack> {
    const stack = await Stack.create(what, { env: { PULUMI_CONFIG_PASSPHRASE: of.passphrase } });
    try {
        await restore(stack, of);
        return stack;
    } catch (error) {
        await stack.dispose();
        throw error;
    }
}

async function restore(stack: Stack, of: Fixture): Promise<void> {
    const images = await imageIds(of.images);
    const changes: [string, string][] = [
        [of.name, stack.name],
        [String(of.port), String(stack.port)],
        ...(of.httpPort === undefined
            ? []
            : [[String(of.httpPort), String(await freePort())] as [string, string]]),
        ...images,
    ];
    const here = (text: string) => changes.reduce((done, [from, to]) => done.replaceAll(from, to), text);
    writeFileSync(join(stack.project, `Pulumi.${stack.name}.yaml`), here(of.stackFile));
    const encrypted = JSON.stringify(of.state).replaceAll(of.name, stack.name);
    await stack.must(["stack", "import"], encrypted);
    // The names stand in what is encrypted too.
    let state = here(await stack.must(["stack", "export", "--show-secrets"]));
    const engine = await connect();
    for (let i = 0; i < resourcesOf(state).length; i++) {
        const { type, id, inputs } = resourcesOf(state)[i] as Resource;
        const kind = KINDS.find(({ token }) => token === type);
        if (kind === undefined) continue;
        const made = await kind.create(clear(inputs) as Props, engine);
        // What comes after may name it.
        state = state.replaceAll(id, made.id);
    }
    await stack.must(["stack", "import"], state);
}
