const UNITS = ["B", "kB", "MB", "GB", "TB"];

/** Bytes for a reader, in decimal units as docker shows them: `812 B`, `1.4 GB`. */
export function size(bytes: number): string {
    const power = bytes < 1 ? 0 : Math.min(UNITS.length - 1, Math.floor(Math.log10(bytes) / 3));
    return `${(bytes / 1000 ** power).toFixed(power === 0 ? 0 : 1)} ${UNITS[power]}`;
}
