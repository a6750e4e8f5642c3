/** restic at work for a deployment: its image, its repository, and what is done where that is locked or not there. */
import type { Engine } from "../../engine/client";
import type { Endpoint } from "../../engine/endpoint";
import { DEFAULT_BACKUP_IMAGE } from "../../address/default-images";
import { SetupError } from "../../setup/errors";
import { ensureImages, nameInEngine } from "../../setup/image";
import type { Machine } from "../../setup/machine";
import { say } from "../../setup/progress";
import type { EarlySettings } from "../../setup/stack";
import type { LockOwner } from "../shared/lock";

import { type Job, runJob, type Told, wordsOf } from "./job";
import { isLocked, isNone, problemOf, shownRepository } from "./repository";
import { INIT, SNAPSHOTS, UNLOCK } from "./scripts";

/** The ID of restic's image. */
export async function resticImage(
    machine: Machine,
    endpoint: Endpoint,
    engine: Engine,
    settings: EarlySettings,
    backupImage: string = DEFAULT_BACKUP_IMAGE,
): Promise<string> {
    const wanted = { ...settings, front: false, cache: false, nexus: false, backup: true, backupImage };
    await ensureImages(machine, endpoint, wanted);
    const { Id } = await engine.getImage(await nameInEngine(endpoint, backupImage)).inspect();
    return Id;
}

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

/** What a job of restic has in common with the others of a command. */
export type Base = Pick<Job, "image" | "owner" | "repository" | "network" | "signal">;

export class Restic {
    constructor(
        readonly engine: Engine,
        readonly base: Base,
    ) {}

    private get name() {
        return `${this.base.owner.prefix}-backup`;
    }

    private async attempt(
        job: Pick<Job, "script"> & Partial<Job>,
        onLine?: (line: string) => void,
        use?: (told: Told) => Promise<void>,
    ) {
        try {
            return await runJob(this.engine, { ...this.base, name: this.name, ...job }, onLine, use);
        } catch (error) {
            // The folder is on a file system, or under a path, on which the Engine cannot make it.
            if (error instanceof SetupError || !/mkdir|mount|bind source|read-only/i.test(String(error)))
                throw error;
            throw new SetupError(problemOf(this.base.repository, String(error)));
        }
    }

    /**
     * Runs a script to its end. A lock that a killed run of this deployment left is taken away.
     *
     * @throws SetupError one sentence for a failure
     */
    async run(
        job: Pick<Job, "script"> & Partial<Job>,
        {
            onLine,
            use,
            none,
        }: {
            onLine?: (line: string) => void;
            use?: (told: Told) => Promise<void>;
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
                const where = shownRepository(this.base.repository);
                if (isNone(told.said))
                    throw new SetupError(
                        `There is no restic repository in ${where}: name the one that \`npm run backup\` wrote to.`,
                    );
                throw new SetupError(problemOf(this.base.repository, failed ?? told.said));
            }
        }
    }

    /** Takes away locks of runs of this deployment that were killed. @throws SetupError where another one has it locked */
    private async unlock(): Promise<void> {
        const { code, told } = await this.attempt({ script: UNLOCK });
        const foreign = /"hostname":\s*"([^"]*)"/.exec(wordsOf(told, "foreign") ?? "")?.[1];
        if (foreign !== undefined)
            throw new SetupError(
                `The repository ${shownRepository(this.base.repository)} is in use by another restic (host ${foreign}): wait for its end; ` +
                    "if that is gone, `restic unlock` there, or wait half an hour.",
            );
        if (code !== 0) throw new SetupError(problemOf(this.base.repository, told.said));
        say("A backup that was killed had left the repository locked; it is open again.");
    }

    /** Makes the repository. */
    async init(): Promise<void> {
        const { code, told } = await this.attempt({ script: INIT });
        if (code !== 0) throw new SetupError(problemOf(this.base.repository, told.said));
        say(
            `Made the repository ${shownRepository(this.base.repository)}. Keep a copy of its password elsewhere.`,
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
