/** Mistakes of a configuration, with the commands that mend them. */
import { ownInfo, typeAt, unwrap } from "../components/definition/option";
import {
    formatPath,
    type Path,
    type Problem,
    remove,
    set,
    type Step,
} from "../components/definition/problem";
import { valueAt } from "../components/definition/tree";

import { CONTROL, escaped, shellWord } from "../text/shell";

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

/** Keys whose object or list was set as one JSON text. */
export type Texts = ReadonlySet<string>;
const NONE: Texts = new Set();

/** A place in a JSON text as JavaScript writes it, with what is missing above it. */
const place = ([first, ...rest]: Path): string =>
    rest.reduce<string>((above, step, i) => {
        const missing = i === 0 ? above : `(${above}??=${typeof step === "number" ? "[]" : "{}"})`;
        return `${missing}[${JSON.stringify(step)}]`;
    }, String(first));

/**
 * Changes a JSON text where it is: `pulumi config set --path` would put the one value in place of the whole text, and
 * `rm --path` would do nothing. Its other values go through a pipe, and stand nowhere.
 */
function editCommand(step: { remove: Path } | { set: Path; to: unknown }): string {
    const { path, value } =
        "remove" in step ? { path: step.remove, value: undefined } : leafOf(step.set, step.to);
    const last = path.at(-1);
    const above = place(["o", ...path.slice(1, -1)]);
    const change =
        "set" in step
            ? `${place(["o", ...path.slice(1)])}=${JSON.stringify(value)}`
            : typeof last === "number"
              ? `${above}.splice(${last},1)`
              : `delete ${above}[${JSON.stringify(last)}]`;
    const key = shellWord(String(path[0]));
    const script = `o=JSON.parse(fs.readFileSync(0));${change};JSON.stringify(o)`;
    const secret = ownInfo(options, path.slice(0, 1))?.secret ? "--secret " : "";
    return `pulumi config get ${key} | ${node(script)} | pulumi config set ${secret}${key}`;
}

const isBelow = (path: Path, texts: Texts) => path.length > 1 && texts.has(String(path[0]));

const node = (script: string): string => `node -p ${shellWord(script)}`;

/** Values go through pipes: they stand neither on the screen nor among the arguments of a process. */
function copyCommand(from: Path, to: Path, texts: Texts): string {
    const [source, target] = [shellWord(String(from[0])), shellWord(String(to[0]))];
    const inSource = from.slice(1).map((step) => `[${JSON.stringify(step)}]`);
    const get = isBelow(from, texts)
        ? `pulumi config get ${source} | ${node(`JSON.parse(fs.readFileSync(0))${inSource.join("")}`)}`
        : `pulumi config get ${flags(from)}${shellWord(formatPath(from))}`;
    if (!isBelow(to, texts))
        return `${get} | pulumi config set --secret ${flags(to)}${shellWord(formatPath(to))}`;
    const put = `[v,t]=String(fs.readFileSync(0)).split("\\0");o=JSON.parse(t);${place(["o", ...to.slice(1)])}=v.trim();JSON.stringify(o)`;
    return `{ ${get}; printf '\\0'; pulumi config get ${target}; } | ${node(put)} | pulumi config set --secret ${target}`;
}

/** Encrypts a value where it is. */
export const encryptCommand = (path: Path): string => copyCommand(path, path, NONE);

function command(step: Step, texts: Texts): string {
    if ("copy" in step) return copyCommand(step.copy, step.to, texts);
    const path = "remove" in step ? step.remove : leafOf(step.set, step.to).path;
    if (isBelow(path, texts)) return editCommand(step);
    return "remove" in step ? removeCommand(step.remove) : setCommand(step.set, step.to);
}

/** Steps as commands, in one line. */
export const commands = (steps: readonly Step[], texts = NONE): string =>
    steps.map((step) => command(step, texts)).join(" && ");

export const fixOf = ({ mend }: Problem, texts = NONE): string => commands(mend, texts);

/**
 * The problems with what their commands need first: where an object is said by `true`, which is refused as "expected a
 * map", that goes; where one is switched off by `false`, which would be lost, `off` says it.
 *
 * @param given the configuration as it is
 */
export function reachable(problems: readonly Problem[], given: unknown): Problem[] {
    const done = new Set<string>();
    const before = (path: Path): Step[] =>
        path.slice(0, -1).flatMap((_, i): Step[] => {
            const above = path.slice(0, i + 1);
            const value = valueAt(given, above);
            if (typeof value !== "boolean" || done.has(formatPath(above))) return [];
            done.add(formatPath(above));
            const off = [...above, "off"];
            return [
                ...(i > 0 ? [remove(above)] : []),
                ...(!value && typeAt(options, off) && formatPath(path) !== formatPath(off)
                    ? [set(off, true)]
                    : []),
            ];
        });
    return problems.map((one) => ({
        ...one,
        mend: one.mend.flatMap((step) => {
            if ("remove" in step) {
                done.add(formatPath(step.remove));
                return [step];
            }
            return [...before("copy" in step ? step.to : leafOf(step.set, step.to).path), step];
        }),
    }));
}

/** All mistakes of a configuration, thrown before any resource is registered. */
export class ConfigError extends Error {
    constructor(
        readonly project: string,
        readonly problems: readonly Problem[],
        readonly texts = NONE,
    ) {
        const lines = inOrder(problems).map(
            (one) =>
                `  ${project}:${printable(formatPath(one.path))} ${one.problem}\n      fix: ${fixOf(one, texts)}`,
        );
        const count = problems.length === 1 ? "a mistake" : `${problems.length} mistakes`;
        super(`The configuration has ${count}; nothing was changed.\n${lines.join("\n")}`);
        this.name = "ConfigError";
    }
}
