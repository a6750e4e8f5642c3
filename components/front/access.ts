/** Who may do what: the check of passwords, the roles, the repositories of a user. */
import { NOBODY_LOGIN } from "./nobody";
import { type FrontSettings, type FrontUser, PREVIOUS_FILE } from "./settings";
import { block, literal, map, quoted } from "./text";

const AUTH_SOCKET = "unix:/tmp/auth.sock";
const CHECK_SOCKET = "unix:/tmp/check.sock";
const DENIED_SOCKET = "unix:/tmp/denied.sock";

/** The access log of the public server has who was refused; nginx would write the name of a wrong login as it came. */
const QUIET = ["access_log off;", "error_log stderr crit;"];

const READABLE = "(?:catalog|manifests|blobs|tags|referrers)";
/** A part of a query that cannot be another spelling of `from`: Go decodes names, and nginx does not. */
const OTHER_PART = "(?!from=)[a-z_-]+=[A-Za-z0-9._:/~=+%-]*";

const slashes = (text: string, slash: string): string => text.split("/").map(literal).join(slash);

/** `team/*` as a regular expression. */
export function scope(pattern: string, slash = "/", any = "[^ ]+"): string {
    if (pattern === "*") return any;
    return pattern.endsWith("/*") ? slashes(pattern.slice(0, -1), slash) + any : slashes(pattern, slash);
}

export const oneOf = (patterns: readonly string[]): string => `(?:${patterns.join("|")})`;

/** Users with repositories of their own → whether a request stays within them, and whether a mount's source does. */
function scopeMaps(users: readonly FrontUser[]): string[] {
    const repository: [string, string][] = [];
    const mount: [string, string][] = [];
    for (const { name, repositories } of users) {
        if (repositories === undefined) continue;
        const user = ` ${literal(name)}$`;
        const encoded = repositories.map((one) => scope(one, "(?:/|%2[Ff])", "(?:[A-Za-z0-9._/-]|%2[Ff])+"));
        repository.push(
            [`"~^${oneOf(repositories.map((one) => scope(one)))}${user}"`, "1"],
            [`"~^[^ ]*${user}"`, "0"],
        );
        mount.push(
            [`"~^(?:${OTHER_PART}(?:&${OTHER_PART})*)?${user}"`, "1"],
            [`"~^(?:${OTHER_PART}&)*from=${oneOf(encoded)}(?:&${OTHER_PART})*${user}"`, "1"],
            [`"~^[^ ]*${user}"`, "0"],
        );
    }
    return [
        "# Neither a repository nor a query has a space in it: what follows the first one is the user.",
        ...map('"$repository $access_user"', "$in_scope", [["default", "1"], ...repository]),
        ...map('"$query $access_user"', "$mount_in_scope", [["default", "1"], ...mount]),
    ];
}

/** The maps that decide, on what is known after the password was checked. */
export function accessMaps({ users, anonymousPull }: FrontSettings): string[] {
    const named = (role: FrontUser["role"]) => (users ?? []).filter((user) => user.role === role);
    const roles = (["push", "pull", "metrics"] as const).flatMap((role): [string, string][] =>
        named(role).length === 0
            ? []
            : [[`"~^${oneOf(named(role).map(({ name }) => literal(name)))}$"`, role]],
    );
    const nobody = users === undefined ? "push" : anonymousPull ? "pull" : "none";
    return [
        ...map("$access_user", "$role", [["default", "none"], ['""', nobody], ...roles]),
        ...scopeMaps(users ?? []),
        ...map('"$kind:$reading:$role:$in_scope"', "$target", [
            ["default", "denied"],
            ...(named("metrics").length === 0 ? [] : [['"~^base:1:metrics:"', "denied"] as const]),
            ['"~^base:1:"', "registry"],
            [`"~^${READABLE}:1:(?:push|pull):1$"`, "registry"],
            ['"~^(?:uploads|manifests|blobs|tags|referrers):[01]:push:1$"', "registry"],
        ]),
        "# A mount from a repository that the user may not read becomes an ordinary upload, as the specification allows.",
        ...map('"$request_method:$kind:$mount_in_scope"', "$forwarded_uri", [
            ["default", "$request_uri"],
            ["POST:uploads:0", "$uri"],
        ]),
        "# The registry would read `from` out of a form in the body, too.",
        ...map('"$request_method:$kind"', "$forwarded_type", [
            ["default", "$content_type"],
            ["POST:uploads", "application/octet-stream"],
        ]),
    ];
}

