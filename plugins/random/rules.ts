import type { InputRule } from "../framework/resource";

/** A change of any keeper makes a new value. */
export const keepers: InputRule = { type: "map", replace: true };

export const lengthRule: InputRule = {
    type: "integer",
    required: true,
    replace: true,
    validate: (length: number) => (length < 1 ? `must be at least 1, and is ${length}` : undefined),
};
