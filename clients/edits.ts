/** From a plan and the files that are there to the files that shall be, and back. Pure: reading is a parameter. */
import { createHash } from "node:crypto";

import { addBlock, takeBlock } from "./blocks";
import { addToList, type ListAddition, MergeError, takeFromList } from "./json-list";
import { addLine, dockerOptionLine, hasDockerOption, hostAddresses, takeLine } from "./lines";
import type { Change, Plan } from "./plan";
import { addToYaml, takeFromYaml, type YamlAddition } from "./yaml-merge";

/** Bytes of a file, or nothing where there is none. */
export type Read = (path: string) => Buffer | undefined;

/** Whose a change is. */
export interface Owner {
    client: string;
    address: string;
    /** The deployment's; nothing where version 0.1 deployed it. */
    identity?: string | undefined;
}

export interface Edit {
    path: string;
    before: Buffer | undefined;
    /** Nothing: the file goes. */
    after: Buffer | undefined;
    /** Where the file is kept as it was before the first change; made by this edit where it is not there yet. */
    keepAs?: string | undefined;
    /** Such a file, which goes with this edit. */
    dropKept?: string | undefined;
}

/** A file that was changed, for as long as anything of the kit's is in it. */
export interface Touched {
    path: string;
    /** Base64 of what others have in it: what stands there again once nothing of the kit's does. Nothing: no file. */
    original: string | null;
    /** Where the file is kept as it was before the first change; nothing where there was none. */
    kept: string | null;
    /** SHA-256 of what was written last, and of what is about to be: a file with other bytes was changed by another hand. */
    written: string[];
    changes: { owner: Owner; change: Change }[];
}

/** What was done on a machine, so that exactly this can be taken back. */
export interface Ledger {
    files: Touched[];
    /** Folders that were made, each after the one that it is in. */
    folders: string[];
}

export interface Outcome {
    edits: Edit[];
    /** To be written before the edits: wherever they are interrupted, it knows both what was and what shall be. */
    journal: Ledger;
    /** To be written after them. */
    ledger: Ledger;
    /** What stays because somebody else changed it, as sentences. */
    left: string[];
}

export const emptyLedger = (): Ledger => ({ files: [], folders: [] });

const KEPT = ".before-private-registry";
const digest = (bytes: Buffer | undefined) =>
    bytes === undefined ? "none" : createHash("sha256").update(bytes).digest("hex");
const same = (one: Buffer | undefined, other: Buffer | undefined) => digest(one) === digest(other);
const bytesOf = (text: string | undefined) => (text === undefined ? undefined : Buffer.from(text));
const stored = (bytes: Buffer | undefined) => bytes?.toString("base64") ?? null;
const restored = (base64: string | null) => (base64 === null ? undefined : Buffer.from(base64, "base64"));

/** A deployment keeps its identity when its domain or port changes; at one address there is one deployment at a time. */
const isOf =
    (owner: Owner) =>
    (other: Owner): boolean =>
        other.client === owner.client &&
        (other.address === owner.address ||
            (owner.identity !== undefined && other.identity === owner.identity));

