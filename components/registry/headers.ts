/** What can be an HTTP header. */
import { type Path, problem, type Problem, remove, show } from "../definition/problem";

// RFC 9110 section 5.6.2: a field name is a token.
const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
// RFC 9110 section 5.5: a value has no control character but the tab.
const CONTROL = /[\x00-\x08\x0a-\x1f\x7f]/;

/** @param above path of the option that has them @param secret values are not shown. @default false */
export const headerProblems = (
    above: Path,
    headers: Readonly<Record<string, readonly string[]>>,
    secret = false,
): Problem[] =>
    Object.entries(headers).flatMap(([name, values]) => {
        const path = [...above, name];
        if (!TOKEN.test(name))
            return [
                problem(
                    path,
                    "is no header name; it must be letters, digits and ! # $ % & ' * + - . ^ _ ` | ~ (RFC 9110 section 5.6.2)",
                    remove(path),
                ),
            ];
        return values.flatMap((value, i) =>
            CONTROL.test(value)
                ? [
                      problem(
                          [...path, i],
                          `${secret ? "has a control character" : `is ${show(value)}`}; a header's value has no control character (RFC 9110 section 5.5)`,
                          remove([...path, i]),
                      ),
                  ]
                : [],
        );
    });
