/** Names that JavaScript or HTTP do not take, and a CA that ends too early. */
import * as pulumi from "@pulumi/pulumi";

import { check } from "../../../config/check";
import { load } from "../../../config/load";
import type { ConfigError } from "../../../config/print";
import { warnings } from "../../../config/warnings";
import { issue } from "../components/certs";

import { accepted, entries, MINIMAL, mistakeIn, mistakesOf, PROJECT } from "./base";

const DAY = 86_400_000;
const HERE = { project: PROJECT };

describe("__proto__", () => {
    // As Pulumi hands it over: an object literal in JavaScript would set a prototype instead.
    const mistakes = (key: string, json: string) => {
        try {
            check(PROJECT, { ...entries(MINIMAL), [key]: json });
        } catch (error) {
            return mistakesOf(error as ConfigError);
        }
        return [];
    };

    test.each([
        ["users", '{"__proto__":{"generate":true}}', "users.__proto__"],
        ["users", '{"admin":{"generate":true},"__proto__":{"password":"x"}}', "users.__proto__"],
        ["logFields", '{"__proto__":"x"}', "logFields.__proto__"],
        ["headers", '{"__proto__":["x"]}', "headers.__proto__"],
        ["registryConfig", '{"http":{"__proto__":{"h2c":{}}}}', "registryConfig.http.__proto__"],
        ["tls", '{"ownCa":{"__proto__":{"cert":"x"}}}', "tls.ownCa.__proto__"],
    ])("%s: %s is refused and not dropped", (key, json, path) => {
        expect(mistakes(key, json)).toEqual([
            {
                path,
                problem: "has a name that JavaScript keeps for itself; choose another one",
                fix: `pulumi config rm --path ${path}`,
            },
        ]);
    });

    test("other names from JavaScript's own objects are users like any other", () => {
        const users = { constructor: { generate: true }, toString: { generate: true } };
        expect(Object.keys(accepted({ users }).users)).toEqual(["constructor", "toString"]);
    });
});

describe("headers", () => {
    test.each(["X-Frame-Options", "x_y", "!#$%&'*+-.^_`|~09azAZ"])("%s is a name", (name) => {
        expect(accepted({ headers: { [name]: ["v"] } }).headers).toEqual({ [name]: ["v"] });
    });

    test.each(["", "X Y", "X:Y", "X\r\nY", "Ü", "X/Y", "(X)", "X-Ende;"])("%j is none", (name) => {
        const { path, problem, fix } = mistakeIn({ headers: { [name]: ["v"] } });
        expect(path).toMatch(/^headers/);
        expect(problem).toContain("is no header name");
        expect(fix).toMatch(/^pulumi config rm --path (\$?')?headers/);
        // A line break would end the command.
        expect(fix).not.toMatch(/[\x00-\x1f]/);
    });

    test("a value has no control character but the tab", () => {
        expect(accepted({ headers: { "X-A": ["a\tb ü"] } })).toBeDefined();
        expect(mistakeIn({ headers: { "X-A": ["ok", "a\r\nSet-Cookie: x"] } })).toEqual({
            path: "headers.X-A[1]",
            problem:
                'is "a\\r\\nSet-Cookie: x"; a header\'s value has no control character (RFC 9110 section 5.5)',
            fix: "pulumi config rm --path 'headers.X-A[1]'",
        });
    });
});

describe("registryConfig with a dot in a name", () => {
    test.each([
        [{ "http.h2c": { enabled: true } }, 'registryConfig["http.h2c"]', `'registryConfig["http.h2c"]'`],
        [
            { "storage.delete": { enabled: false } },
            'registryConfig["storage.delete"]',
            `'registryConfig["storage.delete"]'`,
        ],
        [
            { http: { "tls.clientcas": [] } },
            'registryConfig.http["tls.clientcas"]',
            `'registryConfig.http["tls.clientcas"]'`,
        ],
    ])("%j is refused with the command that removes it", (registryConfig, path, quoted) => {
        expect(mistakeIn({ registryConfig })).toEqual({
            path,
            problem: "contradicts what the kit sets; change the name with a dot to an object in an object",
            fix: `pulumi config rm --path ${quoted}`,
        });
    });

    test("dots in values are none of it", () => {
        expect(
            accepted({
                registryConfig: { notifications: { endpoints: [{ name: "a", url: "https://a.b" }] } },
            }),
        ).toBeDefined();
    });
});

describe("the life of a given CA", () => {
    const ca = async (from: number, to: number) => {
        const at = (days: number) => new Date(Date.now() + days * DAY + 60_000);
        const { pem, keyPem } = await issue("CA", { ca: true, notBefore: at(from), notAfter: at(to) });
        return { tls: { ownCa: { cert: pem, key: keyPem } } };
    };

    test("one that never lives as long as the site certificate is refused", async () => {
        expect(mistakeIn(await ca(-1, 89))).toEqual({
            path: "tls.ownCa.site.validityDays",
            problem: "is 397, longer than the 90 days of the CA in tls.ownCa.cert",
            fix: "pulumi config set --path tls.ownCa.site.validityDays 90",
        });
    });

    test("one in its last year is taken with a warning, so that `up` goes on to work", async () => {
        const config = accepted(await ca(-3000, 100));
        expect(warnings(config, HERE)).toEqual([
            "The CA in tls.ownCa.cert ends in 100 days, before a site certificate of 397 days that is made now: " +
                "bring a newer CA, or `pulumi config set --path tls.ownCa.site.validityDays 100`.",
        ]);
        const { ownCa } = (await ca(-3000, 100)).tls;
        const shorter = accepted({ tls: { ownCa: { ...ownCa, site: { validityDays: 100 } } } });
        expect(warnings(shorter, HERE)).toEqual([]);
    });

    test("one with time enough, and a CA of the stack's own, give no warning", async () => {
        expect(warnings(accepted(await ca(-1, 400)), HERE)).toEqual([]);
        expect(warnings(accepted({}), HERE)).toEqual([]);
    });

    test("`pulumi up` shows the warning", async () => {
        const warn = jest.spyOn(pulumi.log, "warn").mockResolvedValue();
        const given = entries({ ...MINIMAL, ...(await ca(-3000, 100)) });
        const all = Object.entries(given).map(([key, value]) => [`${pulumi.getProject()}:${key}`, value]);
        pulumi.runtime.setAllConfig(Object.fromEntries(all) as Record<string, string>);
        load();
        expect(warn).toHaveBeenCalledWith(expect.stringContaining("ends in 100 days"));
        pulumi.runtime.setAllConfig({});
        warn.mockRestore();
    });
});
