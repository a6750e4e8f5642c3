/** Has other images run, and goes back to those that ran before. */
import { readFileSync } from "node:fs";

import { lastLogLines } from "../../components/deployment/leftovers";
import { Encrypted, edited } from "../../config/edit-file";
import { SetupError } from "../../setup/errors";
import { nameInEngine } from "../../setup/image";
import { say } from "../../setup/progress";
import { configurationFile } from "../../setup/stack";
import { inspect } from "../gc/engine";
import { checked, entriesOf, PROJECT, replaceStackFile } from "../shared/stack-config";

import { answersOtherwise } from "./answers";
import { databaseBack, dropCopy, keepDatabase } from "./nexus-data";
import { type PartName, PARTS } from "./parts";
import { endRecord, formerName, type UnderWay } from "./record";
import { causeIn } from "./version";
import type { Outcome, Work } from "./work";

/** Writes the images into the configuration. */
export function configure(
    { machine, facts, flags }: Pick<Work, "machine" | "facts" | "flags">,
    images: readonly { part: PartName; name: string }[],
): void {
    const file = configurationFile(machine, facts.stack, flags["config-file"]);
    const edits = images.map(({ part, name }) => ({
        path: PARTS[part].path,
        value: name === PARTS[part].fallback ? undefined : name,
    }));
    try {
        replaceStackFile(file, edited(readFileSync(file, "utf8"), PROJECT, edits));
    } catch (error) {
        if (!(error instanceof Encrypted)) throw error;
        throw new SetupError(
            `${error.key} stands in ${file} as one encrypted text, in which no image can be set; nothing was changed: set its options one ` +
                `by one (pulumi config rm ${error.key}, pulumi config set --path ${error.key}.OPTION VALUE).`,
        );
    }
}

/** Why new containers do not run, in the words of their own logs; nothing where they tell nothing. */
async function causeOf({ engine }: Work, { steps }: UnderWay): Promise<string | undefined> {
    for (const { part, containers, to } of steps)
        for (const name of containers.flatMap((one) => [one, `${one}-failed`])) {
            const there = await inspect(engine, name);
            if (there?.Image !== to.id || there.State.Health?.Status === "healthy") continue;
            const cause = causeIn(await lastLogLines(engine, name));
            if (cause !== undefined) return `${to.name} does not work as the ${part}: ${cause}`;
        }
    return undefined;
}

/** Whether the configuration may name an image, which ran before. */
async function mayBeNamed({ facts, flags }: Work, part: PartName, name: string): Promise<boolean> {
    // The other parts' have no rule.
    if (part !== "registry") return true;
    const entries = await entriesOf(facts.pulumi, flags["config-file"]);
    try {
        checked({ ...entries, image: name });
        return true;
    } catch {
        return false;
    }
}

/** Has what ran before run again. @param later not in the run that tried the new images */
export async function back(work: Work, record: UnderWay, later = false): Promise<void> {
    const { up, look, engine, endpoint, owner } = work;
    const nexusBack = await databaseBack(engine, owner, record, later);
    const steps = record.steps.filter(({ part }) => part !== "nexus" || nexusBack);
    if (steps.length < record.steps.length)
        say("Nexus works in its new version, and stays so: its data is of that version now.");
    const images: { part: PartName; name: string }[] = [];
    for (const { part, from } of steps) {
        const leadsTo = await engine
            .getImage(await nameInEngine(endpoint, from.name))
            .inspect()
            .then(
                ({ Id }) => Id,
                () => undefined,
            );
        const same = leadsTo === from.id && (await mayBeNamed(work, part, from.name));
        images.push({ part, name: same ? from.name : formerName(owner.prefix, part) });
    }
    configure(work, images);
    const problem = (await up()) ?? (record.known && (await answersOtherwise(await look(), record.known)));
    if (problem !== undefined)
        throw new SetupError(
            `What ran before does not run again as it did: ${problem}. No image was touched. Once that is mended: npm run upgrade -- --back`,
        );
    const pinned = images.filter(({ part, name }) => name === formerName(owner.prefix, part));
    await dropCopy(engine, owner, record);
    await endRecord(
        engine,
        owner,
        record,
        pinned.map(({ part }) => part),
    );
    for (const { part, name } of pinned)
        say(
            `${PARTS[part].path.join(".")} is ${name} now, the image that ran before, which no other name leads to.`,
        );
}

/** Deploys, asks the registry, and goes back where either fails. */
export async function carryOut(work: Work, record: UnderWay): Promise<Pick<Outcome, "result" | "cause">> {
    const { up, look, engine, owner } = work;
    configure(
        work,
        record.steps.map(({ part, to }) => ({ part, name: to.name })),
    );
    let cause: string | undefined;
    const problem = await up(() => keepDatabase(engine, owner, record));
    if (problem !== undefined) cause = (await causeOf(work, record)) ?? problem;
    else if (record.known) {
        // What else was changed in the configuration is deployed by now: another password, another port.
        const other = await answersOtherwise(await look(), record.known);
        if (other !== undefined) cause = (await causeOf(work, record)) ?? other;
    }
    if (cause === undefined) {
        await dropCopy(engine, owner, record);
        await endRecord(engine, owner, record);
        return { result: "upgraded" };
    }
    say(`${cause}. Going back …`);
    await back(work, record);
    return { result: "back", cause };
}
