/** The front's access log, read: from the volume in which it is kept, else from what Docker has of the container. */
import { randomBytes } from "node:crypto";

import { LOG_FILE, LOG_FOLDER, logVolume } from "../../components/front/kept-log";
import { frontName } from "../../components/front/settings";
import type { Engine } from "../../engine/client";
import { found } from "../../engine/errors";
import { exec, logsOf } from "../../engine/run";
import { shellWord } from "../../text/shell";

import { isOf } from "./identity";
import { runContainer } from "./job";
import type { LockOwner } from "./lock";

/** A request, as components/front/requests.ts writes it. */
export interface LogLine {
    /** RFC 3339. */
    time: string;
    /** The same, seconds since 1970. */
    at: number;
    /** Address. */
    client: string;
    /** "" for one without a login. */
    user: string;
    method: string;
    path: string;
    repository: string;
    action: string;
    status: number;
    agent: string;
    /** Of the manifest that was sent or taken; in the logs of later versions than 0.2. */
    digest?: string;
    /** Why a login was not taken: `wrong`, or `limited`; likewise. */
    refusal?: string;
    /** The further site that was asked; "" is the registry, or its plain HTTP. */
    site?: string;
    /** Who signed the certificate of the connection: the start of the CA's SHA-256. "" where it was not the registry's CA. */
    ca?: string;
}

/** @returns nothing for what is no request: an error of nginx, a line that is cut */
export function lineOf(text: string): LogLine | undefined {
    if (!text.startsWith("{")) return undefined;
    try {
        const line = JSON.parse(text) as LogLine;
        const at = Date.parse(line.time) / 1000;
        return Number.isNaN(at) ? undefined : { ...line, at };
    } catch {
        return undefined;
    }
}

export interface LogChoice {
    /** Seconds since 1970. Earlier requests may come too, and the first of all does. @default all */
    since?: number;
    /** Each a list of texts of which a line must have one: it is looked at where the log is. @default any */
    having?: readonly (readonly string[])[];
}

const MOUNTED = "/log";

/** `20260131T235959Z`, as the closed files are named. */
const fileTime = (seconds: number): string =>
    new Date(Math.max(0, seconds) * 1000).toISOString().replace(/[-:]|\.\d+/g, "");

/**
 * Prints the log in its order. The current file is opened first and not read twice: it may be closed while the others are read. Of a
 * file that is just being compressed there are two.
 */
const script = ({ since = 0, having = [] }: LogChoice): string => {
    const filters = having.map(
        (texts) => ` | grep -F ${texts.map((one) => `-e ${shellWord(one)}`).join(" ")}`,
    );
    return [
        `cd ${MOUNTED}`,
        `[ ! -e ${LOG_FILE} ] || exec 3< ${LOG_FILE}`,
        'show() { case "$1" in *.gz) zcat "$1" ;; *) cat "$1" 2> /dev/null || zcat "$1.gz" ;; esac; }',
        "first=1",
        "{ for f in 2*; do",
        '  [ -e "$f" ] || continue',
        '  [ "${f%.gz}" = "$f" ] || [ ! -e "${f%.gz}" ] || continue',
        `  [ ! "$f" -ef ${LOG_FILE} ] && [ ! "$f" -ef /proc/self/fd/3 ] || continue`,
        `  if [ "$f" \\< ${fileTime(since)} ]; then [ -z "$first" ] || show "$f" | head -n 1; else show "$f"; fi`,
        "  first=",
        "done",
        `[ ! -e /proc/self/fd/3 ] || cat <&3; }${filters.join("")}`,
        "exit 0",
    ].join("\n");
};

/** A deployment's own volume or container; nothing where there is none. */
async function ownLog(engine: Engine, { prefix, identity }: LockOwner) {
    const volume = await found(() => engine.getVolume(logVolume(prefix)).inspect());
    const front = await found(() => engine.getContainer(frontName(prefix)).inspect());
    return {
        volume: volume !== undefined && isOf(volume.Labels, prefix, identity) ? volume.Name : undefined,
        front: front !== undefined && isOf(front.Config.Labels, prefix, identity) ? front : undefined,
    };
}

/**
 * Reads it, line by line.
 *
 * @param signal ends it
 * @returns whether there is a front with a log
 * @throws SetupError where its container went away, or Ctrl-C ended it
 */
export async function readFrontLog(
    engine: Engine,
    owner: LockOwner,
    onLine: (line: LogLine, text: string) => void,
    choice: LogChoice = {},
    signal: AbortSignal = new AbortController().signal,
): Promise<boolean> {
    const take = (text: string) => {
        const line = lineOf(text);
        if (line !== undefined) onLine(line, text);
    };
    const { volume, front } = await ownLog(engine, owner);
    if (front === undefined) return false;
    const kept = front.Mounts.some(({ Destination }) => Destination === LOG_FOLDER);
    if (volume === undefined || !kept) {
        (await logsOf(engine, front.Id, front.Config.Tty ?? false)).split("\n").forEach(take);
        return true;
    }
    const container = {
        Image: front.Image,
        Entrypoint: ["/bin/sh", "-c", script(choice)],
        Cmd: [],
        User: "0:0",
        HostConfig: {
            NetworkMode: "none",
            Mounts: [{ Type: "volume" as const, Source: volume, Target: MOUNTED, ReadOnly: true }],
            ReadonlyRootfs: true,
        },
    };
    // Several may read at once.
    const name = `${owner.prefix}-log-${randomBytes(4).toString("hex")}`;
    await runContainer(engine, { name, owner, container, files: {}, signal }, take);
    return true;
}

/** A command line has an end. */
const BATCH = 200;

/** Who is told for what a command of the kit did itself: it has no address, which no request can imitate. */
export const doneBy = ({ client, agent }: LogLine): string | undefined => (client === "" ? agent : undefined);

/** The lines that tell what a command removed. */
export function removalLines(command: string, repository: string, references: readonly string[]): string[] {
    const time = new Date().toISOString().replace(/\.\d+Z$/, "+00:00");
    return references.map((reference) =>
        JSON.stringify({
            ...{ time, client: "", user: "", host: "", method: "DELETE" },
            ...{
                path: `/v2/${repository}/manifests/${reference}`,
                repository,
                action: "delete",
                status: 202,
            },
            agent: `npm run ${command}`,
        }),
    );
}

/**
 * Writes down what a command removed, which no request through the front did. Where the log is not kept, nothing is written.
 *
 * @param command `retain`
 * @param references tags and digests
 */
export async function noteRemovals(
    engine: Engine,
    owner: LockOwner,
    command: string,
    repository: string,
    references: readonly string[],
): Promise<void> {
    const { front } = await ownLog(engine, owner);
    if (!front?.State.Running || !front.Mounts.some(({ Destination }) => Destination === LOG_FOLDER)) return;
    const lines = removalLines(command, repository, references);
    const write = `printf '%s\\n' "$@" >> ${LOG_FOLDER}/${LOG_FILE}`;
    for (let i = 0; i < lines.length; i += BATCH)
        await exec(engine, front.Id, ["/bin/sh", "-c", write, "sh", ...lines.slice(i, i + BATCH)]);
}
