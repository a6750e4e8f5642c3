import { SetupError } from "./errors";
import { readText } from "./start.cjs";

/** A JSON file of the user's, or undefined when there is none. */
export function readJson(file: string): unknown {
    const text = readText(file);
    if (text === undefined) return undefined;
    try {
        return JSON.parse(text) as unknown;
    } catch {
        throw new SetupError(`${file} is not valid JSON: mend or remove it.`);
    }
}
