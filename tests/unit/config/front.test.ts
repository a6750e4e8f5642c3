/** Rules of the nginx front: each combination that makes no sense, and what is handed to the component. */
import { chosenFront } from "../../../components/front/options";
import { argumentsOf } from "../../../config/arguments";

import { issue } from "../components/certs";
import { accepted, mistakeIn, refused } from "./base";

const OFF = { front: { off: true } };
const DOCS = { "docs.example.com": { folder: "docs" } };
const APP = { "app.example.com": { upstream: "http://192.0.2.10:8080" } };
const front = (more: object) => ({ front: more });
const reader = (more: object) => ({
    users: { admin: { generate: true }, reader: { generate: true, ...more } },
});
const TOGETHER = /^pulumi config rm --path front\.off$/;

test.each<[string, Record<string, unknown>, RegExp, RegExp]>([
    [
        "front.off",
        front({ off: true, anonymousPull: true }),
        /is true, and front\.anonymousPull is set/,
        TOGETHER,
    ],
    ["front.off", front({ off: true, sites: APP }), /is true, and front\.sites is set/, TOGETHER],
    [
        "users.reader.role",
        { ...OFF, ...reader({ role: "pull" }) },
        /is pull, which takes the front/,
        /set front true$/,
    ],
    [
        "users.reader.repositories",
        { front: false, ...reader({ repositories: ["a/*"] }) },
        /is set, which takes the front/,
        /set front true$/,
    ],
    [
        "front.off",
        front({ off: true, httpPort: 80, sitesFolder: "/srv/www" }),
        /is true, and front\.httpPort, front\.sitesFolder is set/,
        TOGETHER,
    ],
    [
        "registryConfig.http.tls",
        { front: true, registryConfig: { http: { tls: { clientcas: ["/ca.pem"] } } } },
        /the front brings TLS/,
        /set front false$/,
    ],
    ["front", { front: true, tls: { off: true } }, /brings TLS, and tls is off/, /rm tls$/],
    [
        "front.anonymousPull",
        { users: {}, auth: "false", ...front({ anonymousPull: true }) },
        /may do/,
        /set auth true$/,
    ],
    [
        "front.httpPort",
        { port: "80", ...front({ httpPort: 80 }) },
        /is 80, on which the registry listens already/,
        /^pulumi config set port 443$/,
    ],
    [
        "front.httpPort",
        { port: "8080", ...front({ httpPort: 8080 }) },
        /is 8080, on which/,
        /front\.httpPort 80$/,
    ],
    [
        "nexus.port",
        { nexus: { acceptEula: true, port: 8080 }, ...front({ httpPort: 8080 }) },
        /is 8080, on which the front's redirect listens already/,
        /nexus\.port 8081$/,
    ],
    [
        'front.sites["docker.example.com"]',
        front({ sites: { "docker.example.com": { upstream: "http://a" } } }),
        /is the registry's own name/,
        /^pulumi config rm --path/,
    ],
    [
        'front.sites["docs.example.com"]',
        front({ sites: { "docs.example.com": {} } }),
        /exactly one of upstream and folder/,
        /upstream' http/,
    ],
    ["folder", front({ sites: DOCS }), /sitesFolder, which is not set/, /front\.sitesFolder \/srv\/www$/],
    [
        "key",
        front({ sites: { "a.b": { upstream: "http://a", cert: "-----BEGIN CERTIFICATE-----" } } }),
        /is not set, and cert is/,
        /--secret --path .*key' \.\/a\.b\.key$/,
    ],
    [
        'users["reader "]',
        { front: true, users: { admin: { generate: true }, "reader ": { generate: true } } },
        /ends with a space/,
        /^pulumi config rm/,
    ],
])("%s of %j is refused by name, with a fix that works", (where, config, problem, fix) => {
    const mistake = mistakeIn(config);
    expect(mistake.path).toContain(where);
    expect(mistake.problem).toMatch(problem);
    expect(mistake.fix).toMatch(fix);
});

