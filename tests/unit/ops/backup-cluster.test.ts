/** Backups on a cluster, as far as no cluster is needed: what its pods are, and what the cluster is told. */
import type { Cluster, ClusterObject } from "../../../cluster/cluster";
import { ClusterRefused } from "../../../cluster/cluster";
import { ownPods } from "../../../components/kubernetes/names";
import type { Beside } from "../../../ops/backup/ground";
import type { Job } from "../../../ops/backup/job";
import { ClusterGround } from "../../../ops/backup/on-cluster";
import { LOCK_ANNOTATION, endDeadLock } from "../../../ops/shared/cluster-lock";
import type { ClusterRegistry, Container, DeploymentObject, PodSpec } from "../../../ops/shared/on-cluster";
import { processText } from "../../../ops/shared/process";

const NAME = "kit-dev-01234567";
const deployment: DeploymentObject = {
    ...{ apiVersion: "apps/v1", kind: "Deployment", metadata: { name: NAME, uid: "u" } },
    spec: {
        template: {
            spec: {
                securityContext: { runAsUser: 101, runAsGroup: 101 },
                containers: [{ name: "front", image: "nginx:1" }],
                initContainers: [
                    {
                        name: "registry",
                        image: "registry:3",
                        securityContext: { readOnlyRootFilesystem: true },
                    },
                ],
                volumes: [{ name: "data", persistentVolumeClaim: { claimName: "kit-dev-data" } }],
            },
        },
    },
    status: { readyReplicas: 2 },
};

interface Pod extends ClusterObject {
    spec: PodSpec & { hostname?: string };
}

/** A cluster on which a script prints what it is told to. @param reads what each reading of it gets; all but the last one break */
function clusterThatReads(...reads: readonly (readonly string[])[]) {
    const seen = { made: [] as Pod[], brought: [] as string[], commands: [] as string[], read: 0, left: 0 };
    const ready = (name: string) => ({
        metadata: { name },
        status: { phase: "Running", conditions: [{ type: "Ready", status: "True" }] },
    });
    const cluster = {
        namespace: "registry",
        create: (pod: Pod) => Promise.resolve(void seen.made.push(pod)),
        remove: () => Promise.resolve(void (seen.left -= 1)),
        list: () => Promise.resolve([ready("registry-pod")]),
        get: (kind: string, name: string) =>
            Promise.resolve(
                kind === "pod"
                    ? seen.made.length > 0
                        ? ready(name)
                        : undefined
                    : structuredClone(deployment),
            ),
        exec: (
            _pod: string,
            container: string,
            command: readonly string[],
            options: { input?: string; onLine?: (line: string, stream: string) => void } = {},
        ) => {
            seen.commands.push(`${container}: ${command.join(" ")}`);
            if (options.input !== undefined) seen.brought.push(options.input);
            if (options.onLine === undefined)
                return Promise.resolve({ code: 0, stdout: "there\n", stderr: "" });
            const lines = reads[seen.read++] ?? [];
            for (const line of lines) options.onLine(line, "stdout");
            return seen.read < reads.length
                ? Promise.reject(new ClusterRefused("unexpected EOF", undefined))
                : Promise.resolve({ code: 0, stdout: "", stderr: "" });
        },
    };
    const registry: ClusterRegistry = {
        cluster: cluster as unknown as Cluster,
        ...{ name: NAME, prefix: "kit-dev", identity: "0123456789abcdef", rcloneImage: "rclone/rclone:1" },
        access: { namespace: "registry" },
    };
    return { registry, seen };
}

const { signal } = new AbortController();
const SECRET = "hunter2 of the repository";
const job: Job = {
    repository: {
        ...{ repository: "s3:https://s3.example.com/backup", password: SECRET },
        environment: { AWS_SECRET_ACCESS_KEY: "hunter2 of the store" },
    },
    script: "echo hunter2 of the script",
    images: { for: "backup", place: { type: "claim", source: "kit-dev-data" } },
    deployment: { passphrase: "hunter2 of the state" },
    signal,
};
const mountsOf = ({ volumeMounts = [] }: Container) =>
    Object.fromEntries(volumeMounts.map(({ name, mountPath, readOnly }) => [mountPath, [name, readOnly]]));

async function run(
    of: Partial<Job>,
    use: (beside: Beside) => Promise<void> = async () => {},
    ...reads: readonly (readonly string[])[]
) {
    const { registry, seen } = clusterThatReads(...(reads.length > 0 ? reads : [["@exit 0"]]));
    const ground = await ClusterGround.of(registry, "restic/restic:0");
    const lines: string[] = [];
    const code = await ground.run({ ...job, ...of }, (line) => lines.push(line), use);
    const [pod] = seen.made;
    if (pod === undefined) throw new Error("no pod was made");
    return { code, lines, pod, seen, ground };
}

