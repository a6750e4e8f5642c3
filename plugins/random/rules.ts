import type { InputRule } from "../framework/resource";

/** A change of any keeper makes a new value. */
export const keepers: InputRule = { type: "map", replace: true };

export const lengthRule: InputRule = {
    type: "integer",
    required: true,
    replace: true,
    validate: (length: number) => (length < 1 ? `must be at least 1, and is ${length}` : undefined),
};

/** The value of an ID that is imported. @throws Error where it is not in its encoding */
export function decode(id: string, encoding: "base64" | "base64url"): Buffer {
    const value = Buffer.from(id, encoding);
    if (value.length > 0 && value.toString(encoding) === id) return value;
    throw new Error(`The ID to import must be the value as ${encoding} (RFC 4648).`);
}
