/** What is registered for a cluster. How it runs there: tests/e2e/kubernetes. */
import { parse } from "yaml";

import { secretText } from "../../../components/kubernetes/certificate";
import { KubernetesProvider } from "../../../components/kubernetes/object";

import { issue } from "./certs";
import { deploy, made, makeCertificates } from "./deploy";
import { expectGolden } from "./golden";
import { find, type Registration, valueOf } from "./mocks";

beforeAll(makeCertificates);

const IDENTITY = "0123456789abcdef0123456789abcdef";
const S3 = {
    s3: { bucket: "images", endpoint: "http://store.test:9000", accessKey: "key", secretKey: "secret" },
};
const ADMIN = { admin: { password: "123456" } };

type Options = NonNullable<Parameters<typeof deploy>[0]>;
const onCluster = (options: Options = {}, opts?: Parameters<typeof deploy>[2]) =>
    deploy({ target: "kubernetes", front: undefined, ...options }, { "r-identity": { hex: IDENTITY } }, opts);

type Tree = Record<string, unknown>;
const of = (all: Registration[], name: string) =>
    find(all, name).inputs as { metadata: Tree; spec: Tree } & Tree;
const kinds = (all: Registration[]) =>
    all.filter(({ type }) => type.startsWith("kubernetes:")).map(({ type }) => type.split(":").at(-1) ?? "");

/** The objects, with the files by their names alone: their texts are goldens of their own. */
function told(all: Registration[]): string {
    const named = (data: unknown) => data && Object.keys(data as object);
    const objects = all
        .filter(({ type }) => type.startsWith("kubernetes:"))
        .map(({ name, inputs }) => ({
            resource: name,
            ...inputs,
            ...("data" in inputs ? { data: named(inputs.data) } : {}),
            ...("binaryData" in inputs ? { binaryData: named(inputs.binaryData) } : {}),
        }))
        .sort((a, b) => (a.resource < b.resource ? -1 : 1));
    // The certificate is another one each time.
    return `${JSON.stringify(objects, null, 2).replace(/(-(?:front|registry|redis|mirror-hub))-[0-9a-f]{12}"/g, '$1-DIGEST"')}\n`;
}

test("two replicas on a claim", async () => {
    const { all } = await onCluster();
    expectGolden("kubernetes-claim.json", told(all));
});

test("three replicas on a store elsewhere, at a port of the nodes", async () => {
    const { all } = await onCluster({
        storage: S3,
        port: 30443,
        users: { ...ADMIN, puller: { generate: true, role: "pull" } },
        extraHosts: { "store.test": "192.0.2.20" },
        kubernetes: { replicas: 3, expose: "nodePort", namespace: "registry", pullSecrets: ["team-a"] },
    });
    expectGolden("kubernetes-s3.json", told(all));
});

describe("a route", () => {
    const gateway = { name: "public", namespace: "gateways", listener: "https" };

    test.each([
        ["ingress", { expose: "ingress", ingressClass: "nginx", annotations: { "a/b": "c" } }],
        ["gateway", { expose: "gateway", gateway }],
    ] as const)("by %s", async (way, kubernetes) => {
        const { all } = await onCluster({
            storage: S3,
            dnsNames: ["images.example.com"],
            port: 443,
            kubernetes,
        });
        const routes = all.filter(({ name }) => /-(ingress|route|service)/.test(name));
        expectGolden(
            `kubernetes-${way}.json`,
            told(routes).replace(/-(ingress|route)-[0-9a-f]{12}/g, "-$1-DIGEST"),
        );
    });

    test("clients of a Gateway trust what it has, and it trusts what the front has", async () => {
        const { registry, all } = await onCluster({ kubernetes: { expose: "gateway", gateway } });
        expect(await valueOf(registry.caCertificatePem)).toBe("");
        const { data } = of(all, "r-route-ca") as unknown as { data: Record<string, string> };
        expect(data["ca.crt"]).toContain("BEGIN CERTIFICATE");
        const ca = data["ca.crt"] ?? "";
        const own = await onCluster({ kubernetes: { expose: "gateway", gateway: { ...gateway, ca } } });
        expect(await valueOf(own.registry.caCertificatePem)).toBe(ca);
    });

    test("what an Ingress shows is a secret", async () => {
        const { all } = await onCluster({ kubernetes: { expose: "ingress" } });
        const { type, data } = of(all, "r-ingress-certificate") as unknown as Tree & { data: Tree };
        expect(type).toBe("kubernetes.io/tls");
        expect(Object.keys(data).sort()).toEqual(["ca.crt", "tls.crt", "tls.key"]);
        expect(find(all, "r-ingress-certificate").secrets).toEqual(["data"]);
    });
});