test("of a job the cluster is told nothing: script, secrets and what it prints go over the connection", async () => {
    const { pod, seen, code } = await run({});
    expect(code).toBe(0);
    expect(JSON.stringify([seen.made, seen.commands])).not.toContain("hunter2");
    const [brought = ""] = seen.brought;
    const files = [...brought.matchAll(/^base64 -d > (\S+) << 'END'\n([^]*?)^END$/gm)];
    const text = (path: string) =>
        Buffer.from(files.find(([, of]) => of === path)?.[2] ?? "", "base64").toString();
    expect(text("/dev/shm/secrets/password")).toBe(SECRET);
    expect(text("/deployment/passphrase")).toBe("hunter2 of the state");
    expect(text("/dev/shm/script")).toContain("echo hunter2 of the script");
    // It begins with the last of its files.
    expect(files.at(-1)?.[1]).toBe("/dev/shm/begin");
    const memory = pod.spec.volumes?.filter(({ emptyDir }) => emptyDir && "medium" in emptyDir);
    expect(memory?.map(({ name }) => name).sort()).toEqual(["memory", "memory-0"]);
    expect(pod.spec.hostname).toBe("0123456789abcdef");
});

test("a backup reads the claim, and has the links at their place; a restore writes it; a look through has a store of its own", async () => {
    const place = { type: "claim", source: "kit-dev-data" } as const;
    const [backup, restore, verification] = [
        await run({}),
        await run({ images: { for: "restore", place } }),
        await run({ images: { for: "verification" } }, ({ serve }) =>
            serve(async (shell) => void (await shell(["wget"]))),
        ),
    ];
    const first = (of: { pod: Pod }) => mountsOf(of.pod.spec.containers[0] as Container);
    expect(first(backup)).toMatchObject({
        "/var/lib/registry": ["data", true],
        "/source": ["data", true],
        "/var/lib/registry/docker/registry/v2/repositories": ["links", undefined],
    });
    expect(first(restore)).toMatchObject({ "/var/lib/registry": ["data", false] });
    expect(first(verification)).toMatchObject({ "/var/lib/registry": ["own", undefined] });
    const [, server] = verification.pod.spec.containers;
    expect(server?.image).toBe("registry:3");
    expect(mountsOf(server as Container)).toMatchObject({ "/var/lib/registry": ["own", true] });
    expect(verification.seen.commands).toContain("server: wget");
});

test("what it prints is read on where the connection breaks, and half a line counts once it is whole", async () => {
    const reads = [["@step links", "@tags 1"], ["@step links", "@tags 12", "", "@exit 3"].filter(Boolean)];
    const { code, lines } = await run({}, undefined, ...reads);
    expect([code, lines]).toEqual([3, ["@step links", "@tags 12"]]);
});

test("its pod may reach any repository: the policy of the registry's pods is not for it", async () => {
    const { pod } = await run({});
    const { matchLabels, matchExpressions } = ownPods(NAME);
    expect(pod.metadata.labels).toMatchObject(matchLabels);
    expect(matchExpressions[0]?.values).not.toContain(pod.metadata.labels?.["app.kubernetes.io/name"]);
    expect(pod.metadata.ownerReferences).toMatchObject([{ name: NAME, uid: "u" }]);
});

test("a folder of a Docker host is refused in one sentence", async () => {
    const repository = { ...job.repository, repository: "/srv/backup" };
    await expect(run({ repository })).rejects.toThrow("/srv/backup is a folder of a Docker host");
});

test.each([
    [{ kubernetes: { namespace: "registry" } }, /deploys to no cluster: pulumi config rm target/],
    [
        { target: "kubernetes", kubernetes: { namespace: "other" } },
        /is other, and here it is registry: pulumi config set --path kubernetes\.namespace other, then the same command/,
    ],
    [{ target: "kubernetes", kubernetes: '{"namespace":"registry","context":"any"}' }, undefined],
])("a backup's configuration is for the cluster that is named here: %j", async (config, problem) => {
    const { ground } = await run({});
    const said = ground.refused(config);
    if (problem === undefined) expect(said).toBeUndefined();
    else expect(said).toMatch(problem);
});

test("a command within another one leaves that one's lock", async () => {
    const annotate = jest.fn();
    const held = structuredClone(deployment);
    held.metadata.annotations = { [LOCK_ANNOTATION]: `upgrade ${processText()}` };
    const cluster = { get: () => Promise.resolve(held), annotate } as unknown as Cluster;
    await endDeadLock({ ...clusterThatReads().registry, cluster }, false);
    expect(annotate).not.toHaveBeenCalled();
});
