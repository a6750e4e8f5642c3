/** Times and ratios. Absolute times depend on the machine and its load; ratios of neighbouring runs much less. */

export interface Spread {
    median: number;
    min: number;
    max: number;
}

export function spread(values: readonly number[]): Spread {
    const sorted = [...values].sort((a, b) => a - b);
    const at = (index: number) => sorted[index] ?? NaN;
    const middle = (sorted.length - 1) / 2;
    return {
        median: (at(Math.floor(middle)) + at(Math.ceil(middle))) / 2,
        min: at(0),
        max: at(sorted.length - 1),
    };
}

/** Seconds that something takes. */
export async function seconds(what: () => Promise<unknown>): Promise<number> {
    const begin = performance.now();
    await what();
    return (performance.now() - begin) / 1000;
}

export interface Pairs {
    a: Spread;
    b: Spread;
    /** a ÷ b of each pair. */
    ratio: Spread;
    /** a − b of each pair. */
    difference: Spread;
}

/**
 * Measures two things in turn, A B A B …, so that a change in the machine's load meets both.
 *
 * @param a resolves to its own seconds
 * @param b resolves to its own seconds
 */
export async function pairs(
    rounds: number,
    a: () => Promise<number>,
    b: () => Promise<number>,
): Promise<Pairs> {
    const times: [number, number][] = [];
    for (let i = 0; i < rounds; i++) times.push([await a(), await b()]);
    return {
        a: spread(times.map(([a]) => a)),
        b: spread(times.map(([, b]) => b)),
        ratio: spread(times.map(([a, b]) => a / b)),
        difference: spread(times.map(([a, b]) => a - b)),
    };
}

/** `2.31 (2.10–2.54)`: median, least and greatest. */
export const format = ({ median, min, max }: Spread, unit = ""): string =>
    `${median.toFixed(2)}${unit} (${min.toFixed(2)}–${max.toFixed(2)})`;
