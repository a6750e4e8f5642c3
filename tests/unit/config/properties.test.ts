import fc from "fast-check";

import { hashProblem, nameProblem, passwordProblem } from "../../../components/auth/users";
import { domainOf, registryEndpoint } from "../../../address/address";
import { check } from "../../../config/check";
import { type Config, options } from "../../../config/options";
import { ConfigError } from "../../../config/print";

import { entries, MINIMAL, mistakesOf, PROJECT } from "./base";

/** The result, or nothing where the configuration was refused in the way it should be. */
function tried(config: Record<string, string>): Config | undefined {
    try {
        return check(PROJECT, config);
    } catch (error) {
        // Any other exception would reach the user as a stack trace.
        if (!(error instanceof ConfigError)) throw error;
        for (const { path, fix } of mistakesOf(error)) {
            if (path === "" || !/^pulumi config (set|rm|get) /.test(fix))
                throw new Error(`no fix for ${path}: ${fix}`);
        }
        return undefined;
    }
}

const wellFormed = (value: string) => Buffer.from(value).toString() === value;
const minimal = entries(MINIMAL);
const KEYS = [
    ...Object.keys(options.shape),
    // Of version 0.1.
    ...["ca", "site", "localNames", "certificate", "frontSettings", "sites", "anonymousPull", "redis"],
];
const text = fc.oneof(
    fc.string(),
    fc.string({ unit: "binary" }),
    fc.json(),
    fc.integer().map(String),
    fc.domain(),
    fc.ipV4(),
    fc.ipV6(),
    fc.webUrl(),
);

test("any text for any key is taken, or refused with its fix", () => {
    fc.assert(
        fc.property(fc.constantFrom(...KEYS), text, (key, value) => {
            tried({ ...minimal, [key]: value });
        }),
        { numRuns: 2000 },
    );
});

test("any JSON for every key at once is taken, or refused with its fixes", () => {
    fc.assert(
        fc.property(
            fc.record(Object.fromEntries(KEYS.map((key) => [key, fc.json({ maxDepth: 3 })]))),
            (config) => {
                tried({ ...minimal, ...config });
            },
        ),
    );
});

test.each(["bindAddress", "image", "realm", "containerName", "dockerHost"] as const)(
    "what is taken for %s arrives as it is",
    (key) => {
        fc.assert(
            fc.property(text, (value) => {
                const result = tried({ ...minimal, [key]: value });
                if (result && value !== "") expect(result[key]).toBe(value);
            }),
        );
    },
);

test("every port from 1 to 65535 is taken, and no other", () => {
    fc.assert(
        fc.property(fc.oneof(fc.integer(), fc.integer({ min: -5, max: 70_000 })), (port) => {
            const inRange = port >= 1 && port <= 65_535;
            expect(tried({ ...minimal, port: String(port) })?.port).toBe(inRange ? port : undefined);
        }),
    );
});

test("every host name of the DNS is taken as domain", () => {
    fc.assert(
        fc.property(fc.domain(), (domain) => expect(tried({ ...minimal, domain })?.domain).toBe(domain)),
    );
});

test("a domain arrives as every client writes it: as the host of a URL", () => {
    const capitals = fc.mixedCase(fc.oneof(fc.domain(), fc.ipV4(), fc.ipV6()));
    fc.assert(
        fc.property(fc.oneof(capitals, text), (domain) => {
            const taken = tried({ ...minimal, domain, front: "false" })?.domain;
            if (domain === "" || taken === undefined) return;
            expect(domainOf(new URL(registryEndpoint(domain, 8443, true)).host)).toBe(taken);
            expect(new URL(registryEndpoint(taken, 8443, true)).href).toBe(
                `${registryEndpoint(taken, 8443, true)}/`,
            );
        }),
    );
});

test("a user is taken where name and password are right, and refused otherwise", () => {
    const string = fc.oneof(fc.string({ maxLength: 90 }), fc.string({ unit: "binary", maxLength: 90 }));
    fc.assert(
        fc.property(string, string, (name, password) => {
            // JSON has no place for lone surrogates; zod takes no `__proto__`.
            fc.pre(wellFormed(name) && wellFormed(password) && name !== "__proto__");
            const right = nameProblem(name) === undefined && passwordProblem(password) === undefined;
            const result = tried({ ...minimal, users: JSON.stringify({ [name]: { password } }) });
            expect(result?.users).toEqual(right ? { [name]: { password } } : undefined);
        }),
    );
});

test("what looks like a hash is a hash", () => {
    const base64 = fc.constantFrom(..."./ABCXYZabcxyz0189");
    const digest = fc.array(base64, { minLength: 53, maxLength: 53 }).map((letters) => letters.join(""));
    fc.assert(
        fc.property(
            fc.constantFrom("2a", "2b", "2y"),
            fc.integer({ min: 4, max: 31 }),
            digest,
            (kind, cost, rest) => {
                expect(hashProblem(`$${kind}$${String(cost).padStart(2, "0")}$${rest}`)).toBeUndefined();
                expect(hashProblem(`$${kind}$${String(cost).padStart(2, "0")}$${rest}x`)).toBeDefined();
            },
        ),
    );
});
