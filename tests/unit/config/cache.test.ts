/** What stands together with `cache`. */
import { argumentsOf } from "../../../config/arguments";

import { accepted, mistakeIn } from "./base";

test.each([
    ["image", "redis:7.2"],
    ["memoryMb", 32],
])("cache.valkey.%s alone asks for a cache with the other defaults", (key, value) => {
    expect(accepted({ cache: { valkey: { [key]: value } } }).cache.valkey).toEqual({
        ...{ image: "valkey/valkey:8.1", memoryMb: 64 },
        [key]: value,
    });
});

test("a host without Docker has no cache beside the registry", () => {
    expect(accepted({ target: "systemd", cache: {} }).cache).toEqual({});
    expect(accepted({ target: "systemd", cache: { valkey: false } }).cache.valkey).toBeUndefined();
    expect(mistakeIn({ target: "systemd", cache: { valkey: true } })).toMatchObject({
        path: "cache.valkey",
        fix: "pulumi config rm --path cache.valkey",
    });
});

const VALKEY = { cache: { valkey: true } };

test("options of the registry that contradict the kit's cache are refused; others and a Redis of one's own are not", () => {
    expect(mistakeIn({ ...VALKEY, registryConfig: { redis: { addrs: ["a:6379"] } } })).toEqual({
        path: "registryConfig.redis.addrs",
        problem: "contradicts what the kit sets; change cache.valkey",
        fix: "pulumi config rm --path registryConfig.redis.addrs",
    });
    const cache = { storage: { cache: { blobdescriptor: "inmemory" } } };
    expect(mistakeIn({ ...VALKEY, registryConfig: cache }).path).toBe(
        "registryConfig.storage.cache.blobdescriptor",
    );
    expect(accepted({ ...VALKEY, registryConfig: { redis: { poolsize: 20 } } })).toBeDefined();
    const own = { redis: { addrs: ["a:6379"] }, storage: { cache: { blobdescriptor: "redis" } } };
    expect(accepted({ registryConfig: own })).toBeDefined();
});

test("the component gets a cache only where the configuration asks for one", () => {
    expect(argumentsOf(accepted({}), {}).cache).toEqual({ valkey: undefined });
});
