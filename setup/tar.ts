import { createReadStream, openSync, readSync, closeSync } from "node:fs";
import { createGunzip } from "node:zlib";

// The ustar format of POSIX.1-1988, as much of it as a small image needs.

const BLOCK = 512;

export interface TarEntry {
    /** Path without a leading slash; at most 255 bytes, of which the last 100 begin at a slash. */
    path: string;
    /** Permissions, such as 0o755. */
    mode: number;
    /** Content of a file; left out for folders and links. */
    content?: Buffer;
    /** Target of a symbolic link. */
    link?: string;
}

/** A path as the header keeps it: up to 155 bytes of folders, and the rest in up to 100. */
function splitPath(path: string): [string, string] {
    if (Buffer.byteLength(path) <= 100) return ["", path];
    for (let at = path.indexOf("/"); at >= 0; at = path.indexOf("/", at + 1)) {
        const [folders, rest] = [path.slice(0, at), path.slice(at + 1)];
        if (rest !== "" && Buffer.byteLength(rest) <= 100 && Buffer.byteLength(folders) <= 155)
            return [folders, rest];
    }
    throw new Error(`tar: path too long: ${path}`);
}

function header(entry: TarEntry): Buffer {
    const block = Buffer.alloc(BLOCK);
    const octal = (value: number, length: number) => `${value.toString(8).padStart(length - 1, "0")}\0`;
    const isFile = entry.content !== undefined;
    const [prefix, name] = splitPath(entry.path);
    block.write(name, 0);
    block.write(octal(entry.mode, 8), 100);
    block.write(octal(0, 8), 108);
    block.write(octal(0, 8), 116);
    block.write(octal(entry.content?.length ?? 0, 12), 124);
    // A fixed time, so that equal content is an equal archive.
    block.write(octal(0, 12), 136);
    block.write(entry.link !== undefined ? "2" : isFile ? "0" : "5", 156);
    block.write(entry.link ?? "", 157);
    block.write("ustar\x0000", 257, "latin1");
    block.write(prefix, 345);
    // The checksum is taken with its own field filled with spaces.
    block.fill(" ", 148, 156);
    const sum = block.reduce((total, byte) => total + byte, 0);
    block.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148);
    return block;
}

export function tar(entries: TarEntry[]): Buffer {
    const parts: Buffer[] = [];
    for (const entry of entries) {
        parts.push(header(entry));
        if (!entry.content) continue;
        parts.push(entry.content, Buffer.alloc((BLOCK - (entry.content.length % BLOCK)) % BLOCK));
    }
    return Buffer.concat([...parts, Buffer.alloc(2 * BLOCK)]);
}

/** Reads the named top-level files out of a tar archive, plain or gzip; those it does not have are left out. */
export async function readFromTar(file: string, names: string[]): Promise<Map<string, string>> {
    const found = new Map<string, string>();
    const raw = createReadStream(file);
    const stream = isGzip(file) ? raw.pipe(createGunzip()) : raw;
    raw.on("error", (error) => stream.destroy(error));
    let pending: Buffer<ArrayBufferLike> = Buffer.alloc(0);
    let skip = 0;
    let current: { name: string; size: number } | undefined;
    for await (const chunk of stream as AsyncIterable<Buffer>) {
        if (skip >= chunk.length) {
            skip -= chunk.length;
            continue;
        }
        pending = Buffer.concat([pending, chunk.subarray(skip)]);
        skip = 0;
        for (;;) {
            if (current) {
                const padded = Math.ceil(current.size / BLOCK) * BLOCK;
                if (pending.length < padded) break;
                found.set(current.name, pending.toString("utf8", 0, current.size));
                pending = pending.subarray(padded);
                current = undefined;
            }
            if (pending.length < BLOCK) break;
            const name = pending.toString("utf8", 0, 100).replace(/\0.*$/s, "").replace(/^\.\//, "");
            const size = parseInt(pending.toString("latin1", 124, 136), 8) || 0;
            pending = pending.subarray(BLOCK);
            if (names.includes(name)) {
                current = { name, size };
                continue;
            }
            const padded = Math.ceil(size / BLOCK) * BLOCK;
            const available = Math.min(padded, pending.length);
            pending = pending.subarray(available);
            skip = padded - available;
            if (skip > 0) break;
        }
    }
    return found;
}

function isGzip(file: string): boolean {
    const descriptor = openSync(file, "r");
    try {
        const magic = Buffer.alloc(2);
        return readSync(descriptor, magic) === 2 && magic[0] === 0x1f && magic[1] === 0x8b;
    } finally {
        closeSync(descriptor);
    }
}
