import { readFileSync, statSync } from "node:fs";

/** Whether a value is PEM text (RFC 7468) and not the path of a file. */
export function isPem(value: string): boolean {
    return value.includes("-----BEGIN ");
}

/** No certificate, key or bundle of a system's authorities is larger, bytes. */
const LARGEST = 1 << 20;

/** Whether a value is base64 text of a certificate or key: longer than a name of a file can be (NAME_MAX), or in lines. */
export const isBase64 = (value: string): boolean =>
    (value.length > 255 || (value.length > 64 && value.includes("\n"))) && /^[A-Za-z0-9+/=\s]+$/.test(value);

/** What a certificate or key of the configuration stands for. */
export interface Given {
    /** The text, or the contents of the file. */
    source: Buffer | string;
    /** How a sentence calls it: the path, or "its text". */
    name: string;
}

/**
 * The text of a value, PEM or base64, or the contents of the file that it names.
 *
 * @throws Error of node:fs, or one sentence, where the file cannot be read
 */
export function given(value: string): Given {
    if (isPem(value) || isBase64(value)) return { source: value, name: "its text" };
    // So long a text is no path (PATH_MAX), and may be a key: no message repeats it.
    if (value.length > 4095) throw new Error("it is neither PEM text nor the path of a file");
    const stat = statSync(value);
    // A named pipe would be waited on for ever.
    if (!stat.isFile()) throw new Error(`it is ${stat.isDirectory() ? "a folder" : "no plain file"}`);
    if (stat.size > LARGEST) throw new Error(`it has ${stat.size} bytes, more than any certificate`);
    return { source: readFileSync(value), name: value };
}

/**
 * JSON text, or the text of the file that the value names.
 *
 * @throws Error of node:fs where the file cannot be read.
 */
export function readJsonText(value: string): string {
    return value.trimStart().startsWith("{") ? value : readFileSync(value, "utf8");
}
