/** What target kubernetes takes and refuses of a stack's configuration. */
import { accepted, mistakeIn, refused } from "./base";

const target = { target: "kubernetes" };
const S3 = { storage: { s3: { bucket: "images", region: "eu-central-1" } } };
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
    [
        { mirrors: { hub: { upstream: "https://registry-1.docker.io" } } },
        "mirrors",
        "pulumi config rm mirrors",
    ],
    [{ backup: { repository: "/srv/backup", password: "p" } }, "backup", "pulumi config rm backup"],
])("refuses what is of a Docker host: %j", (config, path, fix) => {
    expect(accepted(config)).toBeDefined();
    const found = mistakeIn({ ...target, ...config });
    expect(found).toMatchObject({ path, fix });
    expect(found.problem).toContain("target kubernetes cannot have it");
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

test.each([undefined, 443, 29_999, 32_768])("refuses port %j of a node", (port) => {
    const config = { ...target, kubernetes: { expose: "nodePort" }, ...(port ? { port } : {}) };
    expect(mistakeIn(config)).toMatchObject({ path: "port", fix: "pulumi config set port 30443" });
});

test("takes the first and the last port of a node", () => {
    for (const port of [30_000, 32_767])
        expect(accepted({ ...target, port, kubernetes: { expose: "nodePort" } }).port).toBe(port);
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