/**
 * Base64 of a login without control characters, which RFC 7617 section 2 forbids: four characters are three bytes, and
 * each line excludes those of them that make one such byte.
 */
function loginPattern(): string {
    const any = "[A-Za-z0-9+/]";
    const first = ["[A-H]", "f[w-z0-9+/]"];
    const second = [...first, ".[ABQRghwx]", ".[HXn3][89+/]"];
    const third = [...second, "..[AEIMQUYcgkosw048][A-Za-f]", "..[BFJNRVZdhlptx159]/"];
    const group = (bad: string[], length: number) => `(?!${bad.join("|")})${any}{${length}}`;
    return `(?:${group(third, 4)})*(?:${group(third, 4)}|${group(second, 3)}=|${group(first, 2)}==)`;
}

/** A scheme in any case (RFC 9110 section 11.1), and what follows it. */
const scheme = (name: string, rest: string) => `"~^(?i:${name}) +${rest} *$"`;
const ANONYMOUS = scheme("bearer", "anonymous");

/**
 * How a client shows who it is. With anonymous pulls it is a token: Docker asks for one with its login or without,
 * where a challenge for a password would end a pull without login, and no challenge at all a push with one. The token
 * is the login itself, so that nothing has to be signed or kept.
 */
export function loginMaps({ anonymousPull, realm, users }: FrontSettings): string[] {
    const bearer: [string, string][] = [
        [ANONYMOUS, '""'],
        [scheme("bearer", `(?<bearer>${loginPattern()})`), '"Basic $bearer"'],
    ];
    return [
        "# A login as RFC 7617 has it. Anything else is none, and not worth a check.",
        ...map("$http_authorization", "$login", [
            ["default", '""'],
            [scheme("basic", `(?<basic>${loginPattern()})`), '"Basic $basic"'],
            ...(anonymousPull ? bearer : []),
        ]),
        "# Of a user who is not there, another password is checked, which nobody has: it takes the same time.",
        ...map("$remote_user", "$checked", [
            ["default", `"${NOBODY_LOGIN}"`],
            [`"~^${oneOf((users ?? []).map(({ name }) => literal(name)))}$"`, "$http_authorization"],
        ]),
        ...(anonymousPull
            ? [
                  ...map("$http_authorization", "$claim", [
                      ["default", "login"],
                      ['""', "none"],
                      [ANONYMOUS, "anonymous"],
                  ]),
                  ...map('"$claim:$reading:$kind"', "$anonymous", [
                      ["default", "0"],
                      [`"~^(?:none|anonymous):1:${READABLE}$"`, "1"],
                      ["anonymous:1:base", "1"],
                      ['"~^none:1:$"', "1"],
                  ]),
                  ...map("$login", "$token", [
                      ["default", "anonymous"],
                      ['"~^Basic (?<credentials>.+)$"', "$credentials"],
                  ]),
              ]
            : []),
        ...map("$host", "$challenge", [
            [
                "default",
                anonymousPull
                    ? quoted(`Bearer realm="https://HOST/token",service="registry"`).replace(
                          "HOST",
                          "$http_host",
                      )
                    : quoted(`Basic realm="${realm.replace(/[\\"]/g, "\\$&")}"`),
            ],
        ]),
    ];
}

/**
 * The servers that count the checks of each client's passwords, and that check them, a bcrypt each time. The reason of a
 * refusal stands in a header: the auth_request module hands on no other status than 401 and 403.
 */
export const authServers = (users: readonly FrontUser[]): string[] => [
    ...block("server", [
        `listen ${AUTH_SOCKET};`,
        ...QUIET,
        ...block("location /", [
            "limit_req zone=attempts burst=20 nodelay;",
            "limit_req_status 429;",
            "error_page 429 = @limited;",
            `proxy_pass http://${CHECK_SOCKET}:/;`,
            "proxy_set_header Authorization $checked;",
        ]),
        ...block("location @limited", ["add_header X-Refusal limited always;", "return 403;"]),
    ]),
    ...block("server", [
        `listen ${CHECK_SOCKET};`,
        ...QUIET,
        ...block("location /", [
            "auth_basic registry;",
            "auth_basic_user_file htpasswd;",
            `error_page 401 = @${hasOverlap(users) ? "previous" : "wrong"};`,
            "# Comes after the check of the password, where `return` would come before it.",
            "try_files /tmp/none @right;",
        ]),
        ...block("location @right", ["add_header X-Access-User $remote_user;", "return 200;"]),
        ...block("location @wrong", ["add_header X-Refusal wrong always;", "return 403;"]),
        ...(hasOverlap(users) ? previousLocations() : []),
    ]),
];

