/** What a request is about, and the access log that tells it. */
import { LINE, LINES, METRICS_FOLDER, SLOT_SECONDS } from "../metrics/files";

import type { FrontSettings } from "./settings";
import { block, literal, map } from "./text";

/** Printable ASCII: what may stand in a log, and what a path may be made of. */
const NAME = "(?<name>[!-~]+)";

/** The longest name of a repository that the registry takes (distribution/reference, RepositoryNameTotalLengthMax). */
const LONGEST_NAME = 255;
/** The longest path that names something: such a repository, and a digest by SHA-512. */
const LONGEST_PATH = 512;

/** The kind of a path of the registry's API and the repository in it (OCI distribution spec, end-points). */
export const requestMaps = (): string[] => [
    ...map("$request_method", "$reading", [
        ["default", "0"],
        ["GET", "1"],
        ["HEAD", "1"],
    ]),
    ...map("$uri", "$kind", [
        ["default", '""'],
        // As regular expressions, since nginx compares plain texts without regard to case.
        ['"~^/v2/$"', "base"],
        ['"~^/v2/_catalog$"', "catalog"],
        ['"~^/v2/.+/blobs/uploads/[^/]*$"', "uploads"],
        ['"~^/v2/.+/manifests/[^/]+$"', "manifests"],
        ['"~^/v2/.+/blobs/[^/]+$"', "blobs"],
        ['"~^/v2/.+/tags/list$"', "tags"],
        ['"~^/v2/.+/referrers/[^/]+$"', "referrers"],
    ]),
    ...map("$uri", "$repository", [
        ["default", '""'],
        [`"~^/v2/${NAME}/blobs/uploads/[^/]*$"`, "$name"],
        [`"~^/v2/${NAME}/(?:manifests|blobs|referrers)/[^/]+$"`, "$name"],
        [`"~^/v2/${NAME}/tags/list$"`, "$name"],
    ]),
    "# nginx decides on what it decodes and cuts off, the registry on what the client wrote: both must be the same. So what",
    "# registry clients never send is refused: in a path they encode nothing but the colon of a digest, in a query no control",
    "# character.",
    ...map("$request_uri", "$odd_target", [
        ["default", "1"],
        ['"~^[^?]*/\\.{0,2}/"', "1"],
        ['"~^[^?]*/\\.{1,2}(?:\\?|$)"', "1"],
        [
            '"~^/(?:[A-Za-z0-9._:=+~/-]|%3[Aa])*(?:\\?(?:[A-Za-z0-9._:=+~/&,-]|%(?:[2-6][0-9A-Fa-f]|7[0-9A-Ea-e]|[89A-Fa-f][0-9A-Fa-f]))*)?$"',
            "0",
        ],
    ]),
    "# The query as the registry gets it: nginx's own $args ends at a #.",
    ...map("$request_uri", "$query", [
        ["default", '""'],
        ['"~^[^?]*\\?(?<asked>.*)$"', "$asked"],
    ]),
    ...map("$repository", "$long_name", [
        ["default", "0"],
        [`"~.{${LONGEST_NAME + 1}}"`, "1"],
    ]),
    "# nginx writes these into its error log as they come: an escape sequence would act on the terminal that shows it.",
    ...map('"$request_uri$http_host$http_referer"', "$odd_bytes", [
        ["default", "0"],
        ['"~[^ -~]"', "1"],
    ]),
];

/**
 * A value for the log: nothing but printable ASCII, or `?`. No more of it than honest clients need: a log that has bounds forgets
 * the sooner, the more a line takes.
 */
const told = (value: string, most: number): string[] => {
    const name = value.replace("$", "");
    return map(value, `$told_${name}`, [
        ["default", '"?"'],
        ['""', '""'],
        [`"~^[ -~]{1,${most}}$"`, value],
        [`"~^(?<${name}_start>[ -~]{${most}})[ -~]+$"`, `"$\{${name}_start}..."`],
    ]);
};