test("no Docker object, and nothing of a cluster on Docker", async () => {
    const { all } = await onCluster();
    expect(all.filter(({ type }) => type.startsWith("docker:"))).toEqual([]);
    const { all: docker } = await deploy({ front: undefined });
    expect(kinds(docker)).toEqual([]);
});

test("what is a secret is in no ConfigMap, and in no input that is none", async () => {
    const { all } = await onCluster({ storage: S3 });
    for (const { type, name, inputs, secrets } of all.filter(({ type }) => type.startsWith("kubernetes:"))) {
        const text = JSON.stringify(inputs);
        const decoded = Object.values((inputs.data ?? inputs.binaryData ?? {}) as Record<string, string>)
            .map((data) => Buffer.from(data, "base64").toString())
            .join("\n");
        const holds = /PRIVATE KEY|secretkey: secret|\$2[ay]\$|generated for/.test(text + decoded);
        expect([name, type.endsWith(":Secret") || !holds]).toEqual([name, true]);
        if (type.endsWith(":Secret")) expect([name, secrets]).toEqual([name, ["data"]]);
    }
});

test("another text has another name, so that pods roll; the same text has the same", async () => {
    const names = async (options: Options) => {
        const { all } = await onCluster(options);
        return ["r-registry-secrets", "r-front-secrets"].map((name) => String(of(all, name).metadata.name));
    };
    const first = await names({ logLevel: "info" });
    expect(await names({ logLevel: "info" })).toEqual(first);
    const level = await names({ logLevel: "warn" });
    expect(level[0]).not.toBe(first[0]);
    expect(level[1]).toBe(first[1]);
    const user = await names({ logLevel: "info", users: { ...ADMIN, other: { password: "234567" } } });
    expect(user[0]).toBe(first[0]);
    expect(user[1]).not.toBe(first[1]);
});

test("no name is one that another deployment could have", async () => {
    const { all } = await onCluster({ kubernetes: { pullSecrets: [] } });
    for (const { name, type, inputs } of all.filter(({ type }) => type.startsWith("kubernetes:"))) {
        const text = String((inputs.metadata as Tree).name);
        const own = type.endsWith("Claim") ? /^kit-dev-data-[0-9a-f]{8}$/ : /^kit-dev-01234567(-|$)/;
        expect([name, own.test(text) && text.length <= 63]).toEqual([name, true]);
    }
});

test("the images outlive the deployment, and its successor finds them", async () => {
    const first = await onCluster({ stackKey: "key" });
    const second = await deploy(
        { target: "kubernetes", front: undefined, stackKey: "key" },
        { "r-identity": { hex: "f".repeat(32) } },
    );
    expect(find(first.all, "r-data").retainOnDelete).toBe(true);
    // A name that is another one by now, of a stack that is renamed say, would be that of an empty claim.
    expect(find(first.all, "r-data").ignoreChanges).toEqual(["metadata.name"]);
    expect(of(second.all, "r-data")).toEqual(of(first.all, "r-data"));
    const other = await onCluster({ stackKey: "another" });
    expect(of(other.all, "r-data").metadata.name).not.toBe(of(first.all, "r-data").metadata.name);
    const gone = await onCluster({ stackKey: "key", keepData: false });
    expect(find(gone.all, "r-data").retainOnDelete).toBe(false);
});

