/** Changes values in the text of Pulumi.STACK.yaml, and leaves all else there, comments too, as it is. Pure. */
import { type Document, isMap, isScalar, parseDocument } from "yaml";

import { isTree, withValue } from "../components/definition/tree";

export interface Edit {
    /** `["front", "image"]`, without the namespace. */
    path: readonly string[];
    /** Nothing takes the value away. */
    value: string | undefined;
}

/** A section that is one encrypted text: nothing in it can be changed by itself. */
export class Encrypted extends Error {
    constructor(readonly key: string) {
        super(`${key} is one encrypted text`);
    }
}

function edit(document: Document, key: string, [, ...below]: readonly string[], value: string | undefined) {
    const at = ["config", key];
    const node = document.getIn(at, true);
    if (below.length === 0) {
        if (value === undefined) document.deleteIn(at);
        else document.setIn(at, value);
        return;
    }
    if (isMap(node) && node.has("secure")) throw new Encrypted(key.split(":")[1] ?? key);
    const text = isScalar(node) ? node.value : undefined;
    if (typeof text === "string" && /^\s*\{/.test(text)) {
        document.setIn(at, JSON.stringify(withValue(JSON.parse(text) as object, below, value)));
        return;
    }
    // `true` stands for a section with its defaults.
    for (let depth = at.length; depth < at.length + below.length; depth++) {
        const above = [...at, ...below].slice(0, depth);
        const there = document.getIn(above);
        if (value !== undefined && there !== undefined && !isMap(document.getIn(above, true)))
            document.setIn(above, document.createNode({}));
    }
    if (value !== undefined) document.setIn([...at, ...below], value);
    else if (document.hasIn([...at, ...below])) document.deleteIn([...at, ...below]);
}

/**
 * @param text of Pulumi.STACK.yaml
 * @param project namespace of the keys
 * @throws Encrypted where a value would lie in an encrypted section
 */
export function edited(text: string, project: string, edits: readonly Edit[]): string {
    const document = parseDocument(text);
    if (!isTree(document.toJS() ?? {})) throw new Error("it is no map");
    for (const { path, value } of edits) edit(document, `${project}:${path[0] ?? ""}`, path, value);
    return document.toString({ lineWidth: 0 });
}
