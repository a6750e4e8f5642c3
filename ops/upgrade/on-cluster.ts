/** An upgrade on a cluster: each new image is tried in a pod of its own, then new pods take the place of old ones. */
import { DEFAULT_IMAGE } from "../../address/default-images";
import { FRONT_FOLDER } from "../../components/front/settings";
import { chosenFront } from "../../components/front/options";
import { messageOf, SetupError } from "../../setup/errors";
import type { Machine } from "../../setup/machine";
import { say, withProgress } from "../../setup/progress";
import type { StackFacts } from "../facts/stack-facts";
import { ClusterGround } from "../gc/on-cluster";
import { containerOf, runTask } from "../shared/cluster-task";
import {
    type ClusterRegistry,
    type Container,
    DEPLOYMENT,
    type DeploymentObject,
    deploymentOf,
} from "../shared/on-cluster";
import { checked, entriesOf } from "../shared/stack-config";

import { answersNow, answersOtherwise, type Known } from "./answers";
import { configure } from "./carry-out";
import { registryObstacles } from "./obstacles";
import { type Image, type Part, type PartName, PARTS } from "./parts";
import { LEAVE_UNREAD, unreadText, wishes } from "./plan";
import type { Step } from "./record";
import { readThrough } from "./trial";
import { causeIn, versionIn } from "./version";
import { type Flags, named, type Outcome } from "./work";
import { FRONT_CONTAINER, REGISTRY_CONTAINER } from "../../components/kubernetes/names";

/** Its value is the record of an upgrade that has not ended, JSON. */
const UPGRADE_ANNOTATION = "private-registry/upgrade";

export interface ClusterWork {
    machine: Machine;
    flags: Flags;
    facts: StackFacts;
    registry: ClusterRegistry;
    look: () => Promise<StackFacts>;
    up: () => Promise<string | undefined>;
    show: (parts: Outcome["parts"]) => void;
    confirmed: () => Promise<boolean>;
    /** A backup of what there is, where the stack has a repository for it. */
    backup: () => Promise<void>;
}

interface ClusterRecord {
    /** RFC 3339. */
    begun: string;
    steps: Step[];
    known: Known | undefined;
}

/** Of an upgrade that was not ended. */
export function clusterRecord({ metadata }: DeploymentObject): ClusterRecord | undefined {
    const text = metadata.annotations?.[UPGRADE_ANNOTATION];
    return text === undefined ? undefined : (JSON.parse(text) as ClusterRecord);
}

const keep = ({ cluster, name }: ClusterRegistry, record: ClusterRecord | undefined) =>
    cluster.annotate(DEPLOYMENT, name, { [UPGRADE_ANNOTATION]: record && JSON.stringify(record) });

/** The Deployment as it would be with another image of a container. */
function withImage(deployment: DeploymentObject, container: string, image: string): DeploymentObject {
    const changed = structuredClone(deployment);
    containerOf(changed, container).image = image;
    return changed;
}

/** What an image says of its version. @throws SetupError where no node can run it */
async function versionOf(
    registry: ClusterRegistry,
    deployment: DeploymentObject,
    { part, name }: { part: PartName; name: string },
): Promise<string | undefined> {
    const { securityContext } = containerOf(deployment, FRONT_CONTAINER);
    const container: Container = {
        ...{ name: "version", image: name, command: [...(PARTS[part].version ?? ["true"])] },
        ...(securityContext && { securityContext }),
    };
    const { code, text } = await output(registry, deployment, container);
    if (code !== 0)
        throw new SetupError(`The image ${name} does not tell its version: ${causeIn(text) ?? code}.`);
    return versionIn(text);
}

async function output(registry: ClusterRegistry, deployment: DeploymentObject, container: Container) {
    const lines: string[] = [];
    const take = (line: string) => void lines.push(line);
    const { signal } = new AbortController();
    const code = await runTask(
        registry,
        deployment,
        { name: "trial", containers: [container] },
        take,
        signal,
    );
    return { code, text: lines.join("\n") };
}

/** Whether nginx of an image takes the front's files. @returns why not */
async function frontProblem(registry: ClusterRegistry, deployment: DeploymentObject, image: string) {
    const own = containerOf(deployment, FRONT_CONTAINER);
    const { securityContext, volumeMounts = [] } = own;
    const { code, text } = await output(registry, deployment, {
        ...{ name: FRONT_CONTAINER, image, volumeMounts },
        ...(securityContext && { securityContext }),
        command: ["nginx", "-t", "-e", "stderr", "-c", `${FRONT_FOLDER}/nginx.conf`],
    });
    return code === 0 ? undefined : `${image} does not start in place of the front: ${causeIn(text) ?? code}`;
}

interface Plan {
    steps: Step[];
    staying: Outcome["parts"];
    refused: string[];
    known: Known | undefined;
}