test("several that write to one store promise no blob that another may have removed", async () => {
    const config = async (replicas: number) => {
        const { all } = await onCluster({ storage: S3, kubernetes: { replicas } });
        const { data } = of(all, "r-registry-secrets") as unknown as { data: Record<string, string> };
        return Buffer.from(data["config.yml"] ?? "", "base64").toString();
    };
    // Of one replica there are two while one takes the place of another.
    for (const replicas of [1, 2]) expect(await config(replicas)).not.toContain("blobdescriptor");
});

describe("a Redis that the replicas share", () => {
    let all: Registration[];
    beforeAll(async () => {
        ({ all } = await onCluster({
            storage: S3,
            cache: { valkey: { image: "redis:7.4", memoryMb: 100 } },
        }));
    });

    test("one confined pod without a disk, and its Service", () => {
        expectGolden(
            "kubernetes-redis.json",
            told(all.filter(({ name }) => name.startsWith("r-redis") || name === "r-policy")),
        );
    });

    test("is where the registry keeps what it knows of blobs, and its password is in Secrets alone", () => {
        const { data } = of(all, "r-registry-secrets") as unknown as { data: Record<string, string> };
        expect(parse(Buffer.from(data["config.yml"] ?? "", "base64").toString())).toMatchObject({
            storage: { cache: { blobdescriptor: "redis" } },
            redis: { addrs: ["10.96.0.9:6379"], password: "generated for r-redis-password" },
        });
        for (const { name, type, inputs } of all.filter(({ type }) => type.startsWith("kubernetes:"))) {
            const texts = Object.values((inputs.data ?? inputs.binaryData ?? {}) as Record<string, string>);
            const holds = [JSON.stringify(inputs), ...texts.map((text) => Buffer.from(text, "base64"))]
                .join("\n")
                .includes("generated for r-redis-password");
            const secrets = ["r-registry-secrets", "r-redis-secrets"];
            expect([name, holds]).toEqual([name, type.endsWith(":Secret") && secrets.includes(name)]);
        }
    });

    test("its pod is none of the registry's", () => {
        const { selector } = of(all, "r-service").spec as { selector: Tree };
        const { template } = of(all, "r-redis").spec as { template: { metadata: { labels: Tree } } };
        expect(template.metadata.labels).not.toMatchObject(selector);
    });
});

describe("numbers of each pod", () => {
    const users = { ...ADMIN, prometheus: { password: "345678", role: "metrics" as const } };
    const watched = {
        metrics: {},
        users,
        kubernetes: { serviceMonitor: { labels: { release: "a" } }, prometheusRule: {} },
    };

    test("what counts stands in the pod, and asks the registry on the pod's loopback", async () => {
        const { all } = await onCluster({ storage: S3, ...watched });
        const { template } = of(all, "r-pods").spec as {
            template: { spec: { initContainers: { name: string; args?: string[]; volumeMounts: Tree[] }[] } };
        };
        const [registry, metrics] = template.spec.initContainers;
        expect(metrics?.name).toBe("metrics");
        expect(metrics?.args?.[0]).toContain("http://127.0.0.1:5001/metrics");
        expect(metrics?.volumeMounts).toEqual([{ name: "numbers", mountPath: "/run/metrics" }]);
        expect(JSON.stringify(registry?.volumeMounts)).not.toContain("numbers");
        const { data } = of(all, "r-registry-secrets") as unknown as { data: Record<string, string> };
        expect(parse(Buffer.from(data["config.yml"] ?? "", "base64").toString())).toMatchObject({
            http: { debug: { addr: "127.0.0.1:5001", prometheus: { enabled: true } } },
        });
    });

    test("of a claim, the size is among them", async () => {
        const { all } = await onCluster({ metrics: {}, users });
        expect(JSON.stringify(of(all, "r-pods"))).toContain("du -s -k /var/lib/registry");
    });

    test("the Prometheus Operator gets a login, and the rules of `npm run monitoring`", async () => {
        const { all } = await onCluster({ storage: S3, ...watched });
        const objects = all.filter(({ name }) => /metrics-login|service-monitor|prometheus-rule/.test(name));
        expect(find(all, "r-metrics-login").secrets).toContain("stringData");
        const [first] = made.ca.pem.split("\n", 1);
        expectGolden(
            "kubernetes-monitors.json",
            told(objects).replace(made.ca.pem.replaceAll("\n", "\\n"), first ?? ""),
        );
    });
});

