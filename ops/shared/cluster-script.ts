/**
 * A script in a pod of its own, of which the cluster is told nothing: it, its files and what it prints go over the connection, and lie in
 * the pod's memory. What stands in a pod's description whoever may list pods reads; what a container prints is kept on its node.
 */
import { type Cluster, ClusterRefused } from "../../cluster/cluster";
import { SetupError } from "../../setup/errors";
import { shellWord } from "../../text/shell";

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
    /** Where the script runs: it needs /bin/sh, mkdir, base64 and sleep. */
    container: Omit<Container, "command">;
    /** Containers beside it. */
    others?: Container[];
    script: string;
    /** Absolute path → content, in folders that are mounted, or one in those. */
    files: Readonly<Record<string, string>>;
}

/** A script that writes files, by itself: not every image has tar. */
function writing(files: Readonly<Record<string, string>>): string {
    const folders = new Set(Object.keys(files).map((path) => path.slice(0, path.lastIndexOf("/"))));
    return [
        "set -e",
        "umask 077",
        `mkdir -p ${[...folders].map(shellWord).join(" ")}`,
        ...Object.entries(files).map(([path, text]) => {
            const lines = Buffer.from(text)
                .toString("base64")
                .replace(/.{1,76}/g, "$&\n");
            return `base64 -d > ${shellWord(path)} << 'END'\n${lines}END`;
        }),
        "",
    ].join("\n");
}

/** Brings files into a pod, and the one for which the script waits as the last. */
async function bring(
    cluster: Cluster,
    pod: string,
    container: string,
    files: Readonly<Record<string, string>>,
): Promise<void> {
    const { code, stderr } = await cluster.exec(pod, container, ["/bin/sh", "-s"], { input: writing(files) });
    if (code !== 0) throw new Error(`the files of a command do not come into ${pod}: ${stderr.trim()}`);
}

/** Prints what the script prints, from its start to its end: not every image has tail. */
const READ = `exec 3< ${SAID}
part=
while :; do
    if IFS= read -r line <&3; then
        line="$part$line" part=
        printf '%s\\n' "$line"
        case $line in "@exit "*) exit 0 ;; esac
    else
        part="$part$line"
        sleep 0.3
    fi
done`;

/** Seconds for which nothing may come to be read at all. */
const SILENT_SECONDS = 60;

/** Reads what the script prints, to its end. @returns its exit code */
async function follow(
    { cluster }: ClusterRegistry,
    pod: string,
    container: string,
    onLine: (line: string) => void,
    signal: AbortSignal,
): Promise<number> {
    let heard = Date.now();
    for (let told = 0; ;) {
        let [line, held, code] = [0, undefined as string | undefined, undefined as number | undefined];
        const take = (text: string) => {
            heard = Date.now();
            // Where the connection breaks a line may have come in part: it counts once there is another one after it.
            if (held !== undefined && line++ >= told) {
                told = line;
                onLine(held);
            }
            held = text;
            const exit = /^@exit (\d+)$/.exec(text)?.[1];
            if (exit !== undefined) code = Number(exit);
        };
        try {
            await cluster.exec(pod, container, ["/bin/sh", "-c", READ], {
                onLine: (text, stream) => void (stream === "stdout" && take(text)),
                signal,
            });
        } catch (error) {
            const broken = error instanceof ClusterRefused && error.reason !== "Forbidden";
            if (!broken || Date.now() - heard > SILENT_SECONDS * 1000) throw error;
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
        await bring(registry.cluster, pod, container.name, all);
        const code = await follow(registry, pod, container.name, onLine, signal);
        await use(code, pod);
        return code;
    } finally {
        await removeTask(registry, task);
    }
}
