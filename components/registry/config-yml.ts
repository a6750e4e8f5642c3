/** The registry's config.yml, rendered from plain data. Option names: distribution.github.io/distribution/about/configuration. */
import { stringify } from "yaml";

import { isTree, type Tree } from "../definition/tree";
import type { Options } from "../options";

import type { settingsOptions } from "./options";
import type { RedisAccess } from "../cache/redis-conf";
import { OWNED_STORAGE, type RemoteStorage, renderStorage } from "../storage/storage";
import { renderCheckConfig } from "../storage/check";
import { CONFIG_FOLDER, DATA_FOLDER } from "../storage/folders";
import { renderNotifications } from "./notifications";
import { DEBUG_PORT, REGISTRY_PORT } from "./ports";

/** The options that say nothing but what stands in config.yml. */
type Settings = Omit<Pick<Options, keyof typeof settingsOptions>, "registryConfig">;

/** A pull-through cache. */
export interface ProxySettings {
    /** The other registry, `https://registry-1.docker.io`. */
    remoteUrl: string;
    /** How long it is kept: `168h`; `0` for ever. */
    ttl: string;
    /** The program that tells the login there, as docker-credential-helpers do. */
    loginCommand: string;
}

export interface RegistrySettings extends Settings {
    /** Serves TLS from site.crt and site.key in the configuration folder. */
    tls: boolean;
    /** Path of a socket on which the registry listens instead of its port. @default none */
    socket?: string | undefined;
    /** Port inside the container, where it is another one than elsewhere. */
    port?: number | undefined;
    /** The htpasswd realm; nothing turns authentication off. */
    realm?: string | undefined;
    /** http.host; nothing gives relative URLs. */
    externalUrl?: string | undefined;
    /** http.secret: signs the state of uploads. */
    secret: string;
    /** A store elsewhere; nothing is a volume or folder of the Docker host. */
    storage?: RemoteStorage | undefined;
    /** Keeps what is known of blobs. @default the registry's own memory */
    redis?: RedisAccess | undefined;
    /** Others write to the same images: without a Redis that they share it remembers no blob, which another may have removed. @default false */
    shared?: boolean | undefined;
    /** Tells its numbers on the debug server. @default it does not */
    numbers?: boolean | undefined;
    /** Seconds that a stopping registry gives to requests in flight. */
    drainSeconds: number;
    /** Serves images of another registry, kept here for a time. @default the registry's own images */
    proxy?: ProxySettings | undefined;
    /** Any further option, merged last. */
    extra: Readonly<Record<string, unknown>>;
}

/** Where the registry finds its files and where it listens. */
export interface Place {
    /** Folder of htpasswd, site.crt and site.key. */
    configFolder: string;
    /** Folder of the images. */
    dataFolder: string;
    /** `:5000` or `127.0.0.1:5000` */
    addr: string;
    /** Health and metrics in plain HTTP; nothing closes that port. */
    debugAddr?: string | undefined;
}

const IN_CONTAINER: Place = {
    configFolder: CONFIG_FOLDER,
    dataFolder: DATA_FOLDER,
    addr: `:${REGISTRY_PORT}`,
    debugAddr: `127.0.0.1:${DEBUG_PORT}`,
};

/** Options that the kit itself decides → what to change instead. Parents cover what is below them. */
const OWNED: Readonly<Record<string, string>> = {
    version: "nothing: the kit writes version 0.1",
    "log.accesslog": "accessLog",
    "log.level": "logLevel",
    "log.formatter": "logFormat",
    "log.fields": "logFields",
    loglevel: "logLevel",
    ...OWNED_STORAGE,
    "storage.delete": "deleteEnabled",
    auth: "auth, realm and users",
    "http.addr": "port and bindAddress",
    "http.net": "port and bindAddress",
    "http.host": "externalUrl",
    "http.relativeurls": "externalUrl",
    "http.secret": "nothing: the kit generates it",
    "http.headers": "headers",
    "http.tls.certificate": "tls.files",
    "http.tls.key": "tls.files",
    "http.tls.letsencrypt": "tls.files",
    "validation.disabled": "nothing: the registry would take a manifest whose blobs are not there",
    "http.debug.addr": "nothing: the health check needs it on the container's loopback",
    "health.storagedriver": "health",
    proxy: "mirrors",
};

