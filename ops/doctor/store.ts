/** What lies in the storage: damage after a power cut, and uploads that nobody ended. */

import { connectTo } from "../../engine/client";
import type { Machine } from "../../setup/machine";
import { print, say, withProgress } from "../../setup/progress";
import { agreed } from "../shared/ask";
import { SetupError } from "../../setup/errors";
import { nameOf } from "../gc/containers";
import { inspect, restart } from "../gc/engine";
import { emptyCache } from "../gc/mend";
import { mendClusterFirst } from "../gc/notice";
import { forgetBlobs, inPod } from "../gc/on-cluster";
import { damageText, WAY_OUT } from "../gc/store";
import { isOf } from "../shared/identity";
import { size } from "../shared/size";
import type { StackFacts } from "../facts/stack-facts";
import { type ClusterRegistry, readyPod } from "../shared/on-cluster";
import { type Broom, inContainer, type Shell, shell } from "../store/broom";
import { type Damage, damageLine, damagesOf, remedyText } from "../store/damage";
import { LOOK_AT_UPLOADS, STORE_FOLDER, uploadsOf } from "../store/look";
import { lookAt, mendStore } from "../store/mend";
import { REPOSITORY } from "./registry-checks";
import { exitCode, failure, type Finding, findingLine, ok, warning } from "./finding";
import { REGISTRY_CONTAINER } from "../../components/kubernetes/names";

/** Name of the registry's own container. */
export const registryName = ({ stack, prefix }: StackFacts): string => stack.settings.containerName ?? prefix;

const uploads = (count: number) => `${count} unfinished upload${count === 1 ? "" : "s"}`;

/** @param found nothing where the storage is not in files, or empty */
export function checkUploads(found: ReturnType<typeof uploadsOf> | undefined): Finding {
    if (found === undefined)
        return ok(
            "not looked at: the storage is empty, or elsewhere, where the registry itself purges old ones",
        );
    const { all, old } = found;
    if (old.count === 0) return ok(`${uploads(all.count)}, none older than an hour`);
    return warning(
        `${uploads(old.count)} older than an hour, ${size(old.bytes)}`,
        "npm run gc gives their space back",
    );
}

/** The unfinished uploads of a registry that runs. @param run in a container that has the storage */
export async function lookAtUploads(run: Shell): Promise<Finding> {
    try {
        const look = await lookAt(run, LOOK_AT_UPLOADS);
        return checkUploads(look && uploadsOf(look));
    } catch {
        return warning("they cannot be looked at", "see the lines above");
    }
}

/** Takes the doctor's own repository out of a storage in files, as far as its folders are empty. */
export async function leaveNoFolder(run: Shell): Promise<void> {
    const script = `cd ${STORE_FOLDER}/repositories && find ${REPOSITORY} -depth -type d -exec rmdir {} \\;`;
    // Where it stays, no catalog shows it.
    await run(shell(script)).catch(() => undefined);
}

/** The damages of a stack's storage on an Engine; nothing where they cannot be looked at from here. */
export async function damagesIn(facts: StackFacts): Promise<Damage[] | undefined> {
    try {
        const look = await lookAt(inContainer(await connectTo(facts.engine), registryName(facts)).run);
        return look && damagesOf(look).all;
    } catch {
        return undefined;
    }
}

/** A storage that is looked at from within a registry that runs. */
export interface Store {
    broom: Broom;
    /** Has the registry forget what it has seen of links and blobs. */
    forget: () => Promise<void>;
    /** What that does to those who use it. */
    forgetting: string;
}

/** @throws SetupError where none of the stack runs */
export async function storeOnEngine(facts: StackFacts): Promise<Store> {
    const { engineProblem, engine: endpoint, collection, prefix, identity, stack } = facts;
    if (engineProblem !== undefined)
        throw new SetupError(`${endpoint.url} does not answer: ${engineProblem}`);
    if (collection?.state === "at work")
        throw new SetupError(`At work is ${collection.what} (${collection.process}): wait for its end.`);
    const engine = await connectTo(endpoint);
    const registry = await inspect(engine, registryName(facts));
    if (!registry?.State.Running || !isOf(registry.Config.Labels, prefix, identity))
        throw new SetupError(
            `No registry of ${prefix} is running in this Engine: npm run up -- --stack ${stack.name}`,
        );
    const name = nameOf(registry);
    return {
        broom: inContainer(engine, name),
        forgetting: "; the registry is restarted, which ends what it has in flight",
        forget: async () => {
            await emptyCache(engine, prefix, identity);
            await withProgress("restarting the registry", () => restart(engine, name), { done: false });
        },
    };
}

