/** Adds and takes back a table at the end of a TOML file. Pure: all else stays as it is. */
import { MergeError } from "./json-list";

/** The name of a table's header, whatever its quotes and spaces: `registry.docker.io`. */
const headerName = (line: string) => /^\s*\[([^[\]]+)\]\s*(?:#.*)?$/.exec(line)?.[1]?.replace(/["'\s]/g, "");

/**
 * The text with the block at its end, where a table may always stand; nothing where the block is there already.
 *
 * @param block whole lines, of which the first is the table's header
 * @param file its name, for messages
 * @throws MergeError where the table is there with other keys: TOML takes each table once
 */
export function addBlock(text: string | undefined, block: string, file: string): string | undefined {
    if (text === undefined || text === "") return block;
    if (`\n${text}`.includes(`\n${block}`)) return undefined;
    const [header = "", ...keys] = block.trimEnd().split("\n");
    const name = headerName(header);
    if (text.split("\n").some((line) => headerName(line) === name))
        throw new MergeError(
            `${file} has a table ${header} already: add ${keys.map((key) => key.trim()).join(" and ")} to it by hand; it is left as it is.`,
        );
    return `${text}${text.endsWith("\n") ? "" : "\n"}\n${block}`;
}

/** The text without the block; nothing where it was all. */
export function takeBlock(text: string, block: string): string | undefined {
    if (text === block) return undefined;
    const at = `\n${text}`.indexOf(`\n${block}`);
    if (at < 0) return text;
    const before = text.slice(0, at).replace(/\n\n$/, "\n");
    return before + text.slice(at + block.length);
}
