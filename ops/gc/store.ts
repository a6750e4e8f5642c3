/** Makes a damaged storage fit to be collected, and takes what uploads left that nobody went on with. */
import { SetupError } from "../../setup/errors";
import { type Damage, damageLine, damagesOf, type Damages } from "../store/damage";
import { uploadsOf } from "../store/look";
import { type Broom, shell } from "../store/broom";
import { keep, keepers, lookAt, PURGE, restore, setAside, UNKEEP } from "../store/mend";
import { size } from "../shared/size";

import type { Collection } from "./collect";

/** Damages that a collection shows; the doctor shows them all. */
const SHOWN = 10;

export const WAY_OUT = "npm run doctor -- --store --mend";

const places = (count: number) => (count === 1 ? "one place" : `${count} places`);

/** Names damages on the screen, with the way out. */
export function damageText(all: readonly Damage[]): string {
    const lines = all.slice(0, SHOWN).map((damage) => `  ${damageLine(damage)}`);
    if (all.length > SHOWN) lines.push(`  and ${all.length - SHOWN} more`);
    return `The storage is damaged in ${places(all.length)}; this mends it: ${WAY_OUT}\n${lines.join("\n")}`;
}

/** Refuses what would count, or take, on the ground of what a damaged storage does not tell. */
export function refuseGuess(
    { all, unreadable, torn, lost, tags }: Damages,
    dryRun: boolean,
    untagged: boolean,
) {
    if (untagged && (tags || lost.size > 0))
        throw new SetupError(
            `--untagged is refused: which manifests have a tag cannot be told. ${damageText(all)}`,
        );
    if (dryRun && (unreadable.size > 0 || torn.length > 0 || lost.size > 0))
        throw new SetupError(
            `What a collection would remove cannot be told. npm run gc collects all the same, and keeps what may be in use. ${damageText(all)}`,
        );
}

/** Looks at the storage before a dry run. */
export async function checkDryRun({ ground, untagged, say }: Collection): Promise<void> {
    const look = await lookAt(ground.run);
    if (look === undefined) return;
    const damages = damagesOf(look);
    refuseGuess(damages, true, untagged);
    if (damages.all.length > 0) say(damageText(damages.all));
    const { old } = uploadsOf(look);
    if (old.count > 0)
        say(`It would also remove ${old.count} unfinished uploads older than an hour, ${size(old.bytes)}.`);
}

/** Looks at the storage before manifests without a tag are taken. */
export async function checkUntagged({ ground }: Collection): Promise<void> {
    const look = await lookAt(ground.run);
    if (look !== undefined) refuseGuess(damagesOf(look), false, true);
}

/**
 * Prepares a storage in files for the collection, while nobody writes. Links that cannot be read get their text
 * again, which their path tells; torn manifests are set aside; and what a lost manifest may name is kept.
 *
 * @returns undoes what was for this collection alone; with the number of blobs that it made
 */
export async function prepareStore(
    collection: Collection,
): Promise<{ made: number; undo: () => Promise<void> }> {
    const { ground, untagged, say } = collection;
    const nothing = { made: 0, undo: async () => {} };
    const look = await lookAt(ground.run);
    if (look === undefined) return nothing;
    const damages = damagesOf(look);
    refuseGuess(damages, false, untagged);
    const { all, unreadable, torn, lost } = damages;
    if (all.length > 0) say(damageText(all));
    const { old } = uploadsOf(look);
    if (all.length === 0 && old.count === 0) return nothing;
    const unkeep = async ({ run }: Broom) => void (await run(shell(UNKEEP)));
    await ground.sweep(async (broom) => {
        await unkeep(broom);
        if (old.count > 0) {
            const purged = await broom.run(shell(PURGE));
            const count = purged.split("\n").filter((line) => line.startsWith("purged ")).length;
            say(`Removed ${count} unfinished uploads older than an hour, ${size(old.bytes)}.`);
        }
        await restore(broom, unreadable);
        await setAside(broom, torn);
        await keep(broom, look, lost);
    });
    const made = keepers(look, lost).filter(([path]) => path.startsWith("blobs/")).length;
    if (made === 0) return nothing;
    return { made, undo: () => ground.sweep(unkeep) };
}
