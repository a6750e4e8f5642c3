/**
 * A collection on a cluster: a ConfigMap is made that every pod of the registry has mounted, and each that starts meanwhile. The fronts
 * answer what writes with 503 then, and no pod has to go. docs/adr/0032-commands-on-a-cluster.md
 */
import { parse } from "yaml";

import { ClusterRefused, type ClusterObject } from "../../cluster/cluster";
import { inPlace } from "../../cluster/in-place";
import { redisCli } from "../../components/cache/redis-conf";
import { DRAIN_FILE } from "../../components/front/settings";
import type { CheckedConfig } from "../../components/storage/check";
import { CONFIG_FOLDER } from "../../components/storage/folders";
import type { Remote } from "../../components/storage/rclone";
import { SetupError } from "../../setup/errors";
import { noteOnCluster, readClusterLog } from "../shared/cluster-log";
import { withClusterLock } from "../shared/cluster-lock";
import {
    belonging,
    PROCESS_ANNOTATION,
    registryContainer,
    removeLeftTasks,
    removeTask,
    runTask,
    startTask,
    type Task,
} from "../shared/cluster-task";
import {
    type ClusterRegistry,
    type Container,
    type DeploymentObject,
    deploymentOf,
    isReady,
    type PodObject,
    podsOf,
    readyPod,
} from "../shared/on-cluster";
import type { LogChoice, LogLine } from "../shared/front-log";
import { isAtWork, shown } from "../shared/process";
import { type Broom, shell } from "../store/broom";

import { besideEnvs, IDLE } from "./containers";
import type { Beside, Ground } from "./ground";
import { AtWork } from "./mend";
import {
    FRONT_CONTAINER,
    HOLDING_KEY,
    HOLDING_VOLUME,
    REGISTRY_CONTAINER,
    holdingName,
    podLabels,
    variable,
} from "../../components/kubernetes/names";

/** On the ConfigMap, beside the process that holds writes: the command that it does that for. */
const COMMAND_ANNOTATION = "private-registry/command";
/** On pods: a node looks at once at what a pod has mounted when its annotations change, else once a minute. */
const LOOK_ANNOTATION = "private-registry/look";

/** Milliseconds after which a node that has not seen it is told again: it may have looked before it heard. */
const LOOK_MS = 5_000;

/** Seconds in which every node has to see that writes are held, or that they are not: what a node looks at by itself takes two minutes. */
const SEEN_SECONDS = 180;
/** Seconds that a write in flight has to end. */
const WRITE_SECONDS = 600;

/** Programs that run for the collection. */
const COLLECTOR: Pick<Task, "name"> = { name: "gc" };
const BROOM: Pick<Task, "name"> = { name: "gc-broom" };
const BESIDE: Pick<Task, "name"> = { name: "beside" };
/** Container and volume. */
const RCLONE = "rclone";

/**
 * In a front: has nginx take new workers, and waits until those before have answered what they had begun. A line now and then keeps the
 * connection open on the way.
 */
const ENDED = `old=
for one in /proc/[0-9]*; do
    case "$(cat $one/cmdline 2> /dev/null)" in "nginx: worker process"*) old="$old $one" ;; esac
done
kill -HUP 1
n=0
while [ $n -lt ${WRITE_SECONDS} ]; do
    left=
    for one in $old; do [ ! -e $one ] || left=1; done
    [ -n "$left" ] || exit 0
    n=$((n + 1))
    [ $((n % 20)) != 0 ] || echo waiting
    sleep 1
done
for one in $old; do kill -TERM \${one#/proc/} 2> /dev/null; done
exit 0`;

/** rclone beside the registry, with its configuration's files, among which is the authority of the store, and its names. */
const rclone = ({ env = [], securityContext, volumeMounts = [] }: Container, image: string): Container => ({
    name: RCLONE,
    ...{ image, command: IDLE, env },
    ...(securityContext && { securityContext }),
    volumeMounts: [
        ...volumeMounts.filter(({ mountPath }) => mountPath === CONFIG_FOLDER),
        { name: RCLONE, mountPath: "/tmp" },
    ],
});

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** What holds writes, from whatever run; nothing where they go on. */
const holdingOf = ({ cluster, name }: ClusterRegistry): Promise<ClusterObject | undefined> =>
    cluster.get("configmap", holdingName(name));

