import { check } from "../../../config/check";
import { chosenWay } from "../../../components/auth/options";
import { formatPath, show } from "../../../components/definition/problem";
import { ConfigError } from "../../../config/print";

import { accepted, entries, mistakeIn, PROJECT, refused } from "./base";

test("all mistakes are reported at once, rules of several keys too", () => {
    const { mistakes, message } = refused({
        domain: "https://a.b",
        port: "70000",
        front: "maybe",
        storage: { volume: "data", folder: "/data" },
        image: "registry:2.8.3",
        tls: { ownCa: { site: { validityDays: 900, keyAlgorithm: "DSA" } } },
        colour: "red",
    });
    expect(mistakes.map(({ path }) => path)).toEqual([
        "domain",
        "port",
        "tls.ownCa.site.keyAlgorithm",
        "tls.ownCa.site.validityDays",
        "front",
        "colour",
        "storage.folder",
        "image",
    ]);
    expect(message).toMatch(/^The configuration has 8 mistakes; nothing was changed\.\n/);
    expect(message.match(/fix: pulumi config (set|rm) /g)).toHaveLength(8);
});

test.each([
    [{ colour: "red" }, "colour", "pulumi config rm colour"],
    [{ constructor: "x" }, "constructor", "pulumi config rm constructor"],
    [{ tlsMode: "off" }, "tlsMode", "pulumi config rm tlsMode"],
    [
        { tls: { ownCa: { subject: { cn: "x" } } } },
        "tls.ownCa.subject.cn",
        "pulumi config rm --path tls.ownCa.subject.cn",
    ],
    [
        { users: { admin: { generate: true, mailbox: "x" } } },
        "users.admin.mailbox",
        "pulumi config rm --path users.admin.mailbox",
    ],
])("an unknown key is a mistake: %j", (config, path, fix) => {
    expect(mistakeIn(config)).toEqual({ path, problem: "is not an option of the kit", fix });
});

test.each([
    [
        { tls: { ownCa: { keyAlgoritm: "RSA-4096" } } },
        "tls.ownCa.keyAlgorithm",
        "pulumi config rm --path tls.ownCa.keyAlgoritm && pulumi config set --path tls.ownCa.keyAlgorithm RSA-4096",
    ],
    // A value that is wrong there is not typed again.
    [
        { users: { admin: { generate: true, roles: "x" } } },
        "users.admin.role",
        "pulumi config rm --path users.admin.roles && pulumi config set --path users.admin.role pull",
    ],
    [{ accesslog: "true" }, "accessLog", "pulumi config rm accesslog && pulumi config set accessLog true"],
    [{ prot: "8443" }, "port", "pulumi config rm prot && pulumi config set port 8443"],
    [
        { users: { admin: { pasword: "hunter2", generate: true } } },
        "users.admin.password",
        "pulumi config rm --path users.admin.pasword && pulumi config set --secret --path users.admin.password 'a long password'",
    ],
    // An object that may hold secrets is not shown.
    [{ mirors: { hub: { password: "hunter2" } } }, "mirrors", "pulumi config rm mirors"],
])("a key that is nearly right is a mistake, with the one that was meant: %j", (config, right, fix) => {
    const found = mistakeIn(config);
    expect(found.problem).toBe(`is not an option of the kit; did you mean ${right}?`);
    expect(found.fix).toBe(fix);
});

test("a password or hash that is given takes the place of a generated one", () => {
    const { users } = accepted({ users: { admin: { generate: true, password: "x" } } });
    expect(chosenWay(users.admin ?? {})).toMatchObject({ password: "x", generate: undefined });
    expect(chosenWay({ generate: true })).toEqual({ generate: true });
});

test.each(["0.0.0.0", "::", "0:0:0:0:0:0:0:0"])("%s is no domain", (domain) => {
    expect(mistakeIn({ domain }).problem).toContain("an IP address of one machine");
});

test.each([
    ["domain", { domain: "bücher.example" }, "pulumi config set domain xn--bcher-kva.example"],
    [
        "dnsNames[0]",
        { dnsNames: ["例え.example"] },
        "pulumi config set --path 'dnsNames[0]' xn--r8jz45g.example",
    ],
])("an international name is told in punycode: %s", (path, config, fix) => {
    const found = mistakeIn(config);
    expect(found.path).toBe(path);
    expect(found.problem).toContain("must be written in punycode");
    expect(found.fix).toBe(fix);
});

test("two unknown keys beside each other are two mistakes", () => {
    const paths = refused({ health: { every: "10s", port: 1 } }).mistakes.map(({ path }) => path);
    expect(paths).toEqual(["health.every", "health.port"]);
});

test("configuration of other namespaces does not disturb, and the message uses the project's name", () => {
    expect(() => check("my-project", entries({ domain: "a b" }))).toThrow("my-project:domain");
});

