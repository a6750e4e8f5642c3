import fc from "fast-check";
import { parse } from "yaml";

import { conflicts, type RegistrySettings, renderConfig } from "../../../components/registry/config-yml";

import { expectGolden } from "./golden";

const DEFAULTS: RegistrySettings = {
    tls: true,
    realm: "basic-realm",
    secret: "0123456789abcdef",
    deleteEnabled: true,
    logLevel: "info",
    logFormat: "text",
    logFields: { service: "registry", environment: "dev" },
    accessLog: false,
    notifications: {},
    headers: { "X-Content-Type-Options": ["nosniff"] },
    health: { enabled: true, interval: "10s", threshold: 3 },
    drainSeconds: 30,
    extra: {},
};
const render = (settings: Partial<RegistrySettings> = {}) => renderConfig({ ...DEFAULTS, ...settings });
// The registry reads YAML 1.1 (go.yaml.in/yaml/v2).
const tree = (settings: Partial<RegistrySettings> = {}) =>
    parse(render(settings), { version: "1.1" }) as Record<string, Record<string, Record<string, unknown>>>;

test("the time of unfinished uploads stands with all that the registry asks beside it, and is the registry's own else", () => {
    expect(tree().storage?.maintenance).toBeUndefined();
    expect(tree({ uploadsKept: "24h" }).storage?.maintenance).toEqual({
        uploadpurging: { enabled: true, age: "24h", interval: "1h", dryrun: false },
    });
});

describe("golden", () => {
    test.each<[string, Partial<RegistrySettings>]>([
        ["default", {}],
        ["r5", { logLevel: "debug", externalUrl: "https://docker.funet8.com" }],
        ["plain-http-no-users", { tls: false, realm: undefined, deleteEnabled: false, accessLog: true }],
        [
            "extra",
            {
                extra: {
                    catalog: { maxentries: 5000 },
                    http: {
                        http2: { disabled: true },
                        draintimeout: "5s",
                        debug: { prometheus: { enabled: true } },
                    },
                    log: { hooks: [{ type: "mail", levels: ["panic"] }] },
                    storage: {
                        cache: { blobdescriptor: "redis" },
                        maintenance: { readonly: { enabled: true } },
                    },
                    redis: { addrs: ["redis:6379"] },
                },
            },
        ],
        ["redis", { redis: { addr: "kit-dev-redis:6379", password: "0123456789abcdef" } }],
    ])("config-%s.yml", (name, settings) => expectGolden(`config-${name}.yml`, render(settings)));
});

test("has what the tutorials' config.yml has (R5)", () => {
    const config = tree({ logLevel: "debug", externalUrl: "https://docker.funet8.com" });
    expect(config).toMatchObject({
        version: 0.1,
        log: {
            accesslog: { disabled: true },
            level: "debug",
            formatter: "text",
            fields: { service: "registry", environment: "dev" },
        },
        storage: {
            delete: { enabled: true },
            cache: { blobdescriptor: "inmemory" },
            filesystem: { rootdirectory: "/var/lib/registry" },
        },
        auth: { htpasswd: { realm: "basic-realm", path: "/etc/distribution/htpasswd" } },
        http: {
            host: "https://docker.funet8.com",
            headers: { "X-Content-Type-Options": ["nosniff"] },
            http2: { disabled: false },
            tls: { certificate: "/etc/distribution/site.crt", key: "/etc/distribution/site.key" },
        },
        health: { storagedriver: { enabled: true, interval: "10s", threshold: 3 } },
    });
    expect(config.http).not.toHaveProperty("relativeurls");
});

test("behind a front, whose log has each request, it tells of what goes wrong", () => {
    const level = (settings: Partial<RegistrySettings>) => tree(settings).log?.level;
    const behind = { socket: "/run/registry/registry.sock", logLevel: undefined };
    expect(level({ logLevel: undefined })).toBe("info");
    expect(level(behind)).toBe("warn");
    expect(level({ ...behind, logLevel: "info" })).toBe("info");
});

