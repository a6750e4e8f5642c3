/** A script of restic's that does one thing for a backup or a restore. Where it runs is its ground's (ground.ts). */
import { note } from "../../setup/log";
import { shellWord } from "../../text/shell";
import { SECRETS } from "../shared/job";

import type { Beside, Ground } from "./ground";
import type { Place } from "./place";
import { type Repository, resticOptions } from "./repository";

/** What a job has of the images. */
export type Images =
    /** The blobs at their place, the links at SOURCE, and room for a copy of them at their place. */
    | { for: "backup"; place: Place }
    /** All of it to read, as far as it is there. */
    | { for: "comparison"; place: Place }
    /** All of it to write. */
    | { for: "restore"; place: Place }
    /** An empty store of the job's own. */
    | { for: "verification" };

export interface Job {
    repository: Repository;
    /** Shell script; `restic` in it is told of the repository. It has a folder of its own in /job. */
    script: string;
    /** @default none */
    images?: Images;
    /** Folders in memory. */
    memory?: readonly string[];
    /** Name below DEPLOYMENT, which is in memory, → content. */
    deployment?: Readonly<Record<string, string>>;
    /** Name below /job → content. */
    files?: Readonly<Record<string, string>>;
    signal: AbortSignal;
}

/** What a script prints, by its steps. */
export interface Told {
    /** JSON that restic printed. */
    json: unknown[];
    /** Lines `@NAME WORDS` of the script itself: [NAME, WORDS]. */
    lines: [string, string][];
    /** All else: what was complained of. */
    said: string;
}

/** The whole script, for where its secrets are in SECRETS. */
export const scriptOf = ({ repository, script }: Job): string => `mkdir -p /job/tmp
. ${SECRETS}/environment
export RESTIC_PASSWORD_FILE=${SECRETS}/password RESTIC_PROGRESS_FPS=1 TMPDIR=/job/tmp HOME=/job
umask 022
restic() { command restic ${resticOptions(repository).map(shellWord).join(" ")} "$@"; }
fail() { echo "@failed $*"; exit 1; }
${script}`;

/** One line that a script printed. */
export function tell(told: Told, line: string): void {
    const [, name, words] = /^@([\w-]+) ?(.*)$/.exec(line) ?? [];
    if (name !== undefined) told.lines.push([name, words ?? ""]);
    else if (/^[[{]/.test(line)) {
        try {
            const value = JSON.parse(line) as { message_type?: string; error?: unknown; message?: string };
            if (value.message_type === "status") return;
            told.json.push(value);
            // As restic tells of errors where it was asked for JSON.
            if (value.message_type === "error" || value.message_type === "exit_error")
                told.said += `${value.message ?? (value.error as { message?: string }).message ?? JSON.stringify(value.error)}\n`;
        } catch {
            told.said += `${line}\n`;
        }
    } else told.said += `${line}\n`;
}

/**
 * Runs a job to its end.
 *
 * @param onLine called with each line that it prints, also with what restic tells of how far it is
 * @param use called where it ended well, before what it had of its own goes
 * @throws SetupError where it went away, or Ctrl-C ended it
 */
export async function runJob(
    ground: Ground,
    job: Job,
    onLine: (line: string) => void = () => {},
    use: (told: Told, beside: Beside) => Promise<void> = async () => {},
): Promise<{ code: number; told: Told }> {
    const told: Told = { json: [], lines: [], said: "" };
    const code = await ground.run(
        job,
        (line) => {
            if (!line.includes('"message_type":"status"') && !line.startsWith("@private ")) note(line);
            tell(told, line);
            onLine(line);
        },
        (beside) => use(told, beside),
    );
    return { code, told };
}

/** The words after `@NAME` where the script printed such a line. */
export const wordsOf = ({ lines }: Told, name: string): string | undefined =>
    lines.find(([of]) => of === name)?.[1];
