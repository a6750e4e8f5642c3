/** Of an option, what its definition alone does not show: bounds, odd values that are right, near ones that are wrong. */
import { X509Certificate } from "node:crypto";
import { rootCertificates } from "node:tls";

import {
    DEFAULT_ACME_IMAGE,
    DEFAULT_BACKUP_IMAGE,
    DEFAULT_SYNC_IMAGE,
    RCLONE_IMAGE,
} from "../../../address/default-images";

import { HUB } from "./mirrors-values";

export interface Odd {
    valid?: unknown[];
    /** Written → what it becomes. */
    becomes?: [written: unknown, value: unknown][];
    invalid?: unknown[];
    /** The value where the option is not set. */
    default?: unknown;
}

const flag = (initially: boolean | undefined): Odd => ({
    valid: [true, false],
    invalid: ["yes", "TRUE", 1],
    default: initially,
});
const whole = (initially: unknown, low: number, high?: number): Odd => ({
    valid: [low, ...(high === undefined ? [] : [high])],
    default: initially,
    invalid: [low - 1, ...(high === undefined ? [] : [high + 1]), 80.5, "http", "1e3", "0x50"],
});
const text: Odd = { valid: ["text"], becomes: [[12345, "12345"]], invalid: [["hunter2"], { hunter2: 1 }] };
/** One of the authorities that Node knows: not just any, since some of them end while their Node is in use. */
const someCa = rootCertificates.find(
    (pem) => Date.parse(new X509Certificate(pem).validTo) > Date.now() + 86_400_000,
)!;
const pem: Odd = { invalid: [5, "two\nlines", true] };
const group: Odd = { invalid: ["text", 5, []] };
const secretGroup: Odd = { invalid: ["hunter2", 5, ["hunter2"]] };
const when: Odd = {
    valid: ["hourly", "00:00", "23:59", "Mon,Thu 03:30", "28 03:30"],
    invalid: [
        "daily",
        "3:30",
        "24:00",
        "29 03:30",
        "Sunday 03:30",
        "Mon, Thu 03:30",
        "*-*-* 03:30",
        5,
        ["03:30"],
    ],
};
const subjectPart: Odd = { valid: ["Ü", "x".repeat(64)], invalid: ["", "x".repeat(65), 7] };
const country: Odd = { valid: ["CN", "DE"], invalid: ["cn", "CHN", "China", 5] };
const subject = (of: string): Record<string, Odd> => ({
    [`${of}.subject`]: group,
    ...Object.fromEntries(
        ["commonName", "organization", "organizationalUnit", "province", "locality"].map((part) => [
            `${of}.subject.${part}`,
            subjectPart,
        ]),
    ),
    [`${of}.subject.country`]: country,
});
const keys = (initially: string): Odd => ({
    valid: ["ECDSA-P256", "ECDSA-P384", "RSA-2048", "RSA-3072", "RSA-4096"],
    default: initially,
    invalid: ["RSA", "rsa-4096", "RSA-1024", "ECDSA-P521", 4096],
});
const rootFolder: Odd = { valid: ["registry", "/a/b.c"], invalid: ["", "a b", "../a", "a//b", 5] };
const volume: Odd = { valid: ["registry-data", "data.1"], invalid: ["/data", "a b", ""] };
const folder: Odd = {
    valid: ["/opt/data/registry", "/with space"],
    invalid: ["data", "./data", "/a:b", "C:\\data", ""],
};
const cron = (initially: string): Odd => ({
    valid: ["0 0 4 * * ?", "0 30 2 ? * SUN", "0 0/15 1-5 ? * MON-FRI 2030"],
    default: initially,
    invalid: ["0 3 * * *", "daily", "0 0 3 * * *", 5],
});
const choice = (values: string[], initially?: string): Odd => ({
    valid: values,
    default: initially,
    invalid: ["other", 5, true],
});
const url = (initially?: string): Odd => ({
    valid: ["https://a.example.com", "http://127.0.0.1:8081"],
    default: initially,
    invalid: ["a.example.com", "ftp://a", 5],
});
const proxy: Odd = {
    valid: ["http://proxy.example.com:3128", "https://u:p@192.0.2.1", "socks5://[2001:db8::1]:1080"],
    invalid: ["proxy.example.com:3128", "ftp://proxy", "http://proxy/path", "http://", 3128],
};
const SERVICE_ACCOUNT = JSON.stringify({
    type: "service_account",
    client_email: "a@b.example",
    private_key: "k",
});