test("TLS 1.0 and 1.1 are off, the debug server listens on the container's loopback", () => {
    expect(tree().http).toMatchObject({ tls: { minimumtls: "tls1.2" }, debug: { addr: "127.0.0.1:5001" } });
});

test("without TLS, users or host name these parts are left out", () => {
    const config = tree({ tls: false, realm: undefined });
    expect(config).not.toHaveProperty("auth");
    expect(config.http).not.toHaveProperty("tls");
    expect(config.http).not.toHaveProperty("host");
    expect(config.http).toHaveProperty("relativeurls", true);
});

test.each([true, false])("switches are YAML booleans (%s): the registry panics on text", (on) => {
    const text = render({
        deleteEnabled: on,
        accessLog: !on,
        health: { enabled: on, interval: "1s", threshold: 1 },
    });
    expect(text).toMatch(new RegExp(`^  delete:\n    enabled: ${on}$`, "m"));
    expect(text).toMatch(new RegExp(`^  accesslog:\n    disabled: ${on}$`, "m"));
    expect(text).toMatch(new RegExp(`^  storagedriver:\n    enabled: ${on}$`, "m"));
});

test.each(["yes", "no", "on", "y", "null", "1_000", "0x10", "1:30", "~", "true", "# x", "a: b", "'", "- a"])(
    "the text %j stays text in YAML 1.1",
    (text) => {
        expect(tree({ realm: text }).auth?.htpasswd).toHaveProperty("realm", text);
        expect(tree({ logFields: { field: text } }).log?.fields).toEqual({ field: text });
    },
);

const leaf = fc.oneof(fc.string(), fc.integer(), fc.boolean(), fc.array(fc.string(), { maxLength: 3 }));
const optionName = fc.stringMatching(/^[a-z][a-z0-9]{0,8}$/).filter((name) => name !== "version");

test("any settings come back from the YAML as they went in", () => {
    // `<<` is YAML 1.1's merge key, `__proto__` no key that assertions can compare; neither names a header or field.
    const name = fc.string().filter((key) => key !== "<<" && key !== "__proto__");
    const words = fc.dictionary(name, fc.string());
    fc.assert(
        fc.property(
            fc.string({ minLength: 1 }),
            words,
            fc.dictionary(name, fc.array(fc.string())),
            (...of) => {
                const [realm, logFields, headers] = of;
                const config = tree({ realm, logFields, headers });
                expect(config.auth?.htpasswd?.realm).toBe(realm);
                expect(config.log?.fields).toEqual({ ...logFields });
                expect(config.http?.headers).toEqual({ ...headers });
            },
        ),
    );
});

test("the same settings give the same text, whatever the order of their keys in memory", () => {
    const backwards = Object.fromEntries(Object.entries(DEFAULTS).reverse()) as unknown as RegistrySettings;
    expect(renderConfig(backwards)).toBe(render());
});

const SUITES = ["TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384"];

test("further options that do not conflict all arrive, and take nothing away", () => {
    const extra = fc.record({
        http: fc.record({
            tls: fc.record({
                ciphersuites: fc.subarray(SUITES, { minLength: 1 }),
                minimumtls: fc.constant("tls1.2"),
            }),
            prefix: fc.string(),
        }),
        storage: fc.record({
            cache: fc.dictionary(optionName, leaf),
            redirect: fc.record({ disable: fc.boolean() }),
        }),
        health: fc.record({ tcp: fc.array(fc.record({ addr: fc.string() })) }),
        redis: fc.dictionary(optionName, fc.dictionary(optionName, leaf)),
    });
    fc.assert(
        fc.property(extra, (options) => {
            expect(conflicts(options)).toEqual([]);
            const config = tree({ extra: options });
            expect(config).toMatchObject(options);
            const { storage, ...rest } = tree();
            expect(config).toMatchObject(rest);
            expect(config.storage).toMatchObject({
                delete: storage?.delete,
                filesystem: storage?.filesystem,
            });
        }),
    );
});

