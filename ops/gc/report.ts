/** Reads what `registry garbage-collect` prints, and says it in one line. */
import { size } from "../shared/size";
import type { Freed, Layer } from "./sizes";

export interface Collected {
    marked: number;
    blobs: number;
    manifests: number;
    /** Of the blobs, each once; those alone that a repository which has images still names. */
    layers: Layer[];
}

const count = (n: number, what: string) => `${n} ${what}${n === 1 ? "" : "s"}`;

/** Takes the lines of a collection one by one (distribution v3.1, registry/storage/garbagecollect.go). */
export class Transcript {
    private readonly sums = { marked: 0, blobs: 0, manifests: 0 };
    private read = 0;
    /** Seconds since the collection began at which it knew what goes. */
    private knownAt: number | undefined;
    private readonly blobs = new Set<string>();
    private readonly layers = new Map<string, string>();
    private readonly last: string[] = [];

    /** @param seconds since the collection began */
    add(line: string, seconds = 0): void {
        if (line.trim() === "") return;
        if (/: marking manifest /.test(line)) this.read++;
        this.last.push(line);
        if (this.last.length > 15) this.last.shift();
        const sum = /^(\d+) blobs marked, (\d+) blobs and (\d+) manifests eligible for deletion/.exec(line);
        if (sum) {
            const [marked = 0, blobs = 0, manifests = 0] = sum.slice(1).map(Number);
            Object.assign(this.sums, { marked, blobs, manifests });
            this.knownAt = seconds;
        }
        const digest = /^blob eligible for deletion: (\S+)/.exec(line)?.[1];
        if (digest !== undefined) this.blobs.add(digest);
        const [, repository, layer] = /^(\S+): layer link eligible for deletion: (\S+)/.exec(line) ?? [];
        if (repository !== undefined && layer !== undefined) this.layers.set(layer, repository);
    }

    /**
     * How far it is: how many manifests it has read, of a number that it does not tell; then how many blobs of those that go.
     *
     * @param seconds since it began
     */
    progress(seconds: number): string {
        const rate = (done: number, since: number) => done / Math.max(seconds - since, 0.1);
        if (this.knownAt === undefined)
            return `${count(this.read, "manifest")} read, ${rate(this.read, 0).toFixed(0)}/s`;
        const done = this.blobs.size;
        const speed = rate(done, this.knownAt);
        const left = done > 0 ? `, ${Math.max(0, Math.ceil((this.sums.blobs - done) / speed))} s left` : "";
        return `${done} of ${count(this.sums.blobs, "blob")}, ${speed.toFixed(0)}/s${left}`;
    }

    get result(): Collected {
        // A link may go while its blob stays for another repository.
        const gone = [...this.layers].filter(([digest]) => this.blobs.has(digest));
        return { ...this.sums, layers: gone.map(([digest, repository]) => ({ digest, repository })) };
    }

    /** Why a collection failed, in the registry's words. */
    get problem(): string {
        const said =
            this.last.findLast((line) => /^(failed|error|open|panic)|: /.test(line)) ?? "it says nothing";
        return said.trim().replace(/\.$/, "").slice(0, 300);
    }

    /** Whether it failed because no image was ever there. */
    get nothingThere(): boolean {
        return this.last.some((line) =>
            /^failed to garbage collect: .*Path not found: \S*\/(repositories|blobs)$/.test(line.trim()),
        );
    }
}

/** @param freed undefined where nothing was removed yet */
export function summary({ blobs, manifests, marked }: Collected, freed: Freed | undefined, dryRun: boolean) {
    const what = `${count(blobs, "blob")} and ${count(manifests, "manifest")}`;
    const kept = `; ${count(marked, "blob")} in use`;
    const part = freed?.known === undefined ? "" : ` in the ${count(freed.known, "blob")} of known size`;
    // What came in meanwhile may take more than what went.
    const space = freed === undefined ? "" : `, ${size(Math.max(0, freed.bytes))}${part}`;
    return dryRun
        ? `A collection would remove ${what}${space}${kept}. Nothing was changed.`
        : `Removed ${what}${space}${kept}.`;
}