/** Whether a front holds writes; nothing where its container does not run. */
async function holds({ cluster }: ClusterRegistry, pod: PodObject): Promise<boolean | undefined> {
    try {
        const look = shell(`[ ! -f ${DRAIN_FILE} ] || echo held`);
        const { stdout } = await cluster.exec(pod.metadata.name, FRONT_CONTAINER, look);
        return stdout.includes("held");
    } catch (error) {
        // Not begun yet, or on its way out.
        if (error instanceof ClusterRefused && error.reason !== "Forbidden") return undefined;
        throw error;
    }
}

/** Has its node look at what a pod has mounted. */
async function lookAnew({ cluster }: ClusterRegistry, pod: string): Promise<void> {
    try {
        await cluster.annotate("pod", pod, { [LOOK_ANNOTATION]: new Date().toISOString() });
    } catch (error) {
        // Gone in the meantime.
        if (!(error instanceof ClusterRefused) || error.reason !== "NotFound") throw error;
    }
}

/**
 * Waits until all fronts hold writes, or none does.
 *
 * @param found called with each pod of which that is seen, once
 */
async function untilAll(
    registry: ClusterRegistry,
    held: boolean,
    found: (pod: PodObject) => Promise<void> = async () => {},
    signal?: AbortSignal,
): Promise<void> {
    const seen = new Map<string, Promise<void>>();
    const looked = new Map<string, number>();
    for (const end = Date.now() + SEEN_SECONDS * 1000; ;) {
        // One that is on its way out takes no connection any more, and is waited for by those who must know that it is gone.
        const pods = (await podsOf(registry)).filter(
            ({ metadata, status }) => metadata.deletionTimestamp === undefined && status?.phase === "Running",
        );
        const open: string[] = [];
        for (const pod of pods) {
            const { name } = pod.metadata;
            if (seen.has(name)) continue;
            if (Date.now() - (looked.get(name) ?? 0) > LOOK_MS) {
                await lookAnew(registry, name);
                looked.set(name, Date.now());
            }
            if ((await holds(registry, pod)) === held) {
                const done = found(pod);
                // Told where all are waited for.
                done.catch(() => undefined);
                seen.set(name, done);
            } else open.push(name);
        }
        if (open.length === 0) {
            await Promise.all(seen.values());
            return;
        }
        signal?.throwIfAborted();
        if (Date.now() > end)
            throw new SetupError(
                `${open.join(", ")} ${held ? "goes on taking pushes" : "still refuses pushes"} after ${SEEN_SECONDS} s: ` +
                    inPlace(
                        `\`kubectl describe pod ${open[0]}\` tells what is wrong with its node.`,
                        registry.access,
                    ),
            );
        await pause(500);
    }
}

/** Waits until a front has answered what it had begun. */
async function endWrites(
    { cluster }: ClusterRegistry,
    { metadata }: PodObject,
    signal: AbortSignal,
): Promise<void> {
    try {
        await cluster.exec(metadata.name, FRONT_CONTAINER, shell(ENDED), { signal });
    } catch (error) {
        signal.throwIfAborted();
        const pod = await cluster.get<PodObject>("pod", metadata.name);
        // Taken away in the meantime: who waits for those on their way out waits for it.
        if (pod !== undefined && pod.metadata.deletionTimestamp === undefined) throw error;
    }
}

/** @param pod that is to end, and of which nobody tells that it has */
const stillThere = (pod: string) =>
    `The pod ${pod} was to end and is still there, so what it may be writing is not known to have ended, and nothing was removed: ` +
    `once its node is off for certain, \`kubectl delete pod ${pod} --force\`.`;

/** What a command had begun that did not end, and who it was. */
interface Left {
    holding: ClusterObject;
    process: string;
    command: string;
}

async function leftOf(registry: ClusterRegistry): Promise<Left | undefined> {
    const holding = await holdingOf(registry);
    if (holding === undefined) return undefined;
    const { [PROCESS_ANNOTATION]: process = "", [COMMAND_ANNOTATION]: command = "gc" } =
        holding.metadata.annotations ?? {};
    return { holding, process, command };
}

