/** The folder of an export on disk: for its owner alone, and never over what is not an export. */
import { createHash } from "node:crypto";
import { chmodSync, lstatSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { CHECKSUMS, EXPORT_FILES, MARK } from "../host/folder";
import { SetupError } from "../setup/errors";
import { readText } from "../setup/start.cjs";

/** Files of a folder, as paths in it. */
function contents(folder: string, below = ""): string[] {
    return readdirSync(join(folder, below), { withFileTypes: true }).flatMap((entry) => {
        const path = join(below, entry.name);
        return entry.isDirectory() ? contents(folder, path) : [path];
    });
}

/**
 * Makes sure that an export may be written into a folder.
 *
 * @throws SetupError where it is no folder, or holds anything but an earlier export
 */
export function checkFolder(folder: string): void {
    const stat = lstatSync(folder, { throwIfNoEntry: false });
    if (stat === undefined) return;
    if (!stat.isDirectory())
        throw new SetupError(`${folder} is no folder: give --out another name, or remove it.`);
    const found = contents(folder);
    if (found.length === 0) return;
    const ours = readText(join(folder, "export.conf"))?.startsWith(MARK);
    const foreign = found.find((path) => !ours || (path !== CHECKSUMS && !EXPORT_FILES.includes(path)));
    if (foreign !== undefined) {
        throw new SetupError(
            `${folder} holds ${foreign}, which is of no export: give --out an empty folder, or one that an earlier export made.`,
        );
    }
}

/**
 * Writes an export, in place of an earlier one.
 *
 * @returns SHA-256 of its checksum list
 */
export function writeFolder(folder: string, files: Readonly<Record<string, string>>): string {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    chmodSync(folder, 0o700);
    // The list goes first and comes last: without it install.sh refuses a folder that is half written.
    for (const path of [CHECKSUMS, ...EXPORT_FILES]) {
        if (path !== EXPORT_FILES[0]) rmSync(join(folder, path), { force: true });
    }
    for (const path of [...EXPORT_FILES, CHECKSUMS]) {
        const text = files[path];
        if (text === undefined) continue;
        rmSync(join(folder, path), { force: true });
        mkdirSync(dirname(join(folder, path)), { recursive: true, mode: 0o700 });
        writeFileSync(join(folder, path), text, { mode: 0o600, flag: "wx" });
    }
    return createHash("sha256")
        .update(readFileSync(join(folder, CHECKSUMS)))
        .digest("hex");
}
