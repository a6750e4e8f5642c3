/** A deployment to a cluster: what stands in its way is told before Pulumi begins, and what keeps pods from serving while it waits. */
import { setTimeout as sleep } from "node:timers/promises";

import { Cluster, type ClusterAccess, kubectlOf } from "../../cluster/cluster";
import { inPlace } from "../../cluster/in-place";
import { troublesOf } from "../../cluster/look";
import { mayDeploy } from "../../cluster/preflight";
import { type Rollout, unfinished } from "../../cluster/rollout";
import type { ClusterState } from "../../cluster/troubles";
import { clusterName, SERVING } from "../../components/kubernetes/names";
import { notReady } from "../../setup/cluster-errors";
import { coloured } from "../../setup/colour";
import { SetupError } from "../../setup/errors";
import type { Machine } from "../../setup/machine";
import { say } from "../../setup/progress";
import { isOnCluster, prefixOf, type Stack } from "../../setup/stack";

import type { ClusterConfig } from "./cluster-options";
import { addressesOf, type ServiceObject } from "./on-cluster";
import type { PulumiRun } from "./pulumi-run";

const LOOK_MS = 5_000;
/** As long as Pulumi waits for a change. */
const ROLLOUT_MS = 600_000;

const SELECTED = `--selector=app.kubernetes.io/name in (${SERVING.join(", ")})`;

/** What came of Pulumi. */
type Applied = Awaited<ReturnType<PulumiRun["apply"]>>;

/** What a deployment to a cluster has beside Pulumi. */
export class ClusterUp {
    private constructor(
        private readonly access: ClusterAccess,
        private readonly env: NodeJS.ProcessEnv,
        /** Names of the deployment's objects. */
        private readonly own: RegExp,
    ) {}

    /**
     * Nothing where the stack is on no cluster, or there is no kubectl to ask it with.
     *
     * @param read what the configuration says, where it has been read already
     * @throws SetupError where the cluster does not allow what Pulumi would do, or wait for
     */
    static async begin(
        machine: Machine,
        stack: Stack,
        configFile: string | undefined,
        read?: ClusterConfig,
    ): Promise<ClusterUp | undefined> {
        if (!isOnCluster(stack) || kubectlOf(machine.env) === undefined) return undefined;
        const { readClusterOptions } = await import("./cluster-options");
        const { kubernetes, config } = read ?? (await readClusterOptions(machine, stack, configFile));
        const { context, kubeconfig, namespace, pullSecrets, trustNodes } = kubernetes;
        const access = { context, kubeconfig, namespace };
        const own = new RegExp(`^${clusterName(prefixOf(stack))}-(data-)?[0-9a-f]{8}(-|$)`);
        const up = new ClusterUp(access, machine.env, own);
        const chosen = {
            statefulsets: config.cache?.valkey,
            horizontalpodautoscalers: kubernetes.autoscale,
            ingresses: kubernetes.expose === "ingress" || undefined,
            httproutes: kubernetes.gateway,
            backendtlspolicies: kubernetes.gateway,
            servicemonitors: kubernetes.serviceMonitor,
            prometheusrules: kubernetes.prometheusRule,
        };
        // Of events Pulumi only takes words, and what is for the nodes has a namespace of its own.
        const unused = ["events", "daemonsets"];
        for (const [resource, option] of Object.entries(chosen))
            if (option === undefined) unused.push(resource);
        await up.with((cluster) => mayDeploy(cluster, ({ resource }) => !unused.includes(resource)));
        const elsewhere: readonly (readonly [namespace: string, resources: readonly string[]])[] = [
            ...pullSecrets.map((other) => [other, ["secrets"]] as const),
            ...(trustNodes ? [[trustNodes.namespace, ["daemonsets", "configmaps"]] as const] : []),
        ];
        for (const [other, resources] of elsewhere)
            await up.with((cluster) => mayDeploy(cluster, ({ resource }) => resources.includes(resource)), {
                ...access,
                namespace: other,
            });
        return up;
    }

    private async with<T>(work: (cluster: Cluster) => Promise<T>, access = this.access): Promise<T> {
        try {
            return await Cluster.with(access, this.env, work);
        } catch (error) {
            throw error instanceof SetupError ? new SetupError(inPlace(error.message, access)) : error;
        }
    }

