/** Mistakes of a configuration, with the commands that mend them. */
import { ownInfo, typeAt, unwrap } from "../components/definition/option";
import { formatPath, type Path, type Problem, type Step } from "../components/definition/problem";

import { options } from "./options";

/** Quotes a path or value for a shell where it needs it. */
export const quoted = (word: string): string =>
    /^[\w./:@%+=,-]+$/.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`;

/** The first value in an object or list: a command sets one. */
function leafOf(path: Path, value: unknown): { path: Path; value: unknown } {
    if (typeof value !== "object" || value === null) return { path, value };
    const [first] = Object.entries(value);
    if (first === undefined) return { path, value };
    return leafOf([...path, Array.isArray(value) ? Number(first[0]) : first[0]], first[1]);
}

const flags = (path: Path): string => (path.length > 1 ? "--path " : "");

/** The command that sets an option. */
export function setCommand(path: Path, to: unknown): string {
    const leaf = leafOf(path, to);
    // Of a section with secrets in it, only those are set as such.
    const type = typeAt(options, leaf.path);
    const isSecret = ownInfo(options, leaf.path)?.secret && type && unwrap(type).type !== "object";
    const secret = isSecret ? "--secret " : "";
    const value = typeof leaf.value === "object" ? JSON.stringify(leaf.value) : String(leaf.value);
    return `pulumi config set ${secret}${flags(leaf.path)}${quoted(formatPath(leaf.path))} ${quoted(value)}`;
}

export const removeCommand = (path: Path): string =>
    `pulumi config rm ${flags(path)}${quoted(formatPath(path))}`;

/** The value goes through a pipe: it stands neither on the screen nor among the arguments of a process. */
const copyCommand = (from: Path, to: Path): string =>
    `pulumi config get ${flags(from)}${quoted(formatPath(from))} | ` +
    `pulumi config set --secret ${flags(to)}${quoted(formatPath(to))}`;

function command(step: Step): string {
    if ("remove" in step) return removeCommand(step.remove);
    return "copy" in step ? copyCommand(step.copy, step.to) : setCommand(step.set, step.to);
}

/** All steps in one line. */
export const fixOf = ({ mend }: Problem): string => mend.map(command).join(" && ");

/** All mistakes of a configuration, thrown before any resource is registered. */
export class ConfigError extends Error {
    constructor(
        readonly project: string,
        readonly problems: readonly Problem[],
    ) {
        const lines = problems.map(
            (one) => `  ${project}:${formatPath(one.path)} ${one.problem}\n      fix: ${fixOf(one)}`,
        );
        const count = problems.length === 1 ? "a mistake" : `${problems.length} mistakes`;
        super(`The configuration has ${count}; nothing was changed.\n${lines.join("\n")}`);
        this.name = "ConfigError";
    }
}