async function plan(work: ClusterWork, deployment: DeploymentObject): Promise<Plan> {
    const { registry, facts, flags } = work;
    const entries = await entriesOf(facts.pulumi, flags["config-file"]);
    const { image: configured = DEFAULT_IMAGE, ...rest } = entries;
    const config = checked(rest);
    const all: (Pick<Part, "part"> & { configured: string | undefined })[] = [
        { part: "registry", configured },
        { part: "front", configured: chosenFront(config)?.image },
        { part: "cache", configured: config.cache.valkey?.image },
    ];
    const parts = all.flatMap((one) =>
        one.configured === undefined ? [] : { ...one, configured: one.configured },
    );
    const wanted = wishes(flags, named(flags), parts);
    const [steps, staying, refused]: [Step[], Outcome["parts"], string[]] = [[], [], []];
    const image = async (part: PartName, name: string): Promise<Image> => ({
        ...{ name, id: name },
        version: await versionOf(registry, deployment, { part, name }),
    });
    for (const { part, configured: from } of parts) {
        const name = wanted.get(part) ?? from;
        if (name === from) {
            staying.push({ part, containers: [], from: { name, id: name, version: undefined } });
            continue;
        }
        try {
            const to = await withProgress(`trying ${name}`, () => image(part, name), { done: false });
            steps.push({ part, containers: [], from: await image(part, from), to });
        } catch (error) {
            refused.push(messageOf(error));
        }
    }
    for (const { part, from, to } of steps) {
        if (part === "registry" && to.version !== undefined)
            refused.push(
                ...registryObstacles(from.version, to.version, {
                    registryConfig: config.registryConfig,
                    texts: new Set(),
                }),
            );
        const problem = part === "front" ? await frontProblem(registry, deployment, to.name) : undefined;
        if (problem !== undefined) refused.push(problem);
    }
    if (refused.length > 0 || steps.length === 0) return { steps, staying, refused, known: undefined };
    const to = steps.find(({ part }) => part === "registry")?.to;
    const ground = (of: DeploymentObject) => new ClusterGround(registry, of, "upgrade");
    const now = ground(deployment);
    const then = to === undefined ? now : ground(withImage(deployment, REGISTRY_CONTAINER, to.name));
    const { content, unread } = await withProgress(
        "looking what the new registry reads",
        (update) => readThrough(then, now, update),
        { done: false },
    );
    if (unread.length > 0) {
        const text = unreadText(to?.version ?? "", unread);
        if (flags["leave-unread"]) say(`${text}; they stay in the store.`);
        else refused.push(`${text}: ${LEAVE_UNREAD}`);
    }
    const known = await answersNow(facts, content).catch((error: unknown) => {
        say(
            `The registry is not reached from here, so the cluster alone tells whether it works: ${messageOf(error)}`,
        );
        return undefined;
    });
    return { steps, staying, refused, known };
}

/** Has what ran before run again. */
async function back(work: ClusterWork, { steps, known }: ClusterRecord): Promise<void> {
    configure(
        work,
        steps.map(({ part, from }) => ({ part, name: from.name })),
    );
    const problem = (await work.up()) ?? (known && (await answersOtherwise(await work.look(), known)));
    if (problem !== undefined)
        throw new SetupError(
            `What ran before does not run again as it did: ${problem}. Once that is mended: npm run upgrade -- --back`,
        );
    await keep(work.registry, undefined);
}

/** Deploys, asks the registry, and goes back where either fails. */
async function carryOut(
    work: ClusterWork,
    record: ClusterRecord,
): Promise<Pick<Outcome, "result" | "cause">> {
    configure(
        work,
        record.steps.map(({ part, to }) => ({ part, name: to.name })),
    );
    const cause =
        (await work.up()) ?? (record.known && (await answersOtherwise(await work.look(), record.known)));
    if (cause === undefined) {
        await keep(work.registry, undefined);
        return { result: "upgraded" };
    }
    say(`${cause}. Going back …`);
    await back(work, record);
    return { result: "back", cause };
}

/** Ends an upgrade that was killed, or does one. */
export async function upgradeOnCluster(work: ClusterWork): Promise<Outcome> {
    const { flags, registry } = work;
    const deployment = await deploymentOf(registry);
    const before = clusterRecord(deployment);
    if (before !== undefined) {
        const parts = before.steps;
        say(`An upgrade of ${before.begun.slice(0, 16).replace("T", " ")} UTC was not ended.`);
        work.show(parts);
        if (flags["dry-run"]) return { result: "planned", parts };
        if (!flags.back) return { ...(await carryOut(work, before)), parts };
        await back(work, before);
        return { result: "back", parts, cause: "--back was given" };
    }
    if (flags.back)
        throw new SetupError(
            "No upgrade is under way that could be undone; another version is named by --to or --image.",
        );
    const { steps, staying, refused, known } = await plan(work, deployment);
    const parts = [...steps, ...staying];
    work.show(parts);
    if (refused.length > 0) return { result: "refused", parts, refused };
    if (steps.length === 0) return { result: "nothing", parts };
    if (flags["dry-run"]) return { result: "planned", parts };
    if (!(await work.confirmed())) return { result: "nothing", parts };
    await work.backup();
    const record: ClusterRecord = { begun: new Date().toISOString(), steps, known };
    await keep(registry, record);
    return { ...(await carryOut(work, record)), parts };
}
