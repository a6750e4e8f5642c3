/** What runs, what it would become, and what stands in the way. */
import { readFileSync } from "node:fs";

import { DEFAULT_IMAGE } from "../../address/default-images";
import { readStackFile, textKeys } from "../../config/stack-file";
import { SetupError, messageOf } from "../../setup/errors";
import { ensureImages, nameInEngine } from "../../setup/image";
import { pullImage } from "../../setup/image-pull";
import { say, withProgress } from "../../setup/progress";
import { configurationFile } from "../../setup/stack";
import { imagesOf, type StackRegistry } from "../gc/stack";
import { checked, entriesOf, PROJECT } from "../shared/stack-config";

import { answersNow, type Known } from "./answers";
import { hasOrient } from "./nexus-data";
import { nexusObstacles, registryObstacles } from "./obstacles";
import { type Image, type Part, type PartName, partsOf, versionOf, wantedImage } from "./parts";
import type { Step } from "./record";
import { canBeTried, problemOfTrial, readBy, type Unread } from "./trial";
import { type Flags, named, type Outcome, type Work } from "./work";

/** The name that each part's image is to have; nothing where a part stays. */
export function wishes(
    { to, image }: Flags,
    names: ReadonlyMap<PartName, string>,
    parts: readonly Pick<Part, "part" | "configured">[],
) {
    const wanted = new Map<PartName, string>();
    for (const { part, configured } of parts) {
        const given = names.get(part);
        if (given !== undefined) wanted.set(part, given);
        else if (part === "registry" && to !== undefined)
            wanted.set(part, wantedImage(part, configured, to.replace(/^v/, "")) ?? configured);
        else if (to === undefined && image === undefined) {
            const own = wantedImage(part, configured);
            if (own === undefined)
                say(
                    `${part}: ${configured} is an image of your own choice and stays; --image ${part}=IMAGE names another one.`,
                );
            wanted.set(part, own ?? configured);
        } else wanted.set(part, configured);
    }
    for (const part of names.keys())
        if (!parts.some((one) => one.part === part))
            throw new SetupError(`--image names the ${part}, which this deployment does not have.`);
    return wanted;
}

/** Has the Engine have an image. @returns its ID */
async function imageId(work: Work, part: PartName, name: string): Promise<string> {
    const { machine, endpoint, engine, facts, flags } = work;
    const { settings } = facts.stack;
    if (flags.pull && !name.includes("@")) {
        const problem = await pullImage(machine, endpoint, name, settings.imageMirror, true);
        if (problem !== undefined)
            say(`${part}: ${name} cannot be pulled, and stays as the Engine has it: ${problem}`);
    }
    const none = { ...settings, front: false, cache: false, nexus: false };
    const wanted = {
        registry: { ...none, image: name },
        front: { ...none, front: true, frontImage: name },
        cache: { ...none, cache: true, cacheImage: name },
        nexus: { ...none, nexus: true, nexusImage: name },
    }[part];
    await ensureImages(machine, endpoint, wanted);
    return (await engine.getImage(await nameInEngine(endpoint, name)).inspect()).Id;
}

export interface Plan {
    steps: Step[];
    staying: Outcome["parts"];
    refused: string[];
    known: Known | undefined;
}

/** What a registry of another version cannot read, as a sentence without a full stop. */
export function unreadText(version: string, unread: readonly Unread[]): string {
    const shown = unread.slice(0, 5).map(({ name }) => name);
    const more = unread.length > shown.length ? ` and ${unread.length - shown.length} more` : "";
    const why = unread.some(({ schema1 }) => schema1) ? " (schema 1, of Docker before 1.10)" : "";
    return `Registry ${version} cannot read ${shown.join(", ")}${more}${why}`;
}

export const LEAVE_UNREAD =
    "push them again from their source with a Docker of today, or have them stay in the store unread: --leave-unread";

/** Looks what runs, what it would become, and what stands in the way; nothing is changed. */
export async function plan(work: Work, found: StackRegistry): Promise<Plan> {
    const { machine, engine, owner, facts, flags } = work;
    const entries = await entriesOf(facts.pulumi, flags["config-file"]);
    // One that is too old for the kit is what an upgrade is for.
    const { image = DEFAULT_IMAGE, ...rest } = entries;
    const config = { ...checked(rest), image };
    const parts = await partsOf(engine, owner, config, {
        registry: facts.stack.settings.containerName ?? facts.prefix,
        mirrors: Object.values(facts.mirrors).map(({ container }) => container),
    });
    const wanted = wishes(flags, named(flags), parts);
    const [steps, staying, refused]: [Step[], Outcome["parts"], string[]] = [[], [], []];
    for (const { part, containers, container, configured } of parts) {
        const name = wanted.get(part) ?? configured;
        const id = await imageId(work, part, name);
        const image = async (of: Pick<Image, "name" | "id">) => ({
            ...of,
            version: await versionOf(engine, owner, part, of),
        });
        const from = await image({ name: configured, id: container.Image });
        if (id === from.id && name === configured) staying.push({ part, containers, from });
        else steps.push({ part, containers, from, to: await image({ name, id }) });
    }
    const file = configurationFile(machine, facts.stack, flags["config-file"]);
    const texts = textKeys(entries, readStackFile(PROJECT, readFileSync(file, "utf8")));
    for (const { part, from, to } of steps) {
        if (to.version === undefined) continue;
        if (part === "registry")
            refused.push(
                ...registryObstacles(from.version, to.version, {
                    registryConfig: config.registryConfig,
                    texts,
                }),
            );
        if (part === "nexus" && from.version !== undefined)
            refused.push(
                ...nexusObstacles(from.version, to.version, await hasOrient(engine, owner, from.id)),
            );
    }
    const partOf = (name: PartName) => parts.find(({ part }) => part === name) as Part;
    const changing = steps.filter(({ from, to }) => from.id !== to.id);
    // Those are the cheaper ones to find.
    if (refused.length > 0 || changing.length === 0) return { steps, staying, refused, known: undefined };
    for (const { part, to } of changing.filter(canBeTried)) {
        const problem = await withProgress(
            `trying ${to.name}`,
            () => problemOfTrial(engine, owner, partOf(part), to),
            { done: false },
        );
        if (problem !== undefined)
            refused.push(`${to.name} does not start in place of the ${part}: ${problem}.`);
    }
    if (refused.length > 0) return { steps, staying, refused, known: undefined };
    const registry = steps.find(({ part }) => part === "registry");
    const { content, unread } = await withProgress(
        "looking what the new registry reads",
        (update) =>
            readBy(
                registry?.to.id ?? found.registry.Image,
                {
                    engine,
                    registry: found.registry,
                    owner: found.owner,
                    images: imagesOf(found),
                },
                update,
            ),
        { done: false },
    );
    if (unread.length > 0) {
        const text = unreadText(registry?.to.version ?? "", unread);
        if (flags["leave-unread"]) say(`${text}; they stay in the store.`);
        else refused.push(`${text}: ${LEAVE_UNREAD}`);
    }
    const known = await answersNow(facts, content).catch((error: unknown) => {
        say(
            `The registry is not reached from here, so the Engine alone tells whether it works: ${messageOf(error)}`,
        );
        return undefined;
    });
    return { steps, staying, refused, known };
}
