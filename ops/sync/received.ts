/** How fast a container reads from its networks, as the Engine counts it. */
import type { Engine } from "../../engine/client";

interface Stats {
    networks?: Record<string, { rx_bytes: number }>;
}

/** Milliseconds between two counts. */
const EVERY = 1_000;

/**
 * Counts until it is told to stop.
 *
 * @returns rate: bytes per second; nothing where the Engine does not tell
 */
export function receiving(
    engine: Engine,
    name: string,
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
    };
    // It is not there yet, or no more.
    const timer = setInterval(() => void count().catch(() => undefined), EVERY);
    return { rate: () => rate, stop: () => clearInterval(timer) };
}
