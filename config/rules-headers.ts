/** The rule of `headers`. */
import { formatPath, type Mistake, removeCommand, show } from "./mistakes";
import type { Partial } from "./rules";

// RFC 9110 section 5.6.2: a field name is a token.
const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
// RFC 9110 section 5.5: a value has no control character but the tab.
const CONTROL = /[\x00-\x08\x0a-\x1f\x7f]/;

/** Go's server sends no header with a wrong name, and says nothing. */
export function headersRule({ headers }: Partial): Mistake[] {
    return Object.entries(headers ?? {}).flatMap(([name, values]) => {
        const steps = ["headers", name];
        if (!TOKEN.test(name)) {
            const problem =
                "is no header name; it must be letters, digits and ! # $ % & ' * + - . ^ _ ` | ~ (RFC 9110 section 5.6.2)";
            return [{ path: formatPath(steps), problem, fix: removeCommand(steps) }];
        }
        return values.flatMap((value, i) => {
            const path = [...steps, i];
            const problem = `is ${show(value)}; a header's value has no control character (RFC 9110 section 5.5)`;
            return CONTROL.test(value) ? [{ path: formatPath(path), problem, fix: removeCommand(path) }] : [];
        });
    });
}