export const ODD: Record<string, Odd> = {
    domain: {
        valid: [
            "localhost",
            "docker.funet8.com",
            "a-b.c",
            "192.0.2.1",
            "2001:db8::1",
            "x".repeat(63),
            `${"abc.".repeat(63)}a`,
        ],
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
    },
    dnsNames: { valid: [["a.b", "c"], []], default: [], invalid: ["a.b", 5, { a: "b" }] },
    ipAddresses: { valid: [["192.0.2.1", "::1"], []], default: [], invalid: ["192.0.2.1", 5, { a: "b" }] },
    port: whole(undefined, 1, 65535),
    bindAddress: {
        valid: ["127.0.0.1", "::", "192.0.2.1"],
        default: "0.0.0.0",
        invalid: ["localhost", "1.2.3", "127.0.0.1:443"],
    },
    externalUrl: {
        valid: ["https://docker.example.com", "https://a.b:8443"],
        invalid: ["docker.example.com", "ftp://a.b", "https://"],
    },
    tls: { ...secretGroup, invalid: ["hunter2", 5, ["hunter2"], "on"] },
    "tls.off": { valid: [true, false], default: false, invalid: ["yes", "TRUE", 1] },
    "tls.ownCa": secretGroup,
    ...subject("tls.ownCa"),
    "tls.ownCa.keyAlgorithm": keys("ECDSA-P384"),
    "tls.ownCa.validityDays": whole(3650, 1, 36500),
    "tls.ownCa.pathLength": whole(1, 1, 10),
    "tls.ownCa.cert": pem,
    "tls.ownCa.key": pem,
    "tls.ownCa.generation": whole(1, 1, 9999),
    "tls.ownCa.next": secretGroup,
    "tls.ownCa.next.signs": flag(false),
    "tls.ownCa.next.cert": pem,
    "tls.ownCa.next.key": pem,
    "tls.ownCa.site": group,
    "tls.ownCa.site.generation": whole(1, 1, 9999),
    ...subject("tls.ownCa.site"),
    "tls.ownCa.site.keyAlgorithm": keys("ECDSA-P256"),
    "tls.ownCa.site.validityDays": { ...whole(397, 31, 825), invalid: [0, 826, 1.5, "397 days"] },
    "tls.ownCa.site.earlyRenewalDays": whole(30, 0),
    "tls.ownCa.site.localNames": flag(true),
    "tls.secret": { valid: ["site", "registry.tls-1"], invalid: ["Site", "-a", "", "a/b"] },
    "tls.acme": secretGroup,
    "tls.acme.email": { valid: ["admin@example.com"], invalid: ["admin", "a@b", 5] },
    "tls.acme.acceptTerms": { ...flag(false), valid: [true] },
    "tls.acme.directory": {
        valid: ["https://ca.example.com/acme/acme/directory"],
        default: "https://acme-v02.api.letsencrypt.org/directory",
        invalid: ["ca.example.com", "http://ca.example.com/directory", 5],
    },
    "tls.acme.directoryCa": pem,
    "tls.acme.trust": pem,
    "tls.acme.dns": secretGroup,
    "tls.acme.dns.provider": {
        valid: ["cloudflare", "route53", "acme-dns"],
        invalid: ["Cloudflare", "manual", "exec", "a b", 5],
    },
    "tls.acme.dns.credentials": {
        valid: [{ CLOUDFLARE_DNS_API_TOKEN: "hunter2" }],
        default: {},
        invalid: ["hunter2", 5, ["hunter2"]],
    },
    "tls.acme.dns.resolvers": {
        valid: [["9.9.9.9:53", "[2620:fe::fe]:53", "dns.example.com:5353"]],
        default: [],
        invalid: ["9.9.9.9:53", ["9.9.9.9"], 5],
    },
    "tls.acme.dns.checkPropagation": flag(true),
    "tls.acme.names": {
        valid: [["*.example.com"], ["docker.example.com", "a.example.com"]],
        default: [],
        invalid: ["docker.example.com", ["a.*.example.com"], ["a b"], 5],
    },
    "tls.acme.renewBeforeDays": whole(30, 1, 365),
    "tls.acme.keyAlgorithm": {
        valid: ["ECDSA-P256", "ECDSA-P384", "RSA-2048", "RSA-4096"],
        default: "ECDSA-P256",
        invalid: ["RSA-3072", "rsa2048", 4096],
    },
    "tls.acme.image": { valid: ["goacme/lego:v4.20.4"], invalid: ["a b", 5], default: DEFAULT_ACME_IMAGE },
    "tls.files": secretGroup,
    "tls.files.cert": pem,
    "tls.files.key": pem,
    "tls.files.chain": pem,
    auth: { valid: [true], becomes: [["true", true]], default: true, invalid: ["yes", "TRUE", 1] },
    realm: {
        valid: ["basic-realm", "My Registry"],
        default: "basic-realm",
        invalid: ["Bücher", "a\tb", "two\nlines"],
    },
    users: {
        valid: [{ a: { generate: true } }, { a: { password: "secret" }, b: { generate: true } }],
        invalid: ["hunter2", 5, ["hunter2"]],
    },
    "users.NAME.password": {
        valid: ["123456", "x".repeat(72), "with space"],
        becomes: [
            [123456, "123456"],
            [true, "true"],
        ],
        invalid: [null, ["hunter2"], 1.5, 1e300],
    },
    "users.NAME.generate": { valid: [true], invalid: ["yes", "TRUE", 1] },
    "users.NAME.bcryptHash": {
        valid: [`$2y$10$${"a".repeat(53)}`, `$2b$04$${"./Z".padEnd(53, "9")}`],
        invalid: [true, ["$2y$hunter2"], 22],
    },
    "users.NAME.generation": { ...whole(undefined, 1, 9999), invalid: [0, 10_000, 1.5, "two"] },
    "users.NAME.previous": {
        valid: ["2027-01-31", "2027-01-31T18:00:00Z", "2020-02-29"],
        invalid: [
            "31.1.2027",
            "2027-1-31",
            "2027-13-01",
            "2027-01-31T18:00",
            "2027-01-31T18:00:00+01:00",
            "7d",
            2027,
        ],
    },
    "users.NAME.role": { valid: ["push", "pull"], invalid: ["admin", "PULL", true] },
    "users.NAME.repositories": {
        valid: [["team/*"], ["team/app", "library/a-b_c.d/*"]],
        invalid: ["team/*", ["Team/*"], ["*"], ["team/"], ["/team"], ["a/../b"], []],
    },
    httpSecretGeneration: whole(1, 1, 9999),
    bcryptCost: whole(10, 4, 14),
    front: {
        valid: [],
        becomes: [["false", expect.objectContaining({ off: true })]],
        invalid: ["hunter2", 5, ["hunter2"]],
    },
    "front.off": { valid: [true, false], invalid: ["yes", "TRUE", 1] },
    "front.image": {
        valid: ["nginx:1.29-alpine", "mirror.example.com:5000/nginx:1.30"],
        default: "nginx:1.30",
        invalid: ["Nginx:1", "nginx 1"],
    },
    "front.anonymousPull": flag(false),
    "front.cacheSeconds": whole(60, 0, 3600),
    "front.attemptsPerMinute": whole(60, 1, 6000),
    "front.connectionsPerClient": whole(512, 16, 8192),
    "front.immutableTags": {
        valid: [{ "team/*": ["v*", "!v0.*"], "*": ["!latest"] }, {}],
        becomes: [[{ app: [1, 2.5, true] }, { app: ["1", "2.5", "true"] }]],
        default: {},
        invalid: ["v*", 5],
    },
    "front.clientInstaller": flag(true),
    "front.log": { valid: [], invalid: ["text", 5, []] },
    "front.log.off": flag(false),
    "front.log.days": whole(90, 1, 3650),
    "front.log.maxMb": whole(512, 32),
    "front.trustedProxies": {
        valid: [["10.244.0.0/16", "192.0.2.1", "fd00::/8", "::1", "0.0.0.0/0"], []],
        default: [],
        invalid: [
            ["10.0.0.0/33"],
            ["10.0.0.0/"],
            ["fd00::/129"],
            ["10.0.0/8"],
            ["a"],
            ["10.0.0.0/8/8"],
            ["10.0.0.0/8;"],
            "10.0.0.0/8",
        ],
    },
    "front.page": flag(true),
    metrics: { valid: [{ port: 9145, bindAddress: "127.0.0.1" }], invalid: ["text", 5, []] },
    "metrics.port": whole(undefined, 1, 65535),
    "metrics.bindAddress": {
        valid: ["127.0.0.2", "10.1.2.3", "172.31.0.1", "192.168.0.1", "169.254.1.1", "::1", "fd00::1"],
        default: "127.0.0.1",
        invalid: ["0.0.0.0", "::", "192.0.2.1", "172.32.0.1", "2001:db8::1", "localhost", "127.0.0.1:80"],
    },
    kubernetes: {
        valid: [
            {
                ...{ context: "production", namespace: "registry", replicas: 3, expose: "clusterIP" },
                ...{ annotations: {}, pullSecrets: [], rcloneImage: "rclone/rclone:1" },
                claim: { size: "1Ti", accessMode: "ReadWriteMany" },
            },
        ],
        invalid: ["text", 5, []],
    },
    "kubernetes.context": { valid: ["production", "kind-dev@a"], invalid: ["", 5, {}] },
    "kubernetes.kubeconfig": { valid: ["apiVersion: v1"], invalid: [{}, []] },
    "kubernetes.namespace": {
        valid: ["registry", "a", "a-1"],
        default: "default",
        invalid: ["Registry", "-a", "a.b", "", "a".repeat(64)],
    },
    "kubernetes.replicas": whole(2, 1, 100),
    "kubernetes.autoscale": {
        valid: [{ min: 3, max: 20, cpuPercent: 150 }],
        invalid: ["text", 5, []],
    },
    "kubernetes.autoscale.min": whole(2, 1, 100),
    "kubernetes.autoscale.max": whole(10, 1, 100),
    "kubernetes.autoscale.cpuPercent": whole(70, 10, 1600),
    "kubernetes.trustNodes": {
        valid: [{ namespace: "nodes", folder: "/etc/containerd/certs.d" }],
        invalid: ["text", 5, []],
    },
    "kubernetes.trustNodes.namespace": {
        valid: ["nodes", "a-1"],
        default: "kube-system",
        invalid: ["Nodes", "-a", "a.b", "", "a".repeat(64)],
    },
    "kubernetes.trustNodes.folder": {
        valid: ["/srv/certs.d"],
        default: "/etc/containerd/certs.d",
        invalid: ["certs.d", "/a:b", ""],
    },
    "kubernetes.serviceMonitor": { valid: [{ labels: { release: "a" } }], invalid: ["text", 5, []] },
    "kubernetes.serviceMonitor.labels": {
        valid: [{ release: "prometheus" }, {}],
        default: {},
        invalid: ["text", [], 5],
    },
    "kubernetes.prometheusRule": { valid: [{ labels: { release: "a" } }], invalid: ["text", 5, []] },
    "kubernetes.prometheusRule.labels": {
        valid: [{ release: "prometheus" }, {}],
        default: {},
        invalid: ["text", [], 5],
    },
    "kubernetes.expose": {
        // gateway takes kubernetes.gateway: kubernetes.test.ts.
        valid: ["loadBalancer", "nodePort", "clusterIP", "ingress"],
        default: "loadBalancer",
        invalid: ["ClusterIP", "route", ""],
    },
    "kubernetes.ingressClass": { valid: ["nginx", "a.b-1"], invalid: ["Nginx", "-a", "", 5] },
    "kubernetes.gateway": {
        valid: [{ name: "public", namespace: "gateways", listener: "https", ca: someCa }, { name: "a.b" }],
        invalid: ["text", 5, []],
    },
    "kubernetes.gateway.name": { valid: ["public", "a.b"], invalid: ["Public", "", 5] },
    "kubernetes.gateway.namespace": { valid: ["gateways"], invalid: ["Gateways", "a.b", ""] },
    "kubernetes.gateway.listener": { valid: ["https"], invalid: ["HTTPS", "a.b", ""] },
    "kubernetes.gateway.ca": { valid: [someCa], invalid: [5, "two\nlines", true] },
    "kubernetes.annotations": {
        valid: [{ "metallb.io/address-pool": "internal" }, {}],
        default: {},
        invalid: ["text", [], 5],
    },
    "kubernetes.serviceAccount": { valid: ["registry"], invalid: ["Registry", "", 5] },
    "kubernetes.claim": {
        valid: [{ size: "500Gi", accessMode: "ReadWriteMany", storageClass: "nfs" }],
        default: { size: "100Gi", accessMode: "ReadWriteMany" },
        invalid: ["text", 5, []],
    },
    "kubernetes.claim.size": {
        valid: ["1Mi", "500Gi", "2Ti"],
        default: "100Gi",
        invalid: ["0Gi", "500", "1G", ""],
    },
    "kubernetes.claim.storageClass": { valid: ["nfs", "csi.example.com"], invalid: ["NFS", "", "-a"] },
    "kubernetes.claim.accessMode": {
        valid: ["ReadWriteMany", "ReadWriteOnce"],
        default: "ReadWriteMany",
        invalid: ["ReadOnlyMany", ""],
    },
    "kubernetes.rcloneImage": {
        valid: ["mirror.example.com/rclone/rclone:1.69.1"],
        invalid: ["a b", 5],
        default: RCLONE_IMAGE,
    },
    "kubernetes.pullSecrets": {
        valid: [["team-a", "team-b"], []],
        default: [],
        invalid: [["Team"], "team-a"],
    },
    "front.httpPort": whole(undefined, 1, 65535),
    "front.sites": {
        valid: [{ "docs.example.com": { upstream: "http://192.0.2.10:8080" } }, {}],
        default: {},
        invalid: ["docs", 5, ["docs"]],
    },
    "front.sites.NAME.upstream": {
        valid: ["http://192.0.2.10:8080", "https://app"],
        invalid: ["192.0.2.10", "ftp://a", "http://a/b", "http://a:b"],
    },
    "front.sites.NAME.folder": {
        valid: ["docs", "team/docs-1.0"],
        invalid: ["/docs", "../docs", "a/../b", "a b"],
    },
    "front.sites.NAME.cert": pem,
    "front.sites.NAME.key": pem,
    "front.sitesFolder": { valid: ["/srv/www", "/with space"], invalid: ["www", "./www", "/a:b"] },
    "front.memoryMb": whole(128, 64),
    containerName: { valid: ["registry", "my_registry.1-a"], invalid: ["-a", "a b", "a/b", "x"] },
    image: {
        valid: ["registry:3", "registry:3.1.1", "mirror.example.com:5000/registry:3.2", "a/b@sha256:00"],
        default: "registry:3.1.2",
        invalid: ["Registry:3", "registry 3", "/registry"],
    },
    imageMirror: {
        valid: ["mirror.example.com", "mirror.example.com:5000/hub"],
        invalid: ["https://mirror.example.com x", "/mirror", "a b"],
    },
    // Any text may be a path: there is no wrong one.
    imageTarball: { valid: ["./registry.tar", "/a b.tar"] },
    memoryMb: whole(512, 64),
    cpus: { valid: [2], becomes: [["1.5", 1.5]], invalid: [0, -1, "two", "1e1"] },
    storage: group,
    "storage.volume": volume,
    "storage.folder": folder,
    "storage.redirect": flag(false),
    "storage.s3": secretGroup,
    "storage.s3.bucket": {
        valid: ["abc", "a.b-c_D", "x".repeat(63)],
        invalid: ["ab", "-abc", "a/b", "x".repeat(64), 5],
    },
    "storage.s3.region": { valid: ["us-east-1", "default"], invalid: ["", "eu central", 5] },
    "storage.s3.endpoint": {
        valid: ["http://192.0.2.1:9000", "https://s3.example.com/", "https://[2001:db8::1]:9000"],
        invalid: ["s3.example.com", "ftp://a", "https://a/b", "https://u:p@a", 5],
    },
    "storage.s3.pathStyle": flag(undefined),
    "storage.s3.accessKey": text,
    "storage.s3.secretKey": text,
    "storage.s3.encrypt": flag(false),
    "storage.s3.keyId": { valid: ["arn:aws:kms:eu-central-1:1:key/a-b"], invalid: ["", "a b", 5] },
    "storage.s3.storageClass": {
        valid: ["STANDARD", "NONE", "GLACIER_IR"],
        default: "STANDARD",
        invalid: ["standard", "GLACIER", 5],
    },
    "storage.s3.rootFolder": rootFolder,
    "storage.s3.ca": pem,
    "storage.s3.skipVerify": flag(false),
    "storage.azure": secretGroup,
    "storage.azure.accountName": { valid: ["abc", "a1b2"], invalid: ["ab", "Abc", "a-b", 5] },
    "storage.azure.container": {
        valid: ["abc", "registry-images"],
        invalid: ["ab", "A-b", "a--b", "-ab", 5],
    },
    "storage.azure.accountKey": text,
    "storage.azure.credentials": secretGroup,
    "storage.azure.credentials.tenantId": { valid: ["a-b.c"], invalid: ["", "a b", 5] },
    "storage.azure.credentials.clientId": { valid: ["a-b.c"], invalid: ["", "a b", 5] },
    "storage.azure.credentials.secret": text,
    "storage.azure.realm": { valid: ["core.usgovcloudapi.net"], invalid: ["", "https://a.b", "a", 5] },
    "storage.azure.serviceUrl": { valid: ["http://192.0.2.1:10000/account"], invalid: ["a.b", "ftp://a", 5] },
    "storage.azure.rootFolder": rootFolder,
    "storage.gcs": secretGroup,
    "storage.gcs.bucket": { valid: ["abc", "a.b-c_D"], invalid: ["ab", "-abc", "a/b", 5] },
    "storage.gcs.keyFile": { valid: [SERVICE_ACCOUNT], invalid: ["", 5, ["hunter2"]] },
    "storage.gcs.rootFolder": rootFolder,
    cache: group,
    "cache.valkey": {
        becomes: [
            [true, { image: "valkey/valkey:8.1", memoryMb: 64 }],
            [false, undefined],
        ],
        invalid: ["text", 5, []],
    },
    "cache.valkey.image": {
        valid: ["redis:7", "mirror.example.com:5000/valkey:8"],
        default: "valkey/valkey:8.1",
        invalid: ["Redis:7", "redis 7", "/redis"],
    },
    "cache.valkey.memoryMb": whole(64, 16),
    keepData: flag(true),
    deleteEnabled: flag(true),
    uploadsKept: { valid: ["24h", "30m"], default: undefined, invalid: ["a day", "10s", "1.5h", 24] },
    logLevel: {
        valid: ["error", "warn", "info", "debug"],
        default: undefined,
        invalid: ["trace", "DEBUG", 1],
    },
    logFormat: { valid: ["text", "json", "logstash"], default: "text", invalid: ["xml", "JSON"] },
    logFields: {
        valid: [{ environment: "production" }, {}],
        becomes: [
            [
                { build: 5, on: true },
                { build: "5", on: "true" },
            ],
        ],
        default: {},
        invalid: ["production", 5, ["a"]],
    },
    accessLog: flag(false),
    notifications: { valid: [{}], default: {}, invalid: ["hunter2", 5, ["hunter2"]] },
    "notifications.NAME.url": {
        valid: ["http://192.0.2.7:8080/hooks/a?b=c"],
        invalid: ["ci.example.com", "ftp://ci.example.com", 5],
    },
    "notifications.NAME.headers": {
        valid: [{}],
        becomes: [[{ "X-A": [true, 600] }, { "X-A": ["true", "600"] }]],
        default: {},
        invalid: ["Bearer", 5, ["Bearer"]],
    },
    "notifications.NAME.events": {
        valid: [["push", "pull", "mount", "delete"]],
        default: ["push", "delete"],
        invalid: [[], "push", ["pushes"], 5],
    },
    "notifications.NAME.layers": flag(false),
    "notifications.NAME.timeout": {
        valid: ["500ms", "1m"],
        default: "5s",
        invalid: ["5", "1h", 5],
    },
    "notifications.NAME.threshold": whole(5, 1),
    "notifications.NAME.backoff": { valid: ["1s"], default: "10s", invalid: ["10", "1d", 5] },
    headers: {
        valid: [{ "X-Frame-Options": ["DENY"] }, {}],
        // `pulumi config set --path` makes a boolean of true, a number of 600.
        becomes: [[{ "X-A": [true, 600] }, { "X-A": ["true", "600"] }]],
        default: { "X-Content-Type-Options": ["nosniff"] },
        invalid: ["nosniff", 5, ["nosniff"]],
    },
    health: group,
    "health.enabled": flag(true),
    "health.interval": {
        valid: ["10s", "500ms", "1m", "1h"],
        default: "10s",
        invalid: ["10", "ten", "10 s", 10],
    },
    "health.threshold": whole(3, 1),
    registryConfig: {
        valid: [{ catalog: { maxentries: 5000 } }, {}],
        default: {},
        invalid: ["catalog", 5, ["a"]],
    },
    dockerHost: {
        valid: ["unix:///var/run/docker.sock", "ssh://root@a.b", "tcp://a.b:2375", "npipe:////./pipe/docker"],
        invalid: ["a.b", "http://a.b", "ssh://"],
    },
    adopt: {
        valid: [["0123456789abcdef0123456789abcdef"], ["registry", "registry-data"]],
        default: [],
        invalid: ["registry", 5],
    },
    target: { valid: ["docker", "systemd"], default: "docker", invalid: ["Docker", "podman", 5] },
    proxy: secretGroup,
    "proxy.http": proxy,
    "proxy.https": proxy,
    "proxy.none": {
        valid: [[], [".example.com", "10.0.0.0/8", "a.b:8080"]],
        default: [],
        invalid: ["a.b", 5, {}],
    },
    proxyFromEnvironment: flag(false),
    schedule: group,
    "schedule.up": when,
    "schedule.gc": when,
    "schedule.retain": when,
    "schedule.backup": when,
    "schedule.sync": when,
    "schedule.doctor": when,
    "schedule.metrics": {
        valid: ["/var/lib/prometheus/node-exporter"],
        invalid: ["metrics", "./metrics", "", 5],
    },
    "schedule.onFailure": group,
    "schedule.onFailure.command": { valid: ["true"], invalid: ["", 5, {}] },
    "schedule.onFailure.webhook": {
        valid: ["http://127.0.0.1:8080/hooks/a", "https://chat.example.com/hooks/a?b=c"],
        invalid: ["chat.example.com", "ftp://chat.example.com", "/hooks/hunter2", 5],
    },
    extraHosts: {
        valid: [{}, { "store.example.com": "192.0.2.20", localstore: "2001:db8::1" }],
        default: {},
        invalid: ["a.b", 5, ["192.0.2.1"]],
    },
    dnsServers: {
        valid: [[], ["192.0.2.53", "2001:db8::53"]],
        default: [],
        invalid: ["192.0.2.53", 53, {}],
    },
    mirrors: {
        valid: [{}],
        becomes: [[{ hub: HUB }, { hub: { ...HUB, ttl: "168h", memoryMb: 256, blobsFromDisk: false } }]],
        default: {},
        invalid: ["hunter2", 5, ["hunter2"]],
    },
    "mirrors.NAME.upstream": {
        valid: ["https://quay.io", "http://registry.example.com:5000"],
        invalid: [5, "", ["https://quay.io"]],
    },
    "mirrors.NAME.username": { valid: ["robot"], becomes: [[7, "7"]], invalid: ["", ["robot"], {}] },
    "mirrors.NAME.password": {
        valid: ["secret"],
        becomes: [[123456, "123456"]],
        invalid: [["hunter2"], { a: "hunter2" }, 1.5],
    },
    "mirrors.NAME.ca": { valid: [someCa], invalid: [5, "two\nlines", true] },
    "mirrors.NAME.ttl": {
        valid: ["168h", "30m", "90s", "0"],
        becomes: [[0, "0"]],
        default: "168h",
        invalid: ["7d", "1 h", "ten", "-1h", "1h30m", 5, ""],
    },
    "mirrors.NAME.port": whole(undefined, 1, 65535),
    "mirrors.NAME.domain": { valid: ["mirror.example.com"], invalid: ["a b", "https://a.b", ""] },
    "mirrors.NAME.bindAddress": {
        valid: ["127.0.0.1", "::", "192.0.2.1"],
        invalid: ["localhost", "1.2.3", "127.0.0.1:443"],
    },
    "mirrors.NAME.blobsFromDisk": flag(false),
    "mirrors.NAME.volume": volume,
    "mirrors.NAME.folder": folder,
    "mirrors.NAME.size": {
        valid: ["500Mi", "20Gi", "2Ti"],
        invalid: ["0Gi", "20GB", "20", 20, ""],
    },
    "mirrors.NAME.storageClass": { valid: ["nfs", "csi.example.com"], invalid: ["NFS", "", "-a"] },
    "mirrors.NAME.keepData": flag(undefined),
    "mirrors.NAME.memoryMb": whole(256, 64),
    "mirrors.NAME.cpus": { valid: [1.5, 2], invalid: [0, -1, "two"] },
    backup: secretGroup,
    "backup.repository": {
        valid: ["/srv/backup", "sftp:user@host:/srv", "rest:https://host:8000/", "s3:https://host/bucket"],
        invalid: ["srv/backup", "/srv:x", "ftp:host", 5],
    },
    "backup.password": { ...text, invalid: [["hunter2"]] },
    "backup.environment": {
        valid: [{ AWS_ACCESS_KEY_ID: "K" }],
        invalid: ["text"],
    },
    "backup.sshKey": pem,
    "backup.knownHosts": { valid: ["host ssh-ed25519 KEY"], invalid: ["", 5] },
    "backup.ca": pem,
    "backup.keep": group,
    "backup.keep.daily": whole(7, 0),
    "backup.keep.weekly": whole(5, 0),
    "backup.keep.monthly": whole(12, 0),
    "backup.escrow": flag(false),
    "backup.image": { valid: ["restic/restic:0.17.3"], invalid: ["a b", 5], default: DEFAULT_BACKUP_IMAGE },
    sync: group,
    "sync.jobs": { valid: [{}], default: {}, invalid: ["text", 5, []] },
    "sync.jobs.NAME.from": {
        valid: ["docker.io/library/alpine:3", "quay.io/*"],
        invalid: ["", "https://quay.io/a", "quay.io/A", 5, ["a"]],
    },
    "sync.jobs.NAME.to": { valid: ["*", "mirror/*"], default: "*", invalid: ["", "Team/app", 5, {}] },
    "sync.jobs.NAME.tags": { invalid: [[], "v1", ["a b"], [{}]] },
    "sync.jobs.NAME.repositories": { invalid: [[], "team/*", ["Team/*"], [5]] },
    "sync.registries": { valid: [{}], default: {}, invalid: ["hunter2", 5, ["hunter2"]] },
    "sync.registries.NAME.username": { valid: ["robot"], becomes: [[7, "7"]], invalid: ["", ["robot"], {}] },
    "sync.registries.NAME.password": {
        valid: ["secret"],
        becomes: [[123456, "123456"]],
        invalid: [["hunter2"], { a: "hunter2" }, 1.5],
    },
    "sync.registries.NAME.ca": { valid: [someCa], invalid: [5, "two\nlines", true] },
    "sync.registries.NAME.plainHttp": flag(false),
    "sync.user": { valid: ["sync"], invalid: ["", 5, {}] },
    "sync.image": {
        valid: ["regclient/regsync:edge-alpine"],
        invalid: ["a b", 5],
        default: DEFAULT_SYNC_IMAGE,
    },
    nexus: secretGroup,
    "nexus.acceptEula": { valid: [true], invalid: ["yes", "TRUE", 1] },
    "nexus.domain": { valid: ["nexus.example.com"], invalid: ["https://a.b", "a b", 5] },
    "nexus.image": {
        valid: ["sonatype/nexus3:3.95.0"],
        default: "sonatype/nexus3:3.94.0",
        invalid: ["Nexus:3", "", 5],
    },
    "nexus.port": whole(8081, 1, 65535),
    "nexus.apiUrl": url(),
    "nexus.heapMb": whole(2703, 512),
    "nexus.directMemoryMb": whole(2703, 512),
    "nexus.openFiles": whole(65536, 0),
    "nexus.adminPassword": {
        valid: ["12345678x", "with space"],
        becomes: [[12345678, "12345678"]],
        invalid: ["hunter2", ["hunter2"], null],
    },
    "nexus.anonymous": flag(false),
    "nexus.docker": group,
    "nexus.docker.hosted": flag(true),
    "nexus.docker.proxy": flag(true),
    "nexus.docker.upstream": url("https://registry-1.docker.io"),
    "nexus.docker.group": flag(true),
    "nexus.docker.routing": choice(["path", "ports"], "path"),
    "nexus.docker.writePolicy": choice(["allow", "allow_once", "deny"], "allow"),
    "nexus.repositories": group,
    "nexus.repositories.NAME.format": choice(["maven", "yum", "pypi"]),
    "nexus.repositories.NAME.writePolicy": choice(["allow", "allow_once", "deny"], "allow_once"),
    "nexus.repositories.NAME.versionPolicy": choice(["RELEASE", "SNAPSHOT", "MIXED"]),
    "nexus.repositories.NAME.repodataDepth": whole(undefined, 0, 5),
    "nexus.cleanup": group,
    "nexus.cleanup.unusedDays": { valid: [1, 90], invalid: [0, 24_856, 1.5, "90 days"] },
    "nexus.cleanup.olderThanDays": { valid: [1, 90], invalid: [0, 24_856, 1.5, "90 days"] },
    "nexus.schedule": group,
    "nexus.schedule.dockerGc": cron("0 0 1 * * ?"),
    "nexus.schedule.compact": cron("0 0 3 * * ?"),
    retention: group,
    "retention.NAME.repositories": {
        valid: [["*"], ["team/*", "team/app"]],
        default: ["*"],
        invalid: [[], "team/*", ["Team"], ["!team"], ["team*"], [5]],
    },
    "retention.NAME.tags": {
        valid: [["v*"], ["!latest"], ["*-rc*", "1.0"]],
        becomes: [
            [
                [1, true],
                ["1", "true"],
            ],
        ],
        default: ["*"],
        invalid: [[], "v*", ["a b"], ["a:b"], [""]],
    },
    "retention.NAME.newest": whole(undefined, 1),
    "retention.NAME.pushedWithinDays": whole(undefined, 1, 36_500),
    "retention.NAME.pulledWithinDays": whole(undefined, 1, 36_500),
    "retention.NAME.semver": group,
    "retention.NAME.semver.newest": whole(1, 1),
    "retention.NAME.semver.per": choice(["major", "minor"]),
};
