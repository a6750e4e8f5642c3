/** The keys of the nginx front. */
import { flag, group, pem, same, set, whole, type Key } from "./key";

const NGINX = { front: "nginx" };
const UPSTREAM = { upstream: "http://192.0.2.10:8080" };

export const FRONT_USERS: Key[] = [
    {
        key: "users.NAME.role",
        valid: same("push", "pull"),
        invalid: ["admin", "PULL", true],
        allowed: "push or pull",
        // A user needs a password as well; front.test.ts has some that are right.
        needsFiles: true,
        fix: set("--path users.NAME.role pull"),
    },
    {
        key: "users.NAME.repositories",
        valid: same(["team/*"], ["team/app", "library/a-b_c.d/*"]),
        invalid: ["team/*", ["Team/*"], ["*"], ["team/"], ["/team"], ["a/../b"], []],
        allowed: "a list of repositories in lower case",
        list: true,
        fix: "pulumi config set --path 'users.NAME.repositories[0]' 'team/*'",
        // A user needs a password as well; front.test.ts has some that are right.
        needsFiles: true,
    },
];

export const FRONT: Key[] = [
    {
        key: "front",
        valid: same("none", "nginx"),
        default: "nginx",
        invalid: ["traefik", "NGINX", true],
        allowed: "none or nginx",
        fix: set("front nginx"),
    },
    group("frontSettings", "an object", set("--path frontSettings.cacheSeconds 60")),
    {
        key: "frontSettings.image",
        valid: same("nginx:1.29-alpine", "mirror.example.com:5000/nginx:1.28"),
        default: "nginx:1.28",
        invalid: ["Nginx:1", "nginx 1"],
        allowed: "an image reference",
        fix: set("--path frontSettings.image nginx:1.28"),
    },
    whole(
        "frontSettings.cacheSeconds",
        60,
        0,
        3600,
        "from 0 to 3600",
        "--path frontSettings.cacheSeconds 60",
    ),
    whole(
        "frontSettings.attemptsPerMinute",
        60,
        1,
        6000,
        "from 1 to 6000",
        "--path frontSettings.attemptsPerMinute 60",
    ),
    whole(
        "frontSettings.connectionsPerClient",
        512,
        16,
        8192,
        "from 16 to 8192",
        "--path frontSettings.connectionsPerClient 512",
    ),
    flag("frontSettings.clientInstaller", true, "--path "),
    {
        ...flag("frontSettings.redirectHttp", false, "--path "),
        // A user needs a password as well; front.test.ts has some that are right.
        needsFiles: true,
    },
    whole("frontSettings.httpPort", 80, 1, 65535, "from 1 to 65535", "--path frontSettings.httpPort 80"),
    {
        key: "frontSettings.sitesFolder",
        valid: same("/srv/www", "/with space"),
        invalid: ["www", "./www", "/a:b"],
        allowed: "an absolute path",
        fix: set("--path frontSettings.sitesFolder /srv/www"),
        beside: NGINX,
    },
    whole(
        "frontSettings.memoryMb",
        128,
        64,
        1e9,
        "a whole number from 64",
        "--path frontSettings.memoryMb 128",
    ),
    { ...flag("anonymousPull", false), beside: NGINX },
    {
        key: "sites",
        valid: same({ "docs.example.com": UPSTREAM }, {}),
        default: {},
        invalid: ["docs", 5, ["docs"]],
        allowed: "an object of host names",
        fix: "pulumi config set --path 'sites[\"docs.example.com\"].folder' docs",
        beside: NGINX,
        secret: true,
    },
    {
        key: "sites.NAME.upstream",
        valid: same("http://192.0.2.10:8080", "https://app"),
        invalid: ["192.0.2.10", "ftp://a", "http://a/b", "http://a:b"],
        allowed: "an http:// or https:// URL",
        fix: set("--path sites.NAME.upstream http://192.0.2.10:8080"),
        beside: NGINX,
    },
    {
        key: "sites.NAME.folder",
        valid: same("docs", "team/docs-1.0"),
        invalid: ["/docs", "../docs", "a/../b", "a b"],
        allowed: "a relative path",
        fix: set("--path sites.NAME.folder docs"),
        beside: { ...NGINX, frontSettings: { sitesFolder: "/srv/www" } },
    },
    pem("sites.NAME.cert", "--path sites.NAME.cert ./docs.crt"),
    pem("sites.NAME.key", "--secret --path sites.NAME.key ./docs.key", true),
];
