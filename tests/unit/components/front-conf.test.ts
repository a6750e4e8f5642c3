/** The front's nginx.conf as text. What it does is shown by the end-to-end tests, on a real nginx. */
import fc from "fast-check";

import { lessThan } from "../../../components/front/access";
import { blobHeaders } from "../../../components/front/blobs";
import { renderNginx } from "../../../components/front/nginx-conf";
import type { FrontSettings } from "../../../components/front/settings";
import { literal, quoted } from "../../../components/front/text";

import { expectGolden } from "./golden";

const DEFAULTS: FrontSettings = {
    generation: "0a1b",
    users: [{ name: "admin", role: "push" }],
    anonymousPull: false,
    realm: "basic-realm",
    cacheSeconds: 60,
    attemptsPerMinute: 60,
    connectionsPerClient: 512,
    sites: [],
};
const render = (settings: Partial<FrontSettings> = {}) => renderNginx({ ...DEFAULTS, ...settings });

test.each<[string, Partial<FrontSettings>]>([
    ["default", {}],
    [
        "roles",
        {
            anonymousPull: true,
            users: [
                { name: "admin", role: "push" },
                { name: "o'brien", role: "pull" },
                { name: "team a", role: "push", repositories: ["team-a/*", "shared/base"] },
            ],
        },
    ],
    [
        "sites",
        {
            sites: [
                { id: "docs.example.com", name: "docs.example.com", folder: "docs" },
                { id: "app.example.com", name: "app.example.com", upstream: "http://192.0.2.10:8080" },
            ],
            redirectTo: 8443,
            cacheSeconds: 0,
        },
    ],
    [
        "acme",
        {
            acme: true,
            sites: [{ id: "app", name: "app.example.com", upstream: "http://192.0.2.10:8080", acme: true }],
            redirectTo: 443,
        },
    ],
    ["open", { users: undefined }],
    ["proxies", { trustedProxies: ["10.244.0.0/16", "fd00::/8"] }],
    [
        "immutable",
        { immutableTags: { "team/*": ["v*", "1.0"], "*": ["release-*"], pinned: ["!latest", "!nightly-*"] } },
    ],
    [
        "metrics",
        {
            users: [
                { name: "admin", role: "push" },
                { name: "prometheus", role: "metrics" },
            ],
            metrics: { open: true, store: true },
            page: [],
        },
    ],
    ["blobs", { blobHeaders: { "X-Content-Type-Options": ["nosniff"], "X-Cost": ["5 $", "6 $"] } }],
    [
        "mirror-blobs",
        {
            sites: [
                {
                    id: "mirror-hub",
                    name: "hub.example.com",
                    upstream: "http://hub:12345",
                    blobHeaders: { "X-Cost": ["5 $"] },
                },
                { id: "mirror-other", name: "other.example.com", upstream: "http://other:12346" },
            ],
        },
    ],
    ["installers", { installers: ["client.sh", "client.ps1"] }],
    [
        "page",
        {
            users: [
                { name: "admin", role: "push" },
                { name: "team a", role: "pull", repositories: ["team-a/*", "shared/base"] },
            ],
            page: [
                { path: "/page/index.html", file: "page.html.gz", type: "text/html; charset=utf-8" },
                { path: "/page/0a1b.js", file: "page.js.gz", type: "text/javascript; charset=utf-8" },
            ],
        },
    ],
    [
        "overlap",
        {
            signer: "0a1b2c3d",
            sites: [
                { id: "a", name: "docs.example.com", folder: "docs" },
                { id: "b", name: "volatile", folder: "b", brought: true },
            ],
            users: [
                { name: "admin", role: "push" },
                { name: "ci", role: "push", previousUntil: 1_800_000_000 },
            ],
        },
    ],
])("golden nginx-%s.conf", (name, settings) => expectGolden(`nginx-${name}.conf`, render(settings)));

type Told = Parameters<typeof blobHeaders>[0]["notifications"][string];
const told = (events: Told["events"], layers: boolean): Told => ({
    ...{ url: "https://ci.example.com/", headers: {}, events, layers },
    ...{ timeout: "5s", threshold: 5, backoff: "10s" },
});

test.each<[string, Partial<Parameters<typeof blobHeaders>[0]>, boolean]>([
    ["files of the Docker host", {}, true],
    ["a store elsewhere", { storage: { driver: "gcs", bucket: "images" } as never }, false],
    ["who is told of each pull", { extra: { notifications: { endpoints: [] } } }, false],
    ["who is told of each layer that is pulled", { notifications: { ci: told(["pull"], true) } }, false],
    ["who is told of pulls of images", { notifications: { ci: told(["pull"], false) } }, true],
    ["who is told of layers that are pushed", { notifications: { ci: told(["push"], true) } }, true],
    ["a middleware", { extra: { middleware: { repository: [] } } }, false],
    ["other paths", { extra: { http: { prefix: "/x/" } } }, false],
    ["an option that changes nothing of blobs", { extra: { http: { debug: {} } } }, true],
    ["a header that the registry has itself", { headers: { ETAG: ["x"] } }, false],
    ["a header that nginx would read", { headers: { "X-Accel-Redirect": ["x"] } }, false],
    ["a header that nginx would write otherwise", { headers: { "X-A": ["é"] } }, false],
    ["a header without a value", { headers: { "X-A": [""] } }, false],
])("blobs from disk, with %s", (_, settings, served) => {
    const all = { storage: undefined, extra: {}, notifications: {}, headers: { "X-A": ["1"] }, ...settings };
    expect(blobHeaders(all)).toEqual(served ? all.headers : undefined);
});

test("each thing that is served is in the generation's key of the password cache", () => {
    expect(render()).toContain('proxy_cache_key "0a1b $login";');
    expect(render({ cacheSeconds: 0 })).not.toContain("proxy_cache");
});

test("the end of an overlap is a number, of which a regular expression takes those that are less", () => {
    const seconds = fc.integer({ min: 1_000_000_000, max: 9_999_999_999 });
    fc.assert(
        fc.property(seconds, fc.oneof(seconds, fc.integer({ min: -3, max: 3 })), (end, other) => {
            const now = other < 10 ? Math.min(Math.max(end + other, 1_000_000_000), 9_999_999_999) : other;
            expect(new RegExp(`^${lessThan(end)}[0-9]*\\.[0-9]+ ci$`).test(`${now}.123 ci`)).toBe(now < end);
        }),
        { numRuns: 500 },
    );
});

test("a text is written so that it means itself", () => {
    expect(quoted('a"b\\c$d')).toBe('"a\\"b\\\\c${dollar}d"');
    fc.assert(
        fc.property(fc.string({ unit: "binary" }), (text) => {
            expect(literal(text)).toMatch(/^(?:[A-Za-z0-9]|\\x[0-9a-f]{2})*$/);
            const bytes = Buffer.from(text).toString("latin1");
            expect(new RegExp(`^${literal(text)}$`).test(bytes)).toBe(true);
        }),
        { numRuns: 20 },
    );
});
