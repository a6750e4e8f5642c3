/** The registry's config.yml, rendered from plain data. Option names: distribution.github.io/distribution/about/configuration. */
import { stringify } from "yaml";

import { CONFIG_FOLDER, OWNED_STORAGE, type RemoteStorage, renderStorage } from "./storage";
import { renderCheckConfig } from "./storage-check";

export { CONFIG_FOLDER, DATA_FOLDER } from "./storage";

/** Port inside the container. Unprivileged, so that the container needs no capability. */
export const REGISTRY_PORT = 5000;
/** Port of health and metrics: plain HTTP, on the container's loopback alone, never published. */
export const DEBUG_PORT = 5001;

export interface RegistrySettings {
    /** Serves TLS from site.crt and site.key in the configuration folder. */
    tls: boolean;
    /** The htpasswd realm; nothing turns authentication off. */
    realm?: string | undefined;
    /** http.host; nothing gives relative URLs. */
    externalUrl?: string | undefined;
    /** http.secret: signs the state of uploads. */
    secret: string;
    /** A store elsewhere; nothing is a volume or folder of the Docker host. */
    storage?: RemoteStorage | undefined;
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
    ...OWNED_STORAGE,
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
const STORAGE_OPTIONS = ["cache", "delete", "maintenance", "redirect", "tag"];

const isTree = (value: unknown): value is Tree =>
    typeof value === "object" && value !== null && !Array.isArray(value);

/**
 * Options of `extra` that contradict what the kit decides.
 *
 * @param driver the storage driver that the kit sets
 */
export function conflicts(
    extra: Tree,
    driver: "filesystem" | RemoteStorage["driver"] = "filesystem",
): { path: string; instead: string }[] {
    const found: { path: string; instead: string }[] = [];
    const besideDriver = [driver, ...STORAGE_OPTIONS];
    const walk = (tree: Tree, prefix: string) => {
        for (const [key, value] of Object.entries(tree)) {
            const path = prefix === "" ? key : `${prefix}.${key}`;
            const instead = Object.hasOwn(OWNED, path) ? OWNED[path] : undefined;
            const below = Object.keys(OWNED).some((owned) => owned.startsWith(`${path}.`));
            if (prefix === "storage" && !besideDriver.includes(key)) {
                found.push({
                    path,
                    instead: `storage.driver: the registry takes one storage driver, and the kit sets ${driver}`,
                });
            } else if (instead !== undefined) found.push({ path, instead });
            else if (path === "storage.redirect" && driver !== "filesystem")
                found.push({ path, instead: "storage.redirect" });
            else if (isTree(value)) walk(value, path);
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

/** The tree of config.yml. */
function configTree(settings: RegistrySettings): Tree {
    const [conflict] = conflicts({ ...settings.extra }, settings.storage?.driver);
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
            ...renderStorage(settings.storage),
        },
        ...(settings.realm === undefined
            ? {}
            : { auth: { htpasswd: { realm: settings.realm, path: `${CONFIG_FOLDER}/htpasswd` } } }),
        http: {
            addr: `:${REGISTRY_PORT}`,
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
    return merge(config, { ...settings.extra });
}

/**
 * The text of config.yml.
 *
 * @throws Error where `extra` contradicts what the kit decides
 */
export function renderConfig(settings: RegistrySettings): string {
    // `version: 0.1` is a number in YAML, and the registry reads it as the text that stands there. It reads YAML 1.1,
    // in which `yes` without quotes is a boolean.
    return stringify(configTree(settings), {
        version: "1.1",
        lineWidth: 0,
        aliasDuplicateObjects: false,
    });
}

/** The configuration of the registry that checks a store elsewhere; nothing where the images lie on the Docker host. */
export function renderStorageCheck(settings: RegistrySettings): string | undefined {
    if (settings.storage === undefined) return undefined;
    const { version, storage } = configTree(settings);
    return renderCheckConfig({ version, storage: storage as Tree, http: { secret: settings.secret } });
}
