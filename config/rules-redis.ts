/** Rules of the Redis cache. */
import { DEFAULT_REDIS_IMAGE } from "./defaults";
import { type Mistake, mistake, removeCommand } from "./mistakes";
import type { Partial } from "./rules";
import { DEFAULT_REDIS_MB } from "./schema-redis";

/** Keys → what each means where it is not set. */
const KEYS = { image: DEFAULT_REDIS_IMAGE, memoryMb: DEFAULT_REDIS_MB };

/** What is set of a Redis that there is not. */
export function redisRule({ cache, redis }: Partial): Mistake[] {
    if (cache !== "inmemory" || redis === undefined) return [];
    return Object.entries(KEYS)
        .filter(([key, initially]) => redis[key as keyof typeof KEYS] !== initially)
        .map(([key]) =>
            mistake(
                ["redis", key],
                "is set, and cache: inmemory does not use it",
                removeCommand(["redis", key]),
            ),
        );
}
