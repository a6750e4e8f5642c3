/** The keys about what lies outside. */
import { flag, group, type Key, same, set } from "./key";

const url = (of: string): Key => ({
    key: `proxy.${of}`,
    valid: same("http://proxy.example.com:3128", "https://u:p@192.0.2.1", "socks5://[2001:db8::1]:1080"),
    invalid: ["proxy.example.com:3128", "ftp://proxy", "http://proxy/path", "http://", 3128],
    allowed: "URL of a host and port",
    fix: set(`--secret --path proxy.${of} http://proxy.example.com:3128`),
    secret: true,
});

export const OUTBOUND: Key[] = [
    group(
        "proxy",
        "an object of http, https, none",
        set("--path proxy.https http://proxy.example.com:3128"),
        {
            secret: true,
        },
    ),
    url("http"),
    url("https"),
    {
        key: "proxy.none",
        valid: same([], [".example.com", "10.0.0.0/8", "a.b:8080"]),
        default: [],
        invalid: ["a.b", 5, {}],
        allowed: "a list of names, domains",
        list: true,
        fix: "pulumi config set --path 'proxy.none[0]' .example.com",
    },
    flag("proxy.fromEnvironment", false, "--path "),
    {
        key: "extraHosts",
        valid: same({}, { "store.example.com": "192.0.2.20", localstore: "2001:db8::1" }),
        default: {},
        invalid: ["a.b", 5, ["192.0.2.1"]],
        allowed: "an object of host names",
        fix: set(`--path 'extraHosts["store.example.com"]' 192.0.2.20`),
    },
    {
        key: "dnsServers",
        list: true,
        valid: same([], ["192.0.2.53", "2001:db8::53"]),
        default: [],
        invalid: ["192.0.2.53", 53, {}],
        allowed: "a list of IP addresses",
        fix: set("--path 'dnsServers[0]' 192.0.2.53"),
    },
];
