import { SetupError } from "../setup/errors";
import { openLog, withLog } from "../setup/log";
import type { Machine } from "../setup/machine";
import { print, say, withProgress } from "../setup/progress";

import { deploymentFiles } from "./backup/deployment-files";
import { type Told, wordsOf } from "./backup/job";
import { progressText } from "./backup/progress";
import { pull } from "./backup/remote";
import { isFolder, type Repository, shownRepository } from "./backup/repository";
import { Restic, tagsOf } from "./backup/restic";
import { backupScript, FORGET_ONE } from "./backup/scripts";
import { withGround } from "./backup/stack";
import { type Verified, verify } from "./backup/verify";
import { readStack, type StackFacts } from "./facts/stack-facts";
import { commandFlags, OF_STACK } from "./shared/arguments";
import { abortOnSignal } from "./shared/signals";
import { size } from "./shared/size";

const FLAGS = {
    verify: {
        type: "boolean",
        default: false,
        text: "restores the backup aside and reads every tag and blob",
    },
    mend: {
        type: "boolean",
        default: false,
        text: "mends a damaged repository, as far as the registry has what is lost",
    },
    "dry-run": { type: "boolean", default: false, text: "tells what would be stored, and stores nothing" },
    json: { type: "boolean", default: false, text: "the result as JSON" },
    ...OF_STACK,
} as const;

/** What a backup was. */
export interface BackupResult {
    repository: string;
    /** ID of restic's; nothing with --dry-run. */
    snapshot: string | undefined;
    repositories: number;
    tags: number;
    /** Bytes of all that was read. */
    bytes: number;
    /** Bytes that were not in the repository before. */
    added: number;
    seconds: number;
    /** Backups that are kept, and that went. */
    kept: number;
    removed: number;
    verified?: Verified;
}

/** The last summary of `restic backup --json`. */
interface Summary {
    message_type?: string;
    snapshot_id?: string;
    data_added?: number;
    data_added_packed?: number;
    total_bytes_processed?: number;
}

/** @throws SetupError where nothing is told of backups */
export function backupOf({ backup, stack }: StackFacts): NonNullable<StackFacts["backup"]> & Repository {
    if (backup?.repository && backup.password)
        return { ...backup, repository: backup.repository, password: backup.password };
    throw new SetupError(
        `The stack ${stack.name} has no backup yet: pulumi config set --path backup.repository /srv/backup, ` +
            "pulumi config set --secret --path backup.password, npm run up (docs/backup.md).",
    );
}

function resultOf(at: Repository, told: Told, dryRun: boolean, seconds: number): BackupResult {
    const summary = told.json.find((one): one is Summary => (one as Summary).message_type === "summary");
    const [group] = (told.json.find((one) => Array.isArray(one)) ?? []) as {
        keep?: { id: string }[] | null;
        remove?: { id: string }[] | null;
    }[];
    const id = dryRun ? undefined : summary?.snapshot_id;
    if (!dryRun && (id === undefined || !group?.keep?.some((one) => one.id.startsWith(id))))
        throw new SetupError(
            `restic does not list the backup that it has just made in ${shownRepository(at)}; no other one is known to have gone: ` +
                "run npm run backup -- --verify.",
        );
    return {
        repository: shownRepository(at),
        snapshot: id,
        repositories: Number(wordsOf(told, "repositories") ?? 0),
        tags: Number(wordsOf(told, "tags") ?? 0),
        bytes: summary?.total_bytes_processed ?? 0,
        added: summary?.data_added_packed ?? summary?.data_added ?? 0,
        seconds,
        kept: group?.keep?.length ?? 0,
        removed: group?.remove?.length ?? 0,
    };
}

const plural = (count: number, what: string) => `${count} ${what}${count === 1 ? "" : "s"}`;

export function resultText(result: BackupResult): string {
    const { repository, snapshot, repositories, tags, bytes, added, seconds, kept, removed, verified } =
        result;
    const what = `${plural(tags, "tag")} of ${repositories === 1 ? "1 repository" : `${repositories} repositories`}, ${size(bytes)}`;
    if (snapshot === undefined)
        return `A backup to ${repository} would have ${what}, of which ${size(added)} are new there. Nothing was changed.`;
    const gone = removed > 0 ? `, ${removed} older went` : "";
    const read =
        verified === undefined
            ? ""
            : ` Restored and read through: ${plural(verified.tags, "tag")}, ${plural(verified.manifests, "manifest")}, ${plural(verified.blobs, "blob")}; all whole.`;
    return (
        `Backup ${snapshot.slice(0, 8)} to ${repository}: ${what}; ${size(added)} new, in ${seconds.toFixed(1)} s. ` +
        `${plural(kept, "backup")} there${gone}.${read}`
    );
}

