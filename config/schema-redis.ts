/** The part of the schema that is about the Redis cache. */
import * as z from "zod";

import { DEFAULT_REDIS_IMAGE } from "./defaults";
import { field } from "./fields";

export const DEFAULT_REDIS_MB = 64;

export const redis = z.strictObject({
    image: field(
        z
            .string()
            .regex(/^[a-z0-9][\w.\-/:@]*$/)
            .default(DEFAULT_REDIS_IMAGE),
        {
            description: "Image of the Redis cache, 6.2 or newer",
            allowed: "an image reference",
            example: DEFAULT_REDIS_IMAGE,
        },
    ),
    memoryMb: field(z.int().min(16).default(DEFAULT_REDIS_MB), {
        description: "What the cache may hold in MiB; then what was used longest ago goes",
        allowed: "a whole number from 16",
        example: "64",
    }),
});
