/** Adds and takes back a value in a YAML file, in its text: comments, spaces and everything else stay. Pure. */
import { isDeepStrictEqual } from "node:util";

import {
    type Document,
    isMap,
    isScalar,
    isSeq,
    type Node,
    parseDocument,
    stringify,
    type YAMLMap,
} from "yaml";

import { MergeError } from "./json-list";

/** What was added, to be taken back later. */
export interface YamlAddition {
    /** Keys from the top to the value. */
    at: string[];
    /** A text, or those of a list that were not there before. */
    value: string | string[];
    /** How many of the keys were there before. */
    known: number;
    /** There was no file before. */
    newFile: boolean;
}

function documentOf(text: string, file: string): Document {
    const document = parseDocument(text);
    const [error] = document.errors;
    if (error !== undefined)
        throw new MergeError(
            `${file} is not valid YAML (${error.message.split("\n")[0]}): mend it; it is left as it is.`,
        );
    if (document.contents !== null && !isMap(document.contents) && document.toJS() !== null)
        throw new MergeError(`${file} holds no YAML mapping: mend it; it is left as it is.`);
    if (!isMap(document.contents)) document.contents = null;
    return document;
}

/**
 * The text of a changed document: the edit of the old text where that says the same, so that all else stays as it was
 * written; the document anew, comments included, where it does not (flow style, anchors, keys without a value).
 */
function print(document: Document, edited: string | undefined): string {
    if (edited !== undefined) {
        const { errors, contents } = parseDocument(edited);
        const is = errors.length === 0 ? ((contents?.toJSON() as unknown) ?? {}) : undefined;
        if (isDeepStrictEqual(is, (document.contents?.toJSON() as unknown) ?? {})) return edited;
    }
    return document.toString({ lineWidth: 0 });
}

const lineStart = (text: string, at: number) => text.lastIndexOf("\n", at - 1) + 1;

/** The start of the line after a value that ends at `at`; its comment is its own. */
function nextLine(text: string, at: number): number {
    if (text[at - 1] === "\n") return at;
    const end = text.indexOf("\n", at);
    return end < 0 ? text.length : end + 1;
}

const endOf = (node: Node) => node.range?.[1] ?? 0;

/** The text with whole lines after what ends at `at`, as far right as `column`. */
function insertLines(text: string, at: number, column: number, lines: string): string {
    const place = nextLine(text, at);
    const before = text.slice(0, place);
    const indented = lines.trimEnd().replace(/^/gm, " ".repeat(column));
    return `${before}${before === "" || before.endsWith("\n") ? "" : "\n"}${indented}\n${text.slice(place)}`;
}

/** Where a node begins. */
function placeOf(text: string, node: unknown): { start: number; column: number } | undefined {
    const start = (node as Node | null)?.range?.[0];
    return start === undefined ? undefined : { start, column: start - lineStart(text, start) };
}

/** A pair more for a mapping in block style. */
function withPair(text: string, map: YAMLMap | null, key: string, value: unknown): string | undefined {
    const lines = stringify({ [key]: value }, { lineWidth: 0 });
    // Comments alone, or nothing.
    if (map === null) return insertLines(text, text.length, 0, lines);
    const last = map.items.at(-1);
    const place = placeOf(text, map.items[0]?.key);
    if (map.flow || last === undefined || place === undefined) return undefined;
    const end = endOf((last.value ?? last.key) as Node);
    return insertLines(text, end, place.column, lines);
}

/**
 * Adds a value at a place of the mapping.
 *
 * @param value a text, or a list of which the missing ones are added at the end
 * @param file its name, for messages
 * @returns nothing where all is there already
 * @throws MergeError where the text is no mapping, or has something else at the place
 */
