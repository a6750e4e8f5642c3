/** A configuration of version 0.1: every option is told with its new place, and the rest is judged as if it stood there. */
import { mistakeIn, refused } from "./base";

const CLI = "pulumi config";

test.each<[Record<string, unknown>, string, string, string]>([
    [
        { tls: "off" },
        "tls",
        'is "off", which is tls.off true now',
        `${CLI} rm tls && ${CLI} set --path tls.off true`,
    ],
    [{ tls: "own-ca" }, "tls", 'is "own-ca", which follows from the other options now', `${CLI} rm tls`],
    [
        { front: "none" },
        "front",
        'is "none", which is front.off true now',
        `${CLI} rm front && ${CLI} set --path front.off true`,
    ],
    [
        { front: "nginx" },
        "front",
        'is "nginx", which is front.off false now',
        `${CLI} rm front && ${CLI} set --path front.off false`,
    ],
    [
        { cache: "redis" },
        "cache",
        'is "redis", which is cache.valkey true now',
        `${CLI} rm cache && ${CLI} set --path cache.valkey true`,
    ],
    [
        { cache: "inmemory" },
        "cache",
        'is "inmemory", which follows from the other options now',
        `${CLI} rm cache`,
    ],
    [
        { localNames: "false" },
        "localNames",
        "is tls.ownCa.site.localNames now",
        `${CLI} set --path tls.ownCa.site.localNames false && ${CLI} rm localNames`,
    ],
    [
        { site: { validityDays: 90 } },
        "site",
        "is tls.ownCa.site now",
        `${CLI} set --path tls.ownCa.site.validityDays 90 && ${CLI} rm site`,
    ],
    [
        { anonymousPull: "true" },
        "anonymousPull",
        "is front.anonymousPull now",
        `${CLI} set --path front.anonymousPull true && ${CLI} rm anonymousPull`,
    ],
    [
        { frontSettings: { redirectHttp: true, cacheSeconds: 5 } },
        "frontSettings",
        "is front now",
        `${CLI} set --path front.cacheSeconds 5 && ${CLI} set --path front.httpPort 80 && ${CLI} rm frontSettings`,
    ],
    [
        { sites: { "a.b": { upstream: "http://192.0.2.1" } } },
        "sites",
        "is front.sites now",
        `${CLI} set --path 'front.sites["a.b"].upstream' http://192.0.2.1 && ${CLI} rm sites`,
    ],
    [
        { redis: { memoryMb: 32 } },
        "redis",
        "is cache.valkey now",
        `${CLI} set --path cache.valkey.memoryMb 32 && ${CLI} rm redis`,
    ],
    [
        { storage: { path: "/data" } },
        "storage.path",
        "is storage.folder now",
        `${CLI} set --path storage.folder /data && ${CLI} rm --path storage.path`,
    ],
    [
        { mirrors: { hub: { upstream: "https://quay.io", port: 5443, path: "/hub" } } },
        "mirrors.hub.path",
        "is mirrors.hub.folder now",
        `${CLI} set --path mirrors.hub.folder /hub && ${CLI} rm --path mirrors.hub.path`,
    ],
    [
        { proxy: { fromEnvironment: true } },
        "proxy.fromEnvironment",
        "is proxyFromEnvironment now",
        `${CLI} set proxyFromEnvironment true && ${CLI} rm --path proxy.fromEnvironment`,
    ],
    [
        { nexus: { enabled: false, port: 18081 } },
        "nexus.enabled",
        "is false; what is not wanted is not set now",
        `${CLI} rm nexus`,
    ],
    [
        { nexus: { enabled: true, acceptEula: true } },
        "nexus.enabled",
        "is true, which follows from the other options now",
        `${CLI} rm --path nexus.enabled`,
    ],
])("%j", (config, path, problem, fix) => {
    expect(mistakeIn(config)).toEqual({ path, problem, fix });
});

test("a secret goes to its place through a pipe, and is not shown", () => {
    const { message } = refused({ ca: { cert: "./ca.crt", key: "hunter2" } });
    expect(message).not.toContain("hunter2");
    expect(message).toContain(
        "pulumi config get --path ca.key | pulumi config set --secret --path tls.ownCa.key && pulumi config rm ca",
    );
});

test("what else is wrong is told of the new place at once", () => {
    const { mistakes } = refused({
        site: { validityDays: 900 },
        storage: { driver: "s3", s3: { bucket: "abc" } },
    });
    expect(mistakes.map(({ path }) => path)).toEqual([
        "storage.driver",
        "site",
        "tls.ownCa.site.validityDays",
        "storage.s3.region",
    ]);
});

test("an object that has a toString of its own is no former switch, and crashes nothing", () => {
    for (const key of ["tls", "cache", "front", "storage", "nexus"])
        expect(refused({ [key]: { toString: [], driver: { toString: [] } } }).message).toContain("toString");
    expect(refused({ frontSettings: { redirectHttp: { toString: [] } } }).mistakes).not.toEqual([]);
});