describe("a certificate that the cluster keeps", () => {
    const pod = (all: Registration[]) =>
        (
            of(all, "r-pods").spec as {
                template: {
                    spec: { containers: { command: string[]; volumeMounts: Tree[] }[]; volumes: Tree[] };
                };
            }
        ).template.spec;
    const kept = (parts: Record<string, string>, options: Options = {}) =>
        deploy(
            { target: "kubernetes", front: undefined, storage: S3, tls: { secret: "site" }, ...options },
            {
                "r-identity": { hex: IDENTITY },
                "r-certificate": {
                    data: Object.fromEntries(
                        Object.entries(parts).map(([name, text]) => [
                            name,
                            Buffer.from(text).toString("base64"),
                        ]),
                    ),
                },
            },
        );

    test("is mounted by its name, and what it holds stands in no object of the deployment", async () => {
        const site = await issue("docker.example.com", { issuer: made.ca, names: ["docker.example.com"] });
        const { all, registry } = await kept({
            "tls.crt": site.pem,
            "tls.key": site.keyPem,
            "ca.crt": made.ca.pem,
        });
        expect((await valueOf(registry.caCertificatePem)).trim()).toBe(made.ca.pem.trim());
        const { containers, volumes } = pod(all);
        expect(volumes).toContainEqual({
            name: "certificate",
            secret: { secretName: "site", defaultMode: 0o440 },
        });
        expect(containers[0]?.command).toEqual([
            "/bin/sh",
            "-c",
            expect.stringContaining("kill -HUP 1"),
            "nginx",
        ]);
        for (const { name, inputs } of all.filter(({ type }) => type.startsWith("kubernetes:")))
            for (const text of Object.values((inputs.data ?? {}) as Record<string, string>))
                expect([name, Buffer.from(text, "base64").toString()]).not.toEqual([
                    name,
                    expect.stringContaining("PRIVATE KEY"),
                ]);
    });

    test("is shown for mirrors and sites as well", async () => {
        const names = ["docker.example.com", "hub.docker.example.com", "app.example.com"];
        const options: Options = {
            mirrors: { hub: { upstream: "https://registry-1.docker.io" } },
            front: { sites: { "app.example.com": { upstream: "http://192.0.2.10" } } },
        };
        const site = await issue("docker.example.com", { issuer: made.ca, names });
        const { all } = await kept({ "tls.crt": site.pem, "tls.key": site.keyPem }, options);
        const { data } = of(all, "r-front-secrets") as unknown as { data: Record<string, string> };
        const conf = Buffer.from(data["nginx.conf"] ?? "", "base64").toString();
        expect(conf.match(/ssl_certificate \/run\/served\/site\.pem;/g)).toHaveLength(3);
    });

    test("without a key it is refused by name; without a ca.crt everyone trusts it, or is to be told whom", () => {
        expect(() => secretText({ "tls.crt": "YQ==" }, "tls.key", "site", "registry")).toThrow(
            "The Secret site (tls.secret) of the namespace registry has no tls.key",
        );
        expect(secretText({ "tls.crt": "YQ==" }, "ca.crt", "site", "registry")).toBe("");
    });
});

