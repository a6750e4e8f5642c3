import { type ClusterObject, ClusterRefused, type Right } from "../../../cluster/cluster";
import { inPlace } from "../../../cluster/in-place";
import { mayDeploy } from "../../../cluster/preflight";
import { rightText } from "../../../cluster/rights";

/** A cluster that refuses something. */
const cluster = ({
    lacks = () => false,
    refuses,
}: { lacks?: (right: Right) => boolean; refuses?: ClusterRefused } = {}) => ({
    namespace: "registry",
    lacking: (rights: readonly Right[]) => Promise.resolve(rights.filter(lacks)),
    create: (_: ClusterObject, { dryRun = false } = {}) => {
        expect(dryRun).toBe(true);
        return refuses === undefined ? Promise.resolve() : Promise.reject(refuses);
    },
    user: () => Promise.resolve("deployer"),
});

const all = () => true;

test("nothing is said where all is allowed", async () => {
    await expect(mayDeploy(cluster(), all)).resolves.toBeUndefined();
});

test.each([
    ["secrets", "patch"],
    ["deployments", "watch"],
    ["replicasets", "list"],
    ["pods", "watch"],
    ["persistentvolumeclaims", "list"],
    ["endpoints", "list"],
    ["networkpolicies", "delete"],
])("the right to %s, %s: named with the way out", async (resource, verb) => {
    const lacks = (right: Right) => right.resource === resource && right.verb === verb;
    await expect(mayDeploy(cluster({ lacks }), all)).rejects.toThrow(
        `deployer may not ${verb} ${resource} in the namespace registry: examples/kubernetes/role.yaml is the Role that it needs there.`,
    );
});

test("what a stack does not use need not be allowed", async () => {
    const lacks = ({ resource }: Right) => resource === "statefulsets";
    await expect(
        mayDeploy(cluster({ lacks }), ({ resource }) => resource !== "statefulsets"),
    ).resolves.toBeUndefined();
});

test("many rights are counted, and whose they are is told where the cluster tells", async () => {
    const lacks = (right: Right) => /^(get|list) /.test(rightText(right));
    const silent = { ...cluster({ lacks }), user: () => Promise.resolve(undefined) };
    await expect(mayDeploy(silent, all)).rejects.toThrow(
        /^This login may not get secrets, list secrets, get configmaps, list configmaps and \d+ things more in the namespace registry: /,
    );
});

test("no namespace is told before what it would allow", async () => {
    const refuses = new ClusterRefused("The cluster has no namespace registry: …", "NotFound");
    await expect(mayDeploy(cluster({ lacks: () => true, refuses }), all)).rejects.toBe(refuses);
});

test("a namespace on its way out is told", async () => {
    const refuses = new ClusterRefused("The namespace registry is being removed: …", "Forbidden");
    await expect(mayDeploy(cluster({ refuses }), all)).rejects.toBe(refuses);
});

test("a quota of ConfigMaps refuses no stack that has its own already", async () => {
    const refuses = new ClusterRefused("The quota q of the namespace does not allow it", "Forbidden");
    await expect(mayDeploy(cluster({ refuses }), all)).resolves.toBeUndefined();
});

test("commands that are printed are for the cluster and namespace that are meant", () => {
    const place = { context: "production", namespace: "registry" };
    const text =
        "`kubectl config get-contexts`; `kubectl get pods`; `kubectl create namespace x`; `kubectl create serviceaccount x`";
    expect(inPlace(text, place)).toBe(
        "`kubectl config get-contexts`; `kubectl --context production --namespace registry get pods`; " +
            "`kubectl --context production create namespace x`; " +
            "`kubectl --context production --namespace registry create serviceaccount x`",
    );
    expect(inPlace("`kubectl logs x`", { context: undefined, namespace: "r" })).toBe(
        "`kubectl --namespace r logs x`",
    );
});
