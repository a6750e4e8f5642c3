/** What regsync's log tells of a run: which image was copied, and how far it is. Pure. */
import { size } from "../shared/size";

import { isKept, type Parties, reasonIn } from "./reason";

/**
 * copied: it was not there, or another one of its name. attachments: only what belongs to it was missing. unchanged: all is there.
 * kept: its tag is immutable where it would go.
 */
export type Fate = "copied" | "attachments" | "unchanged" | "kept" | "left out" | "failed";

export interface ImageReport {
    from: string;
    to: string;
    fate: Fate;
    /** Of what is kept, left out or failed. */
    why?: string;
}

export interface JobReport {
    name: string;
    images: ImageReport[];
    /** What keeps the job as a whole from its work. */
    problems: string[];
}

/** The name of an image as the configuration has it: what is in this registry has no host. */
export const shortName = (name: string, own: string): string =>
    name.startsWith(`${own}/`) ? name.slice(own.length + 1) : name;

/** A record of its log. */
interface Entry {
    msg?: string;
    source?: string;
    target?: string;
    ref?: string;
    mediaType?: string;
    error?: string;
}

/** Failures that belong to no image. */
const AS_A_WHOLE =
    /^(Failed to list source repositories|Failed getting source tags|Failed processing (repo|tag) filters|Failed parsing (source|target))$/;

/** Reads a run line by line. */
export class Reading {
    /** Of what is under way. */
    readonly jobs: JobReport[] = [];
    /** Images that are looked at in all; known once all is planned. */
    planned = 0;
    /** Those that were begun in the present step. */
    begun = 0;
    /** What it is at. */
    current: ImageReport | undefined;
    /** Whether it copies: before, it only looks. */
    copying = false;
    /** Milliseconds since 1970, of the first copy. */
    since = 0;
    /** Exit codes other than 0 that no image and no problem explains. */
    readonly unexplained: string[] = [];
    private said = "";
    /** A repository of which no tag is meant. */
    private untagged: string | undefined;

    constructor(private readonly parties: Parties) {}

    private get job(): JobReport | undefined {
        return this.jobs.at(-1);
    }

    private command(name: string, words: string): void {
        if (name === "once" && !this.copying) {
            this.planned = this.begun;
            this.begun = 0;
            this.jobs.length = 0;
            this.copying = true;
            this.since = Date.now();
        }
        if (name === "check" || name === "once") {
            this.jobs.push({ name: words, images: [], problems: [] });
            this.current = undefined;
            this.said = "";
            this.untagged = undefined;
        }
        const { images = [], problems = [] } = this.job ?? {};
        // Of several repositories not each has such a tag.
        if (name === "code" && images.length + problems.length === 0 && this.untagged !== undefined)
            problems.push(`${this.untagged} has no tag that the job means`);
        const told = problems.length > 0 || images.some(({ fate }) => fate === "failed" || fate === "kept");
        if (name === "code" && words !== "0" && !told)
            this.unexplained.push(this.said.trim().split("\n").at(-1) || `regsync ended with code ${words}`);
    }

    /** @param line as the container printed it */
    line(line: string): void {
        const [, name, words = ""] = /^@([a-z]+) ?(.*)$/.exec(line) ?? [];
        if (name !== undefined) return this.command(name, words);
        let entry: Entry;
        try {
            entry = JSON.parse(line) as Entry;
        } catch {
            this.said += `${line}\n`;
            return;
        }
        const { msg = "", source = "", target = "", error = "" } = entry;
        if (msg === "Image sync needed") this.begin({ from: source, to: target, fate: "copied" });
        else if (msg === "Image refreshing") this.begin({ from: source, to: target, fate: "unchanged" });
        else if (/^Copy (layer|config)$/.test(msg) && this.current?.fate === "unchanged")
            this.current.fate = "attachments";
        else if (msg === "Failed to sync") this.fail(source, target, error);
        else if (msg === "Skipping unsupported media type")
            this.job?.images.push({
                from: entry.ref ?? "",
                to: "",
                fate: "left out",
                why: `its kind is ${entry.mediaType ?? "not known"}`,
            });
        else if (msg === "No matching tags found") this.untagged = source.replace(/:[^/:]*$/, "");
        else if (AS_A_WHOLE.test(msg)) this.job?.problems.push(this.why(error, source, target));
    }

    private why(error: string, ...names: string[]): string {
        const hosts = names.filter((name) => name !== "").map((name) => name.split("/")[0] ?? "");
        return reasonIn(error, hosts, this.parties);
    }

    /** What is under way stood still, and is ended. */
    stoodStill(minutes: number): void {
        const { current, job } = this;
        const why = `nothing came and nothing went for ${minutes} minutes, so it was given up: run it again`;
        if (current === undefined) job?.problems.push(why);
        else Object.assign(current, { fate: "failed", why });
    }

    private begin(image: ImageReport): void {
        this.current = image;
        this.begun += 1;
        this.job?.images.push(image);
    }

    private fail(from: string, to: string, error: string): void {
        const images = this.job?.images ?? [];
        let image = images.find((one) => one.to === to);
        if (image === undefined) images.push((image = { from, to, fate: "failed" }));
        image.fate = isKept(error) ? "kept" : "failed";
        image.why = this.why(error, from, to);
    }

    /** How far it is, in words. @param bytesPerSecond nothing where it is not known */
    progress(now: number, bytesPerSecond?: number): string {
        const { current, begun, planned, since } = this;
        const rate = bytesPerSecond === undefined ? "" : `, ${size(bytesPerSecond)}/s`;
        if (current === undefined) return "";
        const at = shortName(current.to, this.parties.own);
        if (!this.copying) return `${begun} so far: ${at}`;
        const done = begun - 1;
        const left =
            done > 0 ? `, ${Math.ceil((((now - since) / 1000) * (planned - done)) / done)} s left` : "";
        return `${begun} of ${Math.max(planned, begun)}: ${at}${rate}${left}`;
    }
}
