import { connectTo } from "../engine/client";
import { checkClone } from "../setup/clone";
import { SetupError } from "../setup/errors";
import { openLog, withLog } from "../setup/log";
import type { Machine } from "../setup/machine";
import { print, say } from "../setup/progress";
import { isOnCluster } from "../setup/stack";

import { resultText, takeBackup } from "./backup";
import { engineOf, readStack, type StackFacts } from "./facts/stack-facts";
import { mendClusterFirst, mendFirst } from "./gc/notice";
import { runningRegistry } from "./gc/stack";
import { quietUp } from "./quiet-up";
import { agreed, canAsk } from "./shared/ask";
import { withClusterLock } from "./shared/cluster-lock";
import { withLock } from "./shared/lock";
import { withClusterRegistry } from "./shared/on-cluster";
import { abortOnSignal } from "./shared/signals";
import { back, carryOut } from "./upgrade/carry-out";
import type { Image } from "./upgrade/parts";
import { plan } from "./upgrade/plan";
import { readRecord, type UnderWay, writeRecord } from "./upgrade/record";
import { type ClusterWork, upgradeOnCluster } from "./upgrade/on-cluster";
import { type Flags, named, type Outcome, parse, type Work } from "./upgrade/work";

const label = ({ name, version }: Image) => (version === undefined ? name : `${name} (${version})`);

function show({ parts }: Pick<Outcome, "parts">): void {
    for (const { part, from, to } of parts)
        print(`${part.padEnd(9)} ${label(from)}${to === undefined ? ", stays" : ` → ${label(to)}`}`);
}

async function confirmed({ flags }: Pick<Work, "flags">, what: string): Promise<boolean> {
    if (flags.yes) return true;
    if (!canAsk())
        throw new SetupError("Nothing was changed: without a terminal, --yes says that it is to be done.");
    if (await agreed(`Upgrade? ${what}`)) return true;
    say("Nothing was changed.");
    return false;
}

/** Ends an upgrade that was killed. */
async function resume(work: Work, record: UnderWay): Promise<Outcome> {
    const { flags } = work;
    const parts = record.steps;
    say(`An upgrade of ${record.begun.slice(0, 16).replace("T", " ")} UTC was not ended.`);
    if (!flags.json) show({ parts });
    if (flags["dry-run"]) return { result: "planned", parts };
    if (flags.back) {
        await back(work, record, true);
        return { result: "back", parts, cause: "--back was given" };
    }
    return { ...(await carryOut(work, record)), parts };
}

/** What there is, before anything is changed. */
async function backUp({
    machine,
    facts,
    flags,
    signal,
}: Pick<Work, "machine" | "facts" | "flags" | "signal">): Promise<void> {
    if (!facts.backup?.repository) return;
    const wishes = { verify: false, mend: false, dryRun: false, configFile: flags["config-file"] };
    say(resultText(await takeBackup(machine, facts, { ...wishes, signal })));
}

async function begin(work: Work): Promise<Outcome> {
    const { machine, flags, engine, owner, facts, endpoint } = work;
    const found = await runningRegistry({ machine, stack: facts.stack, endpoint }, "upgrade");
    const { steps, staying, refused, known } = await plan(work, found);
    const parts = [...steps, ...staying];
    if (!flags.json) show({ parts });
    if (refused.length > 0) return { result: "refused", parts, refused };
    if (steps.length === 0) return { result: "nothing", parts };
    if (flags["dry-run"]) return { result: "planned", parts };
    if (!(await confirmed(work, "Each container that changes is away for some seconds.")))
        return { result: "nothing", parts };
    work.signal.throwIfAborted();
    await backUp(work);
    work.signal.throwIfAborted();
    const record: UnderWay = { begun: new Date().toISOString(), steps, known };
    await writeRecord(engine, owner, record);
    return { ...(await carryOut(work, record)), parts };
}

function tell(outcome: Outcome, { flags }: Pick<Work, "flags">): number {
    const { result, refused = [], cause, seconds = 0 } = outcome;
    if (flags.json) process.stdout.write(`${JSON.stringify(outcome, undefined, 2)}\n`);
    else if (result === "nothing") print("Nothing to do.");
    else if (result === "planned") print("Nothing was changed.");
    else if (result === "upgraded")
        print(`Upgraded in ${seconds.toFixed(1)} s; the registry answers, and reads what it read before.`);
    if (result === "refused")
        say(`Refused; nothing was changed:\n${refused.map((one) => `  ${one}`).join("\n")}`);
    if (result === "back" && !flags.back)
        say(`Not upgraded: ${cause}. What ran before runs again, and no image was touched.`);
    else if (result === "back" && !flags.json) print("What ran before runs again.");
    return result === "refused" || (result === "back" && !flags.back) ? 1 : 0;
}

/** `npm run upgrade`: has newer versions run, and goes back by itself where one does not work. */
export async function upgrade(machine: Machine, args: string[]): Promise<number> {
    const flags = parse(args);
    named(flags);
    const facts = await readStack(machine, args);
    checkClone(machine, facts.stack, args);
    if (isOnCluster(facts.stack)) return onCluster(machine, args, flags, facts);
    const endpoint = engineOf(facts);
    await mendFirst(machine, endpoint, facts.stack);
    const engine = await connectTo(endpoint);
    openLog(machine, `upgrade-${facts.stack.name.replaceAll("/", "-")}`);
    const { signal, off } = abortOnSignal(
        "ending the upgrade, which goes back where it has begun",
        "The upgrade was ended before anything was changed.",
    );
    const { prefix, identity } = facts;
    const configFile = flags["config-file"];
    const work: Work = {
        look: () => readStack(machine, args),
        up: (before) => quietUp(machine, args, configFile, before),
        machine,
        flags,
        facts,
        endpoint,
        engine,
        owner: { prefix, identity },
        signal,
    };
    const started = Date.now();
    try {
        const outcome = await withLock(engine, work.owner, "upgrade", async () => {
            const record = await readRecord(engine, work.owner);
            if (record !== undefined) return resume(work, record);
            if (flags.back)
                throw new SetupError(
                    "No upgrade is under way that could be undone; another version is named by --to or --image.",
                );
            return begin(work);
        });
        return tell({ ...outcome, seconds: (Date.now() - started) / 1000 }, work);
    } catch (error) {
        throw withLog(error);
    } finally {
        off();
    }
}

/** The same on a cluster. */
async function onCluster(machine: Machine, args: string[], flags: Flags, facts: StackFacts): Promise<number> {
    const configFile = flags["config-file"];
    openLog(machine, `upgrade-${facts.stack.name.replaceAll("/", "-")}`);
    const started = Date.now();
    try {
        return await withClusterRegistry(machine, facts.stack, configFile, async (registry) => {
            await mendClusterFirst(machine, registry);
            const work: ClusterWork = {
                ...{ machine, flags, facts, registry },
                look: () => readStack(machine, args),
                up: () => quietUp(machine, args, configFile),
                show: (parts) => flags.json || show({ parts }),
                backup: () => backUp({ machine, facts, flags, signal: new AbortController().signal }),
                confirmed: () =>
                    confirmed({ flags }, "New pods take the place of old ones, and no request fails."),
            };
            const outcome = await withClusterLock(registry, "upgrade", () => upgradeOnCluster(work));
            return tell({ ...outcome, seconds: (Date.now() - started) / 1000 }, work);
        });
    } catch (error) {
        throw withLog(error);
    }
}
