/** Keys of version 0.1, and where they went. */
import { infoAt } from "../components/definition/option";
import { formatPath, type Path, type Problem, remove, set, type Step } from "../components/definition/problem";

import { options } from "./options";

/** Former path → the new one; a function where the value changes too. */
const MOVED: Readonly<Record<string, string | ((value: unknown) => Step[])>> = {
    ca: "tls.ownCa",
    site: "tls.ownCa.site",
    localNames: "tls.ownCa.site.localNames",
    certificate: "tls.files",
    frontSettings: "front",
    sites: "front.sites",
    anonymousPull: "front.anonymousPull",
    redis: "cache.valkey",
};

const stepsTo = (path: string): Path => path.split(".");

/** Sets each value of an object where it goes. */
function setAll(path: Path, value: unknown): Step[] {
    if (typeof value === "object" && value !== null && !Array.isArray(value))
        return Object.entries(value).flatMap(([key, inner]) => setAll([...path, key], inner));
    const secret = infoAt(options, path)?.secret;
    return [set(path, secret ? "VALUE" : value, secret)];
}

/** A problem of an unknown key, with its new place where it was one of version 0.1. */
export function moved(problem: Problem, given: Readonly<Record<string, unknown>>): Problem {
    const [key, ...rest] = problem.path;
    const target = rest.length === 0 ? MOVED[String(key)] : undefined;
    if (typeof target !== "string") return problem;
    const path = stepsTo(target);
    return {
        path: problem.path,
        problem: `is ${formatPath(path)} now`,
        mend: [remove(problem.path), ...setAll(path, given[String(key)])],
    };
}
