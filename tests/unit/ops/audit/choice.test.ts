/** Which requests `npm run audit` tells of. On the real thing: tests/e2e/audit.test.ts. */
import { row } from "../../../../ops/audit";
import { type Choice, checkChoice, isChosen, moment, refusalOf, textsOf } from "../../../../ops/audit/choice";
import type { LogLine } from "../../../../ops/shared/front-log";

const NOW = Date.parse("2026-11-27T12:00:00Z") / 1000;

const line = (over: Partial<LogLine> = {}): LogLine => ({
    ...{ time: "2026-11-27T12:00:00+00:00", at: NOW, client: "192.0.2.1", user: "ci", method: "PUT" },
    ...{ path: "/v2/team/app/manifests/1.0", repository: "team/app", action: "push", status: 201 },
    ...{ agent: "docker/27.1.1 go/go1.22", digest: `sha256:${"0123456789abcdef".repeat(4)}`, refusal: "" },
    ...over,
});

const choice = (over: Partial<Choice> = {}): Choice => ({
    ...{ since: NOW - 60, until: Infinity, refused: false, all: false },
    ...over,
});

describe("without flags", () => {
    test.each<[string, Partial<LogLine>]>([
        ["a push", {}],
        ["a pull", { method: "GET", action: "pull", status: 200 }],
        ["a deletion", { method: "DELETE", action: "delete", status: 202 }],
        [
            "a deleted layer",
            { method: "DELETE", action: "delete", status: 202, path: "/v2/a/blobs/sha256:aa" },
        ],
        ["a wrong login", { path: "/v2/", action: "login", status: 401, refusal: "wrong", user: "" }],
        ["too many logins", { path: "/v2/", action: "login", status: 429, refusal: "limited", user: "" }],
        ["what a role does not allow", { status: 403 }],
    ])("%s is told", (_what, over) => expect(isChosen(line(over), choice())).toBe(true));

    test.each<[string, Partial<LogLine>]>([
        ["a layer", { path: "/v2/team/app/blobs/uploads/x", action: "push", status: 201 }],
        [
            "a pulled layer",
            { path: "/v2/team/app/blobs/sha256:aa", action: "pull", status: 200, method: "GET" },
        ],
        ["the question for a login", { path: "/v2/", action: "login", status: 401, user: "" }],
        ["a check", { method: "HEAD", action: "check", status: 200 }],
        ["a list", { path: "/v2/_catalog", action: "list", status: 200 }],
        ["an image that is not there", { method: "GET", action: "pull", status: 404 }],
        ["a check of the kit's own", { repository: "private-registry-doctor" }],
        ["what was before", { at: NOW - 61 }],
        ["what looks like a push at a site", { site: "app.example.com" }],
        ["what a site refuses", { site: "app.example.com", status: 403 }],
    ])("%s is not", (_what, over) => expect(isChosen(line(over), choice())).toBe(false));

    test("and all of it with --all but what was before", () => {
        expect(isChosen(line({ path: "/v2/_catalog", action: "list" }), choice({ all: true }))).toBe(true);
        expect(isChosen(line({ repository: "private-registry-doctor" }), choice({ all: true }))).toBe(true);
        expect(isChosen(line({ at: NOW - 61 }), choice({ all: true }))).toBe(false);
    });
});

test("user, repository, action, refusals and time choose", () => {
    const told = (over: Partial<Choice>, of: Partial<LogLine> = {}) => isChosen(line(of), choice(over));
    expect(told({ users: ["ci"] })).toBe(true);
    expect(told({ users: ["bob", ""] })).toBe(false);
    expect(told({ users: [""] }, { user: "" })).toBe(true);
    expect(told({ repositories: ["team/*"] })).toBe(true);
    expect(told({ repositories: ["team"] })).toBe(false);
    expect(told({ repositories: ["team/*"], all: true }, { site: "app.example.com" })).toBe(false);
    expect(told({ repositories: ["other", "*"] })).toBe(true);
    expect(told({ actions: ["push"] })).toBe(true);
    expect(told({ actions: ["delete"] })).toBe(false);
    expect(told({ actions: ["list"] }, { path: "/v2/_catalog", action: "list", status: 200 })).toBe(true);
    expect(told({ refused: true })).toBe(false);
    expect(told({ refused: true }, { status: 403 })).toBe(true);
    expect(told({ until: NOW })).toBe(false);
});

test("who was refused, and why", () => {
    expect(refusalOf(line())).toBeUndefined();
    expect(refusalOf(line({ status: 401, refusal: "wrong" }))).toBe("wrong login");
    expect(refusalOf(line({ status: 401, refusal: "limited" }))).toBe("too many at once");
    expect(refusalOf(line({ status: 429 }))).toBe("too many at once");
    expect(refusalOf(line({ status: 403 }))).toBe("not allowed");
    expect(refusalOf(line({ status: 403, user: "" }))).toBe("needs a login");
});

test.each([
    ["30m", NOW - 1800],
    ["12h", NOW - 43_200],
    ["7d", NOW - 604_800],
    ["4w", NOW - 2_419_200],
    ["2026-11-01", Date.parse("2026-11-01T00:00:00Z") / 1000],
    ["2026-11-01T18:00Z", Date.parse("2026-11-01T18:00:00Z") / 1000],
])("%s is a moment", (text, expected) => expect(moment("since", text, NOW)).toBe(expected));

test.each(["", "7", "7 days", "yesterday", "2026-13-01", "-7d", "7y"])("%p is none", (text) =>
    expect(() => moment("since", text, NOW)).toThrow(`--since is "${text}"; it must be a time before now`),
);

test("what cannot be a repository or an action is told", () => {
    expect(() => checkChoice({ repositories: ["Team"] })).toThrow('--repository is "Team"; it must be');
    expect(() => checkChoice({ actions: ["pushes"] })).toThrow(
        '--action is "pushes"; it must be one of push,',
    );
    checkChoice({ repositories: ["team/*", "*"], actions: ["push", "login"] });
});

test("texts that the log is searched for are what nginx writes", () => {
    expect(textsOf(choice())).toEqual([]);
    expect(textsOf(choice({ users: ["ci", 'a"b'], actions: ["push"] }))).toEqual([
        ['"user":"ci"', '"user":"a\\"b"'],
        ['"action":"push"'],
    ]);
});

test("a row", () => {
    expect(row(line())).toBe(
        "2026-11-27 12:00:00  ci            192.0.2.1        push    team/app:1.0 (sha256:0123456789ab)",
    );
    expect(row(line({ user: "", status: 403, path: "/v2/team/app/manifests/sha256:0123456789abcdef" }))).toBe(
        "2026-11-27 12:00:00  -             192.0.2.1        push    team/app@sha256:0123456789ab  REFUSED: needs a login",
    );
    expect(row(line({ user: "", client: "", agent: "npm run retain", action: "delete", digest: "" }))).toBe(
        "2026-11-27 12:00:00  npm run retain                   delete  team/app:1.0",
    );
    expect(row(line({ user: "", site: "app.example.com" }))).toBe(
        "2026-11-27 12:00:00  -             192.0.2.1        push    app.example.com/v2/team/app/manifests/1.0",
    );
    expect(row(line({ user: "a\x1b[31mb" }))).toContain("a\\x1b[31mb");
});