/** @throws SetupError where no pod of it is ready */
export async function storeOnCluster(machine: Machine, registry: ClusterRegistry): Promise<Store> {
    await mendClusterFirst(machine, registry);
    return {
        broom: inPod(registry, (await readyPod(registry)).metadata.name, REGISTRY_CONTAINER),
        forgetting: "",
        forget: () => forgetBlobs(registry),
    };
}

/** What is about to be done, in one question. */
export function question(damages: readonly Damage[], forgetting: string): string {
    const count = (what: string) => damages.filter(({ remedy }) => remedy?.do === what).length;
    const [restored, removed, aside] = [count("restore"), count("remove"), count("aside")];
    const parts = [
        restored > 0 && `write ${restored} link${restored === 1 ? "" : "s"} anew`,
        removed > 0 &&
            `remove ${removed === 1 ? "1 link that leads" : `${removed} links that lead`} to nothing`,
        aside > 0 && `set ${aside} damaged blob${aside === 1 ? "" : "s"} aside`,
    ].filter((part) => part !== false);
    const later = removed > 0 ? "; layers that only a lost manifest named go with the next collection" : "";
    return `${parts.join(", ")}${later}${forgetting}`;
}

async function confirmed(text: string, yes: boolean): Promise<boolean> {
    if (yes) return true;
    if (!process.stdin.isTTY) throw new SetupError(`Nothing was changed. To ${text}: ${WAY_OUT} --yes`);
    return agreed(`This will ${text}. Go on?`);
}

/**
 * `npm run doctor -- --store [--mend [--yes]]`: every damaged place of the storage, a line each.
 *
 * @returns exit code: 0 whole, 2 damaged
 */
export async function doctorStore(
    { broom, forget, forgetting }: Store,
    mend: boolean,
    yes: boolean,
): Promise<number> {
    const see = () => withProgress("looking through the storage", () => lookAt(broom.run), { done: false });
    const findings: Finding[] = [];
    const tell = (what: string, finding: Finding) => {
        findings.push(finding);
        print(findingLine(what, finding));
    };
    const look = await see();
    if (look === undefined) {
        tell(
            "store",
            ok(
                "nothing to look at: the storage is empty, or not in files (of S3, Azure and Google nothing is looked at)",
            ),
        );
        return 0;
    }
    const { all } = damagesOf(look);
    for (const damage of all) tell("store", failure(damageLine(damage), remedyText(damage)));
    tell("uploads", checkUploads(uploadsOf(look)));
    if (all.length === 0) {
        tell("store", ok(`${look.links.size} links and ${look.sums.size} manifests are whole`));
        return exitCode(findings);
    }
    const some = all.filter(({ remedy }) => remedy !== undefined);
    if (!mend || some.length === 0) {
        if (some.length > 0) say(`Mended by: ${WAY_OUT}`);
        return exitCode(findings);
    }
    if (!(await confirmed(question(some, forgetting), yes))) {
        say("Nothing was changed.");
        return exitCode(findings);
    }
    // Only what is the same still: a push or a deletion may have come in between.
    const key = ({ file, what, remedy }: Damage) => JSON.stringify([file, what, remedy]);
    const wanted = new Set(some.map(key));
    const again = await see();
    const now = again === undefined ? [] : damagesOf(again).all.filter((damage) => wanted.has(key(damage)));
    await mendStore(broom, now);
    await forget();
    const last = await see();
    const left = last === undefined ? [] : damagesOf(last).all;
    if (left.length === 0) {
        say(
            `Mended: ${now.length} ${now.length === 1 ? "place" : "places"}. What led to nothing has to be pushed again.`,
        );
        return 0;
    }
    say(damageText(left));
    return 2;
}
