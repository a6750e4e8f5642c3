import { randomInt } from "node:crypto";

import { hash } from "bcryptjs";

import type { InputRule, Props, ResourceType } from "../framework/resource";

import { keepers, lengthRule } from "./rules";

const LOWER = "abcdefghijklmnopqrstuvwxyz";
const DIGITS = "0123456789";
const SPECIAL = "!@#$%&*()-_=+[]{}<>:?";

/** Cost of the `bcryptHash` output: the default of Go's bcrypt, which the official plugin uses. */
const HASH_COST = 10;

const flag: InputRule = { type: "boolean", replace: true, implied: true };
/** `numeric` and its old name `number`: each takes its value from the other, so `diff` looks at both. */
const alias: InputRule = { type: "boolean", replace: true, computed: true };
const minimum: InputRule = { type: "integer", replace: true, implied: 0 };

/** The character sets that the inputs ask for, each with how many characters of it there must be. */
function sets(inputs: Props): { characters: string; least: number; used: boolean }[] {
    const used = (key: string) => inputs[key] !== false;
    const least = (key: string) => (inputs[key] ?? 0) as number;
    return [
        { characters: LOWER, least: least("minLower"), used: used("lower") },
        { characters: LOWER.toUpperCase(), least: least("minUpper"), used: used("upper") },
        { characters: DIGITS, least: least("minNumeric"), used: used("numeric") && used("number") },
        {
            characters: (inputs.overrideSpecial || SPECIAL) as string,
            least: least("minSpecial"),
            used: used("special"),
        },
    ];
}

const pick = (characters: string, count: number): string[] => {
    const choices = [...characters];
    return Array.from({ length: count }, () => choices[randomInt(choices.length)] ?? "");
};

/** Fisher and Yates: every order is equally likely. */
function shuffle(items: string[]): string[] {
    for (let i = items.length - 1; i > 0; i--) {
        const j = randomInt(i + 1);
        [items[i], items[j]] = [items[j] ?? "", items[i] ?? ""];
    }
    return items;
}

/** A password as the inputs ask for it; every character of the allowed sets is equally likely. */
export function password(inputs: Props): string {
    const wanted = sets(inputs);
    const needed = wanted.flatMap(({ characters, least }) => pick(characters, least));
    const all = wanted.map(({ characters, used }) => (used ? characters : "")).join("");
    return shuffle([...needed, ...pick(all, (inputs.length as number) - needed.length)]).join("");
}

async function outputs(result: string, inputs: Props): Promise<Props> {
    const numeric = inputs.numeric ?? inputs.number ?? true;
    return {
        id: "none",
        length: [...result].length,
        lower: inputs.lower ?? true,
        upper: inputs.upper ?? true,
        special: inputs.special ?? true,
        numeric,
        number: numeric,
        minLower: inputs.minLower ?? 0,
        minUpper: inputs.minUpper ?? 0,
        minNumeric: inputs.minNumeric ?? 0,
        minSpecial: inputs.minSpecial ?? 0,
        ...(inputs.overrideSpecial === undefined ? {} : { overrideSpecial: inputs.overrideSpecial }),
        ...(inputs.keepers === undefined ? {} : { keepers: inputs.keepers }),
        result,
        // Of a longer password bcrypt reads 72 bytes; the official plugin cuts it likewise.
        bcryptHash: (await hash(result, HASH_COST)).replace(/^\$2b/, "$2a"),
    };
}

/** random:index/randomPassword:RandomPassword. */
export const randomPassword: ResourceType = {
    token: "random:index/randomPassword:RandomPassword",
    secretOutputs: ["result", "bcryptHash"],
    inputs: {
        length: lengthRule,
        lower: flag,
        upper: flag,
        special: flag,
        numeric: alias,
        number: alias,
        minLower: minimum,
        minUpper: minimum,
        minNumeric: minimum,
        minSpecial: minimum,
        overrideSpecial: { type: "string", replace: true },
        keepers,
    },
    check(news) {
        const { numeric, number } = news;
        if (typeof numeric === "boolean" && typeof number === "boolean" && numeric !== number)
            return ["numeric and number differ: leave number out, which is the old name of numeric"];
        if (typeof news.length !== "number") return [];
        const wanted = sets(news);
        const least = wanted.reduce((sum, set) => sum + set.least, 0);
        if (least > news.length) {
            return [
                `length is ${news.length}, less than minLower + minUpper + minNumeric + minSpecial (${least})`,
            ];
        }
        if (wanted.every((set) => !set.used))
            return ["one of lower, upper, numeric and special must be true"];
        return [];
    },
    diff(olds, news) {
        const given = news.numeric ?? news.number;
        return given === undefined && olds.numeric === false ? [{ property: "numeric", replace: true }] : [];
    },
    async create(inputs) {
        return { id: "none", outs: await outputs(password(inputs), inputs) };
    },
    async read(id, state, inputs) {
        if (state.result !== undefined) return { id, outs: state, inputs };
        // Import: the ID given is the password.
        const outs = await outputs(id, {});
        return { id: "none", outs, inputs: { length: outs.length } };
    },
};
