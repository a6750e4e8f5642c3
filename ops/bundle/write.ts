/** Writes a bundle: an archive whose first file tells what is in it. */
import { createHash } from "node:crypto";
import { createReadStream, createWriteStream, renameSync, rmSync } from "node:fs";
import { relative } from "node:path";
import { Transform } from "node:stream";
import { pipeline } from "node:stream/promises";

import { writeAtomically } from "../../setup/start.cjs";

import type { Files } from "./contents";

/** SHA-256 of a file, in hex. */
export async function sha256(file: string): Promise<string> {
    const hash = createHash("sha256");
    await pipeline(createReadStream(file), hash);
    return hash.digest("hex");
}

/**
 * Writes the archive and, beside it, FILE.sha256 for `sha256sum -c`. It is there whole or not at all.
 *
 * @param files in this order
 * @param onBytes called with the bytes of each file, before compression
 * @returns its checksum
 */
export async function writeArchive(
    out: string,
    files: Files,
    onBytes: (bytes: number) => void,
    signal: AbortSignal,
): Promise<string> {
    const { create } = await import("tar");
    const temporary = `${out}.${process.pid}.tmp`;
    // Paths as tar keeps them while it reads, from the root of the file system.
    const names = new Map([...files].map(([name, file]) => [relative("/", file), name]));
    const hash = createHash("sha256");
    const hashed = new Transform({
        transform(chunk: Buffer, _encoding, done) {
            hash.update(chunk);
            done(undefined, chunk);
        },
    });
    try {
        const archive = create(
            {
                cwd: "/",
                gzip: { level: 6 },
                // Nobody's user IDs.
                portable: true,
                strict: true,
                onWriteEntry: (entry) => {
                    entry.path = names.get(entry.path) ?? entry.path;
                    // A second name of one file.
                    if (entry.type === "Link" && entry.linkpath !== undefined)
                        entry.linkpath = names.get(entry.linkpath) ?? entry.linkpath;
                    onBytes(entry.stat?.size ?? 0);
                },
            },
            [...names.keys()],
        );
        await pipeline(archive as unknown as NodeJS.ReadableStream, hashed, createWriteStream(temporary), {
            signal,
        });
        renameSync(temporary, out);
    } finally {
        rmSync(temporary, { force: true });
    }
    const sum = hash.digest("hex");
    writeAtomically(`${out}.sha256`, `${sum}  ${out.split("/").at(-1)}\n`);
    return sum;
}