test("nodes are told of the registry and its CA, by pods that may have a folder of theirs", async () => {
    const { all } = await onCluster({ port: 8443, kubernetes: { trustNodes: { namespace: "nodes" } } });
    const { metadata, spec } = of(all, "r-nodes");
    expect(metadata).toMatchObject({ namespace: "nodes", name: "kit-dev-01234567-nodes" });
    expect(spec).toMatchObject({
        updateStrategy: { rollingUpdate: { maxSurge: "100%", maxUnavailable: 0 } },
        template: {
            spec: {
                automountServiceAccountToken: false,
                tolerations: [{ operator: "Exists" }],
                containers: [
                    {
                        env: [
                            { name: "HOSTNAME", valueFrom: { fieldRef: { fieldPath: "metadata.name" } } },
                            { name: "IDENTITY", value: IDENTITY },
                        ],
                        securityContext: { readOnlyRootFilesystem: true, capabilities: { drop: ["ALL"] } },
                    },
                ],
                volumes: [{}, { hostPath: { path: "/etc/containerd/certs.d" } }],
            },
        },
    });
    const { metadata: where, binaryData } = of(all, "r-nodes-files") as unknown as {
        metadata: Tree;
        binaryData: Record<string, string>;
    };
    const text = (file: string) => Buffer.from(binaryData[file] ?? "", "base64").toString();
    expect(where.namespace).toBe("nodes");
    expect(text("ca.crt").trim()).toBe(made.ca.pem.trim());
    expect(text("hosts.toml")).toContain('ca = "/etc/containerd/certs.d/docker.example.com:8443/ca.crt"');
});

describe("mirrors", () => {
    const HUB = { upstream: "https://registry-1.docker.io" };
    let all: Registration[];
    let deployed: Awaited<ReturnType<typeof onCluster>>;
    beforeAll(async () => {
        deployed = await onCluster({
            storage: S3,
            port: 8443,
            mirrors: {
                hub: { ...HUB, username: "robot", password: "hunter2", size: "50Gi", ca: made.ca.pem },
                "a-very-long-name": { upstream: "http://upstream.test:5000", storageClass: "fast" },
            },
            kubernetes: { trustNodes: { namespace: "nodes" } },
        });
        ({ all } = deployed);
    });
    const texts = (name: string) => {
        const { data = {}, binaryData = {} } = of(all, name) as unknown as Record<
            string,
            Record<string, string>
        >;
        return (file: string) => Buffer.from({ ...data, ...binaryData }[file] ?? "", "base64").toString();
    };

    test("each is a confined pod that its Service leads to, and the front's pods alone", () => {
        expectGolden(
            "kubernetes-mirror.json",
            told(all.filter(({ name }) => name.startsWith("r-mirror-hub"))),
        );
    });

    test("the registry's config.yml there is a mirror's, and its login is in a Secret alone", () => {
        const config = parse(texts("r-mirror-hub-secrets")("config.yml")) as Tree;
        expect(config).toMatchObject({
            proxy: { remoteurl: HUB.upstream, ttl: "168h" },
            storage: { maintenance: { readonly: { enabled: true } }, filesystem: {} },
        });
        expect(config).not.toHaveProperty("auth");
        expect(texts("r-mirror-hub-secrets")("upstream-login")).toContain("hunter2");
        for (const { name, type, inputs } of all.filter(({ type }) => type.startsWith("kubernetes:"))) {
            const data = Object.values((inputs.data ?? inputs.binaryData ?? {}) as Record<string, string>);
            const holds = [JSON.stringify(inputs), ...data.map((one) => Buffer.from(one, "base64"))]
                .join("\n")
                .includes("hunter2");
            expect([name, holds]).toEqual([name, name === "r-mirror-hub-secrets"]);
            if (holds) expect(type).toBe("kubernetes:core/v1:Secret");
        }
    });

    test("the front shows each under its own name, at the address of its Service", () => {
        const conf = texts("r-front-secrets")("nginx.conf");
        const { ports } = of(all, "r-mirror-hub-service").spec as { ports: { port: number }[] };
        expect(conf).toContain("server_name hub.docker.example.com;");
        expect(conf).toContain("server_name a-very-long-name.docker.example.com;");
        expect(conf).toContain(`set $site_upstream "http://10.96.0.9:${ports[0]?.port}";`);
    });

    test("one that is to be kept has a claim, which one pod has at a time, and a name that a Service may have", () => {
        const long = all.map(({ name }) => name).find((name) => /^r-mirror-[0-9a-f]{10}$/.test(name)) ?? "";
        expect(String(of(all, long).metadata.name)).toMatch(/^kit-dev-01234567-mirror-[0-9a-f]{10}$/);
        expect(of(all, long).spec).toMatchObject({ strategy: { type: "Recreate" } });
        expect(find(all, `${long}-data`).retainOnDelete).toBe(true);
        expect(of(all, `${long}-data`).spec).toEqual({
            accessModes: ["ReadWriteOnce"],
            storageClassName: "fast",
            resources: { requests: { storage: "20Gi" } },
        });
        expect(of(all, `${long}-policy`).spec.egress).toMatchObject([
            {},
            { ports: [{ port: 443 }, { port: 5000 }] },
        ]);
    });

    test("the registry's pods may speak with them, and are none of theirs", () => {
        const { egress } = of(all, "r-policy").spec as { egress: Tree[] };
        const { selector } = of(all, "r-mirror-hub-service").spec as { selector: Tree };
        expect(JSON.stringify(egress)).toContain(JSON.stringify(selector));
        expect(selector).not.toMatchObject((of(all, "r-service").spec as { selector: Tree }).selector);
    });

    test("nodes are told of their upstreams, and clients where they are", async () => {
        const { template } = of(all, "r-nodes").spec as { template: { spec: { volumes: Tree[] } } };
        expect(JSON.stringify(template.spec.volumes)).toContain('"path":"docker.io/hosts.toml"');
        expect(texts("r-nodes-files")("mirror-hub-hosts.toml")).toBe(
            [
                'server = "https://registry-1.docker.io"',
                "",
                '[host."https://hub.docker.example.com:8443"]',
                '  capabilities = ["pull", "resolve"]',
                '  ca = "/etc/containerd/certs.d/docker.io/ca.crt"',
                "",
            ].join("\n"),
        );
        const access = await valueOf(deployed.registry.mirrors);
        expect(access.hub).toMatchObject({
            endpoint: "https://hub.docker.example.com:8443",
            upstream: "https://registry-1.docker.io",
        });
        expect(texts("r-front-files")("client.sh")).toContain("hub.docker.example.com");
    });

    test("without one nothing is different for the registry's pods", async () => {
        const { all: none } = await onCluster({ storage: S3 });
        expect(kinds(none).filter((kind) => kind === "Deployment")).toHaveLength(1);
    });
});

