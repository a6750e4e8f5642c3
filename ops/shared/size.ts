const UNITS = ["B", "kB", "MB", "GB", "TB"];

/** Bytes for a reader, in decimal units as docker shows them: `812 B`, `1.4 GB`. */
export function size(bytes: number): string {
    const power = bytes < 1 ? 0 : Math.min(UNITS.length - 1, Math.floor(Math.log10(bytes) / 3));
    return `${(bytes / 1000 ** power).toFixed(power === 0 ? 0 : 1)} ${UNITS[power]}`;
}

/**
 * How far something is: `1.2 GB of 2.0 GB, 118.0 MB/s, 7 s left`.
 *
 * @param done bytes @param total bytes @param seconds since it began
 */
export function howFar(done: number, total: number, seconds: number): string {
    const rate = seconds > 0 ? done / seconds : 0;
    const left = rate > 0 ? `, ${Math.max(0, Math.ceil((total - done) / rate))} s left` : "";
    return `${size(done)} of ${size(total)}${rate > 0 ? `, ${size(rate)}/s` : ""}${left}`;
}