/** The same where the kit brings the Redis. */
const OWNED_REDIS: Readonly<Record<string, string>> = Object.fromEntries(
    [
        "storage.cache.blobdescriptor",
        "redis.addrs",
        "redis.username",
        "redis.password",
        "redis.db",
        "redis.tls",
    ].map((path) => [path, "cache.valkey"]),
);

/** Cipher suites of TLS 1.2 with forward secrecy and authenticated encryption, and those of TLS 1.3, as Go names them. */
const CIPHER_SUITES: ReadonlySet<unknown> = new Set([
    ...["ECDSA", "RSA"].flatMap((key) =>
        ["AES_128_GCM_SHA256", "AES_256_GCM_SHA384", "CHACHA20_POLY1305_SHA256"].map(
            (cipher) => `TLS_ECDHE_${key}_WITH_${cipher}`,
        ),
    ),
    ...["AES_128_GCM_SHA256", "AES_256_GCM_SHA384", "CHACHA20_POLY1305_SHA256"].map((one) => `TLS_${one}`),
]);

/** Options that may be stricter than the kit's own and not weaker → whether a value is, and what is. */
const NOT_WEAKER: Readonly<Record<string, { keeps: (value: unknown) => boolean; instead: string }>> = {
    "http.tls.minimumtls": {
        keeps: (value) => value === "tls1.2" || value === "tls1.3",
        instead: "it to tls1.2 or tls1.3: older versions are broken (RFC 8996)",
    },
    "http.tls.ciphersuites": {
        keeps: (value) =>
            Array.isArray(value) && value.length > 0 && value.every((one) => CIPHER_SUITES.has(one)),
        instead:
            "it to a list of ECDHE suites with AES-GCM or ChaCha20, such as TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384",
    },
};

/** What stands beside the driver under `storage`. */
const STORAGE_OPTIONS = ["cache", "delete", "maintenance", "redirect", "tag"];

/** An option of `extra` that cannot stand there. */
export interface Conflict {
    /** `http.addr` */
    path: string;
    /** The same, a name each. */
    steps: string[];
    /** What to change instead. */
    instead: string;
}

/**
 * Options of `extra` that contradict what the kit decides, or that the registry would not find.
 *
 * @param driver the storage driver that the kit sets
 * @param cached the kit brings the cache of what is known of blobs
 */
export function conflicts(
    extra: Tree,
    driver: "filesystem" | RemoteStorage["driver"] = "filesystem",
    cached = false,
): Conflict[] {
    const owned = cached ? { ...OWNED, ...OWNED_REDIS } : OWNED;
    const found: Conflict[] = [];
    const besideDriver = [driver, ...STORAGE_OPTIONS];
    const walk = (tree: Tree, above: string[]) => {
        for (const [key, value] of Object.entries(tree)) {
            const steps = [...above, key];
            const path = steps.join(".");
            const tell = (instead: string) => found.push({ path, steps, instead });
            const owner = Object.hasOwn(owned, path) ? owned[path] : undefined;
            const below = Object.keys(owned).some((one) => one.startsWith(`${path}.`));
            // No option has one: it would pass for an option of an option here, and for none in the registry.
            if (key.includes(".")) tell("the name with a dot to an object in an object");
            else if (above.join(".") === "storage" && !besideDriver.includes(key))
                tell(`storage: the registry takes one storage driver, and the kit sets ${driver}`);
            else if (owner !== undefined) tell(owner);
            else if (Object.hasOwn(NOT_WEAKER, path)) {
                const rule = NOT_WEAKER[path];
                if (rule !== undefined && !rule.keeps(value)) tell(rule.instead);
            } else if (path === "storage.redirect" && driver !== "filesystem") tell("storage.redirect");
            else if (isTree(value)) walk(value, steps);
            else if (below) tell("an object of its options: a single value would erase the kit's own");
        }
    };
    walk(extra, []);
    return found;
}

function merge(base: Tree, extra: Tree): Tree {
    const merged: Tree = { ...base };
    for (const [key, value] of Object.entries(extra)) {
        const own = merged[key];
        merged[key] = isTree(own) && isTree(value) ? merge(own, value) : value;
    }
    return merged;
}