describe("what the front serves beside the registry", () => {
    const conf = (all: Registration[]) => {
        const { data } = of(all, "r-front-secrets") as unknown as { data: Record<string, string> };
        return Buffer.from(data["nginx.conf"] ?? "", "base64").toString();
    };

    test("a site's upstream is looked up at the pod's own name servers", async () => {
        const { all } = await onCluster({
            storage: S3,
            front: { sites: { "app.example.com": { upstream: "http://app.team.svc.cluster.local:8080" } } },
        });
        expect(conf(all)).toContain("include /tmp/resolver.con[f];");
        expect(conf(all)).not.toContain("127.0.0.11");
        expect(conf(all)).toContain("server_name app.example.com;");
        expect(of(all, "r-policy").spec.egress).toEqual([{}]);
    });

    test("plain HTTP is a port more, led to TLS at the port that clients know", async () => {
        const ports = async (options: Options) => {
            const { all } = await onCluster({ storage: S3, ...options });
            expect(of(all, "r-policy").spec.ingress).toEqual([
                {
                    ports: [
                        { protocol: "TCP", port: 8443 },
                        { protocol: "TCP", port: 8080 },
                    ],
                },
            ]);
            return [(of(all, "r-service").spec as { ports: Tree[] }).ports, conf(all)] as const;
        };
        const http = { name: "http", protocol: "TCP", targetPort: 8080 };
        const [own, first] = await ports({ port: 8443, front: { httpPort: 80 } });
        expect(own).toContainEqual({ ...http, port: 80 });
        expect(first).toContain("return 308 https://$host:8443$request_uri;");
        const [nodes, second] = await ports({
            port: 30443,
            front: { httpPort: 30080 },
            kubernetes: { expose: "nodePort" },
        });
        expect(nodes).toContainEqual({ ...http, port: 80, nodePort: 30080 });
        expect(second).toContain("return 308 https://$host:30443$request_uri;");
    });
});

