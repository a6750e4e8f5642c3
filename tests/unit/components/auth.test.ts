import { compareSync } from "bcryptjs";
import fc from "fast-check";

import { bcrypt, renderHtpasswd } from "../../../components/auth/htpasswd";
import { hashProblem, nameProblem, passwordProblem, userProblem } from "../../../components/auth/users";

import { expectGolden } from "./golden";

const SALT = Buffer.from("0123456789abcdef").toString("base64");
const COST = 4;
const salt = fc
    .uint8Array({ minLength: 16, maxLength: 16 })
    .map((bytes) => Buffer.from(bytes).toString("base64"));
const password = fc
    .oneof(fc.string({ maxLength: 72 }), fc.string({ unit: "grapheme", maxLength: 30 }))
    .filter((text) => passwordProblem(text) === undefined);

describe("bcrypt", () => {
    test("gives the form and the cost of `htpasswd -B`", () => {
        expect(bcrypt("123456", SALT, 10)).toMatch(/^\$2y\$10\$[./A-Za-z0-9]{53}$/);
        expect(bcrypt("123456", SALT, 4)).toMatch(/^\$2y\$04\$/);
    });

    test("the same password and salt give the same hash, another of either gives another", () => {
        fc.assert(
            fc.property(password, password, salt, salt, (one, two, here, there) => {
                const hash = bcrypt(one, here, COST);
                expect(hashProblem(hash)).toBeUndefined();
                expect(bcrypt(one, here, COST)).toBe(hash);
                if (here !== there) expect(bcrypt(one, there, COST)).not.toBe(hash);
                if (one !== two) expect(bcrypt(two, here, COST)).not.toBe(hash);
            }),
        );
    });

    test("the hash verifies the password and no other", () => {
        fc.assert(
            fc.property(password, password, salt, (one, two, bytes) => {
                const hash = bcrypt(one, bytes, COST);
                expect(compareSync(one, hash)).toBe(true);
                expect(compareSync(two, hash)).toBe(one === two);
            }),
        );
    });

    test.each([
        ["73 bytes", "x".repeat(73)],
        ["74 bytes in 37 characters", "ü".repeat(37)],
        ["nothing", ""],
        ["a NUL, which ends the password in C", "a\u0000b"],
    ])("refuses a password of %s, and does not repeat it", (_name, text) => {
        expect(() => bcrypt(text, SALT, COST)).toThrow(/^The user has an? /);
        if (text !== "") expect(() => bcrypt(text, SALT, COST)).not.toThrow(text);
    });

    test("the 72nd byte still counts", () => {
        const hash = bcrypt("x".repeat(72), SALT, COST);
        expect(compareSync("x".repeat(71), hash)).toBe(false);
    });

    test("refuses a salt of another length", () => {
        expect(() => bcrypt("x", Buffer.from("short").toString("base64"), COST)).toThrow(
            "has 16 bytes, not 5",
        );
    });
});

describe("renderHtpasswd", () => {
    const HASHES = {
        bob: bcrypt("hunter2", SALT, 10),
        admin: bcrypt("123456", SALT, 10),
        "Zoë Müller": bcrypt("pässwörd", SALT, 4),
    };

    test("golden", () => expectGolden("htpasswd", renderHtpasswd(HASHES)));

    test("the order of the users does not matter", () => {
        const users = fc.uniqueArray(fc.string().filter((name) => nameProblem(name) === undefined));
        fc.assert(
            fc.property(users, (names) => {
                const hashes = (order: string[]) =>
                    Object.fromEntries(order.map((name) => [name, `hash of ${name}`]));
                expect(renderHtpasswd(hashes(names))).toBe(renderHtpasswd(hashes([...names].reverse())));
            }),
        );
    });

    test("each user has one line, from which name and hash can be read back as the registry reads them", () => {
        const name = fc.string({ unit: "grapheme" }).filter((text) => nameProblem(text) === undefined);
        fc.assert(
            fc.property(fc.dictionary(name, fc.constant(bcrypt("x", SALT, COST))), (hashes) => {
                // distribution, registry/auth/htpasswd/htpasswd.go, parseHTPasswd
                const lines = renderHtpasswd(hashes)
                    .split("\n")
                    .map((line) => line.trim());
                const entries = lines
                    .filter((line) => line !== "" && !line.startsWith("#"))
                    .map((line) => [line.slice(0, line.indexOf(":")), line.slice(line.indexOf(":") + 1)]);
                expect(Object.fromEntries(entries)).toEqual({ ...hashes });
            }),
        );
    });
});

describe("what a user may be", () => {
    test.each(["admin", "a b", "ü", "a#b", "x".repeat(255), "a@b.c", "1"])("the name %j is right", (name) => {
        expect(nameProblem(name)).toBeUndefined();
    });

    test.each([
        "",
        ":",
        "a:b",
        "a\nb",
        "\u001b[0m",
        "\u007f",
        "x".repeat(256),
        "#a",
        " a",
        "\u00a0a",
        "\u0085a",
    ])("the name %j is wrong", (name) => expect(nameProblem(name)).toEqual(expect.any(String)));

    test("a problem never repeats the password or the hash", () => {
        const text = fc.string({ minLength: 4 }).filter((value) => !/^[a-z :$]*$/.test(value));
        fc.assert(
            fc.property(text, (value) => {
                for (const user of [
                    { password: value.repeat(80) },
                    { bcryptHash: value },
                    { password: `${value}\n` },
                ])
                    expect(userProblem(user)).not.toContain(value);
            }),
        );
    });
});
