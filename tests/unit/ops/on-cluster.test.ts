/** Commands on a cluster, as far as no cluster is needed: what is asked of kubectl is shown in tests/e2e/kubernetes/commands.test.ts. */
import type { Cluster } from "../../../cluster/cluster";
import { ClusterRefused } from "../../../cluster/cluster";
import { checkPods, checkRights, checkService } from "../../../ops/doctor/cluster-checks";
import { LOCK_ANNOTATION, withClusterLock } from "../../../ops/shared/cluster-lock";
import { readClusterLog } from "../../../ops/shared/cluster-log";
import { registryContainer, runTask, taskPod } from "../../../ops/shared/cluster-task";
import type { ClusterRegistry, DeploymentObject, PodObject } from "../../../ops/shared/on-cluster";
import { processText } from "../../../ops/shared/process";

const deployment = (annotations: Record<string, string> = {}): DeploymentObject => ({
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name: "kit-dev-01234567", uid: "u", resourceVersion: "7", annotations },
    spec: {
        replicas: 2,
        template: {
            spec: {
                securityContext: { runAsUser: 101 },
                containers: [{ name: "front", image: "nginx:1.30" }],
                initContainers: [
                    {
                        name: "registry",
                        image: "registry:3.1.2",
                        command: ["/bin/registry", "serve", "/etc/distribution/config.yml"],
                        env: [{ name: "OTEL_TRACES_EXPORTER", value: "none" }],
                        resources: { requests: { memory: "64Mi" }, limits: { memory: "512Mi" } },
                        volumeMounts: [
                            { name: "registry", mountPath: "/etc/distribution" },
                            { name: "data", mountPath: "/var/lib/registry" },
                        ],
                    },
                ],
                volumes: [
                    { name: "registry" },
                    { name: "front" },
                    { name: "data", persistentVolumeClaim: { claimName: "kit-dev-data" } },
                ],
            },
        },
    },
});

const registryOn = (cluster: object): ClusterRegistry => ({
    cluster: { namespace: "registry", ...cluster } as unknown as Cluster,
    name: "kit-dev-01234567",
    prefix: "kit-dev",
    identity: "0123456789abcdef",
    access: { namespace: "registry" },
    rcloneImage: "rclone/rclone:1",
});

describe("the pod of a command", () => {
    const own = registryContainer(deployment());
    const pod = taskPod(registryOn({}), deployment(), { name: "gc", containers: [own] });

    test("has the registry's image, files and storage, and no limit of memory", () => {
        expect(own.resources).toEqual({ requests: { memory: "64Mi" } });
        expect(pod.spec).toMatchObject({
            restartPolicy: "Never",
            automountServiceAccountToken: false,
            securityContext: { runAsUser: 101 },
            containers: [{ image: "registry:3.1.2" }],
            volumes: [{ name: "registry" }, { name: "data" }],
        });
    });

    test("goes with the Deployment, and no Service leads there", () => {
        expect(pod.metadata).toMatchObject({
            name: "kit-dev-01234567-gc",
            ownerReferences: [{ kind: "Deployment", name: "kit-dev-01234567", uid: "u" }],
            labels: {
                "app.kubernetes.io/name": "private-registry-task",
                "app.kubernetes.io/instance": "kit-dev-01234567",
            },
        });
    });

    test("is where the registry is when its volume may be of one node alone", () => {
        expect(JSON.stringify(pod.spec)).toContain("requiredDuringScheduling");
        const elsewhere = deployment();
        delete elsewhere.spec.template.spec.volumes?.[2]?.persistentVolumeClaim;
        const free = taskPod(registryOn({}), elsewhere, { name: "gc", containers: [own] });
        expect(JSON.stringify(free.spec)).not.toContain("affinity");
    });
});

test("a task whose connection breaks is read on, past what was told", async () => {
    let [reads, made] = [0, false];
    const cluster = {
        remove: () => Promise.resolve(),
        create: () => Promise.resolve(void (made = true)),
        logs: (_pod: string, _container: string, { onLine }: { onLine: (line: string) => void }) => {
            reads += 1;
            for (const line of reads === 1 ? ["one", "two"] : ["one", "two", "three"]) onLine(line);
            return reads === 1
                ? Promise.reject(new ClusterRefused("unexpected EOF", undefined))
                : Promise.resolve("");
        },
        get: () =>
            Promise.resolve(
                made && {
                    metadata: { name: "p" },
                    status: {
                        phase: reads < 2 ? "Running" : "Succeeded",
                        conditions: [{ type: "Ready", status: "True" }],
                        containerStatuses: [{ state: reads < 2 ? {} : { terminated: { exitCode: 3 } } }],
                    },
                },
            ),
    };
    const lines: string[] = [];
    const task = { name: "gc", containers: [registryContainer(deployment())] };
    const { signal } = new AbortController();
    const code = await runTask(registryOn(cluster), deployment(), task, (line) => lines.push(line), signal);
    expect([code, lines]).toEqual([3, ["one", "two", "three"]]);
});

