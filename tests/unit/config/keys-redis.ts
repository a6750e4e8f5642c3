/** The keys of the Redis cache. */
import { group, type Key, same, set, whole } from "./key";

const REDIS_ON = { cache: "redis" };

export const REDIS: Key[] = [
    {
        key: "cache",
        valid: same("inmemory", "redis"),
        default: "inmemory",
        invalid: ["Redis", "memory", true],
        allowed: "inmemory or redis",
        fix: set("cache redis"),
    },
    group("redis", "an object", set("--path redis.memoryMb 64")),
    {
        key: "redis.image",
        valid: same("redis:7", "mirror.example.com:5000/valkey:8"),
        default: "redis:7.4",
        invalid: ["Redis:7", "redis 7", "/redis"],
        allowed: "an image reference",
        fix: set("--path redis.image redis:7.4"),
        beside: REDIS_ON,
    },
    {
        ...whole("redis.memoryMb", 64, 16, 1e9, "a whole number from 16", "--path redis.memoryMb 64"),
        beside: REDIS_ON,
    },
];
