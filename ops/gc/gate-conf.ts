/** nginx.conf of the gate. Pure. */
import { CONFIG_FOLDER } from "../../components/storage/folders";
import { REGISTRY_PORT } from "../../components/registry/ports";

export interface GateFacts {
    /** Name of the container that answers pulls. */
    reader: string;
    /** The registry speaks TLS itself. */
    tls: boolean;
    /** What a refused client is told to wait, seconds. */
    retryAfter: number;
}

/** What a refused push is told, as the registry's errors are (OCI distribution spec, "Error codes"). */
const REFUSAL = JSON.stringify({
    errors: [
        {
            code: "UNAVAILABLE",
            message: "garbage collection is running: pulls go on, push again in a moment",
        },
    ],
});

/** Lets pulls through to the reader and refuses all that would write, with 503 and Retry-After (RFC 9110 10.2.3). */
export function gateConf({ reader, tls, retryAfter }: GateFacts): string {
    const scheme = tls ? "https" : "http";
    const certificate = [
        `        ssl_certificate ${CONFIG_FOLDER}/site.crt;`,
        `        ssl_certificate_key ${CONFIG_FOLDER}/site.key;`,
        "        ssl_protocols TLSv1.2 TLSv1.3;",
    ];
    return [
        "daemon off;",
        // The one user that every nginx image has; the container has no other right that root could use.
        "user root root;",
        "pid /tmp/nginx.pid;",
        "error_log stderr;",
        "events {}",
        "http {",
        "    access_log off;",
        ...["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map((t) => `    ${t}_temp_path /tmp/${t};`),
        "    map $request_method $writes {",
        "        default 1;",
        "        GET 0;",
        "        HEAD 0;",
        "    }",
        "    server {",
        `        listen ${REGISTRY_PORT}${tls ? " ssl" : ""};`,
        ...(tls ? certificate : []),
        "        client_max_body_size 0;",
        "        location / {",
        "            if ($writes) {",
        "                return 503;",
        "            }",
        "            error_page 503 @refused;",
        `            proxy_pass ${scheme}://${reader}:${REGISTRY_PORT};`,
        "            proxy_http_version 1.1;",
        "            proxy_set_header Host $http_host;",
        "            proxy_set_header X-Forwarded-Proto $scheme;",
        "            proxy_buffering off;",
        "            proxy_read_timeout 900;",
        "        }",
        "        location @refused {",
        "            internal;",
        `            add_header Retry-After ${retryAfter} always;`,
        "            add_header Docker-Distribution-Api-Version registry/2.0 always;",
        "            default_type application/json;",
        `            return 503 '${REFUSAL}';`,
        "        }",
        "    }",
        "}",
        "",
    ].join("\n");
}
