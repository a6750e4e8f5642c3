/** Shows what goes, asks, and removes it while nobody writes. For `npm run retain` and `npm run delete`. */

import { messageOf, SetupError } from "../../setup/errors";
import { note, openLog } from "../../setup/log";
import { say, withProgress } from "../../setup/progress";
import { collect, type Outcome } from "../gc/collect";
import { summary } from "../gc/report";
import { type RunningRegistry, versionOf } from "../gc/stack";
import { agreed } from "../shared/ask";
import { abortOnSignal } from "../shared/signals";

import type { Content, Fates, Manifest, Repository } from "./content";
import { readContent } from "./look";
import { DAMAGED, emptied, type Plan, planOf, removals, still } from "./plan";
import type { Verdict } from "./rules";
import { Session } from "./session";
import { count, type Row, rowsOf, type Sum, sumOf, sumText, table } from "./table";

export interface Wish {
    /** Of the command: `retain`. */
    command: string;
    /** The verdicts on the tags of a repository; nothing where it is not touched. */
    verdicts: (name: string, repository: Repository) => ReadonlyMap<string, Verdict> | undefined;
    /** Manifests that go by their digests. */
    chosen?: ((name: string, repository: Repository) => ReadonlySet<string>) | undefined;
    /** Refuses what is asked of a registry that is so. */
    check?: ((content: Content) => void) | undefined;
    /** Which rows are shown. Default: all */
    only?: ((row: Row, going: readonly Row[]) => boolean) | undefined;
}

export interface Flags {
    "dry-run"?: boolean | undefined;
    json?: boolean | undefined;
    yes?: boolean | undefined;
    untagged?: boolean | undefined;
}

interface Removed {
    tags: number;
    manifests: number;
    repositories: string[];
}

const chosenOf =
    ({ chosen }: Wish, content: Content) =>
    (name: string) => {
        const repository = content.get(name);
        return repository === undefined
            ? new Set<string>()
            : (chosen?.(name, repository) ?? new Set<string>());
    };

/** Removes what was going to go and is as it was. The registry is stopped. */
async function removeNow(
    session: Session,
    wish: Wish,
    before: Plan,
    known: Map<string, Manifest>,
    written: (repository: string, references: readonly string[]) => Promise<void>,
): Promise<Removed> {
    const { verdicts } = wish;
    const content = await readContent(session, (name) => before.has(name), known);
    const plan = planOf(
        content,
        Date.now() / 1000,
        (name, repository) => {
            const judged = verdicts(name, repository);
            return judged === undefined ? undefined : still(before.get(name), repository, judged);
        },
        chosenOf(wish, content),
    );
    const removed: Removed = { tags: 0, manifests: 0, repositories: [] };
    for (const [name, fates] of plan) {
        await removeOf(session, name, fates);
        const gone = fates.tags.filter(({ stays }) => !stays).map(({ tag }) => tag);
        await written(name, [...gone, ...fates.digests]);
        removed.tags += gone.length;
        removed.manifests += fates.digests.length;
        for (const { tag, why } of fates.tags)
            if (why === "was pushed meanwhile") say(`${name}:${tag} was pushed meanwhile, and stays.`);
        const repository = content.get(name);
        if (repository !== undefined && verdicts(name, repository) && emptied(repository, fates))
            removed.repositories.push(name);
    }
    if (removed.repositories.length > 0) await session.removeEmpty(removed.repositories);
    return removed;
}

async function removeOf(session: Session, name: string, fates: Fates): Promise<void> {
    const requests = removals(name, fates);
    const answers = await session.ask(requests, 1);
    const wrong = answers.findIndex(({ status }) => status !== 202 && status !== 404);
    if (wrong < 0) return;
    const { status, body } = answers[wrong] ?? { status: 0, body: "" };
    throw new SetupError(`${requests[wrong]} was answered ${status}: ${String(body).trim().slice(0, 200)}`);
}

/** @throws SetupError where nobody could answer a question */
export function refuseUnanswered(command: string, flags: Flags): void {
    if (flags["dry-run"] || flags.yes || (process.stdin.isTTY && !flags.json)) return;
    throw new SetupError(
        `npm run ${command} asks before it removes something, and nobody is there to answer: add --dry-run to see what goes, --yes to have it go.`,
    );
}

function printed(flags: Flags, content: object): void {
    if (flags.json) process.stdout.write(`${JSON.stringify(content, undefined, 2)}\n`);
}

