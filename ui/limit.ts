/** Requests in turn. */

export interface Wait {
    /** Ends with the answer of the work, or is given up before it began where the signal says so. */
    <T>(work: () => Promise<T>, signal?: AbortSignal): Promise<T>;
}

export const gone = (): Error => new DOMException("no longer wanted", "AbortError");

/** At most so many at once; the others wait. What came last is what is looked at, and begins first. */
export function limited(most: number): Wait {
    const waiting: (() => void)[] = [];
    let running = 0;
    const next = () => {
        while (running < most && waiting.length > 0) waiting.pop()?.();
    };
    return (work, signal) =>
        new Promise((resolve, reject) => {
            waiting.push(() => {
                if (signal?.aborted) return reject(gone());
                running += 1;
                work()
                    .then(resolve, reject)
                    .finally(() => {
                        running -= 1;
                        next();
                    });
            });
            next();
        });
}
