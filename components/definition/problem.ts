/** What is wrong with given options, and what mends it: data, for a program or a command to put into words. */
import { withoutPasswords } from "../../text/redact";

export type Path = readonly PropertyKey[];

/** One step of a mend. */
export type Step =
    | { set: Path; to: unknown; secret?: boolean | undefined }
    | { remove: Path }
    /** What stands at one path is set at another, and not shown. */
    | { copy: Path; to: Path };

export interface Problem {
    /** Where: `["users", "admin", "password"]`. */
    path: Path;
    /** What is wrong, to complete a sentence that begins with the path. */
    problem: string;
    /** Steps that mend it, all of them. */
    mend: readonly Step[];
}

export const problem = (path: Path, text: string, ...mend: readonly Step[]): Problem => ({
    path,
    problem: text,
    mend,
});
export const set = (path: Path, to: unknown, secret?: boolean): Step => ({ set: path, to, secret });
export const remove = (path: Path): Step => ({ remove: path });
export const copy = (from: Path, to: Path): Step => ({ copy: from, to });

/** Writes a path as programs and `pulumi config --path` read it: `dnsNames[0]`, `users["a.b"].password`. */
export function formatPath(path: Path): string {
    return path
        .map((step, i) => {
            if (typeof step === "number") return `[${step}]`;
            const key = String(step);
            if (!/^[\w-]+$/.test(key)) return `["${key.replaceAll('"', '\\"')}"]`;
            return i === 0 ? key : `.${key}`;
        })
        .join("");
}

/** A value as JSON; what has no such form, which JavaScript alone can give, by its kind. */
function inJson(value: unknown): string {
    try {
        return (JSON.stringify(value) as string | undefined) ?? `a ${typeof value}`;
    } catch {
        return `a ${typeof value} that JSON cannot hold`;
    }
}

/** A value as a message shows it: cut, and never where it is secret. */
export function show(value: unknown, secret = false): string {
    if (value === undefined) return "not set";
    if (secret) return "set to a value that is not shown";
    const text = withoutPasswords(inJson(value));
    return text.length > 80 ? `${text.slice(0, 77)}…` : text;
}

/** What is allowed in a program, for which no file is read. */
export const inPrograms = (text: string): string => text.replace(/ or the path of a (PEM )?file/g, "");

/** A step in a program's words. */
export function inWords(step: Step): string {
    if ("remove" in step) return `leave ${formatPath(step.remove)} out`;
    if ("copy" in step) return `set ${formatPath(step.to)} to the value of ${formatPath(step.copy)}`;
    // So the examples of options are written that a stack's configuration takes from a file.
    if (typeof step.to === "string" && step.to.startsWith("./"))
        return `set ${formatPath(step.set)} to the text of ${step.to}`;
    return `set ${formatPath(step.set)} to ${step.secret && typeof step.to !== "object" ? "another value" : JSON.stringify(step.to)}`;
}

/** All problems of options, thrown before a resource is registered. */
export class OptionsError extends Error {
    /** @param untouched what is as it was */
    constructor(
        readonly problems: readonly Problem[],
        untouched = "nothing",
    ) {
        const lines = problems.map(
            ({ path, problem: text, mend }) =>
                `  ${formatPath(path)} ${inPrograms(text)}` +
                (mend.length === 0 ? "" : `\n      fix: ${mend.map(inWords).join(", and ")}`),
        );
        const count = problems.length === 1 ? "a mistake" : `${problems.length} mistakes`;
        super(`The options have ${count}; ${untouched} was changed.\n${lines.join("\n")}`);
        this.name = "OptionsError";
    }
}
