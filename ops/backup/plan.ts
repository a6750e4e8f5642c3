/** What a restore is going to do, out of what planScript printed. Pure. */
import { SetupError } from "../../setup/errors";
import { size } from "../shared/size";

import { CONFIGURATION, MANIFEST, type Manifest, PASSPHRASE, STATE } from "./deployment-files";
import type { Told } from "./job";

export interface PlannedTag {
    /** `repository:tag` */
    name: string;
    /** Below the store's repositories, as the script names it. */
    path: string;
    /** In the registry: not there, the same image, another one. */
    state: "gone" | "same" | "other";
    /** Where it is another one: what the registry has, and since when each has its own, seconds since 1970. */
    live: string;
    saved: number;
    pushed: number;
}

export interface Plan {
    manifest: Manifest;
    state: string;
    configuration: string | undefined;
    /** Only with backup.escrow. */
    passphrase: string | undefined;
    tags: PlannedTag[];
    blobs: { all: number; bytes: number; missing: number; lacking: number };
}

export function planOf(told: Told): Plan {
    const files = new Map(
        told.lines.flatMap(([name, words]) => {
            const [file = "", text = ""] = words.split(" ");
            return name === "private" ? [[file, Buffer.from(text, "base64").toString("utf8")] as const] : [];
        }),
    );
    const manifest = files.get(MANIFEST);
    const state = files.get(STATE);
    if (manifest === undefined || state === undefined)
        throw new SetupError(
            "This snapshot is no backup of the kit's: it has no state of a deployment in it.",
        );
    const [all = 0, bytes = 0, missing = 0, lacking = 0] = (
        told.lines.find(([name]) => name === "blobs")?.[1] ?? ""
    )
        .split(" ")
        .map(Number);
    const tags = told.lines.flatMap(([name, words]): PlannedTag[] => {
        const [, of, path = "", repository = "", tag = "", saved, live = "", pushed] =
            /^(gone|same|other) (\.\/(.+?)\/_manifests\/tags\/([^/]+)) \S+ (\d+) (\S+) (\d+)$/.exec(words) ??
            [];
        if (name !== "tag" || of === undefined) return [];
        const one = of as PlannedTag["state"];
        return [
            {
                ...{ name: `${repository}:${tag}`, path, state: one, live },
                ...{ saved: Number(saved), pushed: Number(pushed) },
            },
        ];
    });
    return {
        manifest: JSON.parse(manifest) as Manifest,
        state,
        configuration: files.get(CONFIGURATION),
        passphrase: files.get(PASSPHRASE),
        tags: tags.sort((a, b) => (a.name < b.name ? -1 : 1)),
        blobs: { all, bytes, missing, lacking },
    };
}

/** Tags that a restore shows by name. */
const SHOWN = 10;
const when = (seconds: number) => new Date(seconds * 1000).toISOString().slice(0, 16).replace("T", " ");
const plural = (count: number, what: string) => `${count} ${what}${count === 1 ? "" : "s"}`;

function listed<T>(all: readonly T[], text: (one: T) => string): string[] {
    const lines = all.slice(0, SHOWN).map((one) => `  ${text(one)}`);
    return all.length > SHOWN ? [...lines, `  and ${all.length - SHOWN} more`] : lines;
}

/** @param overwrite whether what is another image in the registry goes back to the backup's */
export function planLines({ manifest, tags, blobs }: Plan, overwrite: boolean): string[] {
    const back = tags.filter(({ state }) => state === "gone");
    const other = tags.filter(({ state }) => state === "other");
    const same = tags.length - back.length - other.length;
    return [
        `Of ${manifest.time.slice(0, 16).replace("T", " ")} UTC, stack ${manifest.stack}: ${plural(tags.length, "tag")}, ${plural(blobs.all, "blob")}, ${size(blobs.bytes)}.`,
        ...(back.length > 0
            ? [`Comes back: ${plural(back.length, "tag")}`, ...listed(back, ({ name }) => name)]
            : []),
        ...(blobs.missing > 0
            ? [`Comes back: ${plural(blobs.missing, "blob")}, ${size(blobs.lacking)}`]
            : []),
        ...(same > 0 ? [`There already: ${plural(same, "tag")}`] : []),
        ...(other.length > 0
            ? [
                  `Another image in the registry, ${overwrite ? "which goes back to the backup's" : "which stays"}: ${plural(other.length, "tag")}`,
                  ...listed(
                      other,
                      ({ name, saved, pushed }) =>
                          `${name}: ${pushed > saved ? "newer, " : ""}of ${when(pushed)}; in the backup of ${when(saved)}`,
                  ),
              ]
            : []),
    ];
}

/** Whether there is anything that a restore would bring back to the registry. */
export const isIdle = ({ tags, blobs }: Plan, overwrite: boolean): boolean =>
    blobs.missing === 0 && tags.every(({ state }) => state === "same" || (state === "other" && !overwrite));