const SECRET = "hunter2hunter2";
test.each([
    ["text for the users", { users: SECRET }],
    ["text for a user", { users: { admin: SECRET } }],
    ["a list of users", { users: [{ admin: { password: SECRET } }] }],
    ["a password that is a list", { users: { admin: { password: [SECRET] } } }],
    ["a password that is too long", { users: { admin: { password: SECRET.repeat(6) } } }],
    ["a password with a control character", { users: { admin: { password: `${SECRET}\n` } } }],
    ["two ways to log in", { users: { admin: { password: SECRET, bcryptHash: "x" } } }],
    ["a hash that is none", { users: { admin: { bcryptHash: SECRET } } }],
    ["users beside auth: false", { auth: "false", users: { admin: { password: SECRET } } }],
    ["text for tls", { tls: `-----BEGIN ${SECRET}` }],
    ["text for the CA", { tls: { ownCa: `-----BEGIN ${SECRET}` } }],
    ["text for the CA of version 0.1", { ca: `-----BEGIN ${SECRET}` }],
    ["the key of the CA of version 0.1", { ca: { key: SECRET, cert: "-----BEGIN x" } }],
    ["the key of the certificate of version 0.1", { tls: "files", certificate: { key: SECRET } }],
    ["a switch of version 0.1 with text", { front: SECRET, tls: SECRET }],
    ["text for the certificate", { tls: { files: `-----BEGIN ${SECRET}` } }],
    ["a key without its PEM frame", { tls: { ownCa: { cert: "-----BEGIN x", key: SECRET } } }],
    ["a key that is no text", { tls: { ownCa: { key: { pem: SECRET } } } }],
    ["a site key without its PEM frame", { tls: { files: { cert: "-----BEGIN x", key: SECRET } } }],
    ["registry options that are no object", { registryConfig: `redis: {password: ${SECRET}}` }],
    ["a registry option in conflict", { registryConfig: { http: { secret: SECRET } } }],
])("no message shows a secret: %s", (_name, config) => {
    expect(refused(config).message).not.toContain("hunter2");
});

test("a value that is not secret is shown, and cut where it is long", () => {
    expect(show("x".repeat(500))).toBe(`"${"x".repeat(76)}…`);
    expect(show(undefined)).toBe("not set");
    expect(show("abc", true)).toBe("set to a value that is not shown");
});

test.each([
    [["dnsNames", 0], "dnsNames[0]"],
    [["users", "a.b", "password"], 'users["a.b"].password'],
    [["users", 'a"b'], String.raw`users["a\"b"]`],
    [["users", "a b"], 'users["a b"]'],
    [["health", "interval"], "health.interval"],
])("the path %j is written as `pulumi config --path` reads it", (path, text) => {
    expect(formatPath(path)).toBe(text);
});

test("a password of digits, which Pulumi keeps as a number, stays what was typed", () => {
    const { users } = accepted({ users: { admin: { password: 123456 } } });
    expect(users).toEqual({ admin: { password: "123456" } });
});

test("a number that JSON has rounded is refused, since it is not the password that was typed", () => {
    const config = '{"admin":{"password":12345678901234567890}}';
    expect(() => check(PROJECT, { domain: "a.b", users: config })).toThrow(ConfigError);
});

test("objects and lists are JSON; what is not is refused with the rule", () => {
    expect(accepted({ dnsNames: '["a.b"]', headers: '{"X-A":["b"]}' })).toMatchObject({
        dnsNames: ["a.b"],
        headers: { "X-A": ["b"] },
    });
    expect(mistakeIn({ dnsNames: "[a.b" }).problem).toBe('is "[a.b"; it must be a list of host names');
});

test.each([
    ["https://user:secret@s3.example.com/path", '"https://…@s3.example.com/path"'],
    ["tcp://user:se:cr@et@host:2375", '"tcp://…@host:2375"'],
    ["tcp://:secret@host", '"tcp://…@host"'],
    ["ssh://root@docker.example.com:22", '"ssh://root@docker.example.com:22"'],
    ["https://host:8443/a", '"https://host:8443/a"'],
])("a URL is shown without its password: %s", (url, shown) => {
    expect(show(url)).toBe(shown);
});

test.each([
    ["sites", { front: { sites: { "a.b": { upstream: "http://user:hunter2@host:1" } } } }],
    ["storage", { storage: { s3: { bucket: "abc", endpoint: "https://user:hunter2@s3/x y" } } }],
    ["dockerHost", { dockerHost: "http://user:hunter2@host" }],
    ["externalUrl", { externalUrl: "ftp://user:hunter2@host" }],
    ["image", { image: "https://user:hunter2@host/x" }],
    ["imageMirror", { imageMirror: "https://user:hunter2@host" }],
])("no message of %s tells the password in a URL", (_, config) => {
    expect(refused(config).message).not.toContain("hunter2");
});

test("a member of a list is mended in its place: without one the list may mean more than it did", () => {
    const bob = { users: { bob: { generate: true, repositories: ["team/a", "Bad/x"] } } };
    const { path, fix } = mistakeIn(bob);
    expect(path).toBe("users.bob.repositories[1]");
    expect(fix).toBe("pulumi config set --path 'users.bob.repositories[1]' 'team/*'");
    const fixes = refused({ dnsServers: ["x", "1.1.1.1", "y", "8.8.8.8"] }).mistakes.map((one) => one.fix);
    expect(fixes).toEqual([0, 2].map((i) => `pulumi config set --path 'dnsServers[${i}]' 192.0.2.53`));
});

test("members that go are removed from the end of their list: each removal moves those behind it", () => {
    const { message } = refused({ headers: { "X-A": ["a\nb", "c", "d\ne"] } });
    expect([...message.matchAll(/X-A\[(\d)\]'$/gm)].map(([, i]) => i)).toEqual(["2", "0"]);
});

test("in objects Pulumi leaves a flag or number a text where a text stood before: it is what it says", () => {
    const { users, health } = accepted({
        users: { admin: { generate: "true" } },
        health: { enabled: "false", threshold: "5" },
    });
    expect(users.admin?.generate).toBe(true);
    expect(health).toMatchObject({ enabled: false, threshold: 5 });
    expect(mistakeIn({ users: { admin: { generate: "yes" } } }).fix).toBe(
        "pulumi config set --path users.admin.generate true",
    );
});

test("a screen is not moved by what a configuration holds", () => {
    const { message } = refused({ headers: { "X-\u001b[2J\r\nY": ["v"] } });
    expect(message).not.toMatch(/[\x00-\x09\x0b-\x1f]/);
    expect(message).toContain("X-\\x1b[2J\\x0d\\x0aY");
});
