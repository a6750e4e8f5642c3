/** restic at work for a deployment: its repository, and what is done where that is locked or not there. */
import { SetupError } from "../../setup/errors";
import { say } from "../../setup/progress";
import type { LockOwner } from "../shared/lock";

import type { Beside, Ground } from "./ground";
import { type Job, runJob, type Told, wordsOf } from "./job";
import { isLocked, isNone, problemOf, type Repository, shownRepository } from "./repository";
import { INIT, SNAPSHOTS, UNLOCK } from "./scripts";

/** A snapshot as restic lists it. */
export interface Snapshot {
    id: string;
    /** RFC 3339. */
    time: string;
    hostname: string;
    tags: string[];
}

/** Tag of every backup of the kit's. */
export const KIT_TAG = "private-registry";
const STACK_TAG = "stack=";

export const tagsOf = (stack: string, owner: LockOwner) => [
    KIT_TAG,
    `${STACK_TAG}${stack}`,
    owner.identity ?? owner.prefix,
];
export const stackOf = ({ tags }: Snapshot) =>
    tags.find((tag) => tag.startsWith(STACK_TAG))?.slice(STACK_TAG.length) ?? "";

/** What is told of a job beside the repository. */
type Wanted = Omit<Job, "repository" | "signal">;
type Use = (told: Told, beside: Beside) => Promise<void>;

export class Restic {
    constructor(
        readonly ground: Ground,
        readonly repository: Repository,
        readonly signal: AbortSignal,
    ) {}

    private attempt(job: Wanted, onLine?: (line: string) => void, use?: Use) {
        const { repository, signal } = this;
        return runJob(this.ground, { ...job, repository, signal }, onLine, use);
    }

    private problem(said: string): SetupError {
        return new SetupError(problemOf(this.repository, said, this.ground.host));
    }

    /**
     * Runs a script to its end. A lock that a killed run of this deployment left is taken away.
     *
     * @throws SetupError one sentence for a failure
     */
    async run(
        job: Wanted,
        {
            onLine,
            use,
            none,
        }: {
            onLine?: (line: string) => void;
            use?: Use;
            /** What is done where there is no repository yet; then the script runs once more. */
            none?: () => Promise<void>;
        } = {},
    ): Promise<Told> {
        let [unlocked, made] = [false, false];
        for (;;) {
            const { code, told } = await this.attempt(job, onLine, use);
            if (code === 0) return told;
            if (isNone(told.said) && none !== undefined && !made) {
                made = true;
                await none();
            } else if (isLocked(told.said) && !unlocked) {
                unlocked = true;
                await this.unlock();
            } else {
                const failed = wordsOf(told, "failed");
                const where = shownRepository(this.repository);
                if (isNone(told.said))
                    throw new SetupError(
                        `There is no restic repository in ${where}: name the one that \`npm run backup\` wrote to.`,
                    );
                throw this.problem(failed ?? told.said);
            }
        }
    }

    /** Takes away locks of runs of this deployment that were killed. @throws SetupError where another one has it locked */
    private async unlock(): Promise<void> {
        const { code, told } = await this.attempt({ script: UNLOCK });
        const foreign = /"hostname":\s*"([^"]*)"/.exec(wordsOf(told, "foreign") ?? "")?.[1];
        if (foreign !== undefined)
            throw new SetupError(
                `The repository ${shownRepository(this.repository)} is in use by another restic (host ${foreign}): wait for its end; ` +
                    "if that is gone, `restic unlock` there, or wait half an hour.",
            );
        if (code !== 0) throw this.problem(told.said);
        say("A backup that was killed had left the repository locked; it is open again.");
    }

    /** Makes the repository. */
    async init(): Promise<void> {
        const { code, told } = await this.attempt({ script: INIT });
        if (code !== 0) throw this.problem(told.said);
        say(
            `Made the repository ${shownRepository(this.repository)}. Keep a copy of its password elsewhere.`,
        );
    }

    /** Snapshots with a tag, the newest first. */
    async snapshots(tag: string): Promise<Snapshot[]> {
        const { json } = await this.run({ script: SNAPSHOTS(tag) });
        const list = (json.find(Array.isArray) ?? []) as (Omit<Snapshot, "tags"> & {
            tags?: string[] | null;
        })[];
        return list
            .map(({ id, time, hostname, tags }) => ({ id, time, hostname, tags: tags ?? [] }))
            .sort((a, b) => Date.parse(b.time) - Date.parse(a.time));
    }
}
