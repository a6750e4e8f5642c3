import { Encrypted, edited } from "../../../config/edit-file";
import { formerOptions, nexusObstacles, registryObstacles } from "../../../ops/upgrade/obstacles";
import { wantedImage } from "../../../ops/upgrade/parts";
import { causeIn, compare, versionIn } from "../../../ops/upgrade/version";

test.each([
    ["/bin/registry github.com/distribution/distribution/v3 v3.1.2", "3.1.2"],
    ["/bin/registry github.com/docker/distribution 2.8.2+ds1", "2.8.2"],
    ["nginx version: nginx/1.22.1", "1.22.1"],
    ["Redis server v=7.0.15 sha=00000000:0 malloc=jemalloc-5.3.0 bits=64", "7.0.15"],
    ["3.94.0-12", "3.94.0"],
    ["none", undefined],
])("the version that %s tells", (said, version) => expect(versionIn(said)).toBe(version));

test("versions are compared by their numbers", () => {
    expect(compare("3.10.0", "3.9.9")).toBeGreaterThan(0);
    expect(compare("3.1", "3.1.0")).toBe(0);
    expect(compare("2.8.3", "3.1.1")).toBeLessThan(0);
});

test.each([
    [
        'time="2026-11-26T20:47:26Z" level=info msg="debug server"\ntime="x" level=fatal msg="configuration error: \\"a\\" is none"',
        'configuration error: "a" is none',
    ],
    [
        "panic: redis configuration required to use for layerinfo cache",
        "panic: redis configuration required to use for layerinfo cache",
    ],
    ["2026/11/26 20:00:00 [emerg] 1#1: unknown directive\nbye", "[emerg] 1#1: unknown directive"],
    ["it says goodbye.", "it says goodbye"],
    ["", undefined],
])("why a program ended: %s", (log, cause) => expect(causeIn(log)).toBe(cause));

test.each([
    ["registry", "registry:3.1.1", undefined, "registry:3.1.2"],
    [
        "registry",
        "mirror.example.com/library/registry:2.8",
        undefined,
        "mirror.example.com/library/registry:3.1.2",
    ],
    ["registry", "private-registry/registry:3.1.2", undefined, "registry:3.1.2"],
    ["registry", "example.com/own:2.8", undefined, undefined],
    ["registry", "example.com/own:2.8", "3.1.3", "example.com/own:3.1.3"],
    ["registry", `registry@sha256:${"a".repeat(64)}`, "3.1.3", "registry:3.1.3"],
    ["cache", "redis:7.4", undefined, undefined],
    ["front", "nginx:1.28", undefined, "nginx:1.30"],
] as const)("the %s that was %s, asked for %s, becomes %s", (part, configured, tag, wanted) =>
    expect(wantedImage(part, configured, tag)).toBe(wanted),
);

test("options of registry 2 are told with their places in 3, and commands that move them", () => {
    const texts = new Set<string>();
    expect(
        formerOptions({ redis: { addr: "cache:6379", pool: { maxidle: 16 } }, reporting: {} }, texts),
    ).toEqual([
        "registryConfig.redis.addr is registryConfig.redis.addrs in registry 3, which would pass over it: " +
            "pulumi config set --path 'registryConfig.redis.addrs[0]' cache:6379 && pulumi config rm --path registryConfig.redis.addr",
        "registryConfig.redis.pool.maxidle is registryConfig.redis.maxidleconns in registry 3, which would pass over it: " +
            "pulumi config set --path registryConfig.redis.maxidleconns 16 && pulumi config rm --path registryConfig.redis.pool.maxidle",
        "registryConfig.reporting is gone with registry 3, which would pass over it: pulumi config rm --path registryConfig.reporting",
    ]);
    expect(formerOptions({ redis: { addrs: ["cache:6379"] } }, texts)).toEqual([]);
});

test("a registry before 3.1.1 is refused, and old options only where registry 2 ran", () => {
    const of = { registryConfig: { compatibility: {} }, texts: new Set<string>() };
    expect(registryObstacles("3.1.2", "3.1.0", of)).toEqual([expect.stringContaining("older than 3.1.1")]);
    expect(registryObstacles("3.1.1", "3.1.2", of)).toEqual([]);
    expect(registryObstacles("2.8.3", "3.1.2", of)).toHaveLength(1);
});

test.each([
    ["3.94.0", "3.93.0", false, /^Nexus 3\.93\.0 cannot read what 3\.94\.0 wrote/],
    ["3.60.0", "3.94.0", true, /^Nexus 3\.60\.0 cannot become 3\.94\.0 at once: first the newest 3\.70/],
    ["3.70.1", "3.94.0", true, /^Nexus 3\.94\.0 has no OrientDB/],
    ["3.60.0", "3.70.1", true, undefined],
    ["3.70.1", "3.94.0", false, undefined],
    ["3.80.0", "3.94.0", false, undefined],
])("Nexus from %s to %s (OrientDB: %s)", (from, to, orient, refused) => {
    const found = nexusObstacles(from, to, orient);
    expect(found).toEqual(refused === undefined ? [] : [expect.stringMatching(refused)]);
});

describe("a value in the text of a stack's file", () => {
    const text = `# mine
encryptionsalt: v1:abc
config:
  private-registry:domain: localhost # the name
  private-registry:front: true
  private-registry:cache: '{"valkey":{"memoryMb":32}}'
  private-registry:nexus:
    secure: AAAA
`;
    const set = (path: string, value: string | undefined, of = text) =>
        edited(of, "private-registry", [{ path: path.split("."), value }]);

    test("comes and goes, and all else stays byte for byte", () => {
        const with1 = set("image", "registry:3.1.2");
        expect(with1).toBe(
            text.replace(
                "    secure: AAAA\n",
                "    secure: AAAA\n  private-registry:image: registry:3.1.2\n",
            ),
        );
        expect(set("image", undefined, with1)).toBe(text);
        expect(set("image", undefined)).toBe(text);
    });
    test("stands in a section that was said by true, and in one of JSON text", () => {
        expect(set("front.image", "nginx:1")).toContain("  private-registry:front:\n    image: nginx:1\n");
        expect(set("cache.valkey.image", "v:1")).toContain(`'{"valkey":{"memoryMb":32,"image":"v:1"}}'`);
        const short = text.replace(/private-registry:cache: .*/, "private-registry:cache:\n    valkey: true");
        expect(set("cache.valkey.image", "v:1", short)).toContain(
            "  private-registry:cache:\n    valkey:\n      image: v:1\n",
        );
        expect(set("front.image", undefined)).toBe(text);
    });
    test("is refused in an encrypted section, and where there is no file yet it makes one", () => {
        expect(() => set("nexus.image", "n:1")).toThrow(Encrypted);
        expect(set("image", "r:1", "")).toBe("config:\n  private-registry:image: r:1\n");
    });
});
