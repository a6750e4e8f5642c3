/** Rules of the nginx front: each combination that makes no sense, and what is handed to the component. */
import { registryArgs } from "../../../config/args";

import { issue } from "../components/certs";
import { accepted, mistakeIn, refused } from "./base";

const NGINX = { front: "nginx" };
const DOCS = { "docs.example.com": { folder: "docs" } };
const APP = { "app.example.com": { upstream: "http://192.0.2.10:8080" } };
const FOLDER = { frontSettings: { sitesFolder: "/srv/www" } };
const reader = (more: object) => ({
    users: { admin: { generate: true }, reader: { generate: true, ...more } },
});

test.each<[string, Record<string, unknown>, RegExp, RegExp]>([
    ["anonymousPull", { anonymousPull: true }, /is true, which takes front: nginx/, /set front nginx$/],
    ['["app.example.com"]', { sites: APP }, /is a site, which takes front: nginx/, /set front nginx$/],
    ["users.reader.role", reader({ role: "pull" }), /is pull, which takes front/, /set front nginx$/],
    ["repositories", reader({ repositories: ["a/*"] }), /is set, which takes front/, /set front nginx$/],
    ["redirectHttp", { frontSettings: { redirectHttp: true } }, /takes front/, /set front nginx$/],
    ["sitesFolder", FOLDER, /takes front/, /set front nginx$/],
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
        httpPort: 80,
        sitesFolder: "/srv/www",
        memoryMb: 128,
        sites: [
            { name: "docs.example.com", folder: "docs" },
            { name: "app.example.com", upstream: "http://192.0.2.10:8080" },
        ],
    });
    expect(registryArgs(accepted({}), "kit", "dev").front).toBeUndefined();
});
