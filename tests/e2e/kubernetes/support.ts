/** What the tests of a registry on a cluster have in common. */
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";

import { parse } from "yaml";

import { ensureKubernetesProvider } from "../../../setup/kubernetes-provider";
import { thisMachine } from "../../../setup/machine";
import { ClosedRoutes } from "../../../setup/probe";
import { which } from "../../../setup/run";

import { REPOSITORY_PASSWORD } from "../backup";
import type { Disposable } from "../cleanup";
import { RegistryClient } from "../http";
import { FRONT_IMAGE, REGISTRY_IMAGE, RESTIC_IMAGE } from "../images";
import { type Result, sleep } from "../run";
import { S3Server } from "../s3-server";
import { ADMIN, type Settings, Stack } from "../stack";

import { Cluster } from "./cluster";

const ROOT = resolve(__dirname, "..", "..", "..");

/** Limit of what boots a cluster: what that runs is built before the first test, once for each user. */
export const BUILD_MS = 3_600_000;

/** Of the registries here. */
export const NAMESPACE = "registry";

/** `port` of the stacks here, where nothing else is said. */
export const NODE_PORT = 31443;

/** `PATH` by which Pulumi finds its Kubernetes provider. */
export const providerPath = (): Promise<string> => {
    const machine = thisMachine(ROOT);
    return ensureKubernetesProvider(
        machine,
        process.env.PATH ?? "",
        which("pulumi") ?? "",
        new ClosedRoutes(machine),
    );
};

/** A namespace that enforces Pod Security `restricted`. */
export const restricted = (name: string) => ({
    apiVersion: "v1",
    kind: "Namespace",
    metadata: { name, labels: { "pod-security.kubernetes.io/enforce": "restricted" } },
});

export interface Role {
    metadata: object;
    rules: { apiGroups: string[]; resources: string[]; verbs: string[] }[];
}

/** The Role that the docs give to whoever deploys. */
export const exampleRole = (): Role =>
    parse(readFileSync(join(ROOT, "examples/kubernetes/role.yaml"), "utf8")) as Role;

/**
 * A login with no more rights than a Role's, in some namespaces.
 *
 * @param role by default the example's
 * @returns path of its kubeconfig
 */
export async function deployer(
    cluster: Cluster,
    namespaces: readonly string[],
    { user = "deployer", role = exampleRole() } = {},
): Promise<string> {
    const apiGroup = "rbac.authorization.k8s.io";
    for (const namespace of namespaces)
        await cluster.apply(
            { ...role, metadata: { name: user, namespace } },
            {
                ...{ apiVersion: `${apiGroup}/v1`, kind: "RoleBinding", metadata: { name: user, namespace } },
                roleRef: { kind: "Role", name: user, apiGroup },
                subjects: [{ kind: "User", name: user, apiGroup }],
            },
        );
    const config = parse(readFileSync(cluster.kubeconfig, "utf8")) as { users: { user: object }[] };
    for (const one of config.users) Object.assign(one.user, { as: user });
    const file = join(cluster.folder, `${user}.kubeconfig`);
    writeFileSync(file, JSON.stringify(config), { mode: 0o600 });
    return file;
}

/** `storage` of a stack whose images lie in a bucket. */
const storeSettings = (store: S3Server, bucket: string): Settings => ({
    "storage.s3.bucket": bucket,
    "storage.s3.region": "us-east-1",
    "storage.s3.endpoint": store.endpoint,
    "storage.s3.ca": store.caPem(),
    "storage.s3.accessKey": { secret: store.accessKey },
    "storage.s3.secretKey": { secret: store.secretKey },
});

/** `backup` of a stack whose backups go to a bucket of their own, which is made. */
export async function backupSettings(store: S3Server): Promise<Settings> {
    const bucket = "backup";
    await store.request("PUT", bucket);
    return {
        "backup.repository": `s3:${store.endpoint}/${bucket}`,
        "backup.password": { secret: REPOSITORY_PASSWORD },
        "backup.ca": store.caPem(),
        "backup.environment.AWS_ACCESS_KEY_ID": { secret: store.accessKey },
        "backup.environment.AWS_SECRET_ACCESS_KEY": { secret: store.secretKey },
        "backup.image": RESTIC_IMAGE,
    };
}

/** A volume that both nodes of the test's own cluster see: a folder of this machine. @param name of its StorageClass too */
export function hostVolume(cluster: Cluster, name: string, ...accessModes: string[]) {
    const path = join(cluster.folder, name);
    mkdirSync(path, { recursive: true });
    // A hostPath takes no group of the pod's.
    chmodSync(path, 0o777);
    return {
        ...{ apiVersion: "v1", kind: "PersistentVolume", metadata: { name } },
        spec: {
            ...{ capacity: { storage: "1Gi" }, accessModes, storageClassName: name },
            hostPath: { path },
        },
    };
}

/**
 * A stack for a cluster, which is not up yet.
 *
 * @param settings added to: user admin, NODE_PORT of each node, the tests' images, the cluster's default of two replicas
 */
