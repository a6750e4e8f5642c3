/** Certificates, keys and other texts of a configuration that stand in files of their own. */
import { readFileSync, statSync } from "node:fs";

import { ownInfo } from "../components/definition/option";
import { formatPath, type Path, type Problem, problem, set, show } from "../components/definition/problem";
import { isBase64, isPem } from "../components/definition/values";
import { textOfFile } from "../components/tls/read";
import { ITS_TEXT } from "../components/tls/options";

import { options } from "./options";

/** No certificate, key or bundle of a system's authorities is larger, bytes. */
const LARGEST = 1 << 20;

/** Whether a value is the text itself. */
const isText = (value: string, kind: "pem" | "json"): boolean =>
    kind === "json" ? value.trimStart().startsWith("{") : isPem(value) || isBase64(value);

/** @throws Error of node:fs, or one sentence, where the file cannot be read */
function read(path: string): string {
    // So long a text is no path (PATH_MAX), and may be a key: no message repeats it.
    if (path.length > 4095) throw new Error("it is neither PEM text nor the path of a file");
    const stat = statSync(path);
    // A named pipe would be waited on for ever.
    if (!stat.isFile()) throw new Error(`it is ${stat.isDirectory() ? "a folder" : "no plain file"}`);
    if (stat.size > LARGEST) throw new Error(`it has ${stat.size} bytes, more than any certificate`);
    return textOfFile(readFileSync(path));
}

export interface Read {
    /** The configuration with the texts of its files. */
    values: Record<string, unknown>;
    problems: Problem[];
    /** The same problem with the name of the file in it. */
    named: (problem: Problem) => Problem;
}

/** Reads the files that a configuration names. */
export function readFiles(config: Readonly<Record<string, unknown>>): Read {
    const problems: Problem[] = [];
    const names = new Map<string, string>();
    const walk = (value: unknown, path: Path): unknown => {
        // No list has a file in it.
        if (Array.isArray(value)) return value;
        if (typeof value === "object" && value !== null)
            return Object.fromEntries(
                Object.entries(value).map(([key, inner]) => [key, walk(inner, [...path, key])]),
            );
        const info = ownInfo(options, path);
        if (typeof value !== "string" || value === "" || !info?.file || isText(value, info.file))
            return value;
        // No path has several lines.
        if (info.file === "pem" && value.includes("\n")) {
            const text = `is ${show(value, info.secret)}; it must be ${info.allowed}`;
            problems.push(problem(path, text, set(path, info.example, info.secret)));
            return value;
        }
        try {
            const text = read(value);
            if (text.trim() === "") {
                problems.push(
                    problem(path, `cannot be used: ${value} is empty`, set(path, info.example, info.secret)),
                );
                return value;
            }
            names.set(formatPath(path), value);
            return text;
        } catch (error) {
            const { code, message } = error as NodeJS.ErrnoException;
            // The system's message has the value in it, which may be a key without its PEM frame.
            const why = info.secret && code !== undefined ? code : message;
            problems.push(
                problem(
                    path,
                    `names a file that cannot be read: ${why}`,
                    set(path, info.example, info.secret),
                ),
            );
            return value;
        }
    };
    const values = walk(config, []) as Record<string, unknown>;
    const named = (one: Problem): Problem => {
        const name = names.get(formatPath(one.path));
        if (name === undefined) return one;
        return { ...one, problem: one.problem.replace(ITS_TEXT, name).replaceAll("FILE", `'${name}'`) };
    };
    return { values, problems, named };
}
