/** Every key of the configuration: what is taken, what is not, what the message says. */
import { flag, same, set, whole, type Key } from "./key";
import { CONTAINER } from "./keys-container";
import { STORAGE } from "./keys-storage";
import { MIRRORS } from "./keys-mirrors";
import { REDIS } from "./keys-redis";
import { NEXUS } from "./keys-nexus";
import { OUTBOUND } from "./keys-outbound";
import { FRONT, FRONT_USERS } from "./keys-front";
import { TLS } from "./keys-tls";

export const TABLE: Key[] = [
    {
        key: "domain",
        valid: same(
            "localhost",
            "docker.funet8.com",
            "a-b.c",
            "192.0.2.1",
            "2001:db8::1",
            "x".repeat(63),
            `${"abc.".repeat(63)}a`,
        ),
        invalid: [
            "https://a.b",
            "a.b:443",
            "a.b/c",
            "a_b",
            "-a",
            "a-",
            "a..b",
            "a.",
            "1.2.3",
            "x".repeat(64),
            `${"abc.".repeat(63)}ab`,
        ],
        allowed: "a host name (RFC 1123) or an IP address",
        fix: set("domain docker.example.com"),
    },
    {
        key: "dnsNames",
        list: true,
        valid: same(["a.b", "c"], []),
        default: [],
        invalid: ["a.b", 5, { a: "b" }],
        allowed: "a list of host names",
        fix: set("--path 'dnsNames[0]' registry.example.com"),
    },
    {
        key: "ipAddresses",
        list: true,
        valid: same(["192.0.2.1", "::1"], []),
        default: [],
        invalid: ["192.0.2.1", 5, { a: "b" }],
        allowed: "a list of IP addresses",
        fix: set("--path 'ipAddresses[0]' 192.0.2.10"),
    },
    flag("localNames", true),
    whole("port", undefined, 1, 65535, "a whole number from 1 to 65535", "port 8443"),
    {
        key: "bindAddress",
        valid: same("127.0.0.1", "::", "192.0.2.1"),
        default: "0.0.0.0",
        invalid: ["localhost", "1.2.3", "127.0.0.1:443"],
        allowed: "an IP address of the Docker host",
        fix: set("bindAddress 127.0.0.1"),
    },
    {
        key: "externalUrl",
        valid: same("https://docker.example.com", "https://a.b:8443"),
        invalid: ["docker.example.com", "ftp://a.b", "https://"],
        allowed: "an http:// or https:// URL",
        fix: set("externalUrl https://docker.example.com"),
    },
    {
        key: "tls",
        valid: same("own-ca", "off"),
        default: "own-ca",
        invalid: ["on", "OFF", false],
        allowed: "own-ca, files or off",
        fix: set("tls own-ca"),
    },
    ...TLS,
    { ...flag("auth", true), valid: [{ value: "true", becomes: true }, { value: true }] },
    {
        key: "realm",
        valid: same("basic-realm", "My Registry"),
        default: "basic-realm",
        invalid: ["Bücher", "a\tb", "two\nlines"],
        allowed: "printable ASCII characters",
        fix: set("realm basic-realm"),
    },
    {
        key: "users",
        valid: same({ a: { generate: true } }, { a: { password: "secret" }, b: { generate: true } }),
        invalid: ["hunter2", 5, ["hunter2"]],
        allowed: "an object of user names",
        fix: set("--path users.admin.generate true"),
        secret: true,
    },
    {
        key: "users.NAME.password",
        valid: [
            ...same("123456", "x".repeat(72), "with space"),
            { value: 123456, becomes: "123456" },
            { value: true, becomes: "true" },
        ],
        invalid: [null, ["hunter2"], 1.5, 1e300],
        allowed: "a string of 1 to 72 bytes",
        fix: set("--secret --path users.NAME.password 'a long password'"),
        secret: true,
    },
    {
        ...flag("users.NAME.generate", true, "--path "),
        valid: same(true),
        default: true,
    },
    {
        key: "users.NAME.bcryptHash",
        valid: same(`$2y$10$${"a".repeat(53)}`, `$2b$04$${"./Z".padEnd(53, "9")}`),
        invalid: [true, ["$2y$hunter2"], 22],
        allowed: "a bcrypt hash ($2a$, $2b$ or $2y$)",
        fix: "pulumi config set --secret --path users.NAME.bcryptHash '$2y$10$…'",
        secret: true,
    },
    ...FRONT_USERS,
    whole("bcryptCost", 10, 4, 14, "from 4 to 14", "bcryptCost 10"),
    ...FRONT,
    ...CONTAINER,
    ...STORAGE,
    ...REDIS,
    ...MIRRORS,
    ...NEXUS,
    ...OUTBOUND,
];
