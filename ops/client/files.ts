/** Reading, comparing and writing the files of a client. */
import {
    chmodSync,
    chownSync,
    copyFileSync,
    existsSync,
    ftruncateSync,
    closeSync,
    linkSync,
    lstatSync,
    mkdirSync,
    mkdtempSync,
    openSync,
    readFileSync,
    realpathSync,
    renameSync,
    rmSync,
    rmdirSync,
    type Stats,
    statSync,
    utimesSync,
    writeFileSync,
    writeSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, relative, sep } from "node:path";

import type { Edit } from "../../clients/edits";
import { SetupError } from "../../setup/errors";
import { run } from "../../setup/run";

/** End of a file's name while it is written; always the same, so that the next run takes away what an interrupted one left. */
export const UNFINISHED = ".private-registry.tmp";

const codeOf = (error: unknown) => (error as NodeJS.ErrnoException).code;

/** @returns undefined where nothing is there, a link that leads nowhere included */
function statOf(place: string): Stats | undefined {
    return statSync(place, { throwIfNoEntry: false });
}

/** Gives a file the mode and owner of another. */
function likeIt(file: string, { mode, uid, gid }: Stats): void {
    const now = statSync(file);
    if (now.uid !== uid || now.gid !== gid) chownSync(file, uid, gid);
    // After the owner, whose change takes special bits away. And what the mask took is to be there: daemons read these files.
    if ((statSync(file).mode & 0o7777) !== (mode & 0o7777)) chmodSync(file, mode & 0o7777);
}

/** Puts a file in the place of another at once. */
function replaceWith(file: string, target: string): void {
    try {
        renameSync(file, target);
    } catch (error) {
        // A mount point, such as a container's /etc/hosts, can be written and not replaced.
        if (codeOf(error) !== "EBUSY" && codeOf(error) !== "EXDEV") throw error;
        const bytes = readFileSync(file);
        const open = openSync(target, "r+");
        try {
            // Never shorter than it shall be in between.
            writeSync(open, bytes, 0, bytes.length, 0);
            ftruncateSync(open, bytes.length);
        } finally {
            closeSync(open);
        }
        rmSync(file);
    }
}

/** Keeps a file under a second name: the very file, with all that a file system knows of it, or a copy. */
function keep(file: string, name: string): void {
    try {
        linkSync(file, name);
    } catch (error) {
        if (codeOf(error) === "EEXIST") return;
        if (!["EXDEV", "EPERM", "ENOTSUP", "EMLINK"].includes(codeOf(error) ?? "")) throw error;
        const stat = statSync(file);
        copyFileSync(file, name);
        likeIt(name, stat);
        utimesSync(name, stat.atime, stat.mtime);
    }
}

/** A client's file system. */
export class ClientFiles {
    /** @param root folder that stands for the machine's root; @param home the user's home folder in it */
    constructor(
        readonly root: string,
        readonly home: string,
    ) {}

    /** Where a file of the client's is on this machine. */
    place(path: string): string {
        const full = path.startsWith("~/") ? join(this.home, path.slice(2)) : path;
        if (this.root === "/") return full;
        return join(this.root, full.replace(/^[A-Z]:/, "").replaceAll("\\", "/"));
    }

    /** The client's name of a place on this machine. */
    private nameOf(place: string): string {
        return this.root === "/" ? place : `/${relative(this.root, place).replaceAll(sep, "/")}`;
    }

    readonly read = (path: string): Buffer | undefined => {
        const place = this.place(path);
        this.checkInside(place);
        const stat = statOf(place);
        if (stat?.isFile()) return readFileSync(place);
        if (stat === undefined && lstatSync(place, { throwIfNoEntry: false }) === undefined) return undefined;
        const what = stat === undefined ? "is a link that leads nowhere" : "is no file";
        throw new SetupError(`${place} ${what}: move it away; nothing was changed.`);
    };

    /** A link of an image's must not lead out of it, into this machine. */
    private checkInside(place: string): void {
        if (this.root === "/") return;
        let there = place;
        while (!existsSync(there) && dirname(there) !== there) there = dirname(there);
        const real = realpathSync(there);
        const root = existsSync(this.root) ? realpathSync(this.root) : this.root;
        if (!existsSync(this.root) || real === root || real.startsWith(root + sep)) return;
        throw new SetupError(`${place} leads to ${real}, out of ${this.root}: nothing was changed.`);
    }

    /** Takes away what an interrupted run left of a file. */
    sweep(path: string): void {
        const place = this.place(path);
        rmSync(`${existsSync(place) ? realpathSync(place) : place}${UNFINISHED}`, { force: true });
    }

    /** Makes an edit. A link stays one: what it leads to is changed. */
    write({ path, before, after, keepAs, dropKept }: Edit): void {
        const place = this.place(path);
        const target = before === undefined ? place : realpathSync(place);
        const kept = dropKept === undefined ? undefined : this.place(dropKept);
        if (keepAs !== undefined) keep(target, this.place(keepAs));
        if (after === undefined) {
            rmSync(place, { force: true });
        } else if (before === undefined || !after.equals(before)) {
            const like = before === undefined ? undefined : statSync(target);
            if (kept !== undefined && readFileSync(kept).equals(after)) {
                // The very file. What somebody has made of its mode and owner since stays.
                if (like) likeIt(kept, like);
                replaceWith(kept, target);
            } else {
                mkdirSync(dirname(target), { recursive: true });
                const fresh = `${target}${UNFINISHED}`;
                writeFileSync(fresh, after, { mode: like ? 0o600 : 0o644 });
                if (like) likeIt(fresh, like);
                else chmodSync(fresh, 0o644);
                replaceWith(fresh, target);
            }
        }
        if (kept !== undefined) rmSync(kept, { force: true });
    }

    /** The folders above files that are not there yet, each after the one that it is in. */
    missingFolders(paths: readonly string[]): string[] {
        const missing = new Set<string>();
        for (const path of paths)
            for (let folder = dirname(this.place(path)); !existsSync(folder); folder = dirname(folder))
                missing.add(this.nameOf(folder));
        return [...missing].sort((a, b) => a.length - b.length);
    }

    /** Removes those of the folders that are empty. @returns those that stay */
    removeEmpty(folders: readonly string[]): string[] {
        return [...folders]
            .reverse()
            .filter((folder) => {
                const place = this.place(folder);
                try {
                    rmdirSync(place);
                } catch (error) {
                    const code = codeOf(error) ?? "";
                    if (!["ENOTEMPTY", "EEXIST", "ENOENT", "ENOTDIR", "EBUSY"].includes(code)) throw error;
                }
                return existsSync(place);
            })
            .reverse();
    }

    /** The difference that an edit makes, as `diff -u` shows it. */
    async diff(edit: Edit): Promise<string> {
        const folder = mkdtempSync(join(tmpdir(), "private-registry-diff-"));
        const side = (name: string, bytes: Buffer | undefined) => {
            if (bytes === undefined) return "/dev/null";
            writeFileSync(join(folder, name), bytes);
            return join(folder, name);
        };
        try {
            const labels = ["--label", this.place(edit.path), "--label", this.place(edit.path)];
            const args = ["-u", ...labels, side("before", edit.before), side("after", edit.after)];
            const { code, stdout } = await run("diff", args);
            // Without a diff program, as on Windows, the new text tells.
            return code === 1
                ? stdout
                : `${this.place(edit.path)}:\n${edit.after?.toString() ?? "(removed)\n"}`;
        } finally {
            rmSync(folder, { recursive: true, force: true });
        }
    }

    exists(path: string): boolean {
        return existsSync(this.place(path));
    }
}
