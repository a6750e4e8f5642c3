/** How fast a container reads from its networks, and whether it moves anything at all, as the Engine counts it. */
import type { Engine } from "../../engine/client";

interface Stats {
    networks?: Record<string, { rx_bytes: number; tx_bytes: number }>;
}

/** Milliseconds between two counts. */
const EVERY = 1_000;
/** Bytes that say nothing: who is in the network, whether a connection is there still. */
const NOISE = 64_000;

/** Whether something stands still: nothing but noise for so long. Pure. */
export class Standstill {
    private since: { at: number; bytes: number } | undefined;

    /** @param limit milliseconds */
    constructor(private readonly limit: number) {}

    /** It told that it goes on. */
    goesOn(): void {
        this.since = undefined;
    }

    /** @param bytes that went in and out until now @returns whether it stands still; from then on it counts anew */
    counted(at: number, bytes: number): boolean {
        this.since ??= { at, bytes };
        const still = bytes - this.since.bytes < NOISE;
        if (still && at - this.since.at < this.limit) return false;
        this.since = { at, bytes };
        return still;
    }
}

/**
 * Counts until it is told to stop.
 *
 * @param onCount called with all that went in and out, where the Engine tells
 * @returns rate: bytes per second; nothing where the Engine does not tell
 */
export function receiving(
    engine: Engine,
    name: string,
    onCount: (at: number, bytes: number) => void = () => {},
): { rate: () => number | undefined; stop: () => void } {
    let [rate, last]: [number | undefined, { at: number; bytes: number } | undefined] = [
        undefined,
        undefined,
    ];
    const count = async () => {
        const query = { stream: false, "one-shot": true };
        const { networks } = await engine.json<Stats>(
            "GET",
            `/containers/${encodeURIComponent(name)}/stats`,
            query,
        );
        // A container in the network of another one has none of its own.
        if (networks === undefined) return;
        const now = {
            at: Date.now(),
            bytes: Object.values(networks).reduce((sum, one) => sum + one.rx_bytes, 0),
        };
        if (last) rate = Math.max(0, ((now.bytes - last.bytes) * 1000) / (now.at - last.at));
        last = now;
        onCount(
            now.at,
            Object.values(networks).reduce((sum, { rx_bytes, tx_bytes }) => sum + rx_bytes + tx_bytes, 0),
        );
    };
    // It is not there yet, or no more.
    const timer = setInterval(() => void count().catch(() => undefined), EVERY);
    return { rate: () => rate, stop: () => clearInterval(timer) };
}
