/** What a run of `npm run sync` tells in the end. Pure. */
import { type Fate, type ImageReport, type JobReport, shortName } from "./report";

export interface SyncResult {
    dryRun: boolean;
    /** With names as they are written in the configuration: what is in this registry has no host. */
    jobs: JobReport[];
    copied: number;
    unchanged: number;
    kept: number;
    failed: number;
    seconds: number;
}

/** @param address of this registry, as image names have it */
export function resultOf(
    jobs: readonly JobReport[],
    address: string,
    dryRun: boolean,
    seconds: number,
): SyncResult {
    const short = (name: string) => shortName(name, address);
    const images = jobs.flatMap((job) => job.images);
    const count = (...fates: Fate[]) => images.filter(({ fate }) => fates.includes(fate)).length;
    const problems = jobs.reduce((sum, job) => sum + job.problems.length, 0);
    return {
        dryRun,
        jobs: jobs.map((job) => ({
            ...job,
            images: job.images.map((one) => ({ ...one, from: short(one.from), to: short(one.to) })),
        })),
        copied: count("copied", "attachments"),
        unchanged: count("unchanged"),
        kept: count("kept", "left out"),
        failed: count("failed") + problems,
        seconds,
    };
}

function imageLine({ from, to, fate, why }: ImageReport, dryRun: boolean): string[] {
    if (fate === "unchanged") return [];
    const word =
        { copied: dryRun ? "would copy" : "copied", attachments: "attachments of" }[fate as string] ?? fate;
    const names = to === "" ? from : `${from} → ${to}`;
    return [`${word.padEnd(dryRun ? 11 : 9)} ${names}${why === undefined ? "" : `: ${why}`}`];
}

const images = (count: number) => `${count} ${count === 1 ? "image" : "images"}`;

/** A line for each image that is not as it was, and the sums. */
export function resultText({ dryRun, jobs, copied, unchanged, kept, failed, seconds }: SyncResult): string {
    const lines = jobs.flatMap((job) => [
        ...job.images.flatMap((one) => imageLine(one, dryRun)),
        ...job.problems.map((text) => `failed    job ${job.name}: ${text}`),
    ]);
    const parts = [
        `${images(copied)} ${dryRun ? "would be copied" : "copied"}`,
        `${unchanged} ${unchanged === 1 ? "is" : "are"} there already`,
        ...(kept > 0 ? [`${kept} ${kept === 1 ? "stays" : "stay"} as it was`] : []),
        ...(failed > 0 ? [`${failed} failed`] : []),
    ];
    return [
        ...lines,
        `${parts.join(", ")}, in ${seconds.toFixed(1)} s.${dryRun ? " Nothing was changed." : ""}`,
    ].join("\n");
}
