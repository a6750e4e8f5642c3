/** A repository as it was loaded so far: the names of its tags, and of some what is behind them. */
import { type Fallback, sortOut } from "./attachments";
import { type Details, detailsOf } from "./details";
import { byName, byTime, byVersion, type Order } from "./order";
import type { Registry } from "./registry";

export class Shelf {
    /** Without those that stand for digests. */
    tags: string[] = [];
    attached = new Map<string, Fallback[]>();
    readonly details = new Map<string, Details>();
    /** Tag → its digest, also where no more is known of it. */
    readonly digests = new Map<string, string>();

    constructor(
        private readonly registry: Registry,
        readonly repository: string,
    ) {}

    /** Loads the names. */
    async open(signal: AbortSignal): Promise<this> {
        Object.assign(this, sortOut(await this.registry.tags(this.repository, signal)));
        return this;
    }

    async look(tag: string, signal?: AbortSignal): Promise<Details> {
        const known = this.details.get(tag);
        if (known !== undefined) return known;
        const found = await detailsOf(this.registry, this.repository, tag, signal);
        this.details.set(tag, found);
        this.digests.set(tag, found.digest);
        return found;
    }

    /** Looks at all tags, or asks for all digests, one after another as the registry answers; what cannot be read is passed over. */
    async all(what: "details" | "digests", signal: AbortSignal, told: () => void): Promise<void> {
        const one = async (tag: string): Promise<void> => {
            if (what === "details") await this.look(tag, signal);
            else if (!this.digests.has(tag))
                this.digests.set(tag, await this.registry.digest(this.repository, tag, signal));
        };
        let next = 0;
        const worker = async () => {
            while (next < this.tags.length && !signal.aborted) {
                await one(this.tags[next++] ?? "").catch(() => undefined);
                told();
            }
        };
        await Promise.all(Array.from({ length: 8 }, worker));
    }

    /** Other tags of the same digest, as far as digests are known. */
    twins(tag: string): string[] {
        const digest = this.digests.get(tag);
        if (digest === undefined) return [];
        return this.tags.filter((other) => other !== tag && this.digests.get(other) === digest);
    }

    /** @param filter parts of names */
    listed(order: Order, filter: string): string[] {
        const parts = filter.toLowerCase().split(/\s+/).filter(Boolean);
        const compare = {
            version: byVersion,
            name: byName,
            time: byTime((tag) => this.details.get(tag)?.created),
        };
        return this.tags
            .filter((tag) => parts.every((part) => tag.toLowerCase().includes(part)))
            .sort(compare[order]);
    }

    async remove(tag: string): Promise<void> {
        await this.registry.remove(this.repository, tag);
        this.tags = this.tags.filter((one) => one !== tag);
        this.details.delete(tag);
        this.digests.delete(tag);
    }
}