/** What redirects from plain HTTP has no name; that of the registry's own server is nobody's. */
const OF_SITES = map("$server_name", "$site", [
    ["default", "$server_name"],
    ["_", '""'],
]);

/** The CA under whose certificate a client came: plain HTTP has none, and a site may have one of somebody else's. */
const signers = (signer: string, sites: FrontSettings["sites"]): string[] =>
    map("$server_name", "$signer", [
        ["default", `"${signer}"`],
        ['""', '""'],
        ...sites
            .filter(({ brought }) => brought)
            .map(({ name }): [string, string] => [`"~^${literal(name)}$"`, '""']),
    ]);

/** Who did what, one JSON object a line. No query, header or body: they may hold secrets. */
export const accessLog = ({
    signer,
    sites,
    users,
    metrics,
    logFile = "/dev/stdout",
}: Pick<FrontSettings, "signer" | "sites" | "users" | "metrics" | "logFile">): string[] => [
    "# A request of plain HTTP is answered by a redirect, whatever it asks for.",
    ...map('"$server_name:$request_method:$kind:$status"', "$action", [
        ["default", "other"],
        ['"~^[^:]+:DELETE:.+:"', "delete"],
        // An upload that begins is answered 202: 201 is a mount, however the client wrote it.
        ['"~^[^:]+:POST:uploads:201$"', "mount"],
        ['"~^[^:]+:(?:POST|PUT|PATCH):(?:uploads|manifests|blobs):"', "push"],
        ['"~^[^:]+:GET:(?:manifests|blobs):"', "pull"],
        ['"~^[^:]+:HEAD:(?:manifests|blobs|uploads):"', "check"],
        ['"~^[^:]+:GET:(?:tags|catalog|referrers):"', "list"],
        ['"~^[^:]+:GET:base:"', "login"],
    ]),
    ...OF_SITES,
    ...told("$request_method", 32),
    ...told("$uri", LONGEST_PATH),
    ...told("$repository", LONGEST_NAME),
    ...told("$host", LONGEST_NAME),
    ...told("$http_user_agent", 256),
    ...(signer === undefined ? [] : signers(signer, sites)),
    "log_format access escape=json",
    '    \'{"time":"$time_iso8601","client":"$remote_addr","user":"$access_user","host":"$told_host","site":"$site",\'',
    '    \'"method":"$told_request_method","path":"$told_uri","repository":"$told_repository","action":"$action",\'',
    '    \'"status":$status,"bytesSent":$body_bytes_sent,"bytesReceived":$request_length,\'',
    '    \'"duration":$request_time,"protocol":"$server_protocol","agent":"$told_http_user_agent",\'',
    '    \'"digest":"$sent_http_docker_content_digest"' +
        (users === undefined ? "" : ',"refusal":"$refusal"') +
        (signer === undefined ? "" : ',"ca":"$signer"') +
        "}';",
    `access_log ${logFile} access;`,
    ...(metrics === undefined ? [] : countedLines()),
    "# A site has no user.",
    "uninitialized_variable_warn off;",
];

/** A line of each request for what counts. Each moment has a file of its own, which is whole when the next one is begun. */
const countedLines = (): string[] => [
    ...map("$msec", "$slot", [[`"~^(?<tens>[0-9]+)[0-9]{${String(SLOT_SECONDS).length - 1}}[.]"`, "$tens"]]),
    `log_format lines '${LINE}';`,
    `access_log ${METRICS_FOLDER}/${LINES}-$slot.log lines;`,
    "open_log_file_cache max=4 inactive=20s valid=20s;",
    "# nginx writes no log with a variable in its name for a request whose root is not there.",
    "root /tmp;",
];

/** Port 8081 on the loopback: which configuration is served, for the health check and the reload. */
export const statusServer = (port: number, generation: string): string[] =>
    block("server", [
        `listen 127.0.0.1:${port};`,
        "access_log off;",
        "default_type text/plain;",
        `location = /generation { return 200 ${generation}; }`,
        "location / { return 404; }",
    ]);
