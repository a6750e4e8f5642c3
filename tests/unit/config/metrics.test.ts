/** Rules of the numbers: who may read them, and where they are told. */
import { accepted, mistakeIn } from "./base";

const reader = (more: object = {}) => ({
    users: { admin: { generate: true }, prometheus: { generate: true, role: "metrics", ...more } },
});

test.each<[string, Record<string, unknown>, RegExp, RegExp]>([
    ["metrics", { metrics: true }, /nobody may read them/, /users\.prometheus\.role metrics$/],
    [
        "metrics",
        { metrics: true, auth: "false", front: true, users: {} },
        /nobody may read them/,
        /metrics\.port 9145$/,
    ],
    ["metrics", { metrics: { port: 9145 }, front: false }, /the front tells the numbers/, /set front true$/],
    ["users.prometheus.role", reader(), /is metrics, and there are no metrics/, /set metrics true$/],
    [
        "users.prometheus.repositories",
        { metrics: true, ...reader({ repositories: ["team/*"] }) },
        /reads no repository/,
        /rm --path users\.prometheus\.repositories$/,
    ],
    [
        "metrics.port",
        { metrics: { port: 443 } },
        /is 443, on which the registry listens already/,
        /metrics\.port 444$/,
    ],
    [
        "metrics.port",
        { metrics: { port: 9145 }, port: "9145" },
        /is 9145, on which the registry listens already/,
        /metrics\.port 9146$/,
    ],
    [
        "metrics.port",
        { metrics: { port: 65535 }, port: "65535" },
        /is 65535, on which the registry listens already/,
        /metrics\.port 1024$/,
    ],
    [
        "metrics",
        { metrics: { port: 9145 }, front: { off: true, cacheSeconds: 30 } },
        /the front tells the numbers/,
        /set --path front\.off false$/,
    ],
    [
        "metrics.bindAddress",
        { metrics: { port: 9145, bindAddress: "0.0.0.0" } },
        /it must be a loopback or private IP address/,
        /metrics\.bindAddress 10\.0\.0\.5$/,
    ],
])("%s: %j", (path, config, problem, fix) => {
    expect(mistakeIn(config)).toEqual({
        path,
        problem: expect.stringMatching(problem),
        fix: expect.stringMatching(fix),
    });
});

test.each<Record<string, unknown>>([
    { metrics: true, ...reader() },
    { metrics: { port: 9145 } },
    { metrics: { port: 443, bindAddress: "127.0.0.1" }, bindAddress: "192.0.2.1" },
    { metrics: false },
])("is right: %j", (config) => {
    expect(() => accepted(config)).not.toThrow();
});