export function addToYaml(
    text: string | undefined,
    at: readonly string[],
    value: string | readonly string[],
    file: string,
): { text: string; added: YamlAddition } | undefined {
    const old = text ?? "";
    const document = documentOf(old, file);
    const refuse = (place: readonly string[]) =>
        new MergeError(
            `${file} has something else at ${place.join(" > ")}: change that by hand to ${JSON.stringify(value)}; it is left as it is.`,
        );
    let map = document.contents as YAMLMap | null;
    let known = 0;
    for (; known < at.length && document.hasIn(at.slice(0, known + 1)); known++) {
        if (known === at.length - 1) continue;
        const place = at.slice(0, known + 1);
        const node = document.getIn(place, true);
        // A key without a value is as good as none.
        if (isScalar(node) && node.value === null) {
            document.deleteIn(place);
            map = document.createNode({});
            map.flow = true;
            break;
        }
        if (!isMap(node)) throw refuse(place);
        map = node;
    }
    const added = { at: [...at], known, newFile: text === undefined };
    const [key = "", ...below] = at.slice(known);
    if (known < at.length) {
        const nested = below.reduceRight<unknown>((inner, one) => ({ [one]: inner }), value);
        const edited = withPair(old, map, key, nested);
        document.setIn(at, document.createNode(value));
        return {
            text: print(document, edited),
            added: { ...added, value: typeof value === "string" ? value : [...value] },
        };
    }
    const present = document.getIn(at, true);
    if (typeof value === "string") {
        if (document.getIn(at) === value) return undefined;
        throw refuse(at);
    }
    if (!isSeq(present)) throw refuse(at);
    const items = present.toJSON() as unknown[];
    const missing = value.filter((one) => !items.includes(one));
    if (missing.length === 0) return undefined;
    const last = present.items.at(-1) as Node | undefined;
    const place = placeOf(old, present);
    const edited =
        present.flow || last === undefined || place === undefined
            ? undefined
            : insertLines(old, endOf(last), place.column, stringify(missing, { lineWidth: 0 }));
    for (const one of missing) present.add(document.createNode(one));
    return { text: print(document, edited), added: { ...added, value: missing } };
}

/** The text without the lines from one place to the end of a node. */
const cutLines = (text: string, start: number, node: Node) =>
    text.slice(0, lineStart(text, start)) + text.slice(nextLine(text, endOf(node)));

/** The text without a pair, which takes whole lines. */
function withoutPair(text: string, map: unknown, key: string): string | undefined {
    if (!isMap(map) || map.flow) return undefined;
    const pair = map.items.find((one) => isScalar(one.key) && one.key.value === key);
    const place = placeOf(text, pair?.key);
    return pair && place && cutLines(text, place.start, (pair.value ?? pair.key) as Node);
}

/**
 * Takes back what `addToYaml` added, whatever else has changed since.
 *
 * @returns the text; nothing where the file came with the addition and is empty now
 */
export function takeFromYaml(text: string, added: YamlAddition, file: string): string | undefined {
    const { at, value, known, newFile } = added;
    let current = text;
    if (Array.isArray(value)) {
        for (const one of value) {
            const document = documentOf(current, file);
            const list = document.getIn(at, true);
            if (!isSeq(list)) break;
            const index = (list.toJSON() as unknown[]).lastIndexOf(one);
            if (index < 0 || (list.items.length === 1 && known < at.length)) continue;
            const node = list.items[index] as Node;
            const edited =
                list.flow || list.items.length === 1
                    ? undefined
                    : cutLines(current, node.range?.[0] ?? 0, node);
            list.delete(index);
            current = print(document, edited);
        }
    }
    const document = documentOf(current, file);
    const present = document.getIn(at, true);
    const list = isSeq(present) ? (present.toJSON() as unknown[]) : undefined;
    const ours = Array.isArray(value)
        ? list?.every((one) => value.includes(String(one)))
        : document.getIn(at) === value;
    if (known === at.length || !ours) return current;
    // The keys above go too, as far as they came with it and hold nothing else.
    let depth = at.length - 1;
    while (depth > known) {
        const above = document.getIn(at.slice(0, depth));
        if (!isMap(above) || above.items.length > 1) break;
        depth--;
    }
    const edited = withoutPair(
        current,
        depth === 0 ? document.contents : document.getIn(at.slice(0, depth)),
        at[depth] ?? "",
    );
    document.deleteIn(at.slice(0, depth + 1));
    const empty = !isMap(document.contents) || document.contents.items.length === 0;
    if (newFile && empty) return undefined;
    return print(document, edited);
}
