import { compareSync } from "bcryptjs";
import * as fc from "fast-check";

import type { Props } from "../../../plugins/framework/resource";
import { randomBytes } from "../../../plugins/random/random-bytes";
import { randomId } from "../../../plugins/random/random-id";
import { password, randomPassword } from "../../../plugins/random/random-password";

const count = (text: string, set: RegExp) => (text.match(set) ?? []).length;

describe("RandomPassword", () => {
    test("has the length, the sets and the least of each that are asked for", () => {
        const least = fc.nat({ max: 5 });
        const inputs = fc.record({
            length: fc.integer({ min: 20, max: 60 }),
            minLower: least,
            minUpper: least,
            minNumeric: least,
            minSpecial: least,
            special: fc.boolean(),
        });
        fc.assert(
            fc.property(inputs, (wanted) => {
                const text = password(wanted);
                expect(text).toHaveLength(wanted.length);
                expect(count(text, /[a-z]/g)).toBeGreaterThanOrEqual(wanted.minLower);
                expect(count(text, /[A-Z]/g)).toBeGreaterThanOrEqual(wanted.minUpper);
                expect(count(text, /[0-9]/g)).toBeGreaterThanOrEqual(wanted.minNumeric);
                const special = count(text, /[^a-zA-Z0-9]/g);
                if (wanted.special) expect(special).toBeGreaterThanOrEqual(wanted.minSpecial);
                else expect(special).toBe(wanted.minSpecial);
            }),
        );
    });
    test("uses the whole of a set, and no two are equal", () => {
        const texts = Array.from({ length: 200 }, () => password({ length: 24, special: false }));
        expect(new Set(texts).size).toBe(200);
        expect(new Set(texts.join("")).size).toBe(62);
    });
    test("own special characters replace the usual ones", () => {
        expect(
            password({ length: 50, lower: false, upper: false, numeric: false, overrideSpecial: "_" }),
        ).toBe("_".repeat(50));
    });
    test("writes the outputs of the official plugin", async () => {
        const { id, outs } = await randomPassword.create({ length: 24, special: false }, undefined);
        expect(id).toBe("none");
        expect(outs).toMatchObject({
            length: 24,
            special: false,
            lower: true,
            upper: true,
            numeric: true,
            number: true,
            minLower: 0,
        });
        expect(outs.bcryptHash).toMatch(/^\$2a\$10\$/);
        expect(compareSync(outs.result as string, outs.bcryptHash as string)).toBe(true);
    });
    test.each([
        [{ length: 3, minLower: 4 }, /length is 3/],
        [{ length: 3, lower: false, upper: false, numeric: false, special: false }, /must be true/],
    ])("refuses %j", (news, reason) =>
        expect(randomPassword.check?.(news as Props)).toEqual([expect.stringMatching(reason)]),
    );
    test("is imported by its value", async () => {
        const found = await randomPassword.read("s3cret", {}, {}, undefined);
        expect(found?.outs).toMatchObject({ result: "s3cret", length: 6 });
    });
});

test("RandomBytes gives the same bytes in both forms, and is imported by base64", async () => {
    const { outs } = await randomBytes.create({ length: 16 }, undefined);
    expect(Buffer.from(outs.base64 as string, "base64").toString("hex")).toBe(outs.hex);
    expect(outs.hex).toHaveLength(32);
    const found = await randomBytes.read("AAEC", {}, {}, undefined);
    expect(found).toMatchObject({ outs: { hex: "000102", length: 3 }, inputs: { length: 3 } });
});

test("RandomId gives the same number in each form", async () => {
    const { id, outs } = await randomId.create({ byteLength: 4, prefix: "x-" }, undefined);
    const bytes = Buffer.from(id, "base64url");
    expect(outs).toMatchObject({
        hex: `x-${bytes.toString("hex")}`,
        dec: `x-${bytes.readUInt32BE()}`,
        b64Url: `x-${id}`,
        byteLength: 4,
    });
});
