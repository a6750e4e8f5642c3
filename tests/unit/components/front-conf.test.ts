/** The front's nginx.conf as text. What it does is shown by the end-to-end tests, on a real nginx. */
import fc from "fast-check";

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
    ["open", { users: undefined }],
    [
        "immutable",
        { immutableTags: { "team/*": ["v*", "1.0"], "*": ["release-*"], pinned: ["!latest", "!nightly-*"] } },
    ],
    ["installers", { installers: ["client.sh", "client.ps1"] }],
])("golden nginx-%s.conf", (name, settings) => expectGolden(`nginx-${name}.conf`, render(settings)));

test("each thing that is served is in the generation's key of the password cache", () => {
    expect(render()).toContain('proxy_cache_key "0a1b $login";');
    expect(render({ cacheSeconds: 0 })).not.toContain("proxy_cache");
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
