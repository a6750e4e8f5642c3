/** The part of the schema that is about the Redis cache. */
import * as z from "zod";

import { DEFAULT_REDIS_IMAGE } from "./defaults";
import { field, imageName } from "./fields";

export const DEFAULT_REDIS_MB = 64;

export const cache = field(z.enum(["inmemory", "redis"]).default("inmemory"), {
    description:
        "Where the registry keeps what it knows of blobs. redis: in a Redis beside it, which outlives its restarts",
    allowed: "inmemory or redis",
    example: "redis",
});

const settings = z.strictObject({
    image: field(imageName.default(DEFAULT_REDIS_IMAGE), {
        description: "Image of the Redis cache, 6.2 or newer",
        allowed: "an image reference",
        example: DEFAULT_REDIS_IMAGE,
    }),
    memoryMb: field(z.int().min(16).default(DEFAULT_REDIS_MB), {
        description: "What the cache may hold in MiB; then what was used longest ago goes",
        allowed: "a whole number from 16",
        example: "64",
    }),
});

export const redis = field(settings.prefault({}), {
    description: "The Redis of `cache: redis`",
    allowed: "an object (see redis.* below)",
    example: "--path redis.memoryMb 64",
});