/** Has a Redis forget the blobs: the next push of one that was removed must store it. The registries themselves remember none. */
export async function forgetBlobs({ cluster, name }: ClusterRegistry): Promise<void> {
    const labels = { ...podLabels(name), "app.kubernetes.io/name": "private-registry-redis" };
    for (const pod of await cluster.list<PodObject>("pods", labels))
        // One that does not run has nothing to forget.
        if (isReady(pod)) {
            const { code, stdout, stderr } = await cluster.exec(
                pod.metadata.name,
                "redis",
                shell(redisCli("flushall")),
            );
            if (code !== 0 || !stdout.includes("OK"))
                throw new SetupError(`The cache was not emptied: ${(stdout + stderr).trim()}`);
        }
}

/** Takes away what a collection has of its own, and lets writes go on. */
async function release(registry: ClusterRegistry): Promise<void> {
    for (const task of [COLLECTOR, BROOM, BESIDE]) await removeTask(registry, task);
    await forgetBlobs(registry);
    await registry.cluster.remove("configmap", holdingName(registry.name));
    await untilAll(registry, false);
}

/**
 * Ends a collection that was killed.
 *
 * @param force also where the process that began it may be at work on another machine
 * @returns name of the command that had not ended; nothing where there was nothing to mend
 * @throws AtWork where another process is at work on it
 */
export async function mendOnCluster(registry: ClusterRegistry, force = false): Promise<string | undefined> {
    await removeLeftTasks(registry, force);
    const left = await leftOf(registry);
    if (left === undefined) return undefined;
    // Only this machine's processes can be looked up from here.
    if (!force && isAtWork(left.process, true))
        throw new AtWork(registry.prefix, registry.name, shown(left.process), left.command);
    await release(registry);
    return left.command;
}

export class ClusterGround implements Ground {
    readonly prefix: string;
    private pod: string | undefined;

    constructor(
        private readonly registry: ClusterRegistry,
        private readonly deployment: DeploymentObject,
        private readonly command: string,
    ) {
        this.prefix = registry.prefix;
    }

    readonly run = async (command: string[]): Promise<string> => {
        const { cluster } = this.registry;
        for (let last = false; ; last = true) {
            this.pod ??= (await readyPod(this.registry)).metadata.name;
            try {
                return (await cluster.exec(this.pod, REGISTRY_CONTAINER, command)).stdout;
            } catch (error) {
                // Its node may have been drained in the meantime.
                if (last || !(error instanceof ClusterRefused)) throw error;
                this.pod = undefined;
            }
        }
    };

    alone<T>(what: string, work: () => Promise<T>): Promise<T> {
        return withClusterLock(this.registry, what, work);
    }

    async claim(): Promise<void> {
        const { registry, deployment, command, prefix } = this;
        if (!deployment.spec.template.spec.volumes?.some(({ name }) => name === HOLDING_VOLUME))
            throw new SetupError(
                `The pods of ${prefix} are of an earlier version of the kit, which could not hold writes: npm run up, then the same command again.`,
            );
        const pods = (await podsOf(registry)).filter(
            ({ metadata }) => metadata.deletionTimestamp === undefined,
        );
        const wrong = pods.find((pod) => !isReady(pod));
        // What it would do once it starts, nobody knows.
        if (wrong !== undefined)
            throw new SetupError(
                `The pod ${wrong.metadata.name} is not ready, so nothing was begun: npm run doctor tells why.`,
            );
        try {
            await registry.cluster.create({
                apiVersion: "v1",
                kind: "ConfigMap",
                metadata: {
                    name: holdingName(registry.name),
                    ...belonging(registry, deployment, { [COMMAND_ANNOTATION]: command }),
                },
                data: { [HOLDING_KEY]: "held\n" },
            } as ClusterObject);
        } catch (error) {
            if (!(error instanceof ClusterRefused) || error.reason !== "AlreadyExists") throw error;
            throw new SetupError(`Another garbage collection of ${prefix} has just begun: wait for its end.`);
        }
    }

    async prepare(): Promise<void> {}