test("who scales has the number of pods, and none of several remembers blobs for itself", async () => {
    const { all } = await onCluster({
        storage: S3,
        kubernetes: { autoscale: { min: 1, max: 5, cpuPercent: 150 } },
    });
    expect(find(all, "r-pods").ignoreChanges).toEqual(["spec.replicas"]);
    expect(of(all, "r-pods").spec.replicas).toBe(1);
    expect(of(all, "r-autoscaler").spec).toMatchObject({
        scaleTargetRef: { kind: "Deployment", name: "kit-dev-01234567" },
        minReplicas: 1,
        maxReplicas: 5,
        metrics: [{ resource: { target: { type: "AverageValue", averageValue: "1500m" } } }],
    });
    const { data } = of(all, "r-registry-secrets") as unknown as { data: Record<string, string> };
    expect(Buffer.from(data["config.yml"] ?? "", "base64").toString()).not.toContain("blobdescriptor");
    const { all: fixed } = await onCluster({ storage: S3 });
    expect(find(fixed, "r-pods").ignoreChanges).toEqual([]);
});

/** Ways out, each as `TO:PORTS`. */
const waysOut = (all: Registration[], policy: string) => {
    const { egress } = of(all, policy).spec as {
        egress: {
            to?: {
                ipBlock?: { cidr: string };
                namespaceSelector?: { matchLabels: Record<string, string> };
            }[];
            ports?: { port: number }[];
        }[];
    };
    return egress.map(({ to = [], ports = [] }) => {
        const whom = to.map(
            ({ ipBlock, namespaceSelector }) =>
                ipBlock?.cidr ?? namespaceSelector?.matchLabels["kubernetes.io/metadata.name"],
        );
        return `${whom.join(" ") || "any"} ${ports.map(({ port }) => port).join(" ") || "any"}`;
    });
};
const NAMES = "any 53 53 5353 5353";
const MACHINE = "169.254.0.0/16 fd00:ec2::/32 any";
const at = (endpoint: string) => ({ storage: { s3: { ...S3.s3, endpoint } } });

test.each([
    ["a claim", {}, [NAMES]],
    ["a store with keys, at a port of its own", { storage: S3 }, [NAMES, "any 443 9000"]],
    ["a store with keys, in plain HTTP", at("http://s3.example.com"), [NAMES, "any 443 80"]],
    ["a store elsewhere, of a short name", at("https://example.com"), [NAMES, "any 443"]],
    ["a store at an address", at("https://192.0.2.9:9000"), [NAMES, "any 443 9000"]],
    ["a store at an IPv6 address", at("https://[2001:db8::9]"), [NAMES, "any 443"]],
    ...[
        ["https://store", "default"],
        ["https://store.team.svc", "team"],
        ["https://store.team.svc.cluster.local", "team"],
    ].map(
        ([url = "", namespace]) =>
            [`a Service, ${url}`, at(url), [NAMES, "any 443", `${namespace} any`]] as const,
    ),
    [
        "a role of the machine's",
        { storage: { s3: { bucket: "images", region: "eu-central-1" } } },
        [NAMES, "any 443", MACHINE],
    ],
    ["a role of GKE's", { storage: { gcs: { bucket: "images" } } }, [NAMES, "any 443", MACHINE]],
    ["others that are told", { notifications: { ci: { url: "https://ci.example.com/" } } }, ["any any"]],
] as const)("pods reach no more than they need: %s", async (_what, options, ways) => {
    const { all } = await onCluster(options as Options);
    expect(waysOut(all, "r-policy")).toEqual(ways);
});

