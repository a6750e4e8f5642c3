import { randomBytes } from "node:crypto";

import type { Props, ResourceType } from "../framework/resource";

import { decode, keepers, lengthRule } from "./rules";

function outputs(value: Buffer, inputs: Props): Props {
    const prefix = (inputs.prefix ?? "") as string;
    return {
        id: value.toString("base64url"),
        b64Url: prefix + value.toString("base64url"),
        b64Std: prefix + value.toString("base64"),
        hex: prefix + value.toString("hex"),
        dec: prefix + BigInt(`0x${value.toString("hex")}`).toString(),
        byteLength: value.length,
        ...(inputs.prefix === undefined ? {} : { prefix: inputs.prefix }),
        ...(inputs.keepers === undefined ? {} : { keepers: inputs.keepers }),
    };
}

/** random:index/randomId:RandomId. The ID is the value as base64url (RFC 4648 section 5). */
export const randomId: ResourceType = {
    token: "random:index/randomId:RandomId",
    inputs: { byteLength: lengthRule, keepers, prefix: { type: "string", replace: true } },
    async create(inputs) {
        const outs = outputs(randomBytes(inputs.byteLength as number), inputs);
        return { id: outs.id as string, outs };
    },
    async read(id, state, inputs) {
        if (state.hex !== undefined) return { id, outs: state, inputs };
        // Import: `PREFIX,VALUE` or `VALUE`, as the official plugin takes it.
        const comma = id.lastIndexOf(",");
        const given = comma > 0 ? { prefix: id.slice(0, comma) } : {};
        const outs = outputs(decode(id.slice(comma + 1), "base64url"), given);
        return { id: outs.id as string, outs, inputs: { byteLength: outs.byteLength, ...given } };
    },
};
