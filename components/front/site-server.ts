/** Further sites on the same port, and the redirect from plain HTTP. */
import { forwarded, listenTls, streamed } from "./registry-server";
import { type FrontSite, PLAIN_PORT, SITES_FOLDER, siteFiles } from "./settings";
import { block, quoted } from "./text";

const passedOn = (upstream: string): string[] => [
    // In a variable, so that its name is looked up when it is asked for, and again when it changes.
    `set $site_upstream ${quoted(upstream)};`,
    "proxy_pass $site_upstream$request_uri;",
    ...forwarded,
    "proxy_set_header Upgrade $http_upgrade;",
    "proxy_set_header Connection $upgraded;",
    ...streamed,
];

const files = (folder: string): string[] => [
    `root ${quoted(`${SITES_FOLDER}/${folder}`)};`,
    "index index.html;",
    "# A link could lead to the front's own keys.",
    "disable_symlinks on;",
    "add_header X-Content-Type-Options nosniff always;",
    "try_files $uri $uri/ =404;",
];

export function siteServer({ name, upstream, folder }: FrontSite): string[] {
    const { crt, key } = siteFiles(name);
    return block("server", [
        ...listenTls(crt, key),
        `server_name ${name};`,
        ...block("location /", upstream === undefined ? files(folder ?? "") : passedOn(upstream)),
    ]);
}

/** @param port of the Docker host, on which TLS answers */
export const redirectServer = (port: number): string[] =>
    block("server", [
        `listen ${PLAIN_PORT} default_server;`,
        `return 308 https://$host${port === 443 ? "" : `:${port}`}$request_uri;`,
    ]);
