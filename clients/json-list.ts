/**
 * Adds to and takes from a list of strings in a JSON object, in its text: everything else keeps its place, its
 * spaces and its order. Pure.
 */

/** The start and end of something in a text. */
interface Span {
    start: number;
    end: number;
}

interface Member {
    key: string;
    /** From the key's first quote to the value's end. */
    whole: Span;
    value: Span;
}

/** The text cannot be merged into: it is to be mended by its owner, and is never overwritten. */
export class MergeError extends Error {
    override name = "MergeError";
}

const skipSpace = (text: string, at: number) => at + (/^[ \t\r\n]*/.exec(text.slice(at))?.[0].length ?? 0);

/** End of the JSON value that begins at `at`, in a text that is known to be valid. */
function valueEnd(text: string, at: number): number {
    const plain = /^(?:"(?:[^"\\]|\\.)*"|[-+.\w]+)/.exec(text.slice(at));
    if (plain) return at + plain[0].length;
    let depth = 0;
    for (let i = at; i < text.length; i++) {
        const char = text[i] ?? "";
        if (char === '"') i = valueEnd(text, i) - 1;
        else if ("{[".includes(char)) depth++;
        else if ("}]".includes(char) && --depth === 0) return i + 1;
    }
    return text.length;
}

/** The values inside a list, or the keys and values inside an object. */
function parts(text: string, { start, end }: Span): Span[] {
    const found: Span[] = [];
    for (let at = skipSpace(text, start + 1); at < end - 1;) {
        const stop = valueEnd(text, at);
        found.push({ start: at, end: stop });
        at = skipSpace(text, stop);
        if (",:".includes(text[at] ?? "")) at = skipSpace(text, at + 1);
    }
    return found;
}

const slice = (text: string, { start, end }: Span) => text.slice(start, end);

function members(text: string, object: Span): Member[] {
    const all = parts(text, object);
    return all.flatMap((key, i) => {
        const value = all[i + 1];
        if (i % 2 === 1 || value === undefined) return [];
        const name = JSON.parse(slice(text, key)) as string;
        return [{ key: name, whole: { start: key.start, end: value.end }, value }];
    });
}

function root(text: string, file: string): Span {
    let value: unknown;
    try {
        value = JSON.parse(text);
    } catch (error) {
        throw new MergeError(
            `${file} is not valid JSON (${(error as Error).message}): mend it; it is left as it is.`,
        );
    }
    if (typeof value !== "object" || value === null || Array.isArray(value))
        throw new MergeError(`${file} holds no JSON object: mend it; it is left as it is.`);
    const start = skipSpace(text, 0);
    return { start, end: valueEnd(text, start) };
}

/** The member that counts: JSON's last of the name. */
function listOf(text: string, object: Span, key: string, file: string): Member | undefined {
    const member = members(text, object).findLast((one) => one.key === key);
    if (member === undefined) return undefined;
    const value = JSON.parse(slice(text, member.value)) as unknown;
    if (!Array.isArray(value) || value.some((one) => typeof one !== "string"))
        throw new MergeError(`"${key}" in ${file} is no list of strings: mend it; it is left as it is.`);
    return member;
}

/** Space before a thing, where it stands on a line of its own; else what one puts in a line. */
function gap(text: string, at: number, inline: string): string {
    return /\r?\n[ \t]*$/.exec(text.slice(0, at))?.[0] ?? inline;
}

/** Puts a part behind the last one, or into what is empty. */
function append(text: string, container: Span, present: Span[], part: string): string {
    const last = present.at(-1);
    const at = last?.end ?? container.start + 1;
    const before = last === undefined ? "" : `,${gap(text, last.start, " ")}`;
    return text.slice(0, at) + before + part + text.slice(at);
}

/** Cuts one part out, with the comma that it needs no more. */
function cut(text: string, container: Span, present: Span[], index: number): string {
    const part = present[index];
    if (part === undefined) return text;
    const before = present[index - 1];
    const after = present[index + 1];
    const start = before?.end ?? (after ? part.start : container.start + 1);
    const end = before === undefined && after ? after.start : part.end;
    return text.slice(0, start) + text.slice(end);
}

/** What was added to a list, to be taken back later. */
export interface ListAddition {
    key: string;
    /** Those that were not there before. */
    values: string[];
    /** The list itself was not there before. */
    newKey: boolean;
    /** There was no file before. */
    newFile: boolean;
}

/**
 * Adds values to a list of the JSON object.
 *
 * @param text the file, or nothing where there is none
 * @param file its name, for messages
 * @throws MergeError where the text is no JSON object or the key no list of strings
 */
export function addToList(
    text: string | undefined,
    key: string,
    values: readonly string[],
    file: string,
): { text: string; added: ListAddition } {
    const newFile = text === undefined || text.trim() === "";
    if (newFile) {
        const added = { key, values: [...new Set(values)], newKey: true, newFile: text === undefined };
        return { text: `${JSON.stringify({ [key]: added.values }, undefined, 4)}\n`, added };
    }
    const object = root(text, file);
    const member = listOf(text, object, key, file);
    const present = member ? (JSON.parse(slice(text, member.value)) as string[]) : [];
    const missing = [...new Set(values)].filter((value) => !present.includes(value));
    const added = { key, values: missing, newKey: member === undefined, newFile: false };
    if (missing.length === 0) return { text, added: { ...added, newKey: false } };
    if (member === undefined) {
        const list = `[${missing.map((value) => JSON.stringify(value)).join(", ")}]`;
        const keys = members(text, object).map(({ whole }) => whole);
        return { text: append(text, object, keys, `${JSON.stringify(key)}: ${list}`), added };
    }
    let result = text;
    for (const value of missing) {
        const list = { start: member.value.start, end: valueEnd(result, member.value.start) };
        result = append(result, list, parts(result, list), JSON.stringify(value));
    }
    return { text: result, added };
}

/**
 * Takes back what `addToList` added, whatever else has changed since.
 *
 * @returns the text; nothing where the file is to go, because it came with the addition and is empty now
 */
export function takeFromList(text: string, added: ListAddition, file: string): string | undefined {
    const object = root(text, file);
    const member = listOf(text, object, added.key, file);
    let result = text;
    if (member !== undefined) {
        const { start } = member.value;
        const span = (): Span => ({ start, end: valueEnd(result, start) });
        for (const value of added.values) {
            const list = span();
            const index = (JSON.parse(slice(result, list)) as string[]).lastIndexOf(value);
            result = cut(result, list, parts(result, list), index);
        }
        if (added.newKey && parts(result, span()).length === 0) {
            const all = members(result, root(result, file));
            const index = all.findLastIndex(({ key }) => key === added.key);
            result = cut(
                result,
                root(result, file),
                all.map(({ whole }) => whole),
                index,
            );
        }
    }
    const empty = Object.keys(JSON.parse(result) as object).length === 0;
    return added.newFile && empty ? undefined : result;
}