test("a site's own certificate must be valid for its name", async () => {
    const ca = await issue("CA", { ca: true });
    const { pem: cert, keyPem: key } = await issue("other.example.com", {
        issuer: ca,
        names: ["other.example.com"],
    });
    const site = (name: string) => front({ sites: { [name]: { upstream: "http://a", cert, key } } });
    expect(mistakeIn(site("docs.example.com")).problem).toMatch(/not valid for docs\.example\.com/);
    expect(refused(site("docs.example.com")).message).not.toContain("PRIVATE KEY");
    expect(accepted(site("other.example.com")).front?.off).toBe(false);
});

test.each([
    [{ app: [] }, "front.immutableTags.app"],
    [{ app: "v*" }, "front.immutableTags.app"],
    [{ app: ["a b"] }, "front.immutableTags.app[0]"],
    [{ app: ["v1:2"] }, "front.immutableTags.app[0]"],
    [{ "Team/*": ["v*"] }, 'front.immutableTags["Team/*"]'],
    [{ "team*": ["v*"] }, 'front.immutableTags["team*"]'],
    [{ "!team": ["v*"] }, 'front.immutableTags["!team"]'],
])("immutable tags %j are refused, with what is allowed", (immutableTags, path) => {
    const mistake = mistakeIn(front({ immutableTags }));
    expect([mistake.path, mistake.problem]).toEqual([
        path,
        expect.stringContaining("an object of repositories"),
    ]);
});

test("immutable tags and rules that go by pulls take the front", () => {
    const tags = { app: ["v*"] };
    expect(mistakeIn(front({ off: true, immutableTags: tags })).problem).toContain(
        "is true, and front.immutableTags is set",
    );
    const rule = { retention: { used: { pulledWithinDays: 30 } } };
    expect(accepted({ ...rule, ...front({}) }).retention).toMatchObject(rule.retention);
    const mistake = mistakeIn({ ...rule, ...front({ off: true }) });
    expect([mistake.path, mistake.problem]).toEqual([
        "retention.used.pulledWithinDays",
        "is 30, which the log of the front tells",
    ]);
});

test("how a front does its work may wait in the configuration while there is none", () => {
    const waiting = { image: "nginx:1.30", cacheSeconds: 5, memoryMb: 256, clientInstaller: false };
    expect(accepted(front({ off: true, ...waiting })).front).toMatchObject({ off: true, ...waiting });
});

test("what is right reaches the component", () => {
    const config = accepted({
        ...reader({ role: "pull", repositories: ["team/*"] }),
        ...front({
            anonymousPull: true,
            sites: { ...DOCS, ...APP },
            sitesFolder: "/srv/www",
            httpPort: 80,
            cacheSeconds: 0,
        }),
    });
    const args = argumentsOf(config, {});
    expect(args.users?.reader).toMatchObject({ role: "pull", repositories: ["team/*"] });
    expect(args.front).toEqual({
        off: false,
        image: expect.anything() as unknown,
        anonymousPull: true,
        cacheSeconds: 0,
        clientInstaller: true,
        page: true,
        attemptsPerMinute: 60,
        connectionsPerClient: 512,
        trustedProxies: [],
        immutableTags: {},
        log: { off: false, days: 90, maxMb: 512 },
        httpPort: 80,
        sitesFolder: "/srv/www",
        memoryMb: 128,
        sites: { ...DOCS, ...APP },
    });
    expect(argumentsOf(accepted(OFF), {}).front).toBe(false);
});

const NEXUS = { acceptEula: true };

test.each<[string, Record<string, unknown>]>([
    ["nginx", {}],
    ["nginx", { nexus: NEXUS }],
    ["nginx", { domain: "192.0.2.1", nexus: { ...NEXUS, domain: "nexus.example.com" } }],
    ["nginx", { registryConfig: { http: { prefix: "/" } } }],
    ["none", { tls: { off: true } }],
    ["none", { tls: false }],
    ["none", { auth: "false", users: {} }],
    ["none", { target: "systemd" }],
    ["none", { domain: "192.0.2.1", nexus: NEXUS }],
    ["none", { registryConfig: { http: { tls: { clientcas: ["/ca.pem"] } } } }],
])("the front is %s with %j and nothing said of it", (expected, config) => {
    expect(chosenFront(accepted(config)) === undefined ? "none" : "nginx").toBe(expected);
});