const hasOverlap = (users: readonly FrontUser[]): boolean =>
    users.some(({ previousUntil }) => previousUntil !== undefined);

/** Of a login that is not right: whether it was until now, and may be for a while. */
const previousLocations = (): string[] => [
    "recursive_error_pages on;",
    ...block("location @previous", [
        "auth_basic registry;",
        `auth_basic_user_file ${PREVIOUS_FILE};`,
        "error_page 401 = @wrong;",
        "try_files /tmp/none @former;",
    ]),
    ...block("location @former", [
        ...block("if ($in_overlap = 0)", ["add_header X-Refusal wrong always;", "return 403;"]),
        "add_header X-Access-User $remote_user;",
        "return 200;",
    ]),
];

/** A number of as many digits that is less, as a regular expression. */
export const lessThan = (number: number): string =>
    oneOf(
        [...String(number)].flatMap((digit, i, all) =>
            digit === "0" ? [] : [`${all.slice(0, i).join("")}[0-${Number(digit) - 1}]`],
        ),
    );

/** Whose password before is taken at this moment: nginx looks at the clock, nothing has to run for it to end. */
export const overlapMap = (users: readonly FrontUser[]): string[] =>
    hasOverlap(users)
        ? map('"$msec $remote_user"', "$in_overlap", [
              ["default", "0"],
              ...users.flatMap(({ name, previousUntil }): [string, string][] =>
                  previousUntil === undefined
                      ? []
                      : [[`"~^${lessThan(previousUntil)}[0-9]*\\.[0-9]+ ${literal(name)}$"`, "1"]],
              ),
          ])
        : [];

/** The limit and the cache of that server. */
export const authZones = ({ attemptsPerMinute, cacheSeconds }: FrontSettings): string[] => [
    `limit_req_zone $http_x_client zone=attempts:10m rate=${attemptsPerMinute}r/m;`,
    ...(cacheSeconds > 0
        ? [
              "proxy_cache_path /tmp/auth levels=1 keys_zone=auth:2m max_size=8m " +
                  `inactive=${cacheSeconds}s use_temp_path=off;`,
          ]
        : []),
];

/** The location by which the registry's server asks that one. */
export const authLocation = ({ anonymousPull, cacheSeconds, generation }: FrontSettings): string[] =>
    block("location = /_auth", [
        "internal;",
        ...(anonymousPull ? ["if ($anonymous) { return 204; }"] : []),
        "# Docker asks without a login first: that is no attempt.",
        'if ($login = "") { return 403; }',
        "# Of the request itself: its body goes to the registry alone, and may have any size.",
        "client_max_body_size 0;",
        `proxy_pass http://${AUTH_SOCKET}:/;`,
        "proxy_method GET;",
        "proxy_pass_request_body off;",
        "proxy_pass_request_headers off;",
        'proxy_set_header Content-Length "";',
        "proxy_set_header Authorization $login;",
        "proxy_set_header X-Client $remote_addr;",
        ...(cacheSeconds > 0
            ? [
                  "proxy_cache auth;",
                  "# A new configuration has new keys, so a user who is gone or changed is refused at once.",
                  `proxy_cache_key "${generation} $login";`,
                  "# A wrong password is never kept.",
                  `proxy_cache_valid 200 ${cacheSeconds}s;`,
                  "# Of the requests that come at once with the same login, one checks the password.",
                  "proxy_cache_lock on;",
                  "proxy_cache_use_stale updating;",
              ]
            : []),
    ]);

/** Answers what a role does not allow. */
export const deniedServer = (body: string): string[] => [
    "upstream denied {",
    `    server ${DENIED_SOCKET};`,
    "}",
    ...block("server", [
        `listen ${DENIED_SOCKET};`,
        "access_log off;",
        "client_max_body_size 0;",
        "default_type application/json;",
        `location / { return 403 ${body}; }`,
    ]),
];
