/** What target kubernetes takes and refuses of a stack's configuration. */
import { accepted, mistakeIn, refused } from "./base";

const target = { target: "kubernetes" };
const S3 = { storage: { s3: { bucket: "images", region: "eu-central-1" } } };
const HASH = "$2y$10$N9qo8uLOickgx2ZMRZoMyeIjZAgcfl7p92ldGxad68LJZdL17lhWy";
const HUB = { upstream: "https://registry-1.docker.io" };
const ONE_NODE = { claim: { accessMode: "ReadWriteOnce" } };

test("is taken with users alone, and with a store elsewhere", () => {
    expect(accepted(target).target).toBe("kubernetes");
    expect(accepted({ ...target, ...S3, kubernetes: { replicas: 3 } }).kubernetes?.replicas).toBe(3);
});

test.each([
    [{ containerName: "registry" }, "containerName", "pulumi config rm containerName"],
    [{ storage: { volume: "data" } }, "storage.volume", "pulumi config rm --path storage.volume"],
    [{ storage: { folder: "/srv/images" } }, "storage.folder", "pulumi config rm --path storage.folder"],
    [{ dockerHost: "ssh://a" }, "dockerHost", "pulumi config rm dockerHost"],
    ...(
        [
            ["port", 5443],
            ["bindAddress", "127.0.0.1"],
            ["volume", "cache"],
            ["folder", "/srv/cache"],
            ["blobsFromDisk", true],
        ] as const
    ).map(([key, value]): [Record<string, unknown>, string, string] => [
        { mirrors: { hub: { ...HUB, ...(key === "bindAddress" ? { port: 5443 } : {}), [key]: value } } },
        `mirrors.hub.${key}`,
        `pulumi config rm --path mirrors.hub.${key}`,
    ]),
])("refuses what is of a Docker host: %j", (config, path, fix) => {
    expect(accepted(config)).toBeDefined();
    const found = refused({ ...target, ...config }).mistakes.find((one) => one.path === path);
    expect(found).toMatchObject({ path, fix });
    expect(found?.problem).toContain("target kubernetes cannot have it");
});

test("refuses sites from a folder of a host, one sentence for each option", () => {
    const front = { sitesFolder: "/srv/www", sites: { "docs.example.com": { folder: "docs" } } };
    expect(refused({ ...target, front }).mistakes.map(({ path }) => path)).toEqual([
        "front.sitesFolder",
        'front.sites["docs.example.com"].folder',
    ]);
    const alone = { sites: front.sites };
    expect(mistakeIn({ ...target, front: alone }).path).toBe('front.sites["docs.example.com"].folder');
});

test.each([
    ["http://app", "http://app.registry.svc.cluster.local"],
    ["https://app:8443", "https://app.registry.svc.cluster.local:8443"],
    ["http://app.team.svc:8080", "http://app.team.svc.cluster.local:8080"],
])("a site's upstream is named as nginx looks it up: %s", (upstream, instead) => {
    const config = (url: string) => ({
        ...target,
        kubernetes: { namespace: "registry" },
        front: { sites: { "app.example.com": { upstream: url } } },
    });
    expect(mistakeIn(config(upstream))).toEqual({
        path: 'front.sites["app.example.com"].upstream',
        problem: `is ${upstream}, and the front looks names up as they are`,
        fix: `pulumi config set --path 'front.sites["app.example.com"].upstream' ${instead}`,
    });
    for (const right of [instead, "http://192.0.2.10:8080", "http://app.example.com"])
        expect(accepted(config(right))).toBeDefined();
});

test("a mirror has no port on a cluster, and with a certificate that was brought no name", () => {
    const mirrors = { hub: { ...HUB, size: "100Gi", storageClass: "standard" } };
    expect(accepted({ ...target, mirrors }).mirrors.hub?.size).toBe("100Gi");
    expect(accepted({ ...target, mirrors, tls: { secret: "site" } })).toBeDefined();
    for (const key of ["size", "storageClass"] as const)
        expect(mistakeIn({ mirrors: { hub: { ...HUB, [key]: mirrors.hub[key] } } })).toEqual({
            path: `mirrors.hub.${key}`,
            problem: "is set, and target is docker",
            fix: "pulumi config set target kubernetes",
        });
});

