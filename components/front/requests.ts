/** What a request is about, and the access log that tells it. */
import { block, map } from "./text";

const NAME = "(?<name>.+)";

/** The kind of a path of the registry's API and the repository in it (OCI distribution spec, end-points). */
export const requestMaps = (): string[] => [
    ...map("$request_method", "$reading", [
        ["default", "0"],
        ["GET", "1"],
        ["HEAD", "1"],
    ]),
    ...map("$uri", "$kind", [
        ["default", '""'],
        ["/v2/", "base"],
        ["/v2/_catalog", "catalog"],
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
    "# nginx decides on the path as it decodes it, the registry gets it as the client wrote it: both must be the same.",
    "# Registry clients encode nothing in a path but the colon of a digest.",
    ...map("$request_uri", "$odd_path", [
        ["default", "1"],
        ['"~^[^?]*/\\.{0,2}/"', "1"],
        ['"~^[^?]*/\\.{1,2}(?:\\?|$)"', "1"],
        ['"~^/(?:[A-Za-z0-9._:=+~/-]|%3[Aa])*(?:\\?|$)"', "0"],
    ]),
];

/** Who did what, one JSON object a line. No query, header or body: they may hold secrets. */
export const accessLog = (): string[] => [
    ...map('"$request_method:$kind:$status:$arg_mount"', "$action", [
        ["default", "other"],
        ['"~^DELETE:.+:"', "delete"],
        ['"~^POST:uploads:201:."', "mount"],
        ['"~^(?:POST|PUT|PATCH):(?:uploads|manifests|blobs):"', "push"],
        ['"~^GET:(?:manifests|blobs):"', "pull"],
        ['"~^HEAD:(?:manifests|blobs|uploads):"', "check"],
        ['"~^GET:(?:tags|catalog|referrers):"', "list"],
        ['"~^GET:base:"', "login"],
    ]),
    "log_format access escape=json",
    '    \'{"time":"$time_iso8601","client":"$remote_addr","user":"$access_user","host":"$host",\'',
    '    \'"method":"$request_method","path":"$uri","repository":"$repository","action":"$action",\'',
    '    \'"status":$status,"bytesSent":$body_bytes_sent,"bytesReceived":$request_length,\'',
    '    \'"duration":$request_time,"protocol":"$server_protocol","agent":"$http_user_agent"}\';',
    "access_log /dev/stdout access;",
    "# A site has no user.",
    "uninitialized_variable_warn off;",
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