test("the log of all pods is told in the order of its requests, as far as it is asked for", async () => {
    const line = (second: number, user: string) =>
        JSON.stringify({ time: `2026-11-27T18:00:0${second}+00:00`, user, action: "pull" });
    const logs: Record<string, string[]> = {
        a: [line(1, "ci"), "nginx says something", line(4, "ci")],
        b: [line(2, "ci"), line(3, "other")],
    };
    const pod = (name: string) => ({ metadata: { name }, status: { phase: "Running" } });
    const cluster = {
        list: () => Promise.resolve([pod("a"), pod("b")]),
        logs: (name: string) => Promise.resolve((logs[name] ?? []).join("\n")),
    };
    const told: number[] = [];
    const take = ({ at }: { at: number }) => void told.push(at % 10);
    await readClusterLog(registryOn(cluster), take, { having: [['"user":"ci"']] });
    expect(told).toEqual([1, 2, 4]);
});

describe("one command at a time", () => {
    /** A cluster with one Deployment, which takes no change made in ignorance of another one. */
    function withDeployment(annotation?: string) {
        let version = 1;
        let value = annotation;
        const cluster = {
            get: () => {
                const found = deployment(value === undefined ? {} : { [LOCK_ANNOTATION]: value });
                found.metadata.resourceVersion = String(version);
                return Promise.resolve(found);
            },
            annotate: (_kind: string, _name: string, all: Record<string, string | undefined>, of: string) => {
                if (of !== String(version)) return Promise.reject(new ClusterRefused("", "Conflict"));
                version += 1;
                value = all[LOCK_ANNOTATION];
                return Promise.resolve();
            },
        };
        return {
            registry: registryOn(cluster),
            value: () => value,
            touch: () => void (version += 1),
        };
    }

    test("the lock is there while it works, and gone afterwards", async () => {
        const { registry, value } = withDeployment();
        await withClusterLock(registry, "gc", () => {
            expect(value()).toBe(`gc ${processText()}`);
            return Promise.resolve();
        });
        expect(value()).toBeUndefined();
    });

    test("another one that is at work is named, and nothing is done", async () => {
        // Of another machine nobody can tell from here.
        const { registry, value } = withDeployment("upgrade other-host:1:2");
        const work = jest.fn();
        await expect(withClusterLock(registry, "gc", work)).rejects.toThrow(
            "Another command is at work on kit-dev: upgrade (other-host:1).",
        );
        expect(work).not.toHaveBeenCalled();
        expect(value()).toBe("upgrade other-host:1:2");
    });

    test("one whose process is gone is taken over", async () => {
        const dead = processText().replace(/:\d+:.*$/, ":999999999:1");
        const { registry, value } = withDeployment(`gc ${dead}`);
        await withClusterLock(registry, "up", () => Promise.resolve(expect(value()).toMatch(/^up /)));
        expect(value()).toBeUndefined();
    });

    test("within itself it is passed through, and a change of something else in between does not matter", async () => {
        const { registry, value, touch } = withDeployment();
        await withClusterLock(registry, "rotate-ca", () =>
            withClusterLock(registry, "up", () => {
                expect(value()).toMatch(/^rotate-ca /);
                touch();
                return Promise.resolve();
            }),
        );
        expect(value()).toBeUndefined();
    });
});

describe("the doctor", () => {
    const pod = (nodeName: string, ready = "True"): PodObject => ({
        apiVersion: "v1",
        kind: "Pod",
        metadata: { name: `p-${nodeName}` },
        spec: { nodeName, containers: [] },
        status: { phase: "Running", conditions: [{ type: "Ready", status: ready }] },
    });

    test.each([
        ["all ready", [pod("a"), pod("b")], [], "ok", "2 of 2 pods are ready, on a, b"],
        ["on one node", [pod("a"), pod("a")], [], "warning", "2 of 2 pods are ready, all on a: "],
        ["one of two", [pod("a"), pod("b", "False")], ["why"], "warning", "1 of 2 pods are ready; why"],
        ["none", [pod("a", "False")], [], "failure", "0 of 2 pods are ready"],
    ])("%s", (_what, pods, found, level, text) => {
        const finding = checkPods(deployment(), pods, found);
        expect([finding.level, finding.text]).toEqual([level, expect.stringContaining(text)]);
    });

    test("names the rights that are missing, and where they stand", () => {
        expect(checkRights([]).level).toBe("ok");
        expect(checkRights(["get pods", "create pods/exec"])).toMatchObject({
            level: "warning",
            text: "this login may not get pods, create pods/exec",
            fix: expect.stringContaining("examples/kubernetes/role.yaml"),
        });
    });

    test.each([
        ["LoadBalancer", [{ ip: "192.0.2.1" }], "ok", ["192.0.2.1"]],
        ["LoadBalancer", [], "failure", []],
        ["NodePort", undefined, "ok", []],
        ["ClusterIP", undefined, "ok", []],
    ])("a Service of type %s with %j", (type, ingress, level, addresses) => {
        const service = {
            ...{ apiVersion: "v1", kind: "Service", metadata: { name: "s" } },
            spec: { type, ports: [] },
            status: { loadBalancer: { ingress } },
        };
        const found = checkService(service as Parameters<typeof checkService>[0], 443);
        expect([found.finding.level, found.addresses]).toEqual([level, addresses]);
    });
});
