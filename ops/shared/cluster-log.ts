/** The fronts' access log on a cluster: what the nodes still have of the logs of their containers. */
import { type LogChoice, lineOf, type LogLine, removalLines } from "./front-log";
import { type ClusterRegistry, podsOf, readyPod } from "./on-cluster";
import { FRONT_CONTAINER } from "../../components/kubernetes/names";

/** Whether a line has one text of each list. */
const has = (text: string, having: LogChoice["having"] = []): boolean =>
    having.every((texts) => texts.some((one) => text.includes(one)));

/** Reads it in the order of its requests, of all pods together. */
export async function readClusterLog(
    registry: ClusterRegistry,
    onLine: (line: LogLine, text: string) => void,
    { since, having }: LogChoice = {},
    signal?: AbortSignal,
): Promise<void> {
    const { cluster } = registry;
    const from = since === undefined ? undefined : Math.max(0, since);
    const found: { line: LogLine; text: string }[] = [];
    for (const { metadata, status } of await podsOf(registry)) {
        // A node has no log of what has not begun.
        if (status?.phase === "Pending") continue;
        const all = await cluster.logs(metadata.name, FRONT_CONTAINER, {
            since: from,
            ...(signal && { signal }),
        });
        for (const text of all.split("\n")) {
            const line = has(text, having) ? lineOf(text) : undefined;
            if (line !== undefined) found.push({ line, text });
        }
    }
    // Lines of one second stay in the order of their pod.
    found.sort((a, b) => a.line.at - b.line.at);
    for (const { line, text } of found) onLine(line, text);
}

/** A command line has an end. */
const BATCH = 200;

/** Writes down what a command removed, as a line of a front's own log. */
export async function noteOnCluster(
    registry: ClusterRegistry,
    command: string,
    repository: string,
    references: readonly string[],
): Promise<void> {
    const { metadata } = await readyPod(registry);
    const lines = removalLines(command, repository, references);
    const write = "printf '%s\\n' \"$@\" > /proc/1/fd/1";
    for (let i = 0; i < lines.length; i += BATCH) {
        const some = ["/bin/sh", "-c", write, "sh", ...lines.slice(i, i + BATCH)];
        await registry.cluster.exec(metadata.name, FRONT_CONTAINER, some);
    }
}
