/** Rules of several keys of nexus. */
import { accepted, mistakeIn, refused } from "./base";

const on = (more: object) => ({ nexus: { acceptEula: true, ...more } });

test.each([
    [{}, {}, "nexus.acceptEula", "is false; Nexus runs only under its licence"],
    [true, {}, "nexus.acceptEula", "is false; Nexus runs only under its licence"],
    [{ repositories: { a: { format: "yum" } } }, {}, "nexus.acceptEula", "Nexus runs only under its licence"],
    [
        on({ docker: { hosted: false, proxy: false } }).nexus,
        {},
        "nexus.docker.group",
        "a group needs one of them",
    ],
    [
        on({ repositories: { "Docker-Hosted": { format: "pypi" } } }).nexus,
        {},
        "nexus.repositories.Docker-Hosted",
        "has the name of a Docker repository",
    ],
    [
        on({ repositories: { a: { format: "pypi", versionPolicy: "MIXED" } } }).nexus,
        {},
        "nexus.repositories.a.versionPolicy",
        "means nothing for a pypi repository",
    ],
    [
        on({ repositories: { a: { format: "maven", repodataDepth: 1 } } }).nexus,
        {},
        "nexus.repositories.a.repodataDepth",
        "it is for yum",
    ],
    [on({ apiUrl: "http://192.0.2.1:8081" }).nexus, {}, "nexus.apiUrl", "would cross the network in clear"],
    [on({}).nexus, { dockerHost: "ssh://root@a.b" }, "nexus.apiUrl", "ssh -L 8081:127.0.0.1:8081 HOST"],
    [on({ port: 8443 }).nexus, { port: "8443" }, "nexus.port", "on which the registry listens"],
])("refused: nexus %j with %j", (nexus, rest, path, problem) => {
    const found = mistakeIn({ nexus, ...rest });
    expect(found.path).toBe(path);
    expect(found.problem).toContain(problem);
    expect(found.fix).toMatch(/^pulumi config (set|rm) --path nexus\./);
});

test("two names that differ in case alone", () => {
    const repositories = { libs: { format: "maven" }, Libs: { format: "maven" } };
    expect(mistakeIn(on({ repositories })).problem).toContain("has the name of the repository libs");
});

test("taken: a tunnel's end for an Engine on another host, and https anywhere", () => {
    for (const apiUrl of ["http://localhost:18081", "https://nexus.example.com"])
        expect(accepted({ ...on({ apiUrl }), dockerHost: "ssh://root@a.b" }).nexus?.apiUrl).toBe(apiUrl);
});

test("no message shows the password", () => {
    const { message } = refused({ nexus: { adminPassword: "hunter2hunter2" } });
    expect(message).toContain("nexus.acceptEula is false");
    expect(message).not.toContain("hunter2");
});

describe("behind the front", () => {
    const front = { front: true, domain: "a.b" };
    const mirror = (domain?: string) => ({
        mirrors: { nexus: { upstream: "https://quay.io", ...(domain === undefined ? {} : { domain }) } },
    });

    test.each([
        ["Nexus", "nexus.a.b", mirror(), "the mirror nexus", {}],
        ["Nexus", "a.b", {}, "the registry", { domain: "a.b" }],
        [
            "Nexus",
            "c.d",
            { front: { sites: { "c.d": { upstream: "http://192.0.2.1" } } } },
            "a site",
            { domain: "c.d" },
        ],
        [
            "the repository docker-proxy of Nexus",
            "docker-proxy.nexus.a.b",
            mirror("docker-proxy.nexus.a.b"),
            "the mirror nexus",
            { docker: { routing: "ports" } },
        ],
    ])("a name of %s that is taken is refused: %s", (what, name, more, by, nexus) => {
        const { path, problem, fix } = mistakeIn({ ...front, ...on(nexus), ...more });
        expect([path, problem]).toEqual([
            "nexus.domain",
            `gives ${what} the name ${name}, which at the front is the name of ${by}`,
        ]);
        expect(fix).toMatch(/^pulumi config set --path nexus\.domain repository-/);
    });

    test("below an IP address it needs a name of its own", () => {
        const address = { ...front, domain: "192.0.2.7" };
        expect(mistakeIn({ ...address, ...on({}) })).toMatchObject({ path: "nexus.domain" });
        accepted({ ...address, ...on({ domain: "nexus.a.b" }) });
        accepted({ domain: "192.0.2.7", ...on({}) });
    });
});
