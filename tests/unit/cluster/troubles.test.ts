import type { ClusterObject } from "../../../cluster/cluster";
import { troublesOf } from "../../../cluster/look";
import { type ClusterState, troubles, unexplained } from "../../../cluster/troubles";

const NOW = Date.parse("2026-11-27T12:00:00Z");
const LONG_AGO = "2026-11-27T11:59:00Z";
const JUST_NOW = "2026-11-27T11:59:55Z";

const pod = (status: ClusterState["status"], creationTimestamp = LONG_AGO): ClusterState => ({
    kind: "Pod",
    metadata: { name: "registry-1", creationTimestamp },
    status: { conditions: [{ type: "Ready", status: "False" }], ...status },
});
const container = (name: string, state: object, lastState = {}) => ({
    ...{ name, image: "registry.example.com/registry:3", started: false },
    ...{ state, lastState },
});
const waiting = (reason: string, message?: string) => ({ waiting: { reason, message } });
const event = (kind: string, name: string, reason: string, message: string, lastTimestamp = LONG_AGO) => ({
    ...{ kind: "Event", metadata: { name: "event" }, involvedObject: { kind, name } },
    ...{ reason, message, lastTimestamp },
});
const claim = (phase: string): ClusterState => ({
    ...{ kind: "PersistentVolumeClaim", metadata: { name: "images" }, status: { phase } },
});
const service = (creationTimestamp: string, ingress: object[] = []): ClusterState => ({
    kind: "Service",
    metadata: { name: "registry", creationTimestamp },
    spec: { type: "LoadBalancer" },
    status: { loadBalancer: { ingress } },
});
const refusing = (message: string): ClusterState => ({
    kind: "Deployment",
    metadata: { name: "registry" },
    status: { conditions: [{ type: "ReplicaFailure", status: "True", reason: "FailedCreate", message }] },
});
const unschedulable = (message: string) =>
    pod({ conditions: [{ type: "PodScheduled", status: "False", reason: "Unschedulable", message }] });