export async function stackOn(
    cluster: Cluster,
    namespace: string,
    {
        name = "cluster",
        env = {},
        settings = {},
    }: { name?: string; env?: NodeJS.ProcessEnv; settings?: Settings },
): Promise<Stack> {
    const [domain = "", ...more] = cluster.nodes.map(({ address }) => address);
    const stack = await Stack.create(name, {
        env,
        settings: {
            ...ADMIN,
            ...{ target: "kubernetes", "kubernetes.namespace": namespace },
            ...{ "kubernetes.expose": "nodePort", port: String(NODE_PORT), domain },
            ...Object.fromEntries(more.map((address, index) => [`ipAddresses[${index}]`, address])),
            ...{ image: REGISTRY_IMAGE, "front.image": FRONT_IMAGE, "front.off": "false" },
            ...settings,
        },
    });
    await stack.unset("bindAddress");
    return stack;
}

/** A client that comes by one of the nodes, with a connection for each request: so each pod is met. */
export function clientAt(cluster: Cluster, node: number, ca: string, port = NODE_PORT): RegistryClient {
    const address = cluster.nodes[node]?.address ?? "";
    return new RegistryClient(port, ca, address, address, false);
}

interface ContainerStatus {
    ready: boolean;
    restartCount: number;
}

export interface Pod {
    metadata: { name: string; uid: string; deletionTimestamp?: string };
    spec: { nodeName: string; initContainers: { image: string }[] };
    status: {
        initContainerStatuses?: ContainerStatus[];
        containerStatuses?: ContainerStatus[];
    };
}

/** An administrator's look at a namespace. */
export class Namespace {
    constructor(
        private readonly cluster: Cluster,
        readonly name: string,
    ) {}

    kubectl(...args: string[]): Promise<string> {
        return this.cluster.kubectl("--namespace", this.name, ...args);
    }

    tryKubectl(...args: string[]): Promise<Result> {
        return this.cluster.tryKubectl(["--namespace", this.name, ...args]);
    }

    async json<T>(...args: string[]): Promise<T> {
        return JSON.parse(await this.kubectl(...args, "--output=json")) as T;
    }

    /** The registry's pods that are not on their way out. */
    async pods(): Promise<Pod[]> {
        const { items } = await this.json<{ items: Pod[] }>(
            ...["get", "pods", "--selector=app.kubernetes.io/name=private-registry"],
        );
        return items.filter(({ metadata }) => metadata.deletionTimestamp === undefined);
    }

    /** What of the kit's is there, one line for each. */
    left(): Promise<string> {
        const kinds =
            "deployments,statefulsets,services,poddisruptionbudgets,networkpolicies,persistentvolumeclaims";
        return this.kubectl(
            ...["get", `${kinds},secrets,configmaps`, "--selector=app.kubernetes.io/managed-by=pulumi"],
            "--output=name",
        );
    }
}

/** What a registry on a cluster needs before it is deployed. */
export interface Site {
    cluster: Cluster;
    store: S3Server;
    /** NAMESPACE. */
    there: Namespace;
    /** By which Pulumi finds its provider and the cluster, where it has no more rights than the example's Role. */
    env: { PATH: string; KUBECONFIG: string };
    /** Of a stack whose images lie in the store. */
    settings: Settings;
}

/**
 * A cluster, and a store with a bucket.
 *
 * @param use puts both away
 * @param images what the nodes have beside the images of registry and front
 * @param namespaces where the login may deploy, too
 */
export async function clusterWithStore(
    use: (thing: Disposable) => unknown,
    { images = [], namespaces = [] }: { images?: readonly string[]; namespaces?: readonly string[] } = {},
): Promise<Site> {
    const PATH = await providerPath();
    const [cluster, store] = await Promise.all([
        Cluster.create().then((one) => (use(one), one)),
        S3Server.start().then((one) => (use(one), one)),
    ]);
    const all = [NAMESPACE, ...namespaces];
    const bucket = "images";
    await Promise.all([
        store.request("PUT", bucket),
        cluster.images([REGISTRY_IMAGE, FRONT_IMAGE, ...images]),
        cluster.apply(...all.map(restricted)),
    ]);
    return {
        cluster,
        store,
        there: new Namespace(cluster, NAMESPACE),
        env: { PATH, KUBECONFIG: await deployer(cluster, all) },
        settings: storeSettings(store, bucket),
    };
}

/** Asks all the time while something happens. @returns the answers that were not right */
export async function whileAsking(
    clients: readonly RegistryClient[],
    work: () => Promise<unknown>,
): Promise<{ asked: number; wrong: string[] }> {
    let over = false;
    let asked = 0;
    const wrong: string[] = [];
    const asking = clients.map(async (client) => {
        for (; !over; asked++) {
            const status = await client.ask("/v2/").then(
                (answer) => String(answer.status),
                (error: Error) => error.message,
            );
            if (status !== "200") wrong.push(status);
            await sleep(50);
        }
    });
    try {
        await work();
    } finally {
        over = true;
        await Promise.all(asking);
    }
    process.stderr.write(`${asked} requests, ${wrong.length} failed\n`);
    return { asked, wrong };
}
