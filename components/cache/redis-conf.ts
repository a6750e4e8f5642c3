/** The files of the cache, rendered from plain data. Option names: redis.io/docs/latest/operate/oss_and_stack/management/config-file. */

/** Where redis.conf and the password lie. */
export const REDIS_FOLDER = "/etc/redis";
export const REDIS_PORT = 6379;
/** Working folder: the image declares a volume there, and nothing is ever written. */
export const REDIS_DATA = "/data";

/** Where a registry finds its cache. */
export interface RedisAccess {
    /** `host:6379` */
    addr: string;
    password: string;
}

/** The cache's container, and its network. */
export const redisName = (prefix: string): string => `${prefix}-redis`;

export interface RedisSettings {
    /** Letters and digits. */
    password: string;
    /** What the cache may hold, in MiB; then what was used longest ago goes. */
    memoryMb: number;
}

/** The text of redis.conf: a cache in memory alone, behind a password. */
export const renderRedis = ({ password, memoryMb }: RedisSettings): string =>
    [
        "bind * -::*",
        `port ${REDIS_PORT}`,
        "protected-mode yes",
        `requirepass ${password}`,
        `maxmemory ${memoryMb}mb`,
        "maxmemory-policy allkeys-lru",
        'save ""',
        "appendonly no",
        `dir ${REDIS_DATA}`,
        "daemonize no",
        "",
    ].join("\n");

/** MiB that its container may take: what Redis takes for itself and its connections comes on top of what it holds. */
export const redisMemoryMb = (holds: number): number => Math.ceil(holds * 1.25) + 32;

/** Shell command of redis-cli that logs in with the password's file: it shows up in no argument. */
export const redisCli = (command: string): string =>
    `REDISCLI_AUTH="$(cat ${REDIS_FOLDER}/password)" redis-cli ${command}`;
