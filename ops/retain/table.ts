/** Plans for readers and for programs. Pure. */
import { size } from "../shared/size";

import { bytesOf, type Content, reach } from "./content";
import { bytesGoing, goingTags, type Plan } from "./plan";

export interface Row {
    repository: string;
    tag: string;
    digest: string;
    /** ISO 8601. */
    pushed: string;
    /** Of manifests, configurations and layers, each counted once. */
    bytes: number;
    stays: boolean;
    why: string;
}

export const rowsOf = (content: Content, plan: Plan): Row[] =>
    [...plan].flatMap(([name, { tags }]) => {
        const repository = content.get(name);
        if (repository === undefined) return [];
        return [...tags]
            .sort((a, b) => b.pushed - a.pushed || (a.tag < b.tag ? -1 : 1))
            .map(({ tag, digest, pushed, stays, why }) => ({
                ...{ repository: name, tag, digest },
                pushed: new Date(pushed * 1000).toISOString().replace(/\.\d+Z$/, "Z"),
                bytes: bytesOf([[repository, reach(repository, [digest])]]),
                ...{ stays, why },
            }));
    });

function columns(rows: readonly (readonly string[])[]): string {
    const width = (at: number) => Math.max(...rows.map((row) => row[at]?.length ?? 0));
    const widths = [0, 1, 2].map(width);
    return rows
        .map(([name = "", time = "", space = "", end = ""]) =>
            `${name.padEnd(widths[0] ?? 0)}  ${time.padEnd(widths[1] ?? 0)}  ${space.padStart(widths[2] ?? 0)}  ${end}`.trimEnd(),
        )
        .map((line) => `${line}\n`)
        .join("");
}

/** Each tag with its time, its size, and the rule by which it stays or that it goes. */
export const table = (rows: readonly Row[]): string =>
    rows.length === 0
        ? ""
        : columns(
              rows.map(({ repository, tag, pushed, bytes, stays, why }) => [
                  `${repository}:${tag}`,
                  pushed.slice(0, 16).replace("T", " "),
                  size(bytes),
                  stays ? why : `goes (${why})`,
              ]),
          );

export const count = (n: number, what: string) => `${n} ${what}${n === 1 ? "" : "s"}`;

export interface Sum {
    tags: number;
    manifests: number;
    /** That no other image has. */
    bytes: number;
    /** With what others have too. */
    whole: number;
}

export const sumOf = (content: Content, plan: Plan): Sum => ({
    tags: [...plan.values()].reduce((sum, fates) => sum + goingTags(fates).length, 0),
    manifests: [...plan.values()].reduce((sum, { digests }) => sum + digests.length, 0),
    bytes: bytesGoing(content, plan),
    whole: bytesOf(
        [...plan].flatMap(([name, fates]) => {
            const repository = content.get(name);
            const roots = [...goingTags(fates).map(({ digest }) => digest), ...fates.digests];
            return repository === undefined ? [] : [[repository, reach(repository, roots)] as const];
        }),
    ),
});

/** "3 tags go, with 5 manifests and 1.2 GB that no other image has; 12 tags stay." */
export function sumText({ tags, manifests, bytes, whole }: Sum, rows: readonly Row[]): string {
    const staying = rows.filter(({ stays }) => stays).length;
    const one = tags === 1;
    const shared = whole > bytes ? ` (${size(whole - bytes)} stay with others)` : "";
    return `${count(tags, "tag")} ${one ? "goes" : "go"}, with ${count(manifests, "manifest")} and ${size(bytes)} that no other image has${shared}; ${count(staying, "tag")} ${staying === 1 ? "stays" : "stay"}.`;
}
