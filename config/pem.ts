import { readFileSync } from "node:fs";

/** Whether a value is PEM text (RFC 7468) and not the path of a file. */
export function isPem(value: string): boolean {
    return value.includes("-----BEGIN ");
}

/**
 * PEM text, or the text of the file that the value names.
 *
 * @throws Error of node:fs where the file cannot be read.
 */
export function readPem(value: string): string {
    return isPem(value) ? value : readFileSync(value, "utf8");
}

/**
 * JSON text, or the text of the file that the value names.
 *
 * @throws Error of node:fs where the file cannot be read.
 */
export function readJsonText(value: string): string {
    return value.trimStart().startsWith("{") ? value : readFileSync(value, "utf8");
}
