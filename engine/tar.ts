/** Tar archives, as the Engine takes and gives them. */
import { Readable } from "node:stream";

import type { ReadEntry } from "tar";

const BLOCK = 512;

export interface TarEntry {
    path: string;
    /** Permissions, such as 0o755. */
    mode: number;
    /** Content of a file; left out for folders and links. */
    content?: Buffer;
    /** Target of a symbolic link. */
    link?: string;
    /** User and group ID. @default 0 */
    owner?: number;
}

/** @param mtime of every entry. Default: a fixed time, so that equal content is an equal archive */
export async function tar(entries: readonly TarEntry[], mtime = new Date(0)): Promise<Buffer> {
    // Loaded here and not before: most commands make no archive.
    const { Header, Pax } = await import("tar");
    const parts = entries.flatMap(({ path, mode, content: file, link, owner = 0 }) => {
        const content = file ?? Buffer.alloc(0);
        const header = new Header({
            path,
            mode,
            uid: owner,
            gid: owner,
            size: content.length,
            mtime: new Date(Math.floor(mtime.getTime() / 1000) * 1000),
            type: link !== undefined ? "SymbolicLink" : file ? "File" : "Directory",
            ...(link === undefined ? {} : { linkpath: link }),
        });
        const long = header.encode();
        return [
            // What the header has no room for.
            ...(long ? [new Pax({ path, ...(link === undefined ? {} : { linkpath: link }) }).encode()] : []),
            header.block as Buffer,
            content,
            Buffer.alloc((BLOCK - (content.length % BLOCK)) % BLOCK),
        ];
    });
    return Buffer.concat([...parts, Buffer.alloc(2 * BLOCK)]);
}

/**
 * Passes through the entries of an archive, plain or gzip, to its end mark: what may stand behind that is not read.
 *
 * @param onEntry takes each entry, and must read it or `resume()` it; `enough` ends the reading
 * @throws where it is cut off, or its compression is damaged
 */
export async function readEntries(
    archive: Buffer | Readable,
    onEntry: (entry: ReadEntry, enough: () => void) => void,
): Promise<void> {
    const { Parser } = await import("tar");
    const source = Buffer.isBuffer(archive) ? Readable.from([archive]) : archive;
    await new Promise<void>((resolve, reject) => {
        const enough = () => {
            source.destroy();
            resolve();
        };
        const parser = new Parser({ onReadEntry: (entry) => onEntry(entry, enough) });
        source.on("error", reject);
        // Of a damaged archive much may stand behind it, all of which the parser would keep.
        parser.on("eof", enough).on("error", reject).on("end", resolve);
        source.pipe(parser as unknown as NodeJS.WritableStream);
    });
}

/**
 * Reads files out of an archive, plain or gzip; the others are passed over.
 *
 * @param wanted tells by its path, without `./` before it, whether a file is wanted
 * @param first reads no further than to the end of the first entry. @default false
 * @returns path → content
 */
export async function readTar(
    archive: Buffer | Readable,
    wanted: (path: string) => boolean,
    { first = false } = {},
): Promise<Map<string, Buffer>> {
    const found = new Map<string, Buffer>();
    await readEntries(archive, (entry, enough) => {
        const name = entry.path.replace(/^\.\//, "");
        if (first) entry.on("end", enough);
        if (entry.type !== "File" || !wanted(name)) return entry.resume();
        const chunks: Buffer[] = [];
        entry.on("data", (chunk: Buffer) => chunks.push(chunk));
        entry.on("end", () => found.set(name, Buffer.concat(chunks)));
    });
    return found;
}
