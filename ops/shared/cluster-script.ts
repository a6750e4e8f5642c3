/**
 * A script in a pod of its own, of which the cluster is told nothing: it, its files and what it prints go over the connection, and lie in
 * the pod's memory. What stands in a pod's description whoever may list pods reads; what a container prints is kept on its node.
 */
import { type Cluster, ClusterRefused } from "../../cluster/cluster";
import { tar } from "../../engine/tar";
import { SetupError } from "../../setup/errors";

import { removeTask, startTask, type Task, type TaskOwner, wentAway } from "./cluster-task";
import type { ClusterRegistry, Container, PodObject } from "./on-cluster";

/** The pod's memory. */
export const MEMORY = "/dev/shm";
const SCRIPT = `${MEMORY}/script`;
const SAID = `${MEMORY}/said`;
const BEGIN = `${MEMORY}/begin`;

/** Seconds that the script has to come, and what is left of it has to be read: a command that is gone by then leaves a pod that has ended. */
const COMING_SECONDS = 60;
const READING_SECONDS = 900;

const RUN = `n=0
until [ -e ${BEGIN} ]; do
    n=$((n + 1))
    [ $n -lt ${COMING_SECONDS * 5} ] || exit 1
    sleep 0.2
done
/bin/sh ${SCRIPT} >> ${SAID} 2>&1
printf '\\n@exit %s\\n' $? >> ${SAID}
sleep ${READING_SECONDS}`;

export interface ScriptTask extends Omit<Task, "containers"> {
    /** Where the script runs: it needs /bin/sh, tar and tail. */
    container: Omit<Container, "command">;
    /** Containers beside it. */
    others?: Container[];
    script: string;
    /** Absolute path → content, in folders that are mounted, or one below. */
    files: Readonly<Record<string, string>>;
}

/** Brings files into a pod, and the one for which the script waits as the last. */
async function bring(
    cluster: Cluster,
    pod: string,
    { name, volumeMounts = [] }: ScriptTask["container"],
    files: Readonly<Record<string, string>>,
): Promise<void> {
    const mounted = new Set([MEMORY, ...volumeMounts.map(({ mountPath }) => mountPath)]);
    const folders = new Set(Object.keys(files).map((path) => path.slice(0, path.lastIndexOf("/"))));
    const archive = await tar([
        ...[...folders]
            .filter((folder) => !mounted.has(folder))
            .map((folder) => ({ path: `${folder.slice(1)}/`, mode: 0o700 })),
        ...Object.entries(files).map(([path, text]) => ({
            path: path.slice(1),
            mode: 0o600,
            content: Buffer.from(text),
        })),
    ]);
    const command = ["tar", "-x", "-o", "-f", "-", "-C", "/"];
    const { code, stderr } = await cluster.exec(pod, name, command, { input: archive });
    if (code !== 0) throw new Error(`the files of a command do not come into ${pod}: ${stderr.trim()}`);
}

/** Reads what the script prints, to its end. @returns its exit code */
async function follow(
    { cluster }: ClusterRegistry,
    pod: string,
    container: string,
    onLine: (line: string) => void,
    signal: AbortSignal,
): Promise<number> {
    for (let told = 0; ;) {
        const reading = new AbortController();
        let [line, held, code] = [0, undefined as string | undefined, undefined as number | undefined];
        const take = (text: string) => {
            if (code !== undefined) return;
            // Where the connection breaks a line may have come in part: it counts once there is another one after it.
            if (held !== undefined && line++ >= told) {
                told = line;
                onLine(held);
            }
            held = text;
            const exit = /^@exit (\d+)$/.exec(text)?.[1];
            if (exit === undefined) return;
            code = Number(exit);
            reading.abort();
        };
        try {
            await cluster.exec(pod, container, ["tail", "-n", "+1", "-f", SAID], {
                onLine: (text, stream) => void (stream === "stdout" && take(text)),
                signal: AbortSignal.any([signal, reading.signal]),
            });
        } catch (error) {
            const broken = error instanceof ClusterRefused && error.reason !== "Forbidden";
            if (!broken && !reading.signal.aborted) throw error;
        }
        signal.throwIfAborted();
        if (code !== undefined) return code;
        const there = await cluster.get<PodObject>("pod", pod);
        if (there === undefined) throw new SetupError(wentAway(pod));
        const ended = there.status?.containerStatuses?.find(({ name }) => name === container)?.state
            ?.terminated;
        if (ended !== undefined)
            throw new SetupError(
                `The pod ${pod} ended while it was at work (${ended.reason ?? `exit code ${ended.exitCode}`}): run the same command again.`,
            );
        await new Promise((resolve) => setTimeout(resolve, 500));
    }
}

/**
 * Runs a script to its end, and takes its pod away.
 *
 * @param owner the Deployment with which it goes
 * @param onLine called with each line that it prints, but for empty ones
 * @param use called with its exit code and the pod's name before that goes
 * @returns its exit code
 * @throws SetupError where its pod does not start, or went away
 */
export async function runScript(
    registry: ClusterRegistry,
    owner: TaskOwner,
    { container, others = [], script, files, ...task }: ScriptTask,
    onLine: (line: string) => void,
    signal: AbortSignal,
    use: (code: number, pod: string) => Promise<void> = async () => {},
): Promise<number> {
    const whole: Task = {
        ...task,
        containers: [
            {
                ...container,
                command: ["/bin/sh", "-c", RUN],
                volumeMounts: [...(container.volumeMounts ?? []), { name: "memory", mountPath: MEMORY }],
            },
            ...others,
        ],
        volumes: [...(task.volumes ?? []), { name: "memory", emptyDir: { medium: "Memory" } }],
    };
    try {
        const pod = await startTask(registry, owner, whole, signal);
        const all = { ...files, [SCRIPT]: script, [SAID]: "", [BEGIN]: "" };
        await bring(registry.cluster, pod, container, all);
        const code = await follow(registry, pod, container.name, onLine, signal);
        await use(code, pod);
        return code;
    } finally {
        await removeTask(registry, task);
    }
}
