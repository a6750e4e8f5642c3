import { find, record, valueOf } from "./mocks";

import { isSecret, RunError, secret } from "@pulumi/pulumi";
import { compareSync, getRounds } from "bcryptjs";

import { Accounts, type AccountsArgs } from "../../../components";
import { nameProblem } from "../../../components/auth/users";
import { NOBODY_LOGIN, withEveryone, withNobody } from "../../../components/front/nobody";

type Users = NonNullable<AccountsArgs["users"]>;
const HASH = `$2y$10$${"a".repeat(53)}`;

const accounts = (users: Users, bcryptCost?: number, evenCost?: boolean) =>
    record(
        () => new Accounts("a", { users, bcryptCost, evenCost }),
        (type, name) =>
            type.endsWith("RandomPassword")
                ? { result: secret(`generated for ${name}`) }
                : { base64: secret(Buffer.from(name.slice(0, 16).padEnd(16)).toString("base64")) },
    );

/** Name → hash, of the htpasswd file. */
async function hashes(users: Users, bcryptCost?: number, evenCost?: boolean): Promise<Map<string, string>> {
    const { result } = await accounts(users, bcryptCost, evenCost);
    const lines = (await valueOf(result.htpasswd)).trimEnd().split("\n");
    return new Map(lines.map((line) => line.split(":") as [string, string]));
}

test("a given password, a generated one and a ready hash each give a line that verifies", async () => {
    const found = await hashes({
        given: { password: "123456" },
        generated: { generate: true },
        ready: { bcryptHash: HASH },
    });
    expect(compareSync("123456", found.get("given") ?? "")).toBe(true);
    expect(compareSync("generated for a-generated-password", found.get("generated") ?? "")).toBe(true);
    expect(found.get("ready")).toBe(HASH);
});

test("for a front, a generated password costs as much as a given one, and a user who is not there as the slowest", async () => {
    const users = { given: { password: "123456" }, generated: { generate: true } };
    const rounds = async (even: boolean) =>
        [...(await hashes(users, 6, even)).values()].map((hash) => getRounds(hash));
    expect(await rounds(true)).toEqual([6, 6]);
    expect(await rounds(false)).toEqual([4, 6]);

    const file = withNobody(`a:$2y$04$${"a".repeat(53)}\nb:$2b$12$${"b".repeat(53)}\n`);
    const [name, hash] = file.trimEnd().split("\n").at(-1)?.split(":") ?? [];
    expect(getRounds(hash ?? "")).toBe(12);
    expect(nameProblem(name ?? "")).toBeDefined();
    const login = Buffer.from(NOBODY_LOGIN.replace("Basic ", ""), "base64").toString().split(":");
    expect(login[0]).toBe(name);
    const cheap = withNobody("").trimEnd().split(":")[1] ?? "";
    expect(compareSync(login[1] ?? "", cheap)).toBe(false);
});

test("the password of before is taken until its end, with a hash of its own, and everybody else has none", async () => {
    const admin = { generate: true, generation: 2, previous: "2999-12-31" };
    const { result, all } = await accounts({ admin, other: { password: "x" } });
    const { previous } = result;
    if (previous === undefined) throw new Error("there is no password of before");
    const file = await valueOf(previous.htpasswd);
    expect(compareSync("generated for a-admin-password", file.trim().split(":")[1] ?? "")).toBe(true);
    expect(await isSecret(previous.htpasswd)).toBe(true);
    expect(previous.until).toEqual({ admin: Date.parse("2999-12-31T23:59:59Z") / 1000 });
    expect(await valueOf(result.passwords)).toMatchObject({ admin: "generated for a-admin-password-2" });
    expect(all.map(({ name }) => name)).toContain("a-admin-salt-2");

    const everyone = withEveryone(file, await valueOf(result.htpasswd))
        .trimEnd()
        .split("\n");
    expect(everyone.map((line) => line.split(":")[0])).toEqual(["admin", "other", " nobody"]);
    // The time of a wrong login is that of two checks, whoever it is.
    expect(new Set(everyone.slice(1).map((line) => getRounds(line.split(":")[1] ?? "")))).toEqual(
        new Set([10]),
    );

    const over = await accounts({ admin: { ...admin, previous: "2020-01-01" } });
    expect(over.result.previous).toBeUndefined();
    expect(over.all.map(({ name }) => name)).not.toContain("a-admin-password");
});

test("the same users give the same file, in any order", async () => {
    const users = { b: { password: "x" }, a: { password: "y" } };
    const text = async (of: Users) => valueOf((await accounts(of)).result.htpasswd);
    const reversed = Object.fromEntries(Object.entries(users).reverse());
    expect(await text(users)).toBe(await text(reversed));
});

test("one user more changes no other line", async () => {
    const one = await hashes({ a: { password: "x" } });
    const two = await hashes({ b: { password: "y" }, a: { password: "x" } });
    expect(two.get("a")).toBe(one.get("a"));
});

test("two users with the same password have different hashes", async () => {
    const found = await hashes({ a: { password: "x" }, b: { password: "x" } });
    expect(found.get("a")).not.toBe(found.get("b"));
});

test("the cost is 10 for given passwords, or as asked for; 4 for generated ones, which nobody can guess", async () => {
    const users = { given: { password: "x" }, generated: { generate: true } };
    const costs = async (cost?: number) => [...(await hashes(users, cost)).values()].map(getRounds).sort();
    expect(await costs()).toEqual([10, 4]);
    expect(await costs(5)).toEqual([4, 5]);
});

test("a generated password has 24 letters and digits; each salt has 16 bytes", async () => {
    const { all } = await accounts({ admin: { generate: true } });
    expect(find(all, "a-admin-password").inputs).toEqual({ length: 24, special: false });
    expect(find(all, "a-admin-salt").inputs).toEqual({ length: 16 });
});

test("file and passwords are secret, plain inputs too; a ready hash has no password", async () => {
    const { result } = await accounts({ admin: { password: "123456" }, ready: { bcryptHash: HASH } });
    expect(await isSecret(result.htpasswd)).toBe(true);
    expect(await isSecret(result.passwords)).toBe(true);
    expect(await valueOf(result.passwords)).toEqual({ admin: "123456" });
});

test.each<[string, unknown, RegExp]>([
    ["no user", { users: {} }, /users names no user; .*\n +fix: set users\.admin\.generate to true/],
    ["nothing at all", undefined, /users names no user/],
    ["a colon in a name", { users: { "a:b": { generate: true } } }, /users\["a:b"\] has a colon/],
    [
        "a control character in a name",
        { users: { "a\tb": { generate: true } } },
        /has a control character in its name/,
    ],
    ["no way to log in", { users: { a: {} } }, /users\.a needs exactly one of/],
    [
        "two ways",
        { users: { a: { bcryptHash: HASH, password: "hunter2" } } },
        /users\.a needs exactly one of/,
    ],
    [
        "a password longer than bcrypt reads",
        { users: { a: { password: "hunter2".repeat(11) } } },
        /has a password of 77 bytes/,
    ],
    [
        "an option that there is not",
        { users: { a: { generate: true, admin: true } } },
        /users\.a\.admin is not an option/,
    ],
    [
        "a cost that no login would wait for",
        { users: { a: { generate: true } }, bcryptCost: 31 },
        /bcryptCost is 31/,
    ],
])("refused: %s", (_name, args, message) => {
    const make = () => new Accounts("refused", args as AccountsArgs);
    expect(make).toThrow(RunError);
    expect(make).toThrow(message);
    expect(make).not.toThrow("hunter2");
});