    async hold(signal: AbortSignal): Promise<void> {
        const { registry } = this;
        await untilAll(registry, true, (pod) => endWrites(registry, pod, signal), signal);
        // A pod that was on its way out ends with the last push that it has.
        for (const { metadata } of await podsOf(registry)) {
            if (metadata.deletionTimestamp === undefined) continue;
            const gone = await registry.cluster.waitFor("pod", metadata.name, "delete", WRITE_SECONDS + 60);
            // Its node may be cut off from the cluster, and the push that it has go on.
            if (!gone) throw new SetupError(inPlace(stillThere(metadata.name), registry.access));
        }
    }

    release(): Promise<void> {
        return release(this.registry);
    }

    collect(flags: readonly string[], onLine: (line: string) => void, signal: AbortSignal): Promise<number> {
        const own = registryContainer(this.deployment);
        const command = own.command ?? [];
        // What starts it, without "serve" and the path of its configuration.
        const start = command.slice(0, -2);
        const container = { ...own, command: [...start, "garbage-collect", ...flags, command.at(-1) ?? ""] };
        return runTask(
            this.registry,
            this.deployment,
            { ...COLLECTOR, containers: [container] },
            onLine,
            signal,
        );
    }

    async sweep(work: (broom: Broom) => Promise<void>): Promise<void> {
        const { registry, deployment } = this;
        const container = { ...registryContainer(deployment), command: IDLE };
        try {
            const pod = await startTask(registry, deployment, { ...BROOM, containers: [container] });
            await work(inPod(registry, pod, REGISTRY_CONTAINER));
        } finally {
            await removeTask(registry, BROOM);
        }
    }

    async config(): Promise<CheckedConfig> {
        const { command = [] } = registryContainer(this.deployment);
        return parse(await this.run(["cat", command.at(-1) ?? ""]), { version: "1.1" }) as CheckedConfig;
    }

    async beside<T>(
        { script, write, remote }: { script: string; write: boolean; remote: Remote | undefined },
        work: (beside: Beside) => Promise<T>,
    ): Promise<T> {
        const { registry, deployment } = this;
        const own = registryContainer(deployment);
        const containers: Container[] = [
            {
                ...own,
                command: ["/bin/sh", "-c", script],
                env: [...(own.env ?? []), ...besideEnvs(write).map(variable)],
            },
            ...(remote === undefined ? [] : [rclone(own, registry.rcloneImage)]),
        ];
        try {
            const pod = await startTask(registry, deployment, {
                ...BESIDE,
                containers,
                volumes: [{ name: RCLONE, emptyDir: { medium: "Memory", sizeLimit: "16Mi" } }],
            });
            return await work({
                registry: async (command) =>
                    Buffer.from((await registry.cluster.exec(pod, REGISTRY_CONTAINER, command)).stdout),
                rclone: remote && (await this.rcloneIn(pod, remote)),
            });
        } finally {
            await removeTask(registry, BESIDE);
        }
    }

    private async rcloneIn(pod: string, { conf }: Remote): Promise<Beside["rclone"]> {
        const { cluster } = this.registry;
        // Through the connection, into the memory of the pod: what stands in its arguments, whoever may list pods reads.
        const file = "/tmp/rclone.conf";
        await cluster.exec(pod, RCLONE, shell(`umask 077; cat > ${file}`), { input: conf });
        return { conf: file, run: inPod(this.registry, pod, RCLONE).run };
    }

    async readLog(onLine: (line: LogLine) => void, choice: LogChoice): Promise<boolean> {
        await readClusterLog(this.registry, onLine, choice);
        return true;
    }

    noteRemovals(command: string, repository: string, references: readonly string[]): Promise<void> {
        return noteOnCluster(this.registry, command, repository, references);
    }

    async version(): Promise<string> {
        return (await this.run(["/bin/registry", "--version"])).trim();
    }

    // There are no numbers of a deployment on a cluster.
    async ended(): Promise<void> {}
}

/** In a container of a pod. */
export const inPod = ({ cluster }: ClusterRegistry, pod: string, container: string): Broom => ({
    run: async (command) => (await cluster.exec(pod, container, command)).stdout,
    put: async (archive, folder) => {
        await cluster.exec(pod, container, ["tar", "-x", "-f", "-", "-C", folder], { input: archive });
    },
});

/** A collection of the registry of a stack on a cluster. @param command that is going to work on it, such as "retain" */
export const clusterGround = async (registry: ClusterRegistry, command: string): Promise<ClusterGround> =>
    new ClusterGround(registry, await deploymentOf(registry), command);