test("nodes are led to one mirror of a registry", () => {
    const mirrors = { hub: HUB, other: HUB, quay: { upstream: "https://quay.io" } };
    expect(accepted({ ...target, mirrors })).toBeDefined();
    expect(mistakeIn({ ...target, mirrors, kubernetes: { trustNodes: true } })).toEqual({
        path: "mirrors.other.upstream",
        problem:
            "is https://registry-1.docker.io, as that of mirrors.hub is, and kubernetes.trustNodes leads nodes to one mirror of it",
        fix: "pulumi config rm --path mirrors.other",
    });
});

test.each(["ingress", "gateway"])("what an %s does not lead to the pods is refused", (expose) => {
    const kubernetes = { expose, ...(expose === "gateway" ? { gateway: { name: "public" } } : {}) };
    const config = {
        ...{ ...target, kubernetes, mirrors: { hub: HUB } },
        front: { httpPort: 80, sites: { "app.example.com": { upstream: "http://192.0.2.10" } } },
    };
    expect(refused(config).mistakes.map(({ path }) => path)).toEqual(
        expect.arrayContaining(["mirrors", "front.sites", "front.httpPort"]),
    );
    expect(accepted({ ...target, kubernetes })).toBeDefined();
});

test.each([80, 29_999, 32_768])("refuses port %j of a node for plain HTTP", (httpPort) => {
    const config = { ...target, port: 30443, front: { httpPort }, kubernetes: { expose: "nodePort" } };
    expect(mistakeIn(config)).toMatchObject({
        path: "front.httpPort",
        fix: "pulumi config set --path front.httpPort 30080",
    });
    expect(accepted({ ...config, front: { httpPort: 30_080 } }).front?.httpPort).toBe(30_080);
    expect(accepted({ ...target, front: { httpPort: 80 } }).front?.httpPort).toBe(80);
});

test("takes a repository of restic's for backups, and refuses a folder of a Docker host", () => {
    const backup = (repository: string) => ({ ...target, backup: { repository, password: "p" } });
    expect(mistakeIn(backup("/srv/backup"))).toEqual({
        path: "backup.repository",
        problem: "is /srv/backup, a folder of a Docker host, and target is kubernetes",
        fix: "pulumi config set --path backup.repository s3:https://s3.example.com/registry-backup",
    });
    expect(accepted(backup("s3:https://s3.example.com/registry-backup")).backup).toBeDefined();
});

test("refuses several replicas on a claim of one node, with the way out", () => {
    const kubernetes = { ...ONE_NODE, replicas: 3 };
    expect(mistakeIn({ ...target, kubernetes })).toEqual({
        path: "kubernetes.replicas",
        problem:
            "is 3, and a claim that is ReadWriteOnce can be mounted on one node alone; with storage.s3, or a claim that is ReadWriteMany, there may be more",
        fix: "pulumi config set --path kubernetes.replicas 1",
    });
    expect(accepted({ ...target, kubernetes: { ...ONE_NODE, replicas: 1 } })).toBeDefined();
    expect(accepted({ ...target, ...S3, kubernetes })).toBeDefined();
});

test("pods that come and go are bound as those that are counted", () => {
    const kubernetes = { ...ONE_NODE, replicas: 1, autoscale: true };
    expect(mistakeIn({ ...target, kubernetes })).toMatchObject({
        path: "kubernetes.autoscale",
        fix: "pulumi config rm --path kubernetes.autoscale",
    });
    expect(accepted({ ...target, ...S3, kubernetes }).kubernetes?.autoscale).toEqual({
        min: 2,
        max: 10,
        cpuPercent: 70,
    });
    expect(mistakeIn({ ...target, ...S3, kubernetes: { autoscale: { min: 12 } } })).toEqual({
        path: "kubernetes.autoscale.max",
        problem: "is 10, less than kubernetes.autoscale.min (12)",
        fix: "pulumi config set --path kubernetes.autoscale.max 12",
    });
});

test("a certificate of a cluster is for a cluster, and for itself", () => {
    expect(accepted({ ...target, tls: { secret: "site" } }).tls.secret).toBe("site");
    expect(mistakeIn({ tls: { secret: "site" } })).toEqual({
        path: "tls.secret",
        problem: "is set, and target is docker",
        fix: "pulumi config set target kubernetes",
    });
    expect(mistakeIn({ ...target, tls: { secret: "site", ownCa: {} } })).toMatchObject({
        path: "tls.ownCa",
        fix: "pulumi config rm --path tls.ownCa",
    });
});

