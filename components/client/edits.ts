/** From a plan and the files that are there to the files that shall be, and back. Pure: reading is a parameter. */
import { addToList, type ListAddition, MergeError, takeFromList } from "./json-list";
import { addLine, dockerOptionLine, hasDockerOption, hostAddresses, takeLine } from "./lines";
import type { Change, Plan } from "./plan";

/** Text of a file, or nothing where there is none. */
export type Read = (path: string) => string | undefined;

export interface Edit {
    path: string;
    before: string | undefined;
    /** Nothing: the file goes. */
    after: string | undefined;
}

/** What was added for a client, so that exactly this can be taken back. */
export type Entry = { client: string; address: string; path: string } & (
    | { kind: "file"; content: string; original: string | null }
    | ({ kind: "list" } & ListAddition)
    | { kind: "line"; line: string; newFile: boolean }
);

/** Files as they are, with the changes so far in front. */
class Overlay {
    private readonly files = new Map<string, { before: string | undefined; after: string | undefined }>();
    constructor(private readonly disk: Read) {}

    read(path: string): string | undefined {
        const file = this.files.get(path);
        return file ? file.after : this.disk(path);
    }

    write(path: string, after: string | undefined): void {
        this.files.set(path, { before: this.files.get(path)?.before ?? this.disk(path), after });
    }

    edits(): Edit[] {
        return [...this.files]
            .map(([path, file]) => ({ path, ...file }))
            .filter(({ before, after }) => before !== after);
    }
}

/** The line of a change that is one, or nothing where the file says the same already. */
function missingLine(change: Change & { kind: "option" | "host" }, text: string): string | undefined {
    if (change.kind === "option") {
        const { option, value } = change;
        return hasDockerOption(text, option, value) ? undefined : dockerOptionLine(option, value);
    }
    const known = hostAddresses(text, change.name);
    const other = known.find((address) => address !== change.address);
    if (other !== undefined) {
        throw new MergeError(
            `${change.path} has ${change.name} at ${other}, not at ${change.address}: change that line by hand; it is left as it is.`,
        );
    }
    return known.length > 0 ? undefined : `${change.address} ${change.name}`;
}

/**
 * The edits of a plan.
 *
 * @param ledger what earlier runs added
 * @returns the edits, none where all is there already, and the new ledger
 * @throws MergeError where a file cannot be merged into; then nothing is to be changed at all
 */
export function planEdits(
    plan: Plan,
    owner: { client: string; address: string },
    disk: Read,
    ledger: readonly Entry[],
): { edits: Edit[]; ledger: Entry[] } {
    const files = new Overlay(disk);
    const entries = ledger.map((entry) => ({ ...entry }));
    for (const change of plan.changes) {
        const { path } = change;
        const text = files.read(path);
        const mine = entries.filter((entry) => entry.path === path);
        if (change.kind === "file") {
            if (text === change.content) continue;
            const known = mine.find((entry) => entry.kind === "file");
            if (known) known.content = change.content;
            else
                entries.push({
                    ...owner,
                    kind: "file",
                    path,
                    content: change.content,
                    original: text ?? null,
                });
            files.write(path, change.content);
        } else if (change.kind === "list") {
            const { text: merged, added } = addToList(text, change.key, change.values, path);
            if (added.values.length === 0) continue;
            entries.push({ ...owner, kind: "list", path, ...added });
            files.write(path, merged);
        } else {
            const line = missingLine(change, text ?? "");
            if (line === undefined) continue;
            entries.push({ ...owner, kind: "line", path, line, newFile: text === undefined });
            files.write(path, addLine(text, line));
        }
    }
    return { edits: files.edits(), ledger: entries };
}

/**
 * The edits that take back what was added for a client.
 *
 * @returns also what stays because somebody changed it since, as sentences
 */
export function removalEdits(
    owner: { client: string; address: string },
    disk: Read,
    ledger: readonly Entry[],
): { edits: Edit[]; ledger: Entry[]; left: string[] } {
    const files = new Overlay(disk);
    const left: string[] = [];
    const own = (entry: Entry) => entry.client === owner.client && entry.address === owner.address;
    for (const entry of ledger.filter(own).reverse()) {
        const { path } = entry;
        const text = files.read(path);
        if (text === undefined) continue;
        if (entry.kind === "file") {
            if (text === entry.content) files.write(path, entry.original ?? undefined);
            else left.push(`${path} was changed since and stays as it is.`);
        } else if (entry.kind === "list") {
            files.write(path, takeFromList(text, entry, path));
        } else {
            const rest = takeLine(text, entry.line);
            files.write(path, entry.newFile && rest === "" ? undefined : rest);
        }
    }
    return { edits: files.edits(), ledger: ledger.filter((entry) => !own(entry)), left };
}
