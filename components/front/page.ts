/** The page: what a browser sees of the registry at `/`. Its files are built of ui/ by `npm run generate`. */
import { PAGE_FILES } from "./page-files";
import { ENDS_FILE, FRONT_FOLDER, type FrontSettings, type FrontUser, SERVED_FOLDER } from "./settings";
import { block, literal, map, quoted } from "./text";

/** A file of the page, as the front keeps and serves it. */
export interface PageFile {
    /** Of its URL. It has the SHA-256 of its content in it, but for the first one. */
    path: string;
    /** File name beside nginx.conf. */
    file: string;
    /** Media type. */
    type: string;
    /** Its text compressed by gzip, in base64. */
    gzip: string;
}

/** What the page tells beside what it asks the registry. All of it is public: it is served before a login. */
export interface PageFacts {
    /** When the registry's certificate ends, seconds since 1970. @default not told */
    ends?: number | undefined;
    /** `/page/ends` tells it, since it changes without an `up`. @default it does not */
    renewed?: true | undefined;
    /** System of a client → the line that sets it up. @default not told */
    setUp?: Readonly<Record<string, string>> | undefined;
    /** `/page/store` tells who may push how full the store is. @default it does not */
    store?: true | undefined;
}

const START = "/page/index.html";
const FACTS = "page.json";

/** Files beside nginx.conf. @param facts text of {@link PageFacts}, JSON */
export const pageFiles = <Text>(facts: Text): Record<string, { content: Text | string; base64?: true }> => ({
    ...Object.fromEntries(
        PAGE_FILES.map(({ file, gzip }) => [file, { content: gzip, base64: true as const }]),
    ),
    [FACTS]: { content: facts },
});

/**
 * What a page may do and load: its own script and style, and answers of this very host. In a frame of another page it could
 * be clicked blindly.
 */
const POLICY = [
    ...[
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "connect-src 'self'",
        "img-src 'self' data:",
    ],
    ...["base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'"],
].join("; ");

const HEADERS: readonly string[] = [
    `add_header Content-Security-Policy "${POLICY}" always;`,
    "add_header X-Content-Type-Options nosniff always;",
    "add_header Referrer-Policy no-referrer always;",
    "add_header Cross-Origin-Opener-Policy same-origin always;",
    "add_header Cross-Origin-Resource-Policy same-origin always;",
];

const READ_ONLY = block("if ($reading = 0)", [
    'add_header Allow "GET, HEAD" always;',
    "add_header X-Content-Type-Options nosniff always;",
    "return 405;",
]);

const served = (path: string, file: string, type: string, cache: string, folder = FRONT_FOLDER): string[] =>
    block(`location = ${path}`, [
        ...READ_ONLY,
        `alias ${folder}/${file.replace(/\.gz$/, "")};`,
        // There is the compressed file alone: for a client that takes none, nginx unpacks it.
        ...(file.endsWith(".gz") ? ["gzip_static always;", "gunzip on;"] : []),
        "types { }",
        `default_type "${type}";`,
        ...HEADERS,
        `add_header Cache-Control "${cache}" always;`,
    ]);

/** User → the repositories that are his, as JSON: null are all of them. */
export const pageMaps = ({ page, users }: Pick<FrontSettings, "page" | "users">): string[] =>
    page === undefined
        ? []
        : map("$access_user", "$page_repositories", [
              ["default", '"null"'],
              ...(users ?? []).flatMap(({ name, repositories }: FrontUser): [string, string][] =>
                  repositories === undefined
                      ? []
                      : [[`"~^${literal(name)}$"`, quoted(JSON.stringify(repositories))]],
              ),
          ]);

/** The locations of the page, in the registry's own server. */
export function pageLocations({
    page,
    users,
    acme,
}: Pick<FrontSettings, "page" | "users" | "acme">): string[] {
    if (page === undefined) return [];
    const role = [
        "default_type application/json;",
        ...HEADERS,
        "add_header Cache-Control no-store always;",
        `return 200 '{"role":"$role","repositories":$page_repositories}';`,
    ];
    return [
        `location = / { rewrite ^ ${START} last; }`,
        ...page.flatMap(({ path, file, type }) =>
            served(path, file, type, path === START ? "no-cache" : "public, max-age=31536000, immutable"),
        ),
        ...served("/page/facts", FACTS, "application/json", "no-cache"),
        ...(acme === true
            ? served("/page/ends", ENDS_FILE, "application/json", "no-cache", SERVED_FOLDER)
            : []),
        "# What the login may do, so that the page offers nothing else. It decides nothing.",
        ...block("location = /page/me", [
            ...READ_ONLY,
            ...(users === undefined
                ? role
                : [
                      "auth_request /_auth;",
                      "auth_request_set $access_user $upstream_http_x_access_user;",
                      "auth_request_set $refusal $upstream_http_x_refusal;",
                      "error_page 403 = @refused;",
                      "error_page 429 = @busy;",
                      "try_files /tmp/none @page_me;",
                  ]),
        ]),
        ...(users === undefined ? [] : block("location @page_me", role)),
    ];
}