export interface BackupWishes {
    /** Restores it aside and reads it through. */
    verify: boolean;
    /** First mends a damaged repository. */
    mend: boolean;
    dryRun: boolean;
    /** Of the stack's configuration, where it is not the usual file. */
    configFile: string | undefined;
    /** Ends it early. */
    signal: AbortSignal;
}

/** One backup of a stack. @throws SetupError where it has none configured, and for every failure */
export async function takeBackup(
    machine: Machine,
    facts: StackFacts,
    { verify: reading, mend, dryRun, configFile, signal }: BackupWishes,
): Promise<BackupResult> {
    const repository = backupOf(facts);
    const { stack, prefix, identity } = facts;
    const owner = { prefix, identity };
    return withGround({ machine, stack, facts, configFile }, async (ground) => {
        const { registry } = ground;
        if (registry === undefined)
            throw new SetupError(
                `There is no registry of ${prefix} ${ground.where}: npm run up -- --stack ${stack.name}`,
            );
        const { remote, place } = registry;
        const result = await ground.alone("backup", async (): Promise<BackupResult> => {
            // Both take their time, and neither needs the other.
            const [state] = await Promise.all([facts.pulumi(["stack", "export"]), ground.prepare()]);
            if (remote !== undefined)
                await withProgress(
                    "copying what is new in the store",
                    (update) => pull(ground, remote, signal, update),
                    { done: false },
                );
            const restic = new Restic(ground, repository, signal);
            const job = {
                images: { for: "backup" as const, place },
                script: backupScript({
                    ...{ host: prefix, tags: tagsOf(stack.name, owner), keep: repository.keep },
                    ...{ dryRun, mend },
                }),
                deployment: deploymentFiles(machine, {
                    ...{ stack, owner, place, escrow: repository.escrow, configFile },
                    ...{ registry: registry.image, state },
                }),
            };
            const made = await withProgress("backing up", (update) => store(restic, job, dryRun, update), {
                done: false,
            });
            if (!reading || made.snapshot === undefined) return made;
            const id = made.snapshot;
            const verified = await withProgress(
                "restoring the backup and reading it through",
                () => verify(restic, id),
                { done: false },
            );
            return { ...made, verified };
        });
        if (!dryRun) await ground.ended();
        return result;
    });
}

/** `npm run backup`: images, state and configuration of the stack into a restic repository, while pushes go on. */
export async function backup(machine: Machine, args: string[]): Promise<number> {
    const flags = commandFlags(
        "backup",
        args,
        FLAGS,
        "images, state and configuration into a restic repository, while pushes go on",
    );
    const facts = await readStack(machine, args);
    backupOf(facts);
    openLog(machine, `backup-${facts.stack.name.replaceAll("/", "-")}`);
    const { signal, off } = abortOnSignal(
        "ending the backup",
        "The backup was ended before it was done; earlier ones are whole, and the registry was not touched.",
    );
    try {
        const result = await takeBackup(machine, facts, {
            ...{ verify: flags.verify, mend: flags.mend, dryRun: flags["dry-run"] },
            ...{ configFile: flags["config-file"], signal },
        });
        if (flags.json) process.stdout.write(`${JSON.stringify(result, undefined, 2)}\n`);
        else print(resultText(result));
        return 0;
    } catch (error) {
        throw withLog(error);
    } finally {
        off();
    }
}

/** Runs the backup itself. One of which something could not be read is taken away again. */
async function store(
    restic: Restic,
    job: Parameters<Restic["run"]>[0],
    dryRun: boolean,
    update: (detail: string) => void,
): Promise<BackupResult> {
    const { repository } = restic;
    const started = Date.now();
    let reading = started;
    let incomplete: string | undefined;
    const onLine = (line: string) => {
        if (line === "@step store") reading = Date.now();
        const text = progressText(line, (Date.now() - reading) / 1000);
        if (text !== undefined) update(text);
        if (line.startsWith("@without"))
            say(
                `Left out: ${line.slice("@without ./".length).replace("/_manifests/tags/", ":")}, whose image is not there.`,
            );
        if (line.startsWith("@lost"))
            say(
                `The backup ${line.slice("@lost ".length, "@lost ".length + 8)} was damaged beyond mending, and went.`,
            );
        const id = /"snapshot_id":"([0-9a-f]+)"/.exec(line)?.[1];
        if (id !== undefined) incomplete = id;
        if (line === "@code 0") incomplete = undefined;
    };
    const none = async () => {
        if (!dryRun) return restic.init();
        throw new SetupError(
            `There is no repository in ${shownRepository(repository)} yet: the first backup makes it${isFolder(repository) ? "" : ", and stores all"}. Nothing was changed.`,
        );
    };
    try {
        const told = await restic.run(job, { onLine, none });
        return resultOf(repository, told, dryRun, (Date.now() - started) / 1000);
    } catch (error) {
        if (incomplete !== undefined && !restic.signal.aborted)
            await restic.run({ script: FORGET_ONE(incomplete) });
        throw error;
    }
}
