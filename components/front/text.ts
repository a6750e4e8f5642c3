/** How a text stands in nginx's configuration, so that it means itself and nothing else. */

/** A quoted word. A dollar sign would begin a variable, and nginx has no escape for it: the map `dollar` holds one. */
export const quoted = (text: string): string =>
    `"${text.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("$", "${dollar}")}"`;

/** A text within a regular expression: each byte but letters and digits by its number, which PCRE and nginx leave alone. */
export const literal = (text: string): string =>
    [...Buffer.from(text)]
        .map((byte) => {
            const char = String.fromCharCode(byte);
            return /[A-Za-z0-9]/.test(char) ? char : `\\x${byte.toString(16).padStart(2, "0")}`;
        })
        .join("");

/** A block: `head { … }`. */
export const block = (head: string, lines: readonly string[]): string[] => [
    `${head} {`,
    ...lines.map((line) => (line === "" ? line : `    ${line}`)),
    "}",
];

/** A map of one value to another; regular expressions count in the order in which they stand. */
export const map = (
    source: string,
    variable: string,
    entries: readonly (readonly [string, string])[],
): string[] =>
    block(
        `map ${source} ${variable}`,
        entries.map(([key, value]) => `${key} ${value};`),
    );

/** An error as registries answer it (OCI distribution spec, error codes). */
export const errorBody = (code: string, message: string): string =>
    `'{"errors":[{"code":"${code}","message":"${message}","detail":null}]}'`;
