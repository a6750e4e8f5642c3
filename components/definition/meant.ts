/** "Did you mean …?" */

/** Least number of letters to add, drop, change or swap with the next that makes one word the other. */
function distance(one: string, other: string): number {
    const rows = Array.from({ length: one.length + 1 }, (_, i) =>
        Array.from({ length: other.length + 1 }, (_, j) => (i === 0 ? j : j === 0 ? i : 0)),
    );
    const at = (i: number, j: number) => rows[i]?.[j] ?? Infinity;
    for (let i = 1; i <= one.length; i++) {
        for (let j = 1; j <= other.length; j++) {
            const change = one[i - 1] === other[j - 1] ? 0 : 1;
            const swap =
                one[i - 1] === other[j - 2] && one[i - 2] === other[j - 1] ? at(i - 2, j - 2) + 1 : Infinity;
            const row = rows[i];
            if (row) row[j] = Math.min(at(i - 1, j) + 1, at(i, j - 1) + 1, at(i - 1, j - 1) + change, swap);
        }
    }
    return at(one.length, other.length);
}

/** The word that was meant, where one is near enough. */
export function meant(word: string, words: readonly string[]): string | undefined {
    const lower = word.toLowerCase();
    const [best] = words
        .map((known) => ({ known, far: distance(lower, known.toLowerCase()) }))
        .sort((a, b) => a.far - b.far);
    return best !== undefined && best.far <= Math.max(1, Math.floor(word.length / 3))
        ? best.known
        : undefined;
}
