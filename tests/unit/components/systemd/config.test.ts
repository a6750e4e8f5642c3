import { parse } from "yaml";

import { type RegistryVersion } from "../../../../host/layouts";
import { dataPathProblem, type HostMaterial, hostConfig } from "../../../../host/material";
import { expectGolden } from "../golden";

import { DEBIAN, host, RPM } from "./host";

const render = (
    extra: Record<string, unknown> = {},
    version: RegistryVersion = "2.8",
    more: Partial<HostMaterial> = {},
) =>
    parse(hostConfig(host(more, extra), DEBIAN, version), { version: "1.1" }) as Record<
        string,
        Record<string, unknown>
    >;

test("golden", () => {
    expectGolden("host-config-debian-2.8.yml", hostConfig(host(), DEBIAN, "2.8"));
    const redis = { redis: { addrs: ["redis:6379"], poolsize: 20, maxidleconns: 5, connmaxidletime: "5m" } };
    expectGolden(
        "host-config-rpm-2.8.yml",
        hostConfig(host({ bindAddress: "::1", port: 5000, dataPath: "/srv/images" }, redis), RPM, "2.8"),
    );
    expectGolden("host-config-debian-3.yml", hostConfig(host(), DEBIAN, "3"));
});

test("HTTP/2 is off on 2.8, whatever the stack says (CVE-2023-44487), and on with 3", () => {
    expect(render({ http: { http2: { disabled: false } } }).http?.http2).toEqual({ disabled: true });
    expect(render({}, "3").http?.http2).toEqual({ disabled: false });
});

describe("options of registry 3 on 2.8", () => {
    test("redis takes its old names", () => {
        const redis = {
            addrs: ["r:6379"],
            password: "x",
            db: 2,
            poolsize: 9,
            maxidleconns: 3,
            connmaxidletime: "1m",
        };
        expect(render({ redis }).redis).toEqual({
            addr: "r:6379",
            password: "x",
            db: 2,
            pool: { maxactive: 9, maxidle: 3, idletimeout: "1m" },
        });
        expect(render({ redis }, "3").redis).toEqual(redis);
    });

    test.each<[string, Record<string, unknown>]>([
        ["redis.addrs", { redis: { addrs: ["a:1", "b:1"] } }],
        ["redis.username", { redis: { addrs: ["a:1"], username: "u" } }],
        ["redis.tls", { redis: { tls: { rootcas: ["/ca"] } } }],
        ["storage.tag", { storage: { tag: { concurrencylimit: 8 } } }],
        ["storage.cache.blobdescriptorsize", { storage: { cache: { blobdescriptorsize: 9 } } }],
        ["http.h2c", { http: { h2c: { enabled: true } } }],
        ["http.tls.clientauth", { http: { tls: { clientauth: "require-any-client-cert" } } }],
        ["log.reportcaller", { log: { reportcaller: true } }],
        ["validation.manifests.indexes", { validation: { manifests: { indexes: { platforms: "none" } } } }],
        ["tags", { tags: { maxtags: 5 } }],
        ["constructor", { constructor: { x: 1 } }],
    ])("%s is refused by name, and taken by 3", (path, extra) => {
        expect(() => render(extra)).toThrow(`Registry 2.8 does not read ${path}: take it out`);
        expect(() => render(extra, "3")).not.toThrow();
    });

    test("all are named at once", () => {
        expect(() => render({ tags: {}, log: { reportcaller: true } })).toThrow(
            /does not read log\.reportcaller, tags: take them out .* --registry-version 3/,
        );
    });

    test.each([
        ["catalog", { maxentries: 5 }],
        ["notifications", { endpoints: [{ name: "a", url: "https://a.b" }] }],
    ])("%s goes through", (key, value) => {
        expect(render({ [key]: value })[key]).toEqual(value);
    });
});

test("the debug port opens only where the stack asks for metrics", () => {
    expect(render().http).not.toHaveProperty("debug");
    expect(render({ http: { debug: { prometheus: { enabled: true } } } }).http?.debug).toEqual({
        addr: "127.0.0.1:5001",
        prometheus: { enabled: true },
    });
});

test("plain HTTP without users names no file", () => {
    const { settings, ...rest } = host({ tls: undefined, htpasswd: undefined });
    const text = hostConfig({ ...rest, settings: { ...settings, realm: undefined } }, DEBIAN, "2.8");
    expect(text).not.toMatch(/site\.|htpasswd/);
});

test.each([
    ["/srv/registry", undefined],
    ["/with space/Ü", undefined],
    ["/home/me/images", "confined"],
    ["/tmp", "confined"],
    ["/homestead", undefined],
    ["/a\nExecStart=/bin/sh", "characters"],
    ['/a"b', "characters"],
    ["/a'b", "characters"],
    ["/a%h", "characters"],
    ["/srv/../home", "characters"],
])("the folder of the images, %j", (path, problem) => {
    if (problem === undefined) expect(dataPathProblem(path)).toBeUndefined();
    else expect(dataPathProblem(path)).toContain(problem);
});