test.each([
    ["http://192.0.2.9:5000", ["any 443 5000"]],
    ["http://registry.team.svc:5000", ["any 443 5000", "team any"]],
] as const)("a mirror reaches no more than its upstream: %s", async (upstream, ways) => {
    const { all } = await onCluster({ storage: S3, mirrors: { hub: { upstream } } });
    expect(waysOut(all, "r-mirror-hub-policy")).toEqual([NAMES, ...ways]);
});

test("what stands beside the registry is reached by its pods, and by those of commands", async () => {
    const { all } = await onCluster({
        storage: S3,
        cache: { valkey: {} },
        mirrors: { hub: { upstream: "http://192.0.2.9:5000" } },
    });
    const { podSelector } = of(all, "r-policy").spec as { podSelector: Tree };
    for (const policy of ["r-redis-policy", "r-mirror-hub-policy"]) {
        const { ingress } = of(all, policy).spec as { ingress: { from: Tree[] }[] };
        expect(ingress.map(({ from }) => from)).toEqual([[{ podSelector }]]);
    }
});

test("pods roll one by one, and an update is over when those before take no request any more", async () => {
    const { all } = await onCluster({ storage: S3 });
    const { strategy, template } = of(all, "r-pods").spec as {
        strategy: Tree;
        template: { spec: { terminationGracePeriodSeconds: number; containers: { lifecycle: Tree }[] } };
    };
    expect(strategy).toEqual({ type: "RollingUpdate", rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } });
    // A former pod takes connections as long as nodes may lead some there, and ends what it has begun.
    expect(JSON.stringify(template.spec.containers[0]?.lifecycle)).toMatch(/preStop.*"sleep 15"/);
    expect(template.spec.terminationGracePeriodSeconds).toBe(615);
    expect(find(all, "r-pods").afterUpdate).toEqual(["r-former-gone"]);
});

test("a volume of one node is on one pod at a time", async () => {
    const { all } = await onCluster({ kubernetes: { replicas: 1, claim: { accessMode: "ReadWriteOnce" } } });
    expect(of(all, "r-pods").spec.strategy).toEqual({ type: "Recreate" });
});

test("the cluster is that of the options", async () => {
    const { all } = await onCluster({ kubernetes: { context: "production", kubeconfig: "apiVersion: v1" } });
    const { inputs, secrets } = find(all, "r-cluster");
    expect(inputs).toEqual({ context: "production", kubeconfig: "apiVersion: v1" });
    expect(secrets).toEqual(["kubeconfig"]);
    for (const { type, provider } of all)
        if (type.startsWith("kubernetes:")) expect(provider).toBe("r-cluster");
});

test("the cluster is the one that the program hands down, where it does", async () => {
    const { all } = await onCluster({}, () => ({ provider: new KubernetesProvider("mine", {}) }));
    expect(all.map(({ name }) => name)).not.toContain("r-cluster");
    for (const { type, provider } of all) if (type.startsWith("kubernetes:")) expect(provider).toBe("mine");
});

test("Pod Security restricted: every container is confined", async () => {
    const { all } = await onCluster({ storage: S3 });
    const { template } = of(all, "r-pods").spec as { template: { spec: Tree } };
    const { initContainers, containers, ...pod } = template.spec as {
        initContainers: { securityContext: Tree }[];
        containers: { securityContext: Tree }[];
    } & Tree;
    expect(pod).toMatchObject({
        automountServiceAccountToken: false,
        securityContext: { runAsNonRoot: true, seccompProfile: { type: "RuntimeDefault" } },
    });
    for (const { securityContext } of [...initContainers, ...containers])
        expect(securityContext).toEqual({
            allowPrivilegeEscalation: false,
            capabilities: { drop: ["ALL"] },
            readOnlyRootFilesystem: true,
        });
});
