/** Further sites on the same port, and the redirect from plain HTTP. */
import { blobLocations } from "./blobs";
import { forwarded, limitConnections, listenAcme, listenTls, ODD_BYTES, streamed } from "./registry-server";
import {
    blobsFolder,
    type FrontSettings,
    type FrontSite,
    PLAIN_PORT,
    SERVED_FOLDER,
    SITES_FOLDER,
    siteFiles,
    WEBROOT,
} from "./settings";
import { block, map, quoted } from "./text";

const passedOn = (upstream: string): string[] => [
    // In a variable, so that its name is looked up when it is asked for, and again when it changes.
    `set $site_upstream ${quoted(upstream)};`,
    "proxy_pass $site_upstream$request_uri;",
    ...forwarded,
    "proxy_set_header Upgrade $http_upgrade;",
    "proxy_set_header Connection $upgraded;",
    ...streamed,
];

/** Paths of a folder that are not for the public. */
export const hiddenMap = (): string[] => [
    "# Files and folders whose name begins with a dot hold what nobody meant to publish: .git, .env, .htpasswd. The one",
    "# that is public by its purpose is in RFC 8615. No file has a control character in its name for a good reason.",
    ...map("$uri", "$hidden", [
        ["default", "1"],
        ['"~^(?:/\\.well-known)?(?:/(?!\\.)[^/\\x00-\\x1f\\x7f]*)*$"', "0"],
    ]),
];

const files = (folder: string): string[] => [
    "if ($hidden) { return 404; }",
    `root ${quoted(`${SITES_FOLDER}/${folder}`)};`,
    "index index.html;",
    "# A link could lead to the front's own keys.",
    "disable_symlinks on;",
    "add_header X-Content-Type-Options nosniff always;",
    "try_files $uri $uri/ =404;",
];

export function siteServer(
    { id, name, upstream, folder, acme, blobHeaders }: FrontSite,
    settings: FrontSettings,
): string[] {
    const { crt, key } = siteFiles(id);
    return block("server", [
        ...(acme ? listenAcme() : listenTls(crt, key)),
        `server_name ${name};`,
        ODD_BYTES,
        limitConnections(settings),
        ...block("location /", upstream === undefined ? files(folder ?? "") : passedOn(upstream)),
        // A mirror: it decides on nobody.
        ...(upstream === undefined
            ? []
            : blobLocations(blobHeaders, {
                  folder: blobsFolder(id),
                  from: "$blob_from",
                  checked: [],
                  toRegistry: passedOn(upstream),
              })),
    ]);
}

/** @param port of the Docker host, on which TLS answers */
export const redirectServer = (port: number): string[] =>
    block("server", [
        `listen ${PLAIN_PORT} default_server;`,
        ODD_BYTES,
        "# A directory asks here whose the name is (RFC 8555 section 8.3).",
        ...block("location ^~ /.well-known/acme-challenge/", [
            "if ($reading = 0) { return 405; }",
            `root ${SERVED_FOLDER}/${WEBROOT};`,
            "disable_symlinks on;",
            "types { }",
            "default_type application/octet-stream;",
            "add_header X-Content-Type-Options nosniff always;",
            "try_files $uri =404;",
        ]),
        `location / { return 308 https://$host${port === 443 ? "" : `:${port}`}$request_uri; }`,
    ]);