    /** A text whose kubectl commands are for the deployment's cluster and namespace. */
    inPlace(text: string): string {
        return inPlace(text, this.access);
    }

    /**
     * Where the registry is looked for from here.
     *
     * @param name of its Service
     * @returns what the cluster gives it; nothing where its own name alone leads there
     */
    async address(name: string): Promise<string | undefined> {
        const service = await this.with((cluster) => cluster.get<ServiceObject>("service", name));
        return service && addressesOf(service)[0];
    }

    /**
     * Which objects the cluster has no more; none where it does not tell.
     *
     * @param known "NAMESPACE/NAME", and the kind
     * @returns `deployment/registry` and the like
     */
    async gone(known: readonly { kind: string; id: string }[]): Promise<string[]> {
        const places = new Map<string, string[]>();
        for (const { kind, id } of known) {
            const [namespace = "", name = ""] = id.split("/");
            places.set(namespace, [...(places.get(namespace) ?? []), `${kind.toLowerCase()}/${name}`]);
        }
        const gone = [...places].map(([namespace, names]) =>
            this.with(
                async (cluster) => {
                    const args = ["get", ...names, "--ignore-not-found", "--output=name"];
                    const { code, stdout } = await cluster.try([...args, "--request-timeout=10s"]);
                    // `deployment.apps/registry`
                    const there = stdout.split("\n").map((line) => line.replace(/^(\w+)\.[^/]*/, "$1"));
                    return code === 0 ? names.filter((name) => !there.includes(name)) : [];
                },
                { ...this.access, namespace },
            ),
        );
        return (await Promise.all(gone)).flat();
    }

    /**
     * Pulumi, and then the rollouts: its provider may take the pods of the version before for those that it waits for. Meanwhile it says
     * what keeps pods from serving: each once, when it was so twice.
     *
     * @throws SetupError where pods do not serve in time
     */
    deploying(apply: () => Promise<Applied>): Promise<Applied> {
        return Cluster.with(this.access, this.env, async (cluster) => {
            const over = new AbortController();
            const looking = this.look(cluster, over.signal);
            try {
                const result = await apply();
                if (result.code === 0 && result.told.changes.length > 0) await this.rolledOut(cluster);
                return result;
            } finally {
                over.abort();
                await looking;
            }
        });
    }

    private async rolledOut(cluster: Cluster): Promise<void> {
        const until = Date.now() + ROLLOUT_MS;
        for (;;) {
            const args = ["get", "deployments", SELECTED, "--output=json", "--request-timeout=10s"];
            const { code, stdout } = await cluster.try(args);
            // Whoever cannot be asked tells nothing; Pulumi was content.
            if (code !== 0) return;
            const { items } = JSON.parse(stdout) as { items: Rollout[] };
            const [first] = unfinished(items.filter(({ metadata }) => this.own.test(metadata.name)));
            if (first === undefined) return;
            if (Date.now() > until) throw new SetupError(this.inPlace(notReady(first)));
            await sleep(1_000);
        }
    }

    private async look(cluster: Cluster, signal: AbortSignal): Promise<void> {
        const told = new Set<string>();
        let before: string[] = [];
        for (;;) {
            await sleep(LOOK_MS, undefined, { signal }).catch(() => undefined);
            if (signal.aborted) return;
            const objects = await this.objects(cluster, signal);
            const now = await troublesOf(cluster, objects, Date.now(), signal);
            if (signal.aborted) return;
            for (const sentence of now)
                if (before.includes(sentence) && !told.has(sentence)) {
                    told.add(sentence);
                    say(coloured(`Warning: ${this.inPlace(sentence)}`, "yellow", process.stderr));
                }
            before = now;
        }
    }

    /** What there is of the deployment; nothing where the cluster does not tell: Pulumi tells what it cannot do there. */
    private async objects(cluster: Cluster, signal: AbortSignal): Promise<ClusterState[]> {
        const kinds = "deployments,statefulsets,pods,persistentvolumeclaims,services";
        const { stdout } = await cluster
            .try(["get", kinds, SELECTED, "--output=json", "--request-timeout=10s"], { signal })
            .catch(() => ({ stdout: "" }));
        try {
            const { items } = JSON.parse(stdout) as { items: ClusterState[] };
            return items.filter(({ metadata }) => this.own.test(metadata.name));
        } catch {
            return [];
        }
    }
}
