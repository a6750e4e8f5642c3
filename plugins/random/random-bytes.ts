import { randomBytes as bytes } from "node:crypto";

import type { Props, ResourceType } from "../framework/resource";

import { keepers, lengthRule } from "./rules";

const outputs = (value: Buffer, inputs: Props): Props => ({
    base64: value.toString("base64"),
    hex: value.toString("hex"),
    length: value.length,
    ...(inputs.keepers === undefined ? {} : { keepers: inputs.keepers }),
});

/** random:index/randomBytes:RandomBytes. The ID is the value itself, as the official plugin has it: cut to 20 characters. */
export const randomBytes: ResourceType = {
    token: "random:index/randomBytes:RandomBytes",
    inputs: { length: lengthRule, keepers },
    async create(inputs) {
        const value = bytes(inputs.length as number);
        return { id: value.toString("base64").slice(0, 20), outs: outputs(value, inputs) };
    },
    async read(id, state, inputs) {
        if (state.base64 !== undefined) return { id, outs: state, inputs };
        // Import: the ID given is the value, as base64.
        const value = Buffer.from(id, "base64");
        return { id: id.slice(0, 20), outs: outputs(value, {}), inputs: { length: value.length } };
    },
};
