/** A tar archive in the ustar format (POSIX.1-1988), which the Engine takes for uploads. */

const BLOCK = 512;
const NAME = 100;
const PREFIX = 155;

/** Whether a path fits: 100 bytes, or a folder of up to 155 bytes and a rest of up to 100. */
export const fits = (path: string): boolean => split(path) !== undefined;

function split(path: string): { prefix: string; name: string } | undefined {
    if (Buffer.byteLength(path) <= NAME) return { prefix: "", name: path };
    for (let at = path.indexOf("/", 1); at > 0; at = path.indexOf("/", at + 1)) {
        const [prefix, name] = [path.slice(0, at), path.slice(at + 1)];
        if (Buffer.byteLength(prefix) <= PREFIX && Buffer.byteLength(name) <= NAME && name)
            return { prefix, name };
    }
    return undefined;
}

export interface TarFile {
    /** One that fits. */
    path: string;
    /** Permissions, such as 0o644. */
    mode: number;
    content: Buffer;
    /** User and group ID. @default 0 */
    owner?: number;
}

function header({ path, mode, content, owner = 0 }: TarFile, seconds: number): Buffer {
    const block = Buffer.alloc(BLOCK);
    const octal = (value: number, length: number, offset: number) =>
        block.write(`${value.toString(8).padStart(length - 1, "0")}\0`, offset, "latin1");
    const place = split(path);
    if (!place) throw new Error(`The path ${path} is too long for a tar archive.`);
    block.write(place.name, 0);
    block.write(place.prefix, 345);
    octal(mode, 8, 100);
    octal(owner, 8, 108);
    octal(owner, 8, 116);
    octal(content.length, 12, 124);
    octal(seconds, 12, 136);
    block.write("0", 156);
    block.write("ustar\x0000", 257, "latin1");
    // The checksum is taken with its own field filled with spaces.
    block.fill(" ", 148, 156);
    const sum = block.reduce((total, byte) => total + byte, 0);
    block.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148, "latin1");
    return block;
}

/** @param time of the last change of every file */
export function tar(files: TarFile[], time: Date): Buffer {
    const seconds = Math.floor(time.getTime() / 1000);
    const parts = files.flatMap((file) => [
        header(file, seconds),
        file.content,
        Buffer.alloc((BLOCK - (file.content.length % BLOCK)) % BLOCK),
    ]);
    return Buffer.concat([...parts, Buffer.alloc(2 * BLOCK)]);
}
