/** The record of what was done on a machine: one file, there before what it tells of, and gone with the last of it. */
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { basename, dirname, join, relative } from "node:path";

import { type Ledger, ledgerOf } from "../../clients/edits";
import { SetupError } from "../../setup/errors";

import { type ClientFiles, UNFINISHED } from "./files";

/** A folder on its way in or out: what is in it comes and goes at once. */
const STAGING = `private-registry-client${UNFINISHED}`;

const textOf = (ledger: Ledger) => `${JSON.stringify(ledger, undefined, 2)}\n`;

export class ClientRecord {
    private readonly place: string;

    /** @param path where the record is on the client's machine */
    constructor(
        private readonly files: ClientFiles,
        readonly path: string,
    ) {
        this.place = files.place(path);
    }

    read(): Ledger {
        const bytes = this.files.read(this.path);
        let json: unknown = undefined;
        try {
            if (bytes !== undefined) json = JSON.parse(bytes.toString("utf8")) as unknown;
        } catch {
            throw new SetupError(
                `${this.place}, which tells what \`npm run client\` changed on this machine, is not valid JSON: mend it, or remove it where nothing is to be taken back.`,
            );
        }
        return ledgerOf(json, this.files.read, dirname(this.path));
    }

    /** Takes away what an interrupted run left. */
    sweep(): void {
        this.files.sweep(this.path);
        for (let folder = dirname(this.place); ; folder = dirname(folder)) {
            rmSync(join(folder, STAGING), { recursive: true, force: true });
            if (dirname(folder) === folder) return;
        }
    }

    /** What others have in their files is in it: it is for its owner alone. */
    save(ledger: Ledger): void {
        const text = textOf(ledger);
        if (existsSync(this.place) && readFileSync(this.place, "utf8") === text) return;
        const [top] = this.files.missingFolders([this.path]);
        if (top === undefined) {
            writeFileSync(this.place + UNFINISHED, text, { mode: 0o600 });
            renameSync(this.place + UNFINISHED, this.place);
            return;
        }
        // With its folders at once: one that nothing tells of would stay for ever.
        const topPlace = this.files.place(top);
        const staging = join(dirname(topPlace), STAGING);
        const inside = join(staging, relative(topPlace, dirname(this.place)));
        mkdirSync(inside, { recursive: true });
        writeFileSync(join(inside, basename(this.place)), text, { mode: 0o600 });
        renameSync(staging, topPlace);
    }

    /** @param folders that were made, from which the record goes together with those that hold nothing else */
    drop(folders: readonly string[]): void {
        const made = new Set(folders.map((folder) => this.files.place(folder)));
        let top: string | undefined;
        for (
            let folder = dirname(this.place);
            made.has(folder) && readdirSync(folder).length === 1;
            folder = dirname(folder)
        )
            top = folder;
        if (top === undefined || !existsSync(this.place)) {
            rmSync(this.place, { force: true });
            return;
        }
        const staging = join(dirname(top), STAGING);
        renameSync(top, staging);
        rmSync(staging, { recursive: true });
    }
}
