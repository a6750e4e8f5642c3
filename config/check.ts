/** Checks a stack's configuration. Pure, but for the files that it names. */
import { check as checkOptions } from "../components/definition/check";
import { formatPath, type Problem } from "../components/definition/problem";

import { readFiles } from "./files";
import { moved } from "./moved";
import { type Config, CONFIG, options } from "./options";
import { parse } from "./parse";
import { ConfigError, reachable, type Texts } from "./print";

/**
 * Checks a whole configuration.
 *
 * @param project namespace of the keys, the Pulumi project's name
 * @param entries key without namespace → value as Pulumi keeps it
 * @param texts keys whose object or list was set as one JSON text
 * @throws ConfigError with every mistake
 */
export function check(
    project: string,
    entries: Readonly<Record<string, string>>,
    texts: Texts = new Set(),
): Config {
    const given = Object.fromEntries(
        Object.entries(entries)
            // Pulumi.yaml gives every key a default, since Pulumi asks for those that have none: "" stands for none.
            .filter(([key, raw]) => raw !== "" || !(key in options.shape))
            .map(([key, raw]) => [key, parse([key], raw)]),
    );
    const { values: placed, problems: former } = moved(given);
    const { values, problems: unread, named } = readFiles(placed);
    const found = checkOptions(CONFIG, values);
    const at = ({ path }: Problem) => formatPath(path);
    // What is to go need not be read; of what is to stay, nothing can be said before it is.
    const goes = new Set(
        found.problems
            .filter(({ path, mend }) =>
                mend.some((step) => "remove" in step && formatPath(step.remove) === formatPath(path)),
            )
            .map(at),
    );
    const unreadable = unread.filter((one) => !goes.has(at(one)));
    const untold = new Set(unreadable.map(at));
    const problems: Problem[] = [
        ...former,
        ...unreadable,
        ...found.problems.filter((one) => !untold.has(at(one))).map(named),
    ];
    // A text that is no JSON holds nothing.
    const whole = new Set([...texts].filter((key) => typeof given[key] === "object"));
    if (problems.length > 0) throw new ConfigError(project, reachable(problems, given), whole);
    return found.options as Config;
}