/** Where Redis does not answer, a request goes on without it, and must not wait long to find that out. */
const redisOptions = ({ addr, password }: RedisAccess) => ({
    addrs: [addr],
    password,
    dialtimeout: "500ms",
    readtimeout: "500ms",
    writetimeout: "500ms",
    maxretries: -1,
});

/**
 * The options of config.yml as a tree.
 *
 * @throws Error where `extra` contradicts what the kit decides
 */
export function configTree(settings: RegistrySettings, place: Place): Tree {
    const [conflict] = conflicts(
        { ...settings.extra },
        settings.storage?.driver,
        settings.redis !== undefined,
    );
    if (conflict)
        throw new Error(
            `The registry option ${conflict.path} is set by the kit; change ${conflict.instead}.`,
        );
    const { proxy, redis } = settings;
    const tls = {
        certificate: `${place.configFolder}/site.crt`,
        key: `${place.configFolder}/site.key`,
        minimumtls: "tls1.2",
    };
    const config: Tree = {
        version: 0.1,
        log: {
            accesslog: { disabled: !settings.accessLog },
            // What a front passes on stands in its log, with the user: twice costs requests a second.
            level: settings.logLevel ?? (settings.socket === undefined ? "info" : "warn"),
            formatter: settings.logFormat,
            fields: { ...settings.logFields },
        },
        storage: {
            delete: { enabled: settings.deleteEnabled },
            // Whole, since the registry panics where a part of it is missing.
            ...(settings.uploadsKept === undefined
                ? {}
                : {
                      maintenance: {
                          uploadpurging: {
                              enabled: true,
                              age: settings.uploadsKept,
                              interval: "1h",
                              dryrun: false,
                          },
                      },
                  }),
            // A mirror's store forgets what is over its time; a cache would go on to promise it.
            ...(settings.proxy === undefined && (redis !== undefined || !settings.shared)
                ? { cache: { blobdescriptor: redis === undefined ? "inmemory" : "redis" } }
                : {}),
            ...renderStorage(settings.storage, place.dataFolder),
        },
        ...(settings.realm === undefined
            ? {}
            : { auth: { htpasswd: { realm: settings.realm, path: `${place.configFolder}/htpasswd` } } }),
        http: {
            ...(settings.socket === undefined
                ? { addr: settings.port === undefined ? place.addr : `:${settings.port}` }
                : { net: "unix", addr: settings.socket }),
            ...(settings.externalUrl === undefined ? { relativeurls: true } : { host: settings.externalUrl }),
            secret: settings.secret,
            draintimeout: `${settings.drainSeconds}s`,
            headers: { ...settings.headers },
            http2: { disabled: false },
            ...(settings.tls ? { tls } : {}),
            ...(place.debugAddr === undefined
                ? {}
                : {
                      debug: {
                          addr: place.debugAddr,
                          ...(settings.numbers ? { prometheus: { enabled: true } } : {}),
                      },
                  }),
        },
        ...(redis === undefined ? {} : { redis: redisOptions(redis) }),
        health: { storagedriver: { ...settings.health } },
        ...renderNotifications(settings.notifications),
        ...(proxy === undefined
            ? {}
            : {
                  proxy: {
                      remoteurl: proxy.remoteUrl,
                      ttl: proxy.ttl,
                      exec: { command: proxy.loginCommand },
                  },
              }),
    };
    return merge(config, { ...settings.extra });
}

/** The text of a config.yml. */
export function configText(tree: Tree): string {
    // `version: 0.1` is a number in YAML, and the registry reads it as the text that stands there. It reads YAML 1.1,
    // in which `yes` without quotes is a boolean.
    return stringify(tree, {
        version: "1.1",
        lineWidth: 0,
        aliasDuplicateObjects: false,
    });
}

/** The configuration of the registry that checks a store elsewhere; nothing where the images lie on the Docker host. */
export function renderStorageCheck(settings: RegistrySettings): string | undefined {
    if (settings.storage === undefined) return undefined;
    const { version, storage } = configTree(settings, IN_CONTAINER);
    return renderCheckConfig({ version, storage: storage as Tree, http: { secret: settings.secret } });
}

/**
 * The text of config.yml in the container.
 *
 * @throws Error where `extra` contradicts what the kit decides
 */
export const renderConfig = (settings: RegistrySettings): string =>
    configText(configTree(settings, IN_CONTAINER));
