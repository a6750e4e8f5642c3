/** Rules of the nginx front: each combination that makes no sense, and what is handed to the component. */
import { registryArgs } from "../../../config/args";

import { issue } from "../components/certs";
import { accepted, mistakeIn, refused } from "./base";

const NGINX = { front: "nginx" };
const NONE = { front: "none" };
const DOCS = { "docs.example.com": { folder: "docs" } };
const APP = { "app.example.com": { upstream: "http://192.0.2.10:8080" } };
const FOLDER = { frontSettings: { sitesFolder: "/srv/www" } };
const reader = (more: object) => ({
    users: { admin: { generate: true }, reader: { generate: true, ...more } },
});

test.each<[string, Record<string, unknown>, RegExp, RegExp]>([
    [
        "anonymousPull",
        { ...NONE, anonymousPull: true },
        /is true, which takes front: nginx/,
        /set front nginx$/,
    ],
    [
        '["app.example.com"]',
        { ...NONE, sites: APP },
        /is a site, which takes front: nginx/,
        /set front nginx$/,
    ],
    [
        "users.reader.role",
        { ...NONE, ...reader({ role: "pull" }) },
        /is pull, which takes front/,
        /set front nginx$/,
    ],
    [
        "repositories",
        { ...NONE, ...reader({ repositories: ["a/*"] }) },
        /is set, which takes front/,
        /set front nginx$/,
    ],
    ["redirectHttp", { ...NONE, frontSettings: { redirectHttp: true } }, /takes front/, /set front nginx$/],
    ["sitesFolder", { ...NONE, ...FOLDER }, /takes front/, /set front nginx$/],
    [
        "registryConfig.http.tls",
        { ...NGINX, registryConfig: { http: { tls: { clientcas: ["/ca.pem"] } } } },
        /the front brings TLS/,
        /set front none$/,
    ],
    ["front", { ...NGINX, tls: "off" }, /brings TLS, and tls is off/, /set tls own-ca$/],
    [
        "anonymousPull",
        { ...NGINX, users: {}, auth: "false", anonymousPull: true },
        /may do/,
        /set auth true$/,
    ],
    [
        "httpPort",
        { ...NGINX, port: "80", frontSettings: { redirectHttp: true } },
        /is 80, the port of the registry itself/,
        /frontSettings\.httpPort 80$/,
    ],
    [
        '["docker.example.com"]',
        { ...NGINX, sites: { "docker.example.com": { upstream: "http://a" } } },
        /is the registry's own name/,
        /^pulumi config rm --path/,
    ],
    [
        '["docs.example.com"]',
        { ...NGINX, sites: { "docs.example.com": {} } },
        /exactly one of upstream and folder/,
        /upstream' http/,
    ],
    ["folder", { ...NGINX, sites: DOCS }, /sitesFolder, which is not set/, /sitesFolder \/srv\/www$/],
    [
        "key",
        { ...NGINX, sites: { "a.b": { upstream: "http://a", cert: "./a.crt" } } },
        /is not set, and the other half of the pair is/,
        /--secret --path .*key' \.\/a\.b\.key$/,
    ],
    [
        '["reader "]',
        { ...NGINX, users: { admin: { generate: true }, "reader ": { generate: true } } },
        /ends with a space/,
        /^pulumi config rm/,
    ],
])("%s of %j is refused by name", (where, config, problem, fix) => {
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
    const site = (name: string) => ({ ...NGINX, sites: { [name]: { upstream: "http://a", cert, key } } });
    expect(mistakeIn(site("docs.example.com")).problem).toMatch(/not valid for docs\.example\.com/);
    expect(refused(site("docs.example.com")).message).not.toContain("PRIVATE KEY");
    expect(accepted(site("other.example.com")).front).toBe("nginx");
});

test("what is right reaches the component", () => {
    const config = accepted({
        ...NGINX,
        ...reader({ role: "pull", repositories: ["team/*"] }),
        anonymousPull: true,
        sites: { ...DOCS, ...APP },
        frontSettings: { sitesFolder: "/srv/www", redirectHttp: true, cacheSeconds: 0 },
    });
    const args = registryArgs(config, "kit", "dev");
    expect(args.users?.[1]).toMatchObject({ name: "reader", role: "pull", repositories: ["team/*"] });
    expect(args.front).toEqual({
        image: "nginx:1.28",
        anonymousPull: true,
        cacheSeconds: 0,
        clientInstaller: true,
        attemptsPerMinute: 60,
        connectionsPerClient: 512,
        httpPort: 80,
        sitesFolder: "/srv/www",
        memoryMb: 128,
        sites: [
            { name: "docs.example.com", folder: "docs" },
            { name: "app.example.com", upstream: "http://192.0.2.10:8080" },
        ],
    });
    expect(registryArgs(accepted(NONE), "kit", "dev").front).toBe("none");
});

const NEXUS = { enabled: true, acceptEula: true };

test.each<[string, Record<string, unknown>]>([
    ["nginx", {}],
    ["nginx", { nexus: NEXUS }],
    ["nginx", { domain: "192.0.2.1", nexus: { ...NEXUS, domain: "nexus.example.com" } }],
    ["nginx", { registryConfig: { http: { prefix: "/" } } }],
    ["none", { tls: "off" }],
    ["none", { auth: "false", users: {} }],
    ["none", { target: "systemd" }],
    ["none", { domain: "192.0.2.1", nexus: NEXUS }],
    ["none", { registryConfig: { http: { tls: { clientcas: ["/ca.pem"] } } } }],
])("the front is %s with %j and nothing said of it", (expected, config) => {
    const found = accepted(config);
    expect(found.front).toBe(expected);
    expect(registryArgs(found, "kit", "dev").front === "none").toBe(expected === "none");
});
