/** The keys of the mirrors. */
import { rootCertificates } from "node:tls";

import { flag, type Key, same, set, whole } from "./key";

/** What a mirror must have; two of them. */
export const HUB = { upstream: "https://registry-1.docker.io", port: 5443 };
export const QUAY = { upstream: "https://quay.io", port: 5444 };

const beside = { mirrors: { NAME: HUB } };
const of = (key: Key): Key => ({
    ...key,
    key: `mirrors.NAME.${key.key}`,
    beside: key.beside ?? beside,
    fix: key.fix.replace("set KEY", `set --path mirrors.NAME.${key.key}`),
});

export const MIRRORS: Key[] = [
    {
        key: "mirrors",
        valid: [
            { value: {} },
            { value: { hub: HUB }, becomes: { hub: { ...HUB, ttl: "168h", memoryMb: 256 } } },
        ],
        default: {},
        invalid: ["hunter2", 5, ["hunter2"]],
        allowed: "an object of names",
        fix: set("--path mirrors.hub.upstream https://registry-1.docker.io"),
        secret: true,
    },
    of({
        key: "upstream",
        valid: same("https://quay.io", "http://registry.example.com:5000"),
        invalid: [5, "", ["https://quay.io"]],
        allowed: "an http:// or https:// URL of a registry, without a path",
        fix: "pulumi config set KEY https://registry-1.docker.io",
    }),
    of({
        key: "username",
        valid: [...same("robot"), { value: 7, becomes: "7" }],
        beside: { mirrors: { NAME: { ...HUB, password: "x" } } },
        invalid: ["", ["robot"], {}],
        allowed: "a user name",
        fix: "pulumi config set KEY robot",
    }),
    of({
        key: "password",
        valid: [...same("secret"), { value: 123456, becomes: "123456" }],
        beside: { mirrors: { NAME: { ...HUB, username: "robot" } } },
        invalid: [["hunter2"], { a: "hunter2" }, 1.5],
        allowed: "a password or token",
        fix: "pulumi config set --secret --path mirrors.NAME.password 'the password'",
        secret: true,
    }),
    of({
        key: "ca",
        // One of the authorities that Node knows.
        valid: same(rootCertificates[0]),
        invalid: [5, "two\nlines", true],
        allowed: "PEM text or the path of a PEM file",
        fix: "pulumi config set KEY ./upstream-ca.crt",
    }),
    of({
        key: "ttl",
        valid: [...same("168h", "30m", "90s", "0"), { value: 0, becomes: "0" }],
        invalid: ["7d", "1 h", "ten", "-1h", "1h30m", 5, ""],
        allowed: "a whole number with s, m or h, or 0",
        fix: "pulumi config set KEY 168h",
    }),
    of(whole("port", undefined, 1, 65535, "a whole number from 1 to 65535", "KEY 5443")),
    of({
        key: "domain",
        beside: { front: "nginx", mirrors: { NAME: { upstream: HUB.upstream } } },
        valid: same("mirror.example.com"),
        invalid: ["a b", "https://a.b", ""],
        allowed: "a host name",
        fix: "pulumi config set KEY mirror.example.com",
    }),
    of({
        key: "bindAddress",
        valid: same("127.0.0.1", "::", "192.0.2.1"),
        invalid: ["localhost", "1.2.3", "127.0.0.1:443"],
        allowed: "an IP address of the Docker host",
        fix: "pulumi config set KEY 127.0.0.1",
    }),
    of({
        key: "volume",
        valid: same("hub-cache", "data.1"),
        invalid: ["/data", "a b", ""],
        allowed: "a Docker volume name",
        fix: "pulumi config set KEY hub-cache",
    }),
    of({
        key: "path",
        valid: same("/opt/data/hub", "/with space"),
        invalid: ["data", "./data", "/a:b", ""],
        allowed: "an absolute path",
        fix: "pulumi config set KEY /opt/data/hub-cache",
    }),
    of({
        ...flag("keepData", true),
        valid: same(true, false),
        fix: "pulumi config set KEY true",
    }),
    of(whole("memoryMb", 256, 64, 1e9, "a whole number from 64", "KEY 256")),
    of({
        key: "cpus",
        valid: same(1.5, 2),
        invalid: [0, -1, "two"],
        allowed: "a number above 0",
        fix: "pulumi config set KEY 1.5",
    }),
];
