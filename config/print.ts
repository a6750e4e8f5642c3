/** Mistakes of a configuration, with the commands that mend them. */
import { ownInfo, typeAt, unwrap } from "../components/definition/option";
import { formatPath, type Path, type Problem, type Step } from "../components/definition/problem";

import { CONTROL, escaped, shellWord } from "../components/shell";

import { options } from "./options";

/** A text of the configuration, which may move the cursor, as a screen may show it. */
const printable = (text: string): string => text.replace(CONTROL, escaped);

/** Members of one list are removed from its end: each removal moves those behind it. */
function inOrder(problems: readonly Problem[]): Problem[] {
    const listOf = ({ path, mend }: Problem) =>
        typeof path.at(-1) === "number" && mend.length === 1 && mend[0] !== undefined && "remove" in mend[0]
            ? formatPath(path.slice(0, -1))
            : undefined;
    return problems.map((one, i) => {
        const list = listOf(one);
        if (list === undefined) return one;
        const members = problems.filter((other) => listOf(other) === list);
        const before = problems.slice(0, i).filter((other) => listOf(other) === list).length;
        return members.at(-1 - before) ?? one;
    });
}

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
    return `pulumi config set ${secret}${flags(leaf.path)}${shellWord(formatPath(leaf.path))} ${shellWord(value)}`;
}

export const removeCommand = (path: Path): string =>
    `pulumi config rm ${flags(path)}${shellWord(formatPath(path))}`;

/** The value goes through a pipe: it stands neither on the screen nor among the arguments of a process. */
const copyCommand = (from: Path, to: Path): string =>
    `pulumi config get ${flags(from)}${shellWord(formatPath(from))} | ` +
    `pulumi config set --secret ${flags(to)}${shellWord(formatPath(to))}`;

function command(step: Step): string {
    if ("remove" in step) return removeCommand(step.remove);
    return "copy" in step ? copyCommand(step.copy, step.to) : setCommand(step.set, step.to);
}

/** Steps as commands, in one line. */
export const commands = (steps: readonly Step[]): string => steps.map(command).join(" && ");

export const fixOf = ({ mend }: Problem): string => commands(mend);

/** All mistakes of a configuration, thrown before any resource is registered. */
export class ConfigError extends Error {
    constructor(
        readonly project: string,
        readonly problems: readonly Problem[],
    ) {
        const lines = inOrder(problems).map(
            (one) =>
                `  ${project}:${printable(formatPath(one.path))} ${one.problem}\n      fix: ${fixOf(one)}`,
        );
        const count = problems.length === 1 ? "a mistake" : `${problems.length} mistakes`;
        super(`The configuration has ${count}; nothing was changed.\n${lines.join("\n")}`);
        this.name = "ConfigError";
    }
}
