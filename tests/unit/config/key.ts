/** What the tables of keys are written with. */

export interface Key {
    key: string;
    /** Values → what they become. A value alone stands for itself. */
    valid: { value: unknown; becomes?: unknown }[];
    /** The value where the key is not set. */
    default?: unknown;
    invalid: unknown[];
    /** Part of the sentence that says what is allowed. */
    allowed: string;
    /** The command that mends it. */
    fix: string;
    /** A list: what is none of it is removed before a member is set, and a member that is wrong is told by itself. */
    list?: boolean;
    /** No message shows the value. */
    secret?: boolean;
    /** Keys that have to stand beside a valid value. */
    beside?: Record<string, unknown>;
    /** No valid value can stand there without the text of a real certificate (see certificates.test.ts). */
    needsFiles?: boolean;
}

export const same = (...values: unknown[]) => values.map((value) => ({ value }));
export const set = (line: string) => `pulumi config set ${line}`;
/** The fix of a wrong value sets the default: pasted without a thought, it must do no harm. */
export const flag = (key: string, initially: boolean, path = ""): Key => ({
    key,
    valid: [...same(true, false), ...(path === "" ? [{ value: "true", becomes: true }] : [])],
    default: initially,
    invalid: ["yes", "TRUE", 1],
    allowed: "true or false",
    fix: set(`${path}${key} ${String(initially)}`),
});
export const whole = (
    key: string,
    initially: unknown,
    low: number,
    high: number,
    allowed: string,
    fix: string,
): Key => ({
    key,
    valid: same(low, ...(high < 1e6 ? [high] : [])),
    default: initially,
    invalid: [low - 1, ...(high < 1e6 ? [high + 1] : []), 80.5, "http", "1e3", "0x50"],
    allowed,
    fix: set(fix),
});
export const KEYS = ["ECDSA-P256", "ECDSA-P384", "RSA-2048", "RSA-3072", "RSA-4096"];
export const pem = (key: string, fix: string, secret = false): Key => ({
    key,
    valid: [],
    needsFiles: true,
    invalid: [5, "two\nlines", true],
    allowed: "PEM text or the path of a PEM file",
    fix: set(fix),
    secret,
});
export const part = (name: string, example: string, of = "ca"): Key => ({
    key: `${of}.subject.${name}`,
    valid: same("Ü", "x".repeat(64)),
    invalid: ["", "x".repeat(65), 7],
    allowed: "1 to 64 characters",
    fix: set(`--path ${of}.subject.${name} ${example}`),
});
export const group = (key: string, allowed: string, fix: string, rest: Partial<Key> = {}): Key => ({
    key,
    valid: same({}).map(({ value }) => ({ value, becomes: expect.any(Object) as unknown })),
    invalid: ["text", 5, []],
    allowed,
    fix,
    ...rest,
});
