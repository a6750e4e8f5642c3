/** The numbers, as the front serves them: to users of the role metrics, and on a near address without a login. */
import { METRICS_FILE, METRICS_FOLDER, STORE_FILE } from "../metrics/files";

import { type FrontSettings, METRICS_PORT } from "./settings";
import { block, errorBody } from "./text";

const READ_ONLY = block("if ($reading = 0)", ['add_header Allow "GET, HEAD" always;', "return 405;"]);

/** A file of what counts, which is another one a moment later. */
const file = (name: string, type: string): string[] => [
    `root ${METRICS_FOLDER};`,
    `rewrite ^ /${name} break;`,
    "types { }",
    `default_type "${type}";`,
    "add_header X-Content-Type-Options nosniff always;",
    "add_header Cache-Control no-store always;",
];

/** The text format of Prometheus, version 0.0.4 (prometheus.io/docs/instrumenting/exposition_formats). */
const numbers = file(METRICS_FILE, "text/plain; version=0.0.4; charset=utf-8");
const store = file(STORE_FILE, "application/json");

/** A path whose login is checked, and what follows for one role. */
const forRole = (path: string, name: string, role: string, lines: readonly string[]): string[] => [
    ...block(`location = ${path}`, [
        ...READ_ONLY,
        "auth_request /_auth;",
        "auth_request_set $access_user $upstream_http_x_access_user;",
        "auth_request_set $refusal $upstream_http_x_refusal;",
        "error_page 403 = @refused;",
        "error_page 429 = @busy;",
        `try_files /tmp/none @${name};`,
    ]),
    ...block(`location @${name}`, [
        `if ($role != ${role}) { return 403 ${errorBody("DENIED", "this request is denied to this user")}; }`,
        ...lines,
    ]),
];

/** The locations of the numbers, in the registry's own server. */
export function metricsLocations({
    metrics,
    page,
    users,
}: Pick<FrontSettings, "metrics" | "page" | "users">): string[] {
    if (metrics === undefined || users === undefined) return [];
    return [
        ...forRole("/metrics", "metrics", "metrics", numbers),
        // How full the store is, for who may fill it.
        ...(page === undefined || !metrics.store ? [] : forRole("/page/store", "page_store", "push", store)),
    ];
}

/** The server that tells the numbers without a login. */
export const metricsServer = ({ metrics }: Pick<FrontSettings, "metrics">): string[] =>
    metrics?.open !== true
        ? []
        : block("server", [
              `listen ${METRICS_PORT};`,
              "access_log off;",
              "default_type text/plain;",
              ...block("location = /metrics", [...READ_ONLY, ...numbers]),
              "location / { return 404; }",
          ]);
