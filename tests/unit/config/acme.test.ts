/** Rules of `tls.acme` that no single option has. */
import { entries, MINIMAL, mistakes } from "./base";

const ACME = { email: "admin@example.com", acceptTerms: true };
const DNS = { provider: "cloudflare", credentials: { CLOUDFLARE_DNS_API_TOKEN: "hunter2" } };
const PRIVATE = { directory: "https://ca.example.com/acme/acme/directory" };

const found = (acme: object, rest: object = {}) =>
    mistakes(
        entries({ ...MINIMAL, front: { httpPort: 80 }, tls: { acme: { ...ACME, ...acme } }, ...rest }),
    ).map(({ path, problem, fix }) => [path, problem, fix]);

test("http-01 needs a plain port, dns-01 none", () => {
    expect(found({})).toEqual([]);
    expect(found({ dns: DNS }, { front: true })).toEqual([]);
    expect(found({}, { front: true })).toEqual([
        [
            "front.httpPort",
            "is not set; the directory asks there for http-01, and reaches it as port 80 of the name",
            "pulumi config set --path front.httpPort 80",
        ],
    ]);
});

test("nothing is asked for before the terms are accepted", () => {
    expect(found({ acceptTerms: false })).toEqual([
        [
            "tls.acme.acceptTerms",
            "is false; https://acme-v02.api.letsencrypt.org/directory issues only under its terms of service: read them, and accept them or do without tls.acme",
            "pulumi config set --path tls.acme.acceptTerms true",
        ],
    ]);
});

test("the front shows it, and nothing else", () => {
    expect(found({}, { front: false }).map(([path]) => path)).toEqual(["tls.acme"]);
    expect(found({}, { front: { off: true } })[0]?.[0]).toBe("tls.acme");
    expect(found({}, { tls: { acme: ACME, off: true } }).map(([path]) => path)).toContain("tls.acme");
    expect(found({}, { tls: { acme: ACME, ownCa: {} } })).toEqual([]);
    const mirrors = { hub: { upstream: "https://registry-1.docker.io", port: 5443 } };
    expect(found({}, { mirrors })).toMatchObject([
        ["mirrors.hub.port", expect.any(String), "pulumi config rm --path mirrors.hub.port"],
    ]);
    expect(found({}, { ipAddresses: ["192.0.2.1"] })[0]?.[2]).toBe(
        "pulumi config rm --path 'ipAddresses[0]'",
    );
    expect(found({}, { target: "systemd", front: undefined }).map(([path]) => path)).toContain("tls.acme");
});

test.each([
    "192.0.2.1",
    "localhost",
    "registry",
    "registry.internal",
    "registry.corp",
    "r.home.arpa",
    "registry.test",
])("no directory that everyone trusts issues for %s", (domain) => {
    const [first] = found({}, { domain });
    expect(first).toMatchObject([
        "domain",
        expect.stringContaining(`is ${domain}, which`),
        "pulumi config set domain registry.example.com",
    ]);
});

test("every name of the front has to be one that a directory issues for", () => {
    const front = { httpPort: 80, sites: { "docs.lan": { upstream: "http://192.0.2.10" } } };
    const mirrors = { hub: { upstream: "https://registry-1.docker.io", domain: "hub.local" } };
    const paths = found({}, { front, mirrors, dnsNames: ["x"] }).map(([path]) => path);
    expect(paths.sort()).toEqual(["dnsNames[0]", 'front.sites["docs.lan"]', "mirrors.hub.domain"]);
});

test("a name with a star takes a record in DNS, and stands for one label", () => {
    expect(found({ names: ["docker.example.com", "*.docker.example.com"] })[0]).toMatchObject([
        "tls.acme.names[1]",
        expect.stringContaining("star"),
        "pulumi config set --path tls.acme.dns.provider cloudflare",
    ]);
    expect(found({ dns: DNS, names: ["*.example.com"] }, { front: true })).toEqual([]);
    expect(found({ dns: DNS, names: ["*.docker.example.com"] }, { front: true })).toEqual([
        [
            "tls.acme.names",
            "has none for docker.example.com, which the front serves",
            "pulumi config set --path 'tls.acme.names[1]' docker.example.com",
        ],
    ]);
});

test("what is no authority is told", () => {
    const pem = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    expect(found({ ...PRIVATE, directoryCa: pem }).map(([path]) => path)).toEqual(["tls.acme.directoryCa"]);
});

test("no variable of a DNS provider is shown", () => {
    const wrong = found({ dns: { ...DNS, credentials: { "a b": "hunter2" } } }, { front: true });
    expect(wrong).toHaveLength(1);
    expect(JSON.stringify(wrong)).not.toContain("hunter2");
});

test("a directory's URL has no login in it: it stands in the arguments of a program", () => {
    expect(found({ directory: "https://user:hunter2@ca.example.com/" })).toEqual([
        [
            "tls.acme.directory",
            'is "https://…@ca.example.com/"; it must be an https:// URL without a login',
            expect.stringMatching(/^pulumi config set --path tls\.acme\.directory https:\/\/acme-staging/),
        ],
    ]);
});
