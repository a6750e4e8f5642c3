/** How a value was set, and whether that can be known. */
import { holds, readStackFile, textKeys, withoutSecrets } from "../../../config/stack-file";

const FILE = readStackFile(
    "p",
    `config:
  p:domain: a.b
  p:port: 8443
  p:users: { admin: { generate: true } }
  p:tls: { secure: v1:abc }
  p:front: '{"off": true}'
  other:domain: x`,
);
const PROJECT =
    "config: { domain: { default: '' }, auth: { default: true }, front: { default: {} }, realm: { default: r } }";
const ENTRIES = {
    domain: "a.b",
    port: "8443",
    users: "{}",
    tls: "{}",
    front: '{"off": true}',
    auth: "true",
    realm: "r",
};

test.each<[string, Record<string, string>, boolean]>([
    ["as they stand there", {}, true],
    ["another value", { domain: "b.c" }, false],
    ["a value that it does not have", { realm: "other" }, false],
    ["an object that it does not have", { health: '{"interval":"1s"}' }, false],
    ["another text of an object", { front: "{}" }, false],
])("a file holds the entries of a stack: %s", (_name, more, expected) => {
    expect(holds(FILE, { ...ENTRIES, ...more }, PROJECT)).toBe(expected);
});

test("texts are what the file has as such; where there is none, whatever may be one", () => {
    expect([...textKeys(ENTRIES, FILE)]).toEqual(["tls", "front"]);
    expect([...textKeys(ENTRIES, undefined)]).toEqual(["users", "tls", "front"]);
});

test("without its secrets, encrypted or in clear, and nothing else", () => {
    const { text, left } = withoutSecrets(
        "p",
        `encryptionsalt: v1:abc
config:
  # The name.
  p:domain: a.b
  p:users: { admin: { generate: true }, ci: { password: { secure: v1:x } }, old: { password: plain-text } }
  p:backup: { repository: /srv/backup, password: { secure: v1:y } }
  p:tls: { secure: v1:z }
  p:outbound: '{"proxies":{"https":"http://u:p@proxy.example.com"}}'
  other:token: { secure: v1:o }
`,
    );
    expect(text).not.toMatch(/secure|v1:|plain-text/);
    expect(text).toContain("# The name.");
    expect(text).toContain("p:domain: a.b");
    expect(text).toContain("repository: /srv/backup");
    expect(text).toContain("generate: true");
    expect(left.sort()).toEqual(
        expect.arrayContaining([
            "backup.password",
            "other:token",
            "tls",
            "users.ci.password",
            "users.old.password",
        ]),
    );
});
