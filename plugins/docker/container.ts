import type { ContainerInspectInfo } from "../../engine/types";

import { diff } from "../framework/diff";
import { InitializationError, type Found, type Props, type ResourceType } from "../framework/resource";

import type { Engine } from "../../engine/client";
import { checkContainer } from "./container-check";
import { createBody, endpoints, updatable } from "./container-create";
import { waitUntilHealthy } from "./container-health";
import { importedContainer } from "./container-import";
import { type ContainerInputs, containerRules } from "./container-inputs";
import { containerOutputs, UNUSED } from "./container-read";
import { normalizeContainer } from "./container-normalize";
import { doing, found, isNotFound, messageOf, says } from "../../engine/errors";
import { removeStandIns } from "../../components/deployment/leftovers";
import { STAND_IN_LABEL } from "../../components/deployment/hardening";
import { ensureImage } from "./images";
import { logsOf } from "../../engine/run";
import { inputsOf, planned, settle } from "./state";
import { archive } from "./uploads";

/** How long the Engine may take to remove a container. Milliseconds. */
const REMOVAL = 60_000;

/** What the Engine cannot change in a container; the official provider changes them in state alone. */
const FIXED = ["healthcheck", "tmpfs", "init", "rm"];

const UPDATABLE = [
    "restart",
    "maxRetryCount",
    "memory",
    "memoryReservation",
    "memorySwap",
    "cpuShares",
    "cpuSet",
];

type State = ContainerInspectInfo["State"];

const reread = (base: Props, info: ContainerInspectInfo): Props =>
    settle(container, base, containerOutputs(base, info));

/** Starts a container, and waits as the program asks for. */
async function run(engine: Engine, id: string, inputs: ContainerInputs): Promise<Props> {
    const handle = engine.getContainer(id);
    if (inputs.start === false) return {};
    await doing(`start container ${inputs.name}`, () => handle.start());
    if (inputs.wait) await waitUntilHealthy(engine, id, inputs.waitTimeout ?? 60);
    if (!inputs.attach) return {};
    await doing(`wait for the end of container ${inputs.name}`, () => handle.wait());
    return inputs.logs ? { containerLogs: await logsOf(engine, id, inputs.tty ?? false) } : {};
}

/** Brings a container back to what the program asks for, where it was stopped or did not become healthy. */
async function rerun(engine: Engine, id: string, inputs: ContainerInputs, state: State): Promise<Props> {
    // It could not be started when it was made.
    if (state.Status === "created") return run(engine, id, inputs);
    if (inputs.start === false || inputs.mustRun === false) return {};
    if (!state.Running) await doing(`start container ${inputs.name}`, () => engine.getContainer(id).start());
    if (inputs.wait) await waitUntilHealthy(engine, id, inputs.waitTimeout ?? 60);
    return {};
}

/** Makes a container that was created ready to run. */
async function prepare(engine: Engine, id: string, inputs: ContainerInputs): Promise<void> {
    const joins = endpoints(inputs);
    if (joins.length > 0 && (inputs.networkMode ?? "bridge") === "bridge") {
        // It is in the default network from its creation.
        await doing("leave the network bridge", () =>
            engine.getNetwork("bridge").disconnect({ Container: id }),
        );
    }
    for (const { network, config } of joins) {
        await doing(`connect container ${inputs.name} to network ${network}`, () =>
            engine.getNetwork(network).connect({ Container: id, EndpointConfig: config }),
        );
    }
    const uploads = inputs.uploads ?? [];
    if (uploads.length === 0) return;
    await doing(`upload files into container ${inputs.name}`, async () =>
        engine.getContainer(id).putArchive(await archive(uploads), { path: "/" }),
    );
}

async function read(id: string, state: Props, inputs: Props, engine: Engine): Promise<Found | undefined> {
    const info = await found(() => engine.getContainer(id).inspect());
    if (!info) return undefined;
    const base = { ...UNUSED, ...planned(containerRules, inputs, state), ...state };
    const imported = Object.keys(state).length === 0 ? await importedContainer(engine, info) : {};
    const outs = reread({ ...base, ...imported }, info);
    return { id: info.Id, outs, inputs: inputsOf(container, inputs, outs) };
}

