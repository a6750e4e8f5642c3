/** The front's nginx.conf, rendered from plain data. Directives: nginx.org/en/docs/dirindex.html. */
import { accessMaps, authServers, authZones, deniedServer, loginMaps, overlapMap } from "./access";
import { blobMaps, blobServer } from "./blobs";
import { immutableMaps, immutableServer } from "./immutable";
import { metricsServer } from "./numbers";
import { pageMaps } from "./page";
import { registryServer } from "./registry-server";
import { accessLog, requestMaps, statusServer } from "./requests";
import { type FrontSettings, SECOND_SOCKET, SOCKET, STATUS_PORT } from "./settings";
import { hiddenMap, redirectServer, siteServer } from "./site-server";
import { block, errorBody, map } from "./text";

/** TLS 1.2 ciphers with forward secrecy and authenticated encryption (ssl-config.mozilla.org, intermediate). */
const CIPHERS = ["ECDSA", "RSA"]
    .flatMap((key) =>
        ["AES128-GCM-SHA256", "AES256-GCM-SHA384", "CHACHA20-POLY1305"].map(
            (cipher) => `ECDHE-${key}-${cipher}`,
        ),
    )
    .join(":");

/** Those of TLS 1.3 (RFC 8446, B.4). */
const SUITES = ["TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256"].join(":");

/** Seconds for a request without its body. */
const HEADER_SECONDS = 15;

const GENERAL: readonly string[] = [
    "include /etc/nginx/mime.types;",
    "default_type application/octet-stream;",
    "server_tokens off;",
    "# nginx knows the port inside the container alone: a redirect of its own names neither host nor port.",
    "absolute_redirect off;",
    "sendfile on;",
    "tcp_nopush on;",
    ...["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map((one) => `${one}_temp_path /tmp/${one};`),
    "# Whoever says nothing has sent his request, and his part of the handshake, within this time.",
    `client_header_timeout ${HEADER_SECONDS}s;`,
    "large_client_header_buffers 4 8k;",
    "reset_timedout_connection on;",
    "limit_conn_zone $binary_remote_addr zone=clients:10m;",
    "limit_conn_status 429;",
    "client_body_timeout 300s;",
    "send_timeout 300s;",
    "# A name has up to 255 bytes, and nginx some of its own beside it.",
    "server_names_hash_bucket_size 512;",
    "map_hash_bucket_size 512;",
    "variables_hash_max_size 2048;",
];

/** Name servers for the upstreams of sites: what is made anew has another address. */
export const resolver = (addresses: string): string => `resolver ${addresses} valid=1s ipv6=off;`;

const nameServers = ({ resolverFile }: FrontSettings): string[] =>
    resolverFile === undefined
        ? [
              "# Docker's own name server, for the upstreams of sites: a container that is made anew has another address.",
              resolver("127.0.0.11"),
          ]
        : [`include ${resolverFile};`];

const TLS: readonly string[] = [
    "ssl_protocols TLSv1.2 TLSv1.3;",
    `ssl_ciphers ${CIPHERS};`,
    "# AES-128 before AES-256, whatever a client lists first: it takes a fifth less of both processors, and is what the registry's own",
    "# TLS chooses. ChaCha20 for whoever puts it first, having no AES in his processor.",
    "ssl_prefer_server_ciphers on;",
    "ssl_conf_command Options PrioritizeChaCha;",
    `ssl_conf_command Ciphersuites ${SUITES};`,
    "ssl_session_cache shared:tls:5m;",
    "ssl_session_timeout 1d;",
    "ssl_session_tickets off;",
];

/** Whose word it is taken for who the client is: nginx.org/en/docs/http/ngx_http_realip_module.html. */
const clientAddress = (proxies: readonly string[] = []): string[] =>
    proxies.length === 0
        ? []
        : [
              "",
              ...proxies.map((one) => `set_real_ip_from ${one};`),
              "real_ip_header X-Forwarded-For;",
              "# The last one that is no proxy: those before it the client may have written himself.",
              "real_ip_recursive on;",
          ];

/** The text of nginx.conf. Paths without a folder are beside it. */
export function renderNginx(settings: FrontSettings): string {
    const { users, sites, redirectTo, generation } = settings;
    const http = [
        ...GENERAL,
        ...nameServers(settings),
        "",
        ...TLS,
        ...clientAddress(settings.trustedProxies),
        "",
        ...block("geo $dollar", ['default "$";']),
        ...map("$http_upgrade", "$upgraded", [
            ["default", "upgrade"],
            ['""', '""'],
        ]),
        ...requestMaps(),
        ...accessLog(settings),
        ...(sites.some(({ folder }) => folder !== undefined) ? hiddenMap() : []),
        "",
        ...(users === undefined
            ? map("$host", "$access_user", [["default", '""']])
            : [...loginMaps(settings), ...overlapMap(users), ...authZones(settings)]),
        ...accessMaps(settings),
        ...blobMaps(settings),
        ...pageMaps(settings),
        ...immutableMaps(settings),
        "",
        ...block("upstream registry", [
            `server unix:${SOCKET} max_fails=0;`,
            `server unix:${SECOND_SOCKET} backup;`,
            "keepalive 32;",
        ]),
        // Not the words of the specification: a denial in those, and without details, Docker tries again for 50 seconds.
        ...deniedServer(errorBody("DENIED", "this request is denied to this user")),
        ...immutableServer(settings),
        ...blobServer(settings),
        ...(users === undefined ? [] : ["", ...authServers(users)]),
        "",
        ...registryServer(settings),
        ...sites.flatMap((site) => ["", ...siteServer(site, settings)]),
        "",
        ...(redirectTo === undefined ? [] : [...redirectServer(redirectTo), ""]),
        ...metricsServer(settings),
        ...statusServer(STATUS_PORT, generation),
    ];
    return [
        "# A check of a password occupies a worker for as long as the bcrypt takes: the others go on.",
        "worker_processes 4;",
        "# After a reload a push in flight goes on in its old worker.",
        "worker_shutdown_timeout 12h;",
        "pid /tmp/nginx.pid;",
        "error_log stderr warn;",
        ...block("events", ["worker_connections 2048;"]),
        ...block("http", http),
        "",
    ].join("\n");
}