test.each([undefined, 443, 29_999, 32_768])("refuses port %j of a node", (port) => {
    const config = { ...target, kubernetes: { expose: "nodePort" }, ...(port ? { port } : {}) };
    expect(mistakeIn(config)).toMatchObject({ path: "port", fix: "pulumi config set port 30443" });
});

test("takes the first and the last port of a node", () => {
    for (const port of [30_000, 32_767])
        expect(accepted({ ...target, port, kubernetes: { expose: "nodePort" } }).port).toBe(port);
});

test("a route has what it is of, and leads to a name", () => {
    const gateway = { name: "public" };
    expect(accepted({ ...target, kubernetes: { expose: "gateway", gateway } }).kubernetes?.gateway).toEqual(
        gateway,
    );
    expect(mistakeIn({ ...target, kubernetes: { expose: "gateway" } })).toEqual({
        path: "kubernetes.expose",
        problem: "is gateway, and kubernetes.gateway names none",
        fix: "pulumi config set --path kubernetes.gateway.name public",
    });
    for (const [key, value, way] of [
        ["gateway", gateway, "gateway"],
        ["ingressClass", "nginx", "ingress"],
    ] as const)
        expect(mistakeIn({ ...target, kubernetes: { [key]: value } })).toEqual({
            path: `kubernetes.${key}`,
            problem: "is set, and kubernetes.expose is loadBalancer",
            fix: `pulumi config set --path kubernetes.expose ${way}`,
        });
    const kubernetes = { expose: "ingress" };
    expect(mistakeIn({ ...target, kubernetes, domain: "192.0.2.1" })).toEqual({
        path: "domain",
        problem: "has an address, and kubernetes.expose is ingress: a route is found by a name alone",
        fix: "pulumi config set domain registry.example.com",
    });
    expect(mistakeIn({ ...target, kubernetes, ipAddresses: ["192.0.2.1"] })).toMatchObject({
        path: "ipAddresses",
        fix: "pulumi config rm ipAddresses",
    });
});

test("what the Prometheus Operator is told takes numbers, and a login", () => {
    const fix =
        "pulumi config set --path users.prometheus.generate true && pulumi config set --path users.prometheus.role metrics";
    const users = { admin: { generate: true }, prometheus: { generate: true, role: "metrics" } };
    for (const key of ["serviceMonitor", "prometheusRule"]) {
        const kubernetes = { [key]: true };
        expect(mistakeIn({ ...target, kubernetes })).toEqual({
            path: `kubernetes.${key}`,
            problem: "is set, and there are no numbers",
            fix: "pulumi config set metrics true",
        });
        expect(accepted({ ...target, metrics: true, users, kubernetes })).toBeDefined();
    }
    const hashed = { admin: { generate: true }, prometheus: { bcryptHash: HASH, role: "metrics" } };
    const kubernetes = { serviceMonitor: true };
    expect(mistakeIn({ ...target, metrics: true, users: hashed, kubernetes })).toMatchObject({
        path: "kubernetes.serviceMonitor",
        fix,
    });
    expect(
        accepted({ ...target, metrics: true, users: hashed, kubernetes: { prometheusRule: true } }),
    ).toBeDefined();
    expect(mistakeIn({ ...target, metrics: { port: 9145 }, users })).toMatchObject({
        path: "metrics.port",
        fix: "pulumi config rm --path metrics.port",
    });
});

test("a namespace gets no login that may push", () => {
    const kubernetes = { pullSecrets: ["team-a"] };
    const found = mistakeIn({ ...target, kubernetes });
    expect(found.path).toBe("kubernetes.pullSecrets");
    expect(found.fix).toBe(
        "pulumi config set --path users.puller.generate true && pulumi config set --path users.puller.role pull",
    );
    const users = { admin: { generate: true }, puller: { generate: true, role: "pull" } };
    expect(accepted({ ...target, users, kubernetes })).toBeDefined();
});

test.each([{ front: false }, { auth: false, users: undefined }, { tls: false }])(
    "has a front: %j",
    (config) => {
        expect(refused({ ...target, ...config }).mistakes.map(({ path }) => path)).toContain("front");
    },
);

test.each([undefined, "docker", "systemd"])("a cluster without its target (%j) is refused", (other) => {
    expect(mistakeIn({ ...(other ? { target: other } : {}), kubernetes: { replicas: 3 } })).toEqual({
        path: "kubernetes",
        problem: `is set, and target is ${other ?? "docker"}`,
        fix: "pulumi config set target kubernetes",
    });
});
