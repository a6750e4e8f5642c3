/** What becomes of registries that were set up by hand, in all the ways of the tutorials. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { composeSource } from "../../../ops/import/compose";
import { planOf, type Setting } from "../../../ops/import/plan";
import { effective } from "../../../ops/import/registry-config";
import { isRegistryImage, type Source } from "../../../ops/import/source";
import { formatPath } from "../../../components/definition/problem";

const source = (more: Partial<Source> = {}, files: Record<string, string> = {}): Source => ({
    title: "container myregistry",
    image: "registry:2",
    environment: {},
    command: ["/etc/docker/registry/config.yml"],
    mounts: [{ source: "/opt/data/registry", isVolume: false, target: "/var/lib/registry" }],
    ports: [{ address: "", port: 5000, target: 5000 }],
    container: "myregistry",
    readFile: (path) => Promise.resolve(path in files ? Buffer.from(files[path] ?? "") : undefined),
    readFolder: () => Promise.resolve(new Map()),
    ...more,
});
const asObject = (settings: readonly Setting[]) =>
    Object.fromEntries(settings.map(({ path, value }) => [formatPath(path), value]));
const S3 = {
    REGISTRY_STORAGE: "s3",
    REGISTRY_STORAGE_S3_BUCKET: "images",
    REGISTRY_STORAGE_S3_REGION: "us-east-1",
    REGISTRY_STORAGE_S3_REGIONENDPOINT: "ceph.example.com:7480",
    REGISTRY_STORAGE_S3_SECURE: "false",
    REGISTRY_STORAGE_S3_ACCESSKEY: "key",
    REGISTRY_STORAGE_S3_SECRETKEY: "secret",
    REGISTRY_STORAGE_S3_ROOTDIRECTORY: "/registry",
    REGISTRY_STORAGE_S3_CHUNKSIZE: "10485760",
};

test.each([
    ["registry", true],
    ["registry:2", true],
    ["docker.io/library/registry:2.8.3@sha256:0", true],
    ["mirror.example.com:5000/library/registry:3", true],
    ["distribution/distribution:edge", true],
    ["joxit/docker-registry-ui:2", false],
    ["nginx", false],
    ["sonatype/nexus3", false],
])("%s is the registry's image: %s", (image, is) => {
    expect(isRegistryImage(image)).toBe(is);
});

test("variables set what the file has otherwise, by names without regard to case", () => {
    const tree = effective(
        "version: 0.1\nstorage:\n  filesystem:\n    rootdirectory: /data\nhttp:\n  addr: :5000\n",
        {
            REGISTRY_HTTP_ADDR: "0.0.0.0:443",
            REGISTRY_AUTH: "htpasswd",
            REGISTRY_AUTH_HTPASSWD_REALM: "Registry Realm",
            REGISTRY_AUTH_HTPASSWD_PATH: "/auth/htpasswd",
            REGISTRY_STORAGE_DELETE_ENABLED: "true",
            OTHER: "x",
        },
    );
    expect(tree).toEqual({
        version: 0.1,
        storage: { filesystem: { rootdirectory: "/data" }, delete: { enabled: true } },
        http: { addr: "0.0.0.0:443" },
        auth: { htpasswd: { realm: "Registry Realm", path: "/auth/htpasswd" } },
    });
    expect(effective(undefined, S3).storage).toMatchObject({
        s3: { bucket: "images", secure: false, chunksize: 10485760 },
    });
    expect(() => effective("- a list", {})).toThrow("no configuration of a registry");
});

test("docker run of the first tutorial: plain HTTP, no users, a folder", async () => {
    const { settings, notes } = await planOf(source(), { domain: "192.168.1.10" });
    expect(asObject(settings)).toEqual({
        domain: "192.168.1.10",
        port: 5000,
        "tls.off": true,
        auth: false,
        "storage.folder": "/opt/data/registry",
        logFields: { service: "registry" },
    });
    expect(notes.join()).toContain("pulumi config rm --path tls.off");
});

test("a store elsewhere, with the options that the kit has and those that it passes on", async () => {
    const { settings } = await planOf(source({ environment: S3, mounts: [] }), { domain: "r.example.com" });
    expect(asObject(settings)).toMatchObject({
        "storage.s3.bucket": "images",
        "storage.s3.endpoint": "http://ceph.example.com:7480",
        "storage.s3.accessKey": "key",
        "storage.s3.secretKey": "secret",
        "storage.s3.rootFolder": "registry",
        "registryConfig.storage.s3.chunksize": 10485760,
    });
});

test("what the kit has no option for is passed on, and what it decides is left out with the option to use", async () => {
    const config = `version: 0.1
storage: {filesystem: {rootdirectory: /var/lib/registry}}
http: {addr: ":5000", secret: hunter2}
notifications: {endpoints: [{name: a, url: "https://a.example.com"}]}
validation: {disabled: true}
catalog: {maxentries: 5000}
`;
    const { settings, leftOut } = await planOf(source({}, { "/etc/docker/registry/config.yml": config }), {
        domain: "r.example.com",
    });
    const found = asObject(settings);
    expect(found["registryConfig.catalog.maxentries"]).toBe(5000);
    expect(found["registryConfig.notifications.endpoints"]).toEqual([
        { name: "a", url: "https://a.example.com" },
    ]);
    expect(leftOut.join("\n")).toMatch(/http\.secret: .*\nvalidation\.disabled: the kit sets it/);
    expect(JSON.stringify({ settings, leftOut })).not.toContain("hunter2");
});

test.each<[string, Source, string]>([
    ["no name", source(), "--domain docker.example.com"],
    [
        "images in the container",
        source({ mounts: [] }),
        "docker cp myregistry:/var/lib/registry /srv/registry",
    ],
    [
        "a pull-through cache",
        source({ environment: { REGISTRY_PROXY_REMOTEURL: "https://registry-1.docker.io" } }),
        "mirrors.hub.upstream https://registry-1.docker.io",
    ],
    ["tokens", source({ environment: { REGISTRY_AUTH: "token" } }), "auth.token"],
    ["a removed driver", source({ environment: { REGISTRY_STORAGE: "swift" } }), "lie in swift"],
    [
        "users that cannot be read",
        source({ environment: { REGISTRY_AUTH: "htpasswd", REGISTRY_AUTH_HTPASSWD_PATH: "/auth/htpasswd" } }),
        "/auth/htpasswd, which cannot be read",
    ],
    [
        "a certificate that cannot be read",
        source({ environment: { REGISTRY_HTTP_TLS_CERTIFICATE: "/c.crt", REGISTRY_HTTP_TLS_KEY: "/c.key" } }),
        "(/c.crt) or its key (/c.key) cannot be read",
    ],
    [
        "no YAML",
        source({}, { "/etc/docker/registry/config.yml": "a: [" }),
        "config.yml of container myregistry cannot be read",
    ],
])("%s is refused with what to do", async (name, one, told) => {
    await expect(planOf(one, name === "no name" ? {} : { domain: "r.example.com" })).rejects.toThrow(told);
});

describe("a compose file", () => {
    const folder = mkdtempSync(join(tmpdir(), "private-registry-compose-"));
    afterAll(() => rmSync(folder, { recursive: true }));
    const read = (text: string, service?: string, env: NodeJS.ProcessEnv = {}) => {
        const file = join(folder, "docker-compose.yml");
        writeFileSync(file, text);
        return composeSource(file, service, undefined, env);
    };

    test("in every form that Compose takes", async () => {
        writeFileSync(join(folder, ".env"), "TAG=2.8\n# comment\nNAME='images'\n");
        writeFileSync(join(folder, "registry.env"), "REGISTRY_LOG_LEVEL=debug\n");
        const found = await read(
            `name: shop
services:
  registry:
    image: "registry:\${TAG}"
    env_file: registry.env
    environment: [REGISTRY_HTTP_ADDR=:5000, "PRICE=$$5"]
    ports: ["127.0.0.1:5000:5000", {target: 5001, published: "\${DEBUG:-5001}"}, 6000]
    volumes:
      - data:/var/lib/registry
      - ./auth:/auth:ro
      - {type: volume, source: kept, target: /kept}
      - anonymous
volumes:
  data: {name: "\${NAME}"}
  kept: {external: true}
`,
        );
        expect(found).toMatchObject({
            image: "registry:2.8",
            environment: { REGISTRY_LOG_LEVEL: "debug", REGISTRY_HTTP_ADDR: ":5000", PRICE: "$5" },
            ports: [
                { address: "127.0.0.1", port: 5000, target: 5000 },
                { address: "", port: 5001, target: 5001 },
            ],
            mounts: [
                { source: "images", isVolume: true, target: "/var/lib/registry" },
                { source: join(folder, "auth"), isVolume: false, target: "/auth" },
                { source: "kept", isVolume: true, target: "/kept" },
            ],
        });
    });

    test("volumes have the project's name before their own", async () => {
        const text =
            "services: {r: {image: registry, volumes: ['data:/var/lib/registry']}}\nvolumes: {data: }\n";
        const { mounts } = await read(text, undefined, { COMPOSE_PROJECT_NAME: "mine" });
        expect(mounts[0]?.source).toBe("mine_data");
    });

    test.each([
        [
            "services: {a: {image: registry}, b: {image: 'registry:2'}}",
            undefined,
            "2 registries (a, b): name one with --service",
        ],
        ["services: {a: {image: nginx}}", "b", "has no service b; it has: a"],
        ["- a", undefined, "no file of Docker Compose"],
        ["a: [", undefined, "cannot be read"],
    ])("%s is refused", async (text, service, told) => {
        await expect(read(text, service)).rejects.toThrow(told);
    });
});
