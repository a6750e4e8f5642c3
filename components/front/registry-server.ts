/** The public server of the registry. */
import { authLocation } from "./access";
import { blobLocations } from "./blobs";
import { hasImmutable } from "./immutable";
import { metricsLocations } from "./numbers";
import { pageLocations } from "./page";
import {
    blobsFolder,
    DRAIN_FILE,
    FRONT_FOLDER,
    type FrontSettings,
    RETRY_AFTER,
    SERVED_FILE,
    SERVED_FOLDER,
    TLS_PORT,
} from "./settings";
import { block, errorBody } from "./text";

const API_VERSION = "add_header Docker-Distribution-Api-Version registry/2.0 always;";
const NOSNIFF = "add_header X-Content-Type-Options nosniff always;";

/** What the upstream gets to know about the client: from the front alone, never from the client. */
export const forwarded: readonly string[] = [
    "proxy_http_version 1.1;",
    "proxy_set_header Host $http_host;",
    "proxy_set_header X-Real-IP $remote_addr;",
    "proxy_set_header X-Forwarded-For $remote_addr;",
    "proxy_set_header X-Forwarded-Proto https;",
    'proxy_set_header X-Forwarded-Host "";',
    'proxy_set_header X-Forwarded-Port "";',
    'proxy_set_header Forwarded "";',
];

/** Large bodies in both directions, for as long as they take, without a copy on disk. */
export const streamed: readonly string[] = [
    "client_max_body_size 0;",
    "client_body_buffer_size 128k;",
    "proxy_request_buffering off;",
    // In memory, a few parts at a time: with `off` nginx would wait for the client after each part.
    "proxy_buffers 8 64k;",
    "proxy_buffer_size 64k;",
    "proxy_busy_buffers_size 128k;",
    "proxy_max_temp_file_size 0;",
    "proxy_read_timeout 900s;",
    "proxy_send_timeout 900s;",
];

export const listenTls = (crt: string, key: string, suffix = ""): string[] => [
    // As of 1.25.1 nginx prefers a directive `http2`, which those before it do not know.
    `listen ${TLS_PORT} ssl http2${suffix};`,
    `ssl_certificate ${crt};`,
    `ssl_certificate_key ${key};`,
];

/** The certificate that a directory issues. */
export const listenAcme = (suffix = ""): string[] => {
    const file = `${SERVED_FOLDER}/${SERVED_FILE}`;
    return listenTls(file, file, suffix);
};

/** Requests at once of one client address; in every public server. */
export const limitConnections = ({ connectionsPerClient }: Pick<FrontSettings, "connectionsPerClient">) =>
    `limit_conn clients ${connectionsPerClient};`;

/** What could not stand in nginx's error log as it is; in every public server. */
export const ODD_BYTES = "if ($odd_bytes) { return 400; }";

const refuse = (status: number, code: string, message: string) =>
    `return ${status} ${errorBody(code, message)};`;

const ODD_TARGET = `if ($odd_target) { ${refuse(400, "NAME_INVALID", "the path or query has characters that no registry client sends")} }`;

function tokenLocations(): string[] {
    const token = `return 200 '{"token":"$token","access_token":"$token","expires_in":300}';`;
    return [
        ...block("location = /token", [
            "default_type application/json;",
            ODD_TARGET,
            "if ($request_method != GET) { return 405; }",
            "auth_request /_auth;",
            "auth_request_set $access_user $upstream_http_x_access_user;",
            "auth_request_set $refusal $upstream_http_x_refusal;",
            "error_page 403 = @refused;",
            "try_files /tmp/none @token;",
        ]),
        ...block("location @token", [
            "default_type application/json;",
            "add_header Cache-Control no-store;",
            token,
        ]),
    ];
}

/** A file for anyone: it holds no secret, and is asked for before there is a login. */
const publicFile = (name: string): string[] =>
    block(`location = /${name}`, [
        ...block("if ($reading = 0)", ['add_header Allow "GET, HEAD" always;', NOSNIFF, "return 405;"]),
        `root ${FRONT_FOLDER};`,
        // To be read in a browser before it is run.
        "types { }",
        'default_type "text/plain; charset=utf-8";',
        NOSNIFF,
        // A kept one would not be the one whose SHA-256 clients are told.
        "add_header Cache-Control no-store always;",
    ]);