describe("options that the kit sets itself are refused in `extra`", () => {
    test.each([
        ["version", "version"],
        ["log.accesslog.disabled", "log.accesslog"],
        ["log.level", "log.level"],
        ["log.formatter", "log.formatter"],
        ["log.fields.a", "log.fields"],
        ["loglevel", "loglevel"],
        ["storage.filesystem.rootdirectory", "storage.filesystem.rootdirectory"],
        ["storage.delete.enabled", "storage.delete"],
        ["auth.htpasswd.realm", "auth"],
        ["auth.token", "auth"],
        ["http.addr", "http.addr"],
        ["http.net", "http.net"],
        ["http.host", "http.host"],
        ["http.relativeurls", "http.relativeurls"],
        ["http.secret", "http.secret"],
        ["http.headers.X-A", "http.headers"],
        ["http.tls.certificate", "http.tls.certificate"],
        ["http.tls.key", "http.tls.key"],
        ["http.tls.letsencrypt.cachefile", "http.tls.letsencrypt"],
        ["http.tls.minimumtls", "http.tls.minimumtls"],
        ["http.tls.ciphersuites", "http.tls.ciphersuites"],
        ["validation.disabled", "validation.disabled"],
        ["http.debug.addr", "http.debug.addr"],
        ["proxy.remoteurl", "proxy"],
        ["health.storagedriver.enabled", "health.storagedriver"],
        ["storage.s3.bucket", "storage.s3"],
        ["storage.inmemory", "storage.inmemory"],
        // A single value in the place of an object would erase what the kit sets in it.
        ["http", "http"],
        ["log", "log"],
        ["storage", "storage"],
        ["http.tls", "http.tls"],
        ["http.debug", "http.debug"],
        ["storage.filesystem", "storage.filesystem"],
        ["health", "health"],
    ])("%s", (path, conflict) => {
        const extra = path.split(".").reduceRight<unknown>((inner, step) => ({ [step]: inner }), "value");
        const found = conflicts(extra as Record<string, unknown>);
        expect(found.map((one) => one.path)).toEqual([conflict]);
        const message = `The registry option ${conflict} is set by the kit; change ${found[0]?.instead}.`;
        expect(() => render({ extra: extra as Record<string, unknown> })).toThrow(message);
    });

    test.each<[string, unknown, boolean]>([
        ["minimumtls", "tls1.0", false],
        ["minimumtls", "tls1.1", false],
        ["minimumtls", "TLS1.3", false],
        ["minimumtls", "", false],
        ["minimumtls", null, false],
        ["minimumtls", ["tls1.3"], false],
        ["minimumtls", { constructor: 1 }, false],
        ["minimumtls", "tls1.2", true],
        ["minimumtls", "tls1.3", true],
        ["ciphersuites", ["TLS_RSA_WITH_3DES_EDE_CBC_SHA"], false],
        ["ciphersuites", [...SUITES, "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA"], false],
        ["ciphersuites", [], false],
        ["ciphersuites", SUITES[0], false],
        ["ciphersuites", SUITES, true],
    ])("http.tls.%s: %j is taken: %p", (option, value, taken) => {
        const extra = { http: { tls: { [option]: value } } };
        expect(conflicts(extra).map(({ path }) => path)).toEqual(taken ? [] : [`http.tls.${option}`]);
        if (taken) expect(render({ extra })).toContain(`${option}:`);
        else
            expect(() => render({ extra })).toThrow(
                `The registry option http.tls.${option} is set by the kit`,
            );
    });

    test("an option with a name from JavaScript's own objects is none of them", () => {
        expect(conflicts({ constructor: 1, toString: { valueOf: 1 } })).toEqual([]);
    });
});
