import { issue } from "../components/certs";

import { accepted, mistakeIn, refused } from "./base";

const users = (users: Record<string, unknown>) => ({ users });

describe("users", () => {
    test.each([
        ["a colon in the name", { "a:b": { generate: true } }, "has a colon in its name"],
        ["a control character in the name", { "a\u0007b": { generate: true } }, "has a control character"],
        ["a line break in the name", { "a\nb": { generate: true } }, "has a control character"],
        ["DEL in the name", { "a\u007f": { generate: true } }, "has a control character"],
        ["an empty name", { "": { generate: true } }, "is empty"],
        ["a name of 256 bytes", { ["ü".repeat(128)]: { generate: true } }, "more than 255 bytes"],
        // The registry trims each line of the file and skips those that begin with #.
        ["a name that reads as a comment", { "#admin": { generate: true } }, "begins with"],
        ["a name that begins with a space", { " admin": { generate: true } }, "begins with"],
        ["no way to log in", { admin: {} }, "needs exactly one of password, generate: true, bcryptHash"],
        ["generate: false alone", { admin: { generate: false } }, "needs exactly one of"],
        ["two ways to log in", { admin: { password: "x", bcryptHash: "x" } }, "needs exactly one of"],
        ["three ways", { admin: { password: "x", generate: true, bcryptHash: "x" } }, "needs exactly one of"],
        ["an empty password", { admin: { password: "" } }, "has an empty password"],
        [
            "a password of 73 bytes",
            { admin: { password: "x".repeat(73) } },
            "73 bytes; bcrypt reads 72 at most",
        ],
        [
            "37 characters of 74 bytes",
            { admin: { password: "ü".repeat(37) } },
            "74 bytes; bcrypt reads 72 at most",
        ],
        [
            "a control character in the password",
            { admin: { password: "a\u0000b" } },
            "has a control character",
        ],
        ["a hash that is cut", { admin: { bcryptHash: `$2y$10$${"a".repeat(52)}` } }, "is no bcrypt hash"],
        ["an MD5 hash", { admin: { bcryptHash: "$apr1$abc$def" } }, "is no bcrypt hash"],
        ["a hash of cost 3", { admin: { bcryptHash: `$2y$03$${"a".repeat(53)}` } }, "is no bcrypt hash"],
    ])("refused: %s", (_name, value, problem) => {
        expect(mistakeIn(users(value)).problem).toContain(problem);
    });

    test("passwords of exactly 72 bytes are taken, of one character or of several bytes each", () => {
        expect(
            accepted(users({ a: { password: "x".repeat(72) }, b: { password: "ü".repeat(36) } })).users,
        ).toEqual({
            a: { password: "x".repeat(72) },
            b: { password: "ü".repeat(36) },
        });
    });

    test("each wrong user is a mistake of its own", () => {
        const { mistakes } = refused(users({ "a:b": { generate: true }, c: {}, d: { password: "" } }));
        expect(mistakes.map(({ path }) => path)).toEqual(['users["a:b"]', "users.c", "users.d"]);
    });

    test("none with authentication on", () => {
        const { path, problem, fix } = mistakeIn(users({}));
        expect([path, fix]).toEqual(["users", "pulumi config set --path users.admin.generate true"]);
        expect(problem).toContain("names no user");
    });

    test("some with authentication off", () => {
        const { path, problem, fix } = mistakeIn({ auth: false });
        expect([path, problem, fix]).toEqual([
            "auth",
            "is false, and 1 users are set",
            "pulumi config set auth true",
        ]);
        expect(accepted({ auth: false, users: {} }).auth).toBe(false);
    });
});

describe("image", () => {
    const old = ["registry:2", "registry:2.8.3", "registry:3.0", "registry:3.0.0", "registry:3.0.0-rc.1"];
    test.each([
        ...old,
        "registry:3.1.0",
        "docker.io/library/registry:2",
        "mirror.example.com:5000/hub/registry:2.8",
        "ghcr.io/distribution/distribution:v2.8.3",
        "registry:2.8.3@sha256:0000",
    ])("%s is known to be open to CVE-2026-41888", (image) => {
        const { path, problem, fix } = mistakeIn({ image });
        expect([path, fix]).toEqual(["image", "pulumi config rm image"]);
        expect(problem).toContain(`is "${image}"; it must be 3.1.1 or newer (CVE-2026-41888`);
    });

    test.each([
        "registry:3",
        "registry:3.1",
        "registry:3.1.1",
        "registry:3.10.0",
        "registry:4",
        "my-registry:2",
    ])("%s is taken", (image) => expect(accepted({ image }).image).toBe(image));
});