/** What a request of the registry's API passes before it goes on: it is one, it is no write while there are none, and somebody's. */
const checked = ({ users }: FrontSettings): string[] => [
    API_VERSION,
    ODD_TARGET,
    `if ($long_name) { ${refuse(400, "NAME_INVALID", "the name of a repository has at most 255 characters")} }`,
    `if ($kind = "") { ${refuse(404, "UNSUPPORTED", "no end-point of the registry API")} }`,
    ...block('if ($drained = "drained 0")', [
        API_VERSION,
        `add_header Retry-After ${RETRY_AFTER} always;`,
        refuse(503, "UNAVAILABLE", "garbage collection is running: push again in a moment"),
    ]),
    "# Known from here on, in the subrequest that checks the password as well.",
    'set $decided_on "$kind $repository $reading $told_uri";',
    ...(users === undefined
        ? []
        : [
              "auth_request /_auth;",
              "auth_request_set $access_user $upstream_http_x_access_user;",
              "auth_request_set $refusal $upstream_http_x_refusal;",
              "error_page 403 = @refused;",
              "error_page 429 = @busy;",
          ]),
];

/** To the registry, or to who denies it. */
const toRegistry = (settings: FrontSettings): string[] => [
    `proxy_pass http://${hasImmutable(settings) ? "$taker" : "$target"}$forwarded_uri;`,
    ...forwarded,
    'proxy_set_header Connection "";',
    'proxy_set_header Authorization "";',
    "proxy_set_header Content-Type $forwarded_type;",
    ...streamed,
    "proxy_hide_header Docker-Distribution-Api-Version;",
];

export function registryServer(settings: FrontSettings): string[] {
    const { users, anonymousPull, installers = [] } = settings;
    return block("server", [
        ...(settings.acme
            ? listenAcme(" default_server")
            : listenTls("site.crt", "site.key", " default_server")),
        "server_name _;",
        "default_type application/json;",
        ODD_BYTES,
        // Here: within a location, a condition that holds takes try_files out of force.
        "set $drained $reading;",
        `if (-f ${DRAIN_FILE}) { set $drained "drained $reading"; }`,
        limitConnections(settings),
        "error_page 429 = @busy;",
        "",
        ...block("location /v2/", [...checked(settings), ...toRegistry(settings)]),
        ...blobLocations(settings.blobHeaders, {
            folder: blobsFolder(),
            from: "$allowed_blob_from",
            checked: checked(settings),
            toRegistry: [API_VERSION, ...toRegistry(settings)],
        }),
        ...block("location @busy", [
            API_VERSION,
            "add_header Retry-After 10 always;",
            refuse(429, "TOOMANYREQUESTS", "too many requests at once from this address"),
        ]),
        "location = /v2 { return 308 /v2/; }",
        ...installers.flatMap(publicFile),
        ...pageLocations(settings),
        ...metricsLocations(settings),
        `location / { ${refuse(404, "UNSUPPORTED", "this is a registry; its API is under /v2/")} }`,
        ...(users === undefined
            ? []
            : [
                  "",
                  ...authLocation(settings),
                  ...(anonymousPull ? tokenLocations() : []),
                  ...block("location @refused", [
                      API_VERSION,
                      NOSNIFF,
                      ...block("if ($refusal = limited)", [
                          API_VERSION,
                          "add_header Retry-After 60 always;",
                          refuse(429, "TOOMANYREQUESTS", "too many logins that were not known yet"),
                      ]),
                      // A client without a login has nothing better to try, and Docker would try for a minute.
                      ...(anonymousPull
                          ? [
                                `if ($claim = anonymous) { ${refuse(403, "DENIED", "log in to change something")} }`,
                            ]
                          : []),
                      "add_header WWW-Authenticate $challenge always;",
                      refuse(401, "UNAUTHORIZED", "authentication required"),
                  ]),
              ]),
    ]);
}
