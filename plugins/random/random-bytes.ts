import { randomBytes as bytes } from "node:crypto";

import type { Props, ResourceType } from "../framework/resource";

import { decode, keepers, lengthRule } from "./rules";

const outputs = (value: Buffer, inputs: Props): Props => ({
    base64: value.toString("base64"),
    hex: value.toString("hex"),
    length: value.length,
    ...(inputs.keepers === undefined ? {} : { keepers: inputs.keepers }),
});

/**
 * random:index/randomBytes:RandomBytes. The ID is the value as base64, as the official plugin has it: it stands in State
 * in clear, whatever the outputs are marked as.
 */
export const randomBytes: ResourceType = {
    token: "random:index/randomBytes:RandomBytes",
    inputs: { length: lengthRule, keepers },
    secretOutputs: ["base64", "hex"],
    async create(inputs) {
        const value = bytes(inputs.length as number);
        return { id: value.toString("base64"), outs: outputs(value, inputs) };
    },
    async read(id, state, inputs) {
        if (state.base64 !== undefined) return { id, outs: state, inputs };
        // Import: the ID given is the value, as base64.
        const value = decode(id, "base64");
        return { id, outs: outputs(value, {}), inputs: { length: value.length } };
    },
};
