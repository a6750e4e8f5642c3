import { compareSync } from "bcryptjs";

import { check } from "../../../plugins/framework/check";
import { diff } from "../../../plugins/framework/diff";
import type { Props } from "../../../plugins/framework/resource";
import { randomBytes } from "../../../plugins/random/random-bytes";
import { randomId } from "../../../plugins/random/random-id";
import { password, randomPassword } from "../../../plugins/random/random-password";

const changed = (olds: Props, oldInputs: Props, news: Props) =>
    diff(randomPassword, olds, oldInputs, news).map(
        ({ property, replace }) => property + (replace ? "!" : ""),
    );
const made = async (inputs: Props) => (await randomPassword.create(inputs, undefined)).outs;

describe("changes of a RandomPassword", () => {
    test.each<[Props, Props, string[]]>([
        [{ lower: false }, {}, ["lower!"]],
        [{ lower: true }, {}, []],
        [{ minUpper: 2 }, {}, ["minUpper!"]],
        [{ minUpper: 0 }, {}, []],
        [{ numeric: false }, {}, ["numeric!"]],
        [{ numeric: true }, {}, []],
        [{ numeric: false }, { number: false }, []],
        [{ number: false }, { number: false }, []],
        [{ number: false }, { numeric: true }, ["numeric!"]],
        [{ keepers: { a: "1" } }, { keepers: { a: "2" } }, ["keepers!"]],
        [{ overrideSpecial: "_" }, {}, ["overrideSpecial!"]],
    ])("from %j to %j", async (before, after, expected) => {
        const olds = { length: 8, ...before };
        expect(changed(await made(olds), olds, { length: 8, ...after })).toEqual(expected);
    });
});

test("numeric and its old name may not contradict each other", () => {
    const { failures } = check(randomPassword, "urn::p", {}, { length: 8, numeric: true, number: false });
    expect(failures.map(({ reason }) => reason)).toEqual([
        expect.stringMatching(/^numeric and number differ/),
    ]);
});

test("of a long password the hash covers the first 72 bytes", async () => {
    const outs = await made({ length: 80, special: false });
    const [result, hash] = [outs.result as string, outs.bcryptHash as string];
    expect(compareSync(`${result.slice(0, 72)}${"x".repeat(8)}`, hash)).toBe(true);
    expect(compareSync(`${result.slice(0, 71)}${"\u0001".repeat(9)}`, hash)).toBe(false);
});

test("the ID of RandomBytes is the value as base64", async () => {
    const { id, outs } = await randomBytes.create({ length: 16 }, undefined);
    expect(id).toBe(outs.base64);
});

test.each(["not base64!", "", "AAE"])("RandomBytes refuses to import %j", async (id) => {
    await expect(randomBytes.read(id, {}, {}, undefined)).rejects.toThrow(/^The ID to import must be/);
});

test("RandomId is imported with a prefix that holds a comma", async () => {
    const found = await randomId.read("a,b-,AAE", {}, {}, undefined);
    expect(found).toMatchObject({
        id: "AAE",
        outs: { hex: "a,b-0001", dec: "a,b-1", b64Std: "a,b-AAE=" },
        inputs: { byteLength: 2, prefix: "a,b-" },
    });
});

test("the characters that there must be stand anywhere", () => {
    const wanted = { length: 10, numeric: false, special: false, minNumeric: 1 };
    const places = Array.from({ length: 400 }, () => password(wanted).search(/\d/));
    expect([...new Set(places)].sort()).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
});