/** Text of a file that is merged into. */
function textOf(bytes: Buffer | undefined, path: string): string | undefined {
    if (bytes === undefined) return undefined;
    const text = bytes.toString("utf8");
    if (Buffer.from(text).equals(bytes)) return text;
    throw new MergeError(`${path} is no UTF-8 text: mend it; it is left as it is.`);
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

/** What one change added to a text. */
type Addition =
    | ({ kind: "list" } & ListAddition)
    | ({ kind: "yaml" } & YamlAddition)
    | { kind: "line"; line: string; newFile: boolean }
    | { kind: "block"; block: string };

/** @returns the text with the change and what was added; nothing where it is all there already */
function add(
    text: string | undefined,
    change: Exclude<Change, { kind: "file" }>,
): { text: string; added: Addition } | undefined {
    const { path } = change;
    switch (change.kind) {
        case "list": {
            const merged = addToList(text, change.key, change.values, path);
            if (merged.added.values.length === 0) return undefined;
            return { text: merged.text, added: { kind: "list", ...merged.added } };
        }
        case "yaml": {
            const merged = addToYaml(text, change.at, change.value, path);
            return merged && { text: merged.text, added: { kind: "yaml", ...merged.added } };
        }
        case "block": {
            const merged = addBlock(text, change.block, path);
            if (merged === undefined) return undefined;
            return { text: merged, added: { kind: "block", block: change.block } };
        }
        default: {
            const line = missingLine(change, text ?? "");
            if (line === undefined) return undefined;
            return {
                text: addLine(text, line),
                added: { kind: "line", line, newFile: text === undefined },
            };
        }
    }
}

/** The bytes with all changes, and what they added, in their order. */
function withChanges(
    original: Buffer | undefined,
    changes: readonly Change[],
): { bytes: Buffer | undefined; additions: Addition[] } {
    let bytes = original;
    const additions: Addition[] = [];
    for (const change of changes) {
        if (change.kind === "file") {
            bytes = Buffer.from(change.content);
            continue;
        }
        const merged = add(textOf(bytes, change.path), change);
        if (merged === undefined) continue;
        bytes = Buffer.from(merged.text);
        additions.push(merged.added);
    }
    return { bytes, additions };
}

/** Takes what was added out of a file that another hand has changed since. */
function without(
    bytes: Buffer | undefined,
    additions: readonly Addition[],
    path: string,
): Buffer | undefined {
    let text = textOf(bytes, path);
    for (const added of [...additions].reverse()) {
        if (text === undefined) break;
        if (added.kind === "list") text = takeFromList(text, added, path);
        else if (added.kind === "yaml") text = takeFromYaml(text, added, path);
        else if (added.kind === "block") text = takeBlock(text, added.block);
        else {
            const rest = takeLine(text, added.line);
            text = added.newFile && rest === "" ? undefined : rest;
        }
    }
    return bytesOf(text);
}

/** What becomes of one file. */
interface Settled {
    edit?: Edit;
    journal?: Touched | undefined;
    record?: Touched | undefined;
    left?: string;
}

/**
 * From what a file is and what was done to it to what it shall be.
 *
 * @param changes all that shall be in it from now on
 * @param applying whether something is wanted there: then a file of the kit's own that another hand has changed stops all
 */
function settle(
    path: string,
    record: Touched | undefined,
    changes: Touched["changes"],
    disk: Read,
    applying: boolean,
): Settled {
    const current = disk(path);
    const former = (record?.changes ?? []).map(({ change }) => change);
    const whole = former.some(({ kind }) => kind === "file");
    const original = restored(record?.original ?? null);
    const untouched =
        record === undefined || same(current, original) || record.written.includes(digest(current));
    const wanted = changes.map(({ change }) => change);

    if (!untouched && !applying && (whole || current === undefined)) {
        // What another hand wrote there stays, and so does what it never saw.
        const rest = changes.length > 0 ? { ...record, changes } : undefined;
        const kept = rest || record.kept === null || disk(record.kept) === undefined ? null : record.kept;
        const what = current === undefined ? "removed since" : "changed since and stays as it is";
        const known = kept === null ? "" : ` What was there before is kept as ${kept}.`;
        const tell = current !== undefined || kept !== null;
        return { record: rest, journal: record, ...(tell ? { left: `${path} was ${what}.${known}` } : {}) };
    }
    let base = record === undefined ? current : original;
    if (!untouched && !whole) base = without(current, withChanges(original, former).additions, path);
    const { bytes: after } = withChanges(base, wanted);
    if (!untouched && whole && current !== undefined && !same(current, after))
        throw new MergeError(
            `${path} was changed since \`npm run client\` wrote it: move it away to keep it, or remove it, and run this again; it is left as it is.`,
        );

    const nothing = changes.length === 0 || same(base, after);
    const kept = record ? record.kept : current === undefined ? null : keptName(path, disk);
    const next: Touched = { path, original: stored(base), kept, written: [digest(after)], changes };
    const edit: Edit = {
        path,
        before: current,
        after,
        keepAs: nothing || record ? undefined : (kept ?? undefined),
        dropKept: nothing && record?.kept && disk(record.kept) !== undefined ? record.kept : undefined,
    };
    // An interrupted first change may have come before its copy.
    if (record?.kept && !nothing && same(current, original) && disk(record.kept) === undefined)
        edit.keepAs = record.kept;
    const moves = !same(current, after) || edit.dropKept !== undefined;
    return {
        ...(moves ? { edit } : {}),
        record: nothing ? undefined : next,
        journal:
            nothing && record === undefined
                ? undefined
                : {
                      ...next,
                      written: [digest(current), digest(after)],
                      changes: nothing ? (record?.changes ?? []) : changes,
                  },
    };
}

/** A name for the file that is kept: one that is there already is somebody else's. */
function keptName(path: string, disk: Read): string {
    let name = `${path}${KEPT}`;
    for (let i = 2; disk(name) !== undefined; i++) name = `${path}${KEPT}-${i}`;
    return name;
}

/** Settles every file that has a change of the owner's or shall have one. */
function settleAll(ledger: Ledger, owner: Owner, wanted: readonly Change[], disk: Read): Outcome {
    const mine = isOf(owner);
    const paths = [
        ...new Set([
            ...ledger.files
                .filter(({ changes }) => changes.some((one) => mine(one.owner)))
                .map(({ path }) => path),
            ...wanted.map(({ path }) => path),
        ]),
    ];
    const outcome: Outcome = {
        edits: [],
        journal: { ...ledger, files: [...ledger.files] },
        ledger: { ...ledger, files: [...ledger.files] },
        left: [],
    };
    const put = (files: Touched[], path: string, record: Touched | undefined) => {
        const at = files.findIndex((file) => file.path === path);
        if (at < 0) files.push(...(record ? [record] : []));
        else files.splice(at, 1, ...(record ? [record] : []));
    };
    for (const path of paths) {
        const record = ledger.files.find((file) => file.path === path);
        const own = wanted.filter((change) => change.path === path).map((change) => ({ owner, change }));
        const before = record?.changes ?? [];
        const others = before.filter((one) => !mine(one.owner));
        // In its place, so that applying again changes nothing; of whole files the last one counts.
        const first = before.findIndex((one) => mine(one.owner));
        const at = first < 0 || own.some(({ change }) => change.kind === "file") ? others.length : first;
        const changes = [...others.slice(0, at), ...own, ...others.slice(at)];
        const { edit, journal, record: next, left } = settle(path, record, changes, disk, own.length > 0);
        if (edit) outcome.edits.push(edit);
        if (left !== undefined) outcome.left.push(left);
        put(outcome.journal.files, path, journal);
        put(outcome.ledger.files, path, next);
    }
    return outcome;
}

/**
 * The edits of a plan. What an earlier plan of the same deployment and client wanted and this one does not is taken back;
 * names in the hosts file stay where this one says nothing of them.
 *
 * @param ledger what earlier runs did
 * @returns the edits, none where all is there already
 * @throws MergeError where a file cannot be merged into; then nothing is to be changed at all
 */
export function planEdits(plan: Plan, owner: Owner, disk: Read, ledger: Ledger): Outcome {
    const names = plan.changes.some(({ kind }) => kind === "host")
        ? []
        : ledger.files
              .flatMap(({ changes }) => changes)
              .filter((one) => one.change.kind === "host" && isOf(owner)(one.owner))
              .map(({ change }) => change);
    return settleAll(ledger, owner, [...plan.changes, ...names], disk);
}

/**
 * The edits that take back what was done for a client. A file that nobody else has changed since, and in which nothing of
 * the kit's is left, becomes byte for byte what it was.
 */
export function removalEdits(owner: Owner, disk: Read, ledger: Ledger): Outcome {
    return settleAll(ledger, owner, [], disk);
}

/** An entry of the record that version 0.1 kept, which had neither originals of merged files nor folders. */
type FormerEntry = Owner & { path: string } & (
        | { kind: "file"; content: string; original: string | null }
        | ({ kind: "list" } & ListAddition)
        | { kind: "line"; line: string; newFile: boolean }
    );

/** The change whose line this is. */
function changeOf(path: string, line: string): Change {
    const option = /^DOCKER_OPTS="\$DOCKER_OPTS --([\w-]+) (.*)"$/.exec(line);
    if (option) return { kind: "option", path, option: option[1] ?? "", value: option[2] ?? "" };
    const [address = "", name = ""] = line.split(" ");
    return { kind: "host", path, address, name };
}

/**
 * A record as it was read, also one of version 0.1.
 *
 * @param json nothing where there is none
 * @param folder where the record lies
 */
export function ledgerOf(json: unknown, disk: Read, folder: string): Ledger {
    if (json === undefined) return emptyLedger();
    if (!Array.isArray(json)) return json as Ledger;
    const entries = json as FormerEntry[];
    const folders = new Set([folder]);
    const files = [...new Set(entries.map(({ path }) => path))].map((path): Touched => {
        const there = entries.filter((entry) => entry.path === path);
        const current = disk(path);
        const [first] = there;
        const additions = there.filter((entry) => entry.kind !== "file");
        const changes = there.map((entry) => {
            const owner = { client: entry.client, address: entry.address };
            const change: Change =
                entry.kind === "file"
                    ? { kind: "file", path, content: entry.content }
                    : entry.kind === "list"
                      ? { kind: "list", path, key: entry.key, values: entry.values }
                      : changeOf(path, entry.line);
            return { owner, change };
        });
        const whole = first?.kind === "file";
        if (whole && /certs\.d[/\\]/.test(path)) folders.add(path.replace(/[/\\][^/\\]*$/, ""));
        const kept = `${path}${KEPT}`;
        return {
            path,
            original: whole
                ? stored(bytesOf(first.original ?? undefined))
                : stored(without(current, additions, path)),
            kept: disk(kept) === undefined ? null : kept,
            written: [whole ? digest(bytesOf(first.content)) : digest(current)],
            changes,
        };
    });
    return { files, folders: [...folders] };
}
