/** Words of commands that a person pastes into a shell, or that a shell of a container runs. Pure. */

/** What may move a cursor, or end a line. */
export const CONTROL = /[\x00-\x1f\x7f-\x9f]/g;

/** A character as an escape, which shells and people read alike: `\x1b`. */
export const escaped = (one: string): string => `\\x${one.charCodeAt(0).toString(16).padStart(2, "0")}`;

/** A text in single quotes, as every POSIX shell reads it. */
export const inQuotes = (text: string): string => `'${text.replaceAll("'", String.raw`'\''`)}'`;

/**
 * A word for a shell, in quotes where it needs them.
 *
 * @example shellWord("it's") → 'it'\''s'
 */
export function shellWord(word: string): string {
    if (/^[\w@%+=:,./-]+$/.test(word)) return word;
    if (!/[\x00-\x1f\x7f]/.test(word)) return inQuotes(word);
    // As bash, zsh and ksh read it: a line break in a command would end it.
    const inner = word
        .replaceAll("\\", "\\\\")
        .replaceAll("'", "\\'")
        .replace(/[\x00-\x1f\x7f]/g, escaped);
    return `$'${inner}'`;
}