// The messages are those of Kubernetes 1.34.4.
test.each<[string, ClusterState[], RegExp]>([
    [
        "an image that nobody has",
        [
            pod({
                initContainerStatuses: [
                    container(
                        "registry",
                        waiting(
                            "ImagePullBackOff",
                            'Back-off pulling image "registry.example.com/registry:3": ErrImagePull: not found',
                        ),
                    ),
                ],
            }),
        ],
        /^A node cannot pull registry\.example\.com\/registry:3 \(ErrImagePull: not found\): `kubectl describe pod registry-1`/,
    ],
    [
        "a quota of pods",
        [
            refusing(
                'pods "registry-1" is forbidden: exceeded quota: few, requested: pods=1, used: pods=2, limited: pods=2',
            ),
        ],
        /^The quota few of the namespace does not allow it \(requested: pods=1, used: pods=2, limited: pods=2\)/,
    ],
    [
        "a ServiceAccount that there is not",
        [
            refusing(
                'pods "registry-1" is forbidden: error looking up service account registry/s3: serviceaccount "s3" not found',
            ),
        ],
        /^The namespace has no ServiceAccount s3: `kubectl create serviceaccount s3`/,
    ],
    [
        "another refusal",
        [refusing('pods "registry-1" is forbidden: maximum memory usage per Container is 128Mi')],
        /^The cluster makes no pods: pods "registry-1" is forbidden: maximum memory/,
    ],
    [
        "no room",
        [unschedulable("0/2 nodes are available: 2 Insufficient memory.")],
        /^No node takes a pod \(0\/2 nodes are available: 2 Insufficient memory\.\): make room/,
    ],
    [
        "a class that there is not",
        [
            claim("Pending"),
            event(
                ...["PersistentVolumeClaim", "images", "ProvisioningFailed"],
                'storageclass.storage.k8s.io "fast" not found',
            ),
            unschedulable("0/2 nodes are available: pod has unbound immediate PersistentVolumeClaims."),
        ],
        /^No volume comes for the claim images \(storageclass\.storage\.k8s\.io "fast" not found\): `kubectl get storageclasses`/,
    ],
    [
        "a StorageClass of a mirror that there is not",
        [
            { ...claim("Pending"), metadata: { name: "kit-dev-data-01234567-mirror-hub" } },
            event(
                ...["PersistentVolumeClaim", "kit-dev-data-01234567-mirror-hub", "ProvisioningFailed"],
                'storageclass.storage.k8s.io "fast" not found',
            ),
        ],
        /`pulumi config set --path mirrors\.NAME\.storageClass CLASS`/,
    ],
    [
        "a volume that is gone",
        [claim("Lost")],
        /^The volume of the claim images is gone, and the images with it/,
    ],
    [
        "a volume that a node does not mount",
        [
            pod({ initContainerStatuses: [container("registry", waiting("PodInitializing"))] }),
            event("Pod", "registry-1", "FailedMount", "an older one", "2026-11-27T11:58:00Z"),
            event("Pod", "registry-1", "FailedMount", "mount failed:\n exit status 32"),
            event("Pod", "another", "FailedMount", "not this one"),
        ],
        /^A node does not get a pod ready: mount failed: exit status 32$/,
    ],
    [
        "a registry that ends",
        [
            pod({
                initContainerStatuses: [
                    container("registry", waiting("CrashLoopBackOff"), {
                        terminated: {
                            exitCode: 1,
                            message: "begins\nconfiguration error: no such driver\nUsage:\n  -h, --help\n",
                        },
                    }),
                ],
            }),
        ],
        /^registry ends by itself \(exit code 1: configuration error: no such driver\): `kubectl logs --previous --container registry registry-1`/,
    ],
    [
        "a front without memory",
        [
            pod({
                containerStatuses: [
                    container("front", waiting("CrashLoopBackOff"), {
                        terminated: { exitCode: 137, reason: "OOMKilled" },
                    }),
                ],
            }),
        ],
        /^front took more memory than it may, and was ended: `pulumi config set --path front\.memoryMb/,
    ],
    [
        "a Secret that somebody removed",
        [
            pod({
                initContainerStatuses: [
                    container(
                        "registry",
                        waiting("CreateContainerConfigError", 'secret "registry-keys" not found'),
                    ),
                ],
            }),
        ],
        /^registry cannot start in its pod: secret "registry-keys" not found\.$/,
    ],
    [
        "a store that does not answer",
        [
            pod({
                initContainerStatuses: [container("registry", { running: { startedAt: LONG_AGO } })],
            }),
            event("Pod", "registry-1", "Unhealthy", "Startup probe failed: AccessDenied"),
        ],
        /^registry of registry-1 does not begin to serve \(Startup probe failed: AccessDenied\): `kubectl logs --container registry registry-1`/,
    ],
    [
        "no address",
        [service(LONG_AGO)],
        /^The cluster has given the Service registry no address so far\. .*kubernetes\.expose nodePort/,
    ],
    [
        "an address that is refused",
        [service(LONG_AGO), event("Service", "registry", "SyncLoadBalancerFailed", "no more addresses")],
        /^The cluster gives the Service registry no address: no more addresses$/,
    ],
])("%s: one sentence with the way out", (_, objects, sentence) => {
    expect(troubles(objects, NOW)).toEqual([expect.stringMatching(sentence)]);
});

test.each<[string, ClusterState[]]>([
    ["a pod that is ready", [pod({ conditions: [{ type: "Ready", status: "True" }] })]],
    ["a pod that begins", [pod({}, JUST_NOW), event("Pod", "registry-1", "FailedMount", "not yet")]],
    ["a pod that goes", [{ ...refusing("x"), metadata: { name: "x", deletionTimestamp: LONG_AGO } }]],
    [
        "a pull under way",
        [pod({ initContainerStatuses: [container("registry", waiting("PodInitializing"))] })],
    ],
    [
        "a registry whose check of the store is under way",
        [pod({ initContainerStatuses: [container("registry", { running: { startedAt: JUST_NOW } })] })],
    ],
    [
        "a claim that waits for its pod",
        [claim("Pending"), event("PersistentVolumeClaim", "images", "WaitForFirstConsumer", "waits")],
    ],
    ["a Service that has just been made", [service(JUST_NOW)]],
    ["a Service with its address", [service(LONG_AGO, [{ ip: "192.0.2.1" }])]],
])("%s is no trouble", (_, objects) => {
    expect(troubles(objects, NOW)).toEqual([]);
});

test("what several pods have in common is told once", () => {
    const full = unschedulable("0/2 nodes are available: 2 Insufficient memory.");
    expect(troubles([full, { ...full, metadata: { name: "registry-2" } }], NOW)).toHaveLength(1);
});

describe("events, of which a namespace may have thousands", () => {
    const ready = pod({ conditions: [{ type: "Ready", status: "True" }] });
    const begins = pod({ containerStatuses: [container("front", waiting("ContainerCreating"))] }, JUST_NOW);
    const stuck = pod({ containerStatuses: [container("front", waiting("ContainerCreating"))] });
    const noImage = pod({ containerStatuses: [container("front", waiting("ErrImagePull", "not found"))] });

    test.each<[string, ClusterState]>([
        ["serves", ready],
        ["has just begun", begins],
        ["says itself what is wrong", noImage],
        ["is bound", claim("Bound")],
        ["has its address", service(LONG_AGO, [{ ip: "192.0.2.1" }])],
    ])("are not asked for of what %s", (_, object) => expect(unexplained([object], NOW)).toEqual([]));

    test("are asked for of what they tell more of, claims and Services first", () => {
        const objects = [stuck, ready, service(LONG_AGO), claim("Pending")];
        expect(unexplained(objects, NOW).map(({ kind }) => kind)).toEqual([
            "Service",
            "PersistentVolumeClaim",
            "Pod",
        ]);
    });

    test("of many pods in one trouble those of some are asked for, and no answer is no event", async () => {
        const pods = Array.from({ length: 50 }, (_, i) => ({
            ...stuck,
            metadata: { ...stuck.metadata, name: `registry-${i}` },
        }));
        const asked: string[] = [];
        const warningsOf = <T extends ClusterObject>(kind: string, name: string): Promise<T[]> => {
            asked.push(name);
            return name === "registry-1"
                ? Promise.resolve([event(kind, name, "FailedMount", "no such share") as unknown as T])
                : Promise.reject(new Error("The cluster does not answer."));
        };
        expect(await troublesOf({ warningsOf }, pods, NOW)).toEqual([
            "A node does not get a pod ready: no such share",
        ]);
        expect(asked.length).toBeLessThan(10);
    });
});
