/** Passwords that are soon guessed, and secrets that stand in clear: `up` goes on, with the command that mends it. */
import { stringify } from "yaml";

import { weakness } from "../../../components/auth/weakness";
import { plainSecrets, readStackFile } from "../../../config/stack-file";
import { warnings } from "../../../config/warnings";

import { accepted, allOptions, mistakeIn, nested, PROJECT } from "./base";

const ofPassword = (password: string, name = "admin") =>
    warnings(accepted({ users: { [name]: { password } } }), { project: PROJECT });

test.each([
    ["123456", "has 6 characters"],
    ["x", "has 1 character"],
    ["密码", "has 2 characters"],
    ["password", "everybody tries first"],
    ["Passw0rd", "everybody tries first"],
    ["Password2026!", "everybody tries first"],
    ["123456789012", "digits alone"],
    ["abcdefghijkl", "a row"],
    ["aaaaaaaaaaaa", "few characters"],
    ["abababababab", "few characters"],
])("%j gives a warning that does not repeat it", (password, why) => {
    const found = ofPassword(password);
    expect(found).toHaveLength(1);
    expect(found[0]).toContain("The password of admin is soon guessed: it ");
    expect(found[0]).toContain(why);
    expect(found[0]?.split("`")).toEqual(
        expect.arrayContaining([
            "pulumi config set --secret --path users.admin.password",
            "pulumi config rm --path users.admin.password && pulumi config set --path users.admin.generate true",
        ]),
    );
    if (password.length > 2 && password !== "password") expect(found[0]).not.toContain(password);
});

test.each([
    "correct horse battery staple",
    "Zx9!kqPw",
    "u8DkQ2mV",
    "3141592653589793238",
    "密码很长而且不好猜的",
])("%j gives none", (password) => expect(ofPassword(password)).toEqual([]));

test("a password that is made of the user's name is told", () => {
    for (const example of ["a long password", "a password of 1 to 72 bytes", "[secret]"])
        expect(weakness("ci", example)).toBe("is an example that everybody can read");
    expect(weakness("deployer", "Deployer-77")).toBe("is made of the user's name");
});

test("a name of which the password has only a part is no reason", () => {
    expect(weakness("ci", "circular economy")).toBeUndefined();
    expect(weakness("deploy", "deployment of a very long kind")).toBeUndefined();
});

test("without authentication, and for generated passwords and hashes, there is nothing to guess", () => {
    expect(warnings(accepted({ auth: false, users: {} }), { project: PROJECT })).toEqual([]);
    expect(warnings(accepted({}), { project: PROJECT })).toEqual([]);
});

test.each([" secret password", "secret password ", "secret password\u00a0"])(
    "%j is refused: docker login cuts the blank off",
    (password) => {
        expect(mistakeIn({ users: { admin: { password } } })).toMatchObject({
            path: "users.admin",
            problem: expect.stringContaining("docker login") as string,
        });
    },
);

describe("secrets in clear in the stack's file", () => {
    const file = (config: unknown, project = PROJECT) =>
        readStackFile(project, stringify({ config, encryptionsalt: "v1:x" }));
    const secretKeys = allOptions()
        .filter(({ info }) => info?.secret && typeof info.example === "string")
        .map(({ path }) => path);

    test("there are such keys", () => expect(secretKeys.length).toBeGreaterThanOrEqual(10));

    test.each(secretKeys)("%s is told in clear, and not where it is encrypted", (path) => {
        const [key = "", ...rest] = path.split(".");
        const as = (value: unknown) =>
            rest.length === 0 ? value : (nested(rest.join("."), value) as unknown);
        const clear = "-----BEGIN PRIVATE KEY-----\nhunter2\n-----END PRIVATE KEY-----\n";
        expect(plainSecrets(file({ [`${PROJECT}:${key}`]: as(clear) }))).toEqual([path]);
        expect(plainSecrets(file({ [`${PROJECT}:${key}`]: as({ secure: "v1:abc" }) }))).toEqual([]);
        expect(plainSecrets(file({ [`${PROJECT}:${key}`]: as(clear) }, "other"))).toEqual([]);
    });

    test("an object that was set as JSON text is looked into", () => {
        const users = JSON.stringify({ admin: { password: "hunter2 hunter2" } });
        expect(plainSecrets(file({ [`${PROJECT}:users`]: users }))).toEqual(["users.admin.password"]);
    });

    test("the path of a key file is no secret", () => {
        const tls = { files: { cert: "./site.crt", key: "./site.key" } };
        expect(plainSecrets(file({ [`${PROJECT}:tls`]: tls }))).toEqual([]);
    });

    test("of the registry's own options, what sounds like a secret is one", () => {
        const registryConfig = {
            catalog: { maxentries: 5000 },
            log: { level: "debug" },
            redis: { password: "hunter2", addrs: ["a:6379"] },
            notifications: { endpoints: [{ url: "https://a.b", headers: { Authorization: ["Bearer x"] } }] },
            cloudfront: { privatekey: { secure: "v1:abc" } },
        };
        expect(plainSecrets(file({ [`${PROJECT}:registryConfig`]: registryConfig }))).toEqual([
            "registryConfig.redis.password",
            "registryConfig.notifications.endpoints[0].headers.Authorization[0]",
        ]);
    });

    test("the warning names the command, which asks for the value", () => {
        const open = file({ [`${PROJECT}:users`]: { "a.b": { password: "hunter2 hunter2" } } });
        const found = warnings(accepted({}), { project: PROJECT, file: open });
        expect(found).toHaveLength(1);
        expect(found[0]).toContain("`pulumi config set --secret --path 'users[\"a.b\"].password'`");
        expect(found[0]).not.toContain("hunter2");
    });

    test("a file that has none, or nothing, is silent", () => {
        expect(plainSecrets(readStackFile(PROJECT, ""))).toEqual([]);
        expect(plainSecrets(file({ [`${PROJECT}:domain`]: "a.b", "docker:host": "tcp://x" }))).toEqual([]);
    });
});
