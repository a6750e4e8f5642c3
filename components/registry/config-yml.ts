/** The registry's config.yml, rendered from plain data. Option names: distribution.github.io/distribution/about/configuration. */
import { stringify } from "yaml";

/** Port inside the container. Unprivileged, so that the container needs no capability. */
export const REGISTRY_PORT = 5000;
/** Port of health and metrics: plain HTTP, on the container's loopback alone, never published. */
export const DEBUG_PORT = 5001;
/** Where the files of the configuration are mounted. */
export const CONFIG_FOLDER = "/etc/distribution";
/** Where the images lie. */
export const DATA_FOLDER = "/var/lib/registry";

export interface RegistrySettings {
    /** Serves TLS from site.crt and site.key in the configuration folder. */
    tls: boolean;
    /** Path of a socket on which the registry listens instead of its port. @default none */
    socket?: string | undefined;
    /** The htpasswd realm; nothing turns authentication off. */
    realm?: string | undefined;
    /** http.host; nothing gives relative URLs. */
    externalUrl?: string | undefined;
    /** http.secret: signs the state of uploads. */
    secret: string;
    deleteEnabled: boolean;
    logLevel: "error" | "warn" | "info" | "debug";
    logFormat: "text" | "json" | "logstash";
    logFields: Readonly<Record<string, string>>;
    accessLog: boolean;
    headers: Readonly<Record<string, readonly string[]>>;
    health: { enabled: boolean; interval: string; threshold: number };
    /** Seconds that a stopping registry gives to requests in flight. */
    drainSeconds: number;
    /** Any further option, merged last. */
    extra: Readonly<Record<string, unknown>>;
}

type Tree = Record<string, unknown>;

/** Options that the kit itself decides → what to change instead. Parents cover what is below them. */
const OWNED: Readonly<Record<string, string>> = {
    version: "nothing: the kit writes version 0.1",
    "log.accesslog": "accessLog",
    "log.level": "logLevel",
    "log.formatter": "logFormat",
    "log.fields": "logFields",
    loglevel: "logLevel",
    "storage.filesystem.rootdirectory": "storage.path or storage.volume",
    "storage.delete": "deleteEnabled",
    auth: "auth, realm and users",
    "http.addr": "port and bindAddress",
    "http.net": "port and bindAddress",
    "http.host": "externalUrl",
    "http.relativeurls": "externalUrl",
    "http.secret": "nothing: the kit generates it",
    "http.headers": "headers",
    "http.tls.certificate": "tls and certificate",
    "http.tls.key": "tls and certificate",
    "http.tls.letsencrypt": "tls and certificate",
    "http.debug.addr": "nothing: the health check needs it on the container's loopback",
    "health.storagedriver": "health",
};

/** What stands beside the driver under `storage`. */
const STORAGE_OPTIONS = ["filesystem", "cache", "delete", "maintenance", "redirect", "tag"];

const isTree = (value: unknown): value is Tree =>
    typeof value === "object" && value !== null && !Array.isArray(value);

/** Options of `extra` that contradict what the kit decides. */
export function conflicts(extra: Tree): { path: string; instead: string }[] {
    const found: { path: string; instead: string }[] = [];
    const walk = (tree: Tree, prefix: string) => {
        for (const [key, value] of Object.entries(tree)) {
            const path = prefix === "" ? key : `${prefix}.${key}`;
            const instead = Object.hasOwn(OWNED, path) ? OWNED[path] : undefined;
            const below = Object.keys(OWNED).some((owned) => owned.startsWith(`${path}.`));
            if (instead !== undefined) found.push({ path, instead });
            else if (prefix === "storage" && !STORAGE_OPTIONS.includes(key)) {
                found.push({
                    path,
                    instead: "storage: the registry takes one storage driver, and the kit sets filesystem",
                });
            } else if (isTree(value)) walk(value, path);
            else if (below)
                found.push({
                    path,
                    instead: "an object of its options: a single value would erase the kit's own",
                });
        }
    };
    walk(extra, "");
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

/**
 * The text of config.yml.
 *
 * @throws Error where `extra` contradicts what the kit decides
 */
export function renderConfig(settings: RegistrySettings): string {
    const [conflict] = conflicts({ ...settings.extra });
    if (conflict)
        throw new Error(
            `The registry option ${conflict.path} is set by the kit; change ${conflict.instead}.`,
        );
    const tls = {
        certificate: `${CONFIG_FOLDER}/site.crt`,
        key: `${CONFIG_FOLDER}/site.key`,
        minimumtls: "tls1.2",
    };
    const config: Tree = {
        version: 0.1,
        log: {
            accesslog: { disabled: !settings.accessLog },
            level: settings.logLevel,
            formatter: settings.logFormat,
            fields: { ...settings.logFields },
        },
        storage: {
            delete: { enabled: settings.deleteEnabled },
            cache: { blobdescriptor: "inmemory" },
            filesystem: { rootdirectory: DATA_FOLDER },
        },
        ...(settings.realm === undefined
            ? {}
            : { auth: { htpasswd: { realm: settings.realm, path: `${CONFIG_FOLDER}/htpasswd` } } }),
        http: {
            ...(settings.socket === undefined
                ? { addr: `:${REGISTRY_PORT}` }
                : { net: "unix", addr: settings.socket }),
            ...(settings.externalUrl === undefined ? { relativeurls: true } : { host: settings.externalUrl }),
            secret: settings.secret,
            draintimeout: `${settings.drainSeconds}s`,
            headers: { ...settings.headers },
            http2: { disabled: false },
            ...(settings.tls ? { tls } : {}),
            debug: { addr: `127.0.0.1:${DEBUG_PORT}` },
        },
        health: { storagedriver: { ...settings.health } },
    };
    // `version: 0.1` is a number in YAML, and the registry reads it as the text that stands there. It reads YAML 1.1,
    // in which `yes` without quotes is a boolean.
    return stringify(merge(config, { ...settings.extra }), {
        version: "1.1",
        lineWidth: 0,
        aliasDuplicateObjects: false,
    });
}
