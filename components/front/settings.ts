/** What the front's configuration is rendered from. */
import { createHash } from "node:crypto";

/** A user of the registry, as far as the front must know: the password stands in the htpasswd file. */
export interface FrontUser {
    name: string;
    /** push: reads, writes and deletes. pull: reads. metrics: reads the numbers, and nothing else. */
    role: "push" | "pull" | "metrics";
    /** Repositories that the user may use: `team/app`, or all below a prefix: `team/*`. @default all */
    repositories?: readonly string[] | undefined;
    /** Until when the password before is taken too, seconds since 1970. @default it is not */
    previousUntil?: number | undefined;
}

/** A further site on the same port, told apart by the server name of TLS. Exactly one of `upstream` and `folder`. */
export interface FrontSite {
    /** Of its files: the server name, where that is known beforehand. */
    id: string;
    /** The server name. */
    name: string;
    /** Origin that requests are passed on to, `http://host:port`. */
    upstream?: string | undefined;
    /** Folder below the folder of the sites whose files are served. */
    folder?: string | undefined;
    /** Its certificate is the registry's, which a directory issues. @default one of its own */
    acme?: boolean | undefined;
    /** It is a mirror whose cached blobs are served from its files, with these headers besides. @default the upstream serves all */
    blobHeaders?: BlobHeaders | undefined;
    /** Its certificate was brought: who trusts it need not trust the registry's CA. @default false */
    brought?: boolean | undefined;
}

/** Header → its values, in answers with a blob. */
export type BlobHeaders = Readonly<Record<string, readonly string[]>>;

export interface FrontSettings {
    /** Names this configuration: it changes with everything that is served. */
    generation: string;
    /** Nothing lets anyone do anything. */
    users?: readonly FrontUser[] | undefined;
    /** Anyone may read, users alone may write. */
    anonymousPull: boolean;
    /** Realm of the login. */
    realm: string;
    /** Seconds for which a right password is not checked again. 0: each request checks. */
    cacheSeconds: number;
    /** Password checks a minute that one client address gets. */
    attemptsPerMinute: number;
    /** Requests at once that one client address gets. */
    connectionsPerClient: number;
    /** Addresses and networks whose X-Forwarded-For tells the client's address. @default none */
    trustedProxies?: readonly string[] | undefined;
    /** Repository, `team/*` or `*` → patterns of tags (definition/patterns.ts) that are pushed once. */
    immutableTags?: Readonly<Record<string, readonly string[]>> | undefined;
    /** Start of the SHA-256 of the CA that signed the certificate, for the log: who came under it trusts that CA. @default not told */
    signer?: string | undefined;
    /** File of the access log. @default the container's own log */
    logFile?: string | undefined;
    /** Blobs are served from the registry's files, with these headers besides. @default the registry serves them */
    blobHeaders?: BlobHeaders | undefined;
    sites: readonly FrontSite[];
    /** Names of files beside the configuration that anyone may fetch, without a login. @default none */
    installers?: readonly string[] | undefined;
    /** Files of the page, at `/` for browsers. @default no page */
    page?: readonly { path: string; file: string; type: string }[] | undefined;
    /** A directory issues the certificate: it lies in the folder of what is served, and changes there. @default false */
    acme?: boolean | undefined;
    /**
     * Counts requests, and serves the numbers; `open` also on a port without a login, `store` how full the store is to the page.
     *
     * @default no numbers
     */
    metrics?: { open: boolean; store: boolean } | undefined;
    /** Port of the Docker host to which plain HTTP is redirected; nothing opens no port for plain HTTP. */
    redirectTo?: number | undefined;
    /** File with the directive of the name servers for upstreams of sites. @default Docker's own name server */
    resolverFile?: string | undefined;
}

/** Name of its container. @param prefix of the deployment */
export const frontName = (prefix: string): string => `${prefix}-front`;

/** Ports inside the container. Unprivileged, so that it needs no capability. */
export const TLS_PORT = 8443;
export const PLAIN_PORT = 8080;
/** Health and generation: on the container's loopback alone. */
export const STATUS_PORT = 8081;
/** Numbers without a login: published on a near address alone. */
export const METRICS_PORT = 8082;
/** Where the front's files are mounted. */
export const FRONT_FOLDER = "/etc/front";
/** The htpasswd file of passwords that are taken for a while beside those that took their place. */
export const PREVIOUS_FILE = "htpasswd-previous";
/** Where the folders of the sites are mounted. */
export const SITES_FOLDER = "/srv/sites";
/** Folder of the folders with images. */
export const IMAGES_FOLDER = "/srv";
/** Where files of a registry are mounted, to be read. @param site ID of a mirror. @default the registry */
export const blobsFolder = (site?: string): string =>
    site === undefined ? `${IMAGES_FOLDER}/images` : `${IMAGES_FOLDER}/caches/${site}`;
/** The registry listens on a socket in a volume that it shares with the front: no network leads past the front. */
export const SOCKET_FOLDER = "/run/registry";
export const SOCKET = `${SOCKET_FOLDER}/registry.sock`;
/** Socket of a second registry, which answers while the first one is away for garbage collection. */
export const SECOND_SOCKET = `${SOCKET_FOLDER}/second.sock`;
/** While this file is there, writes are answered 503 with Retry-After, and reads go on. In the front's memory. */
export const DRAIN_FILE = "/tmp/drain";
/** What a client is told then, seconds. */
export const RETRY_AFTER = 60;

/** What changes without an `up` is mounted there: a directory's certificate, and the answers to its challenges. */
export const SERVED_FOLDER = "/run/served";
/** In that folder: PEM of the chain and the key in one file, so that a rename changes both at once. */
export const SERVED_FILE = "site.pem";
/** In that folder: it changes when the certificate has, and the front reads its configuration anew. */
export const STAMP_FILE = "stamp";
/** In that folder: when what is served ends, JSON: `ends` in seconds since 1970, `life` in seconds; 0 of one that nobody renews. */
export const ENDS_FILE = "ends.json";
/** In that folder: the root of `/.well-known/acme-challenge/`. */
export const WEBROOT = "webroot";

/** File names of a site's certificate and key in the front's folder. A name of a host may be longer than a path in a tar. */
export function siteFiles(site: string): { crt: string; key: string } {
    const name = site.length <= 64 ? site : createHash("sha256").update(site).digest("hex");
    return { crt: `site-${name}.crt`, key: `site-${name}.key` };
}
