import { accepted, allKeys, at, mistakeIn, nested, PROJECT, refused } from "./base";
import { type Key } from "./key";
import { TABLE } from "./keys";

/** Both trees, the second one's leaves where they meet. */
const together = (one: unknown, other: unknown): unknown =>
    isTree(one) && isTree(other)
        ? Object.fromEntries(
              [...new Set([...Object.keys(one), ...Object.keys(other)])].map((key) => [
                  key,
                  key in other ? together(one[key], other[key]) : one[key],
              ]),
          )
        : other;
const isTree = (value: unknown): value is Record<string, unknown> =>
    typeof value === "object" && value !== null && !Array.isArray(value);
const withValue = ({ key, beside }: Key, value: unknown) =>
    together(beside ?? {}, nested(key, value)) as Record<string, unknown>;
const cases = TABLE.map((key) => [key.key, key] as const);

test("the table of these tests has every key of the schema", () => {
    expect(TABLE.map(({ key }) => key).sort()).toEqual(allKeys().sort());
});

describe.each(cases)("%s", (path, key) => {
    if (!key.needsFiles) {
        test.each(key.valid)("takes $value", ({ value, becomes = value }) => {
            expect(at(accepted(withValue(key, value)), path)).toEqual(becomes);
        });
    }

    const inRecord = /^(users|sites\.)/.test(path) || path.includes("NAME");
    if (!inRecord && path !== "domain" && !key.allowed.startsWith("an object")) {
        test("has its default where it is not set", () => {
            expect(at(accepted({}), path)).toEqual(key.default);
        });
    }

    if (key.invalid.length > 0) {
        test.each(key.invalid.map((value) => [value]))("refuses %j: value, rule and fix", (value) => {
            const { path: where, problem, fix } = mistakeIn(withValue(key, value));
            const members: unknown[] = key.list && Array.isArray(value) ? value : [];
            expect(where).toBe(members.length > 0 ? `${path}[0]` : path);
            expect(problem).toContain(key.allowed);
            const before = `pulumi config rm ${path.includes(".") ? "--path " : ""}${path} && `;
            expect(fix).toBe(key.list && !Array.isArray(value) ? before + key.fix : key.fix);
            // A login in a URL is no text for the screen.
            const shown = JSON.stringify(members[0] ?? value).replace("//u:p@", "//…@");
            if (key.secret) {
                expect(problem).toContain("not shown");
                expect(refused(withValue(key, value)).message).not.toContain("hunter2");
            } else {
                // Pulumi hands numbers over as text: a message may show 1 as "1".
                const bare = (text: string) => text.replaceAll('"', "");
                expect(bare(problem)).toContain(`is ${bare(shown.length > 80 ? shown.slice(0, 77) : shown)}`);
            }
        });
    }

    if (!path.includes(".") && path !== "domain" && path !== "users") {
        // Pulumi.yaml has to give every key a default, and "" is the one for "not set".
        test('takes "" for not set', () => {
            expect(accepted({ [path]: "" })).toEqual(accepted({}));
        });
    }
});

test('"" for a key that must be set is a mistake', () => {
    expect(mistakeIn({ domain: "" })).toEqual({
        path: "domain",
        problem:
            "is not set; it must be a host name (RFC 1123) or an IP address of one machine, without scheme, port or path",
        fix: "pulumi config set domain docker.example.com",
    });
    expect(mistakeIn({ users: "" }).fix).toBe("pulumi config set --path users.admin.generate true");
});

test("the message names project, key, value, rule and command", () => {
    expect(refused({ port: "70000" }).message).toBe(
        [
            "The configuration has a mistake; nothing was changed.",
            `  ${PROJECT}:port is 70000; it must be a whole number from 1 to 65535`,
            "      fix: pulumi config set port 8443",
        ].join("\n"),
    );
});