/** @returns the exit code */
export async function removeTags(found: RunningRegistry, wish: Wish, flags: Flags): Promise<number> {
    const { ground, stack } = found;
    const { text, old } = await versionOf(found);
    if (old)
        throw new SetupError(
            `npm run ${wish.command} is refused: ${text} deletes no tag by its name. Use registry 3.1.1 or newer: pulumi config rm image, pulumi up.`,
        );
    const { file: log } = openLog(found.machine, `${wish.command}-${stack.name.replaceAll("/", "-")}`);
    const known = new Map<string, Manifest>();
    const reading = abortOnSignal("ending", "Ended before it was done; nothing was changed.");
    const content = await withProgress(
        "reading the registry",
        (update) =>
            Session.with(ground, false, async (session) => {
                const all = await readContent(session, undefined, known, (text) => {
                    reading.signal.throwIfAborted();
                    update(text);
                });
                reading.signal.throwIfAborted();
                return all;
            }),
        { done: false },
    ).finally(reading.off);
    wish.check?.(content);
    const plan = planOf(content, Date.now() / 1000, wish.verdicts, chosenOf(wish, content));
    const all = rowsOf(content, plan);
    const going = all.filter(({ stays }) => !stays);
    const rows = all.filter((row) => wish.only?.(row, going) ?? true);
    const sum = sumOf(content, plan);
    const damaged = [...content].filter(([, { unreadable }]) => unreadable.length > 0).map(([name]) => name);
    tell(rows, sum, flags, damaged);
    for (const row of rows) note(JSON.stringify(row));
    const touched = [...plan].filter(
        ([name, fates]) =>
            removals(name, fates).length > 0 ||
            (wish.verdicts(name, content.get(name) as Repository) !== undefined &&
                emptied(content.get(name) as Repository, fates)),
    );
    const nothing = touched.length === 0;
    if (flags["dry-run"] || nothing) {
        printed(flags, { tags: rows, going: sum });
        if (nothing) say("Nothing goes.");
        return 0;
    }
    if (!flags.yes && !(await agreed("Remove what goes?"))) {
        say("Nothing was changed.");
        return 1;
    }
    const { removed, outcome } = await removing(found, wish, flags, new Map(touched), known, log);
    const done =
        `Removed ${count(removed.tags, "tag")} and ${count(removed.manifests, "manifest")}` +
        (removed.repositories.length === 0
            ? ""
            : `, and what was left of ${removed.repositories.join(", ")}`);
    for (const line of [`${done}.`, summary(outcome, outcome.freed, false)]) {
        note(line);
        if (!flags.json) process.stdout.write(`${line}\n`);
    }
    const { blobs, freed } = outcome;
    printed(flags, { tags: rows, going: sum, removed: { ...removed, blobs, bytes: freed?.bytes } });
    say(`Log: ${log}`);
    return 0;
}

function tell(rows: readonly Row[], sum: Sum, flags: Flags, damaged: readonly string[]): void {
    if (!flags.json) process.stdout.write(`${table(rows)}${sumText(sum, rows)}\n`);
    if (damaged.length > 0)
        say(`Nothing of ${damaged.join(", ")} goes: ${DAMAGED}. What it is: npm run doctor -- --store`);
}

/** Has the registry away for the removal and the collection, as `npm run gc` has. */
async function removing(
    found: RunningRegistry,
    wish: Wish,
    flags: Flags,
    plan: Plan,
    known: Map<string, Manifest>,
    log: string,
): Promise<{ removed: Removed; outcome: Outcome }> {
    const { ground } = found;
    const { signal, off } = abortOnSignal(
        "ending; the registry is put back into its normal mode first",
        "It was ended before it was done; nothing that stays was removed.",
    );
    let removed: Removed = { tags: 0, manifests: 0, repositories: [] };
    const before = async () => {
        removed = await Session.with(ground, true, (session) =>
            removeNow(session, wish, plan, known, (name, references) =>
                ground
                    .noteRemovals(wish.command, name, references)
                    .catch((error: unknown) =>
                        note(`not written into the log of the front: ${messageOf(error)}`),
                    ),
            ),
        );
    };
    try {
        const outcome = await withProgress("removing, and collecting garbage", async (update) =>
            ground.alone(wish.command, async () =>
                collect({ ground, untagged: flags.untagged ?? false, before, say, update, signal }),
            ),
        );
        await ground.ended("gc");
        return { removed, outcome };
    } catch (error) {
        throw error instanceof SetupError ? new SetupError(`${error.message} Log: ${log}`) : error;
    } finally {
        off();
    }
}