async function outputsOf(engine: Engine, id: string, base: Props): Promise<Props> {
    const info = await found(() => engine.getContainer(id).inspect());
    if (info) return reread(base, info);
    throw new Error(
        `Container ${String(base.name)} ended and is gone, since rm is true: leave out rm, or make it run longer.`,
    );
}

/** @throws the error where there is no container that could be kept */
async function lastKnown(engine: Engine, id: string, base: Props, error: unknown): Promise<Props> {
    try {
        return reread(base, await engine.getContainer(id).inspect());
    } catch (failure) {
        if (isNotFound(failure)) throw error;
        return base;
    }
}

/** Does work on a container that exists, so that a failure must not lose its ID. */
async function tracked(engine: Engine, id: string, base: Props, work: () => Promise<Props>): Promise<Props> {
    try {
        return await outputsOf(engine, id, { ...base, ...(await work()) });
    } catch (error) {
        throw new InitializationError(id, await lastKnown(engine, id, base, error), [messageOf(error)]);
    }
}

/** @throws Error where a change needs a new container */
function refuseFixed(actual: Props, olds: Props, news: Props): void {
    const changes = diff(container, actual, olds, news).filter(({ property }) => FIXED.includes(property));
    const names = changes.map(({ property }) => property);
    if (names.length === 0) return;
    throw new Error(
        `The Engine cannot change ${names.join(", ")} of a container: add the resource option ` +
            `replaceOnChanges: ${JSON.stringify(names)}, or run \`pulumi up --replace\` with the container's URN.`,
    );
}

async function applyLimits(engine: Engine, id: string, olds: Props, news: ContainerInputs): Promise<void> {
    const wanted = news as Props;
    if (UPDATABLE.every((key) => (olds[key] ?? null) === (wanted[key] ?? null))) return;
    await doing(`update container ${news.name}`, () => engine.getContainer(id).update(updatable(news)));
}

/** Waits until the Engine has removed a container. */
async function gone(engine: Engine, id: string): Promise<void> {
    for (const start = Date.now(); Date.now() - start < REMOVAL;) {
        if (!(await found(() => engine.getContainer(id).inspect()))) return;
        await new Promise((resolve) => setTimeout(resolve, 100));
    }
    throw new Error(`The Engine did not remove container ${id} within ${REMOVAL / 1000} s.`);
}

/** A container. */
export const container: ResourceType<Engine> = {
    token: "docker:index/container:Container",
    autoName: "name",
    deleteBeforeReplace: true,
    inputs: containerRules,
    check: (news) => checkContainer(news as ContainerInputs),
    normalize: normalizeContainer,
    async create(props, engine) {
        const inputs = props as ContainerInputs;
        await ensureImage(engine, inputs.image);
        const { id } = await doing(`create container ${inputs.name}`, () =>
            engine.createContainer(createBody(inputs)),
        );
        const base = { ...UNUSED, ...planned(containerRules, props) };
        try {
            await prepare(engine, id, inputs);
        } catch (error) {
            // It has never run, and lacks what the next `up` would not give it.
            await engine.getContainer(id).remove({ v: true, force: true });
            throw error;
        }
        return { id, outs: await tracked(engine, id, base, () => run(engine, id, inputs)) };
    },
    read,
    async update(id, olds, props, engine) {
        const news = props as ContainerInputs;
        const base = { ...UNUSED, ...olds, ...planned(containerRules, props, olds) };
        const info = await engine.getContainer(id).inspect();
        refuseFixed(reread(base, info), olds, props);
        await applyLimits(engine, id, olds, news);
        return tracked(engine, id, base, () => rerun(engine, id, news, info.State));
    },
    async delete(id, olds, engine) {
        const { name, attach, destroyGraceSeconds, removeVolumes } = olds as ContainerInputs;
        const handle = engine.getContainer(id);
        await removeStandIns(engine, { label: [`${STAND_IN_LABEL}=${id}`] }, olds.labels);
        try {
            // What ends by itself needs no stop.
            if (!attach) await handle.stop({ t: destroyGraceSeconds ?? 0 });
            await handle.remove({ v: removeVolumes ?? true, force: true });
        } catch (error) {
            if (isNotFound(error)) return;
            if (!says(error, "is already in progress")) {
                throw new Error(`Unable to remove container ${name}: ${messageOf(error)}`);
            }
        }
        await gone(engine, id);
    },
};
