/** Reading, comparing and writing the files of a client. */
import {
    chmodSync,
    copyFileSync,
    existsSync,
    mkdirSync,
    mkdtempSync,
    rmSync,
    rmdirSync,
    statSync,
    writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

import type { Edit } from "../../components/client/edits";
import { run } from "../../setup/run";
import { readText, writeAtomically } from "../../setup/start.cjs";

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

    readonly read = (path: string): string | undefined => readText(this.place(path));

    /** Writes or removes, with the file as it was kept beside it. */
    write({ path, before, after }: Edit): void {
        const place = this.place(path);
        if (before !== undefined) copyFileSync(place, `${place}.before-private-registry`);
        if (after === undefined) {
            rmSync(place);
            this.removeEmpty(dirname(place));
            return;
        }
        mkdirSync(dirname(place), { recursive: true });
        const mode = before === undefined ? 0o644 : statSync(place).mode & 0o7777;
        writeAtomically(place, after, mode);
        // What the mask took away is to be there: daemons of other users read these files.
        chmodSync(place, mode);
    }

    /** The folder that was made for one registry's file. */
    private removeEmpty(folder: string): void {
        try {
            if (/certs\.d[/\\]/.test(folder)) rmdirSync(folder);
        } catch {
            // Something else is in it, which stays.
        }
    }

    /** The difference that an edit makes, as `diff -u` shows it. */
    async diff(edit: Edit): Promise<string> {
        const folder = mkdtempSync(join(tmpdir(), "private-registry-diff-"));
        const side = (name: string, text: string | undefined) => {
            if (text === undefined) return "/dev/null";
            writeFileSync(join(folder, name), text);
            return join(folder, name);
        };
        try {
            const labels = ["--label", this.place(edit.path), "--label", this.place(edit.path)];
            const args = ["-u", ...labels, side("before", edit.before), side("after", edit.after)];
            const { code, stdout } = await run("diff", args);
            // Without a diff program, as on Windows, the new text tells.
            return code === 1 ? stdout : `${this.place(edit.path)}:\n${edit.after ?? "(removed)\n"}`;
        } finally {
            rmSync(folder, { recursive: true, force: true });
        }
    }

    exists(path: string): boolean {
        return existsSync(this.place(path));
    }
}