describe("registryConfig", () => {
    test.each([
        [{ auth: { token: {} } }, "registryConfig.auth", "change auth, realm and users"],
        [{ http: { addr: ":80" } }, "registryConfig.http.addr", "change port and bindAddress"],
        [{ storage: { s3: { bucket: "b" } } }, "registryConfig.storage.s3", "one storage driver"],
        [
            { storage: { delete: { enabled: false } } },
            "registryConfig.storage.delete",
            "change deleteEnabled",
        ],
        [{ log: "debug" }, "registryConfig.log", "would erase the kit's own"],
    ])("%j contradicts the kit", (registryConfig, path, problem) => {
        const found = mistakeIn({ registryConfig });
        expect(found.path).toBe(path);
        expect(found.problem).toContain(problem);
        expect(found.fix).toBe(`pulumi config rm --path ${path}`);
    });

    test("each conflict is a mistake of its own", () => {
        const registryConfig = { version: 1, http: { host: "x", secret: "y" } };
        expect(refused({ registryConfig }).mistakes).toHaveLength(3);
    });
});

describe("keys that contradict each other", () => {
    test("a volume and a folder for the images", () => {
        const { path, fix } = mistakeIn({ storage: { volume: "data", folder: "/data" } });
        expect([path, fix]).toEqual(["storage.folder", "pulumi config rm --path storage.folder"]);
    });

    test.each([
        [{ ownCa: true }, "http://a.b"],
        [{}, "http://a.b"],
        [{ off: true }, "https://a.b"],
    ])("tls: %j with an externalUrl of %s", (tls, externalUrl) => {
        const { path, problem, fix } = mistakeIn({ tls, externalUrl });
        expect([path, fix]).toEqual(["externalUrl", "pulumi config rm externalUrl"]);
        expect(problem).toContain(externalUrl);
    });

    test.each([
        [{ off: true, ownCa: { validityDays: 100 } }, "tls.ownCa", "tls.off"],
        [{ off: true, files: { cert: "x" } }, "tls.files", "tls.off"],
        [{ ownCa: true, files: { cert: "x" } }, "tls.ownCa", "tls.files"],
    ])("two kinds of tls: %j", (tls, path, first) => {
        expect(refused({ tls }).mistakes).toContainEqual({
            path,
            problem: `is set, and ${first} too; one of them decides`,
            fix: `pulumi config rm --path ${path}`,
        });
    });

    test.each([
        [30, 30, "pulumi config set --path tls.ownCa.site.earlyRenewalDays 10"],
        [10, 30, "pulumi config set --path tls.ownCa.site.earlyRenewalDays 3"],
        [1, 1, "pulumi config set --path tls.ownCa.site.earlyRenewalDays 0"],
        [397, 400, "pulumi config set --path tls.ownCa.site.earlyRenewalDays 30"],
    ])("%i days of validity and renewal %i days before the end", (validityDays, earlyRenewalDays, fix) => {
        const found = mistakeIn({ tls: { ownCa: { site: { validityDays, earlyRenewalDays } } } });
        expect(found.path).toBe("tls.ownCa.site.earlyRenewalDays");
        expect(found.problem).toContain(`is ${earlyRenewalDays}, not less than tls.ownCa.site.validityDays`);
        expect(found.fix).toBe(fix);
    });

    test("a site certificate that outlives its CA", () => {
        const { path, problem, fix } = mistakeIn({ tls: { ownCa: { validityDays: 100 } } });
        expect(path).toBe("tls.ownCa.site.validityDays");
        expect(problem).toContain("is 397, longer than the CA's own 100 days");
        expect(fix).toBe("pulumi config set --path tls.ownCa.site.validityDays 100");
    });

    test("validity is of no concern without a CA of the stack's own", async () => {
        const { pem: cert, keyPem: key } = await issue("site", { names: ["docker.example.com"] });
        const pair = { cert, key };
        expect(accepted({ tls: { off: true } }).tls).toEqual({ off: true });
        expect(accepted({ tls: { files: pair } }).tls).toEqual({ off: false, files: pair });
    });
});

test.each([
    [{ front: { sites: { "Docker.Example.com": { folder: "a" } } } }, "is the registry's own name"],
    [
        { front: { sites: { "docs.test": { folder: "a" }, "Docs.test": { folder: "a" } } } },
        'is the name of front.sites["docs.test"] once more',
    ],
    [
        { dnsNames: ["Docs.test"], front: { sites: { "DOCS.test": { folder: "a" } } } },
        "is the registry's own name",
    ],
])("capitals make no other name: %j", (config, problem) => {
    const front = { sitesFolder: "/srv/www", ...config.front };
    expect(refused({ ...config, front }).mistakes).toContainEqual(expect.objectContaining({ problem }));
});

test("an address that is of one machine's interface alone is no domain", () => {
    expect(mistakeIn({ domain: "fe80::1%eth0", front: false }).path).toContain("domain");
});
