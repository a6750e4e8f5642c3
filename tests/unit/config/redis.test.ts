/** What stands together with `cache`. */
import { registryArgs } from "../../../config/args";

import { accepted, mistakeIn } from "./base";

test.each([
    ["image", "redis:7.2", "redis.image"],
    ["memoryMb", 32, "redis.memoryMb"],
])("redis.%s without cache: redis is refused by name", (key, value, path) => {
    expect(mistakeIn({ redis: { [key]: value } })).toEqual({
        path,
        problem: "is set, and cache: inmemory does not use it",
        fix: `pulumi config rm --path ${path}`,
    });
});

test("a host without Docker has no Redis", () => {
    expect(accepted({ target: "systemd", cache: "inmemory" }).cache).toBe("inmemory");
    expect(mistakeIn({ target: "systemd", cache: "redis" })).toMatchObject({
        path: "cache",
        fix: "pulumi config rm cache",
    });
});

test("options of the registry that contradict the kit's Redis are refused; others and a Redis of one's own are not", () => {
    expect(mistakeIn({ cache: "redis", registryConfig: { redis: { addrs: ["a:6379"] } } })).toEqual({
        path: "registryConfig.redis.addrs",
        problem: "contradicts what the kit sets; change cache",
        fix: "pulumi config rm --path registryConfig.redis.addrs",
    });
    const cache = { storage: { cache: { blobdescriptor: "inmemory" } } };
    expect(mistakeIn({ cache: "redis", registryConfig: cache }).path).toBe(
        "registryConfig.storage.cache.blobdescriptor",
    );
    expect(accepted({ cache: "redis", registryConfig: { redis: { poolsize: 20 } } })).toBeDefined();
    const own = { redis: { addrs: ["a:6379"] }, storage: { cache: { blobdescriptor: "redis" } } };
    expect(accepted({ registryConfig: own })).toBeDefined();
});

test("the component gets a Redis only where the configuration asks for one", () => {
    expect(registryArgs(accepted({}), "kit", "dev").redis).toBeUndefined();
    expect(registryArgs(accepted({ cache: "redis" }), "kit", "dev").redis).toEqual({
        image: "redis:7.4",
        memoryMb: 64,
    });
});
