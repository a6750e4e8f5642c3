/** Whether a pattern of patterns.ts means a repository or a tag. Commands read it without loading the definition of the options. */

const inWord = (text: string): string => text.replace(/[.\\+?()[\]{}|^$]/g, "\\$&");

/** A pattern as a regular expression without its ends, as RE2 and JavaScript read it. */
export const expression = (pattern: string): string => pattern.split("*").map(inWord).join(".*");

/** Whether a repository is meant by a pattern. */
export const meansRepository = (pattern: string, repository: string): boolean =>
    pattern === "*" ||
    (pattern.endsWith("/*") ? repository.startsWith(pattern.slice(0, -1)) : repository === pattern);

/** What a list of patterns takes in, and what of that it leaves out. One that only leaves out takes in all. */
export function sides(patterns: readonly string[]): { takes: string[]; leaves: string[] } {
    const leaves = patterns.filter((one) => one.startsWith("!")).map((one) => one.slice(1));
    const takes = patterns.filter((one) => !one.startsWith("!"));
    return { takes: takes.length === 0 ? ["*"] : takes, leaves };
}

/** Whether a tag is meant by a list of patterns. */
export function meansTag(patterns: readonly string[], tag: string): boolean {
    const { takes, leaves } = sides(patterns);
    const fits = (pattern: string) => new RegExp(`^${expression(pattern)}$`, "s").test(tag);
    return takes.some(fits) && !leaves.some(fits);
}
