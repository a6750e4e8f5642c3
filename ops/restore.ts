import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

import { SetupError } from "../setup/errors";
import { openLog, withLog } from "../setup/log";
import type { Machine } from "../setup/machine";
import { print, say, withProgress } from "../setup/progress";
import { findStack, type Stack } from "../setup/stack";
import { caFile } from "../setup/summary";

import { backupOf } from "./backup";
import { wordsOf } from "./backup/job";
import { type Bare, bringState, checkBare } from "./backup/machine";
import type { Place } from "./backup/place";
import { isIdle, type Plan, planLines, planOf } from "./backup/plan";
import { pull, push } from "./backup/remote";
import { type Repository, shownRepository } from "./backup/repository";
import { KIT_TAG, Restic, type Snapshot, stackOf } from "./backup/restic";
import { applyScript, planScript } from "./backup/scripts";
import { withGround } from "./backup/stack";
import { deploy } from "./deploy";
import { readStack, type StackFacts } from "./facts/stack-facts";
import { commandFlags, fileGiven, OF_STACK, stackFlags } from "./shared/arguments";
import { agreed, askSecret } from "./shared/ask";
import { stackIdentity } from "./shared/identity";
import { abortOnSignal } from "./shared/signals";
import { size } from "./shared/size";

const FLAGS = {
    from: { type: "string", value: "REPOSITORY", text: "of which repository, where the stack does not tell" },
    snapshot: { type: "string", value: "ID", text: "which backup. Default: the newest of the stack" },
    list: { type: "boolean", default: false, text: "tells what backups there are, and changes nothing" },
    "dry-run": {
        type: "boolean",
        default: false,
        text: "tells what would be brought back, and changes nothing",
    },
    json: { type: "boolean", default: false, text: "with --list and --dry-run: as JSON" },
    overwrite: { type: "boolean", default: false, text: "tags that are newer here go back too" },
    yes: { type: "boolean", short: "y", default: false, text: "answers the question" },
    "ssh-key": { type: "string", value: "FILE", text: "private key for a repository behind sftp:" },
    "known-hosts": { type: "string", value: "FILE", text: "by which that server is known" },
    ca: { type: "string", value: "FILE", text: "CA of the repository's server, PEM" },
    ...OF_STACK,
} as const;

type Flags = ReturnType<typeof parse>;
const parse = (args: string[]) =>
    commandFlags(
        "restore",
        args,
        FLAGS,
        "brings a backup back, also onto a machine that knows nothing of the deployment",
    );

/** Variables of the shell by which restic logs in to a repository. */
const LOGIN = /^(AWS|AZURE|B2|GOOGLE|OS|ST|RCLONE|RESTIC_REST)_/;

/** A repository that no configuration here names: what it takes is typed, or in the variables that restic itself knows. */
async function givenRepository(machine: Machine, repository: string, flags: Flags): Promise<Repository> {
    const { env } = machine;
    const text = (path: string) => readFileSync(fileGiven(machine, path), "utf8");
    const file = env.RESTIC_PASSWORD_FILE;
    let password = env.RESTIC_PASSWORD ?? (file && text(file).trim());
    if (!password && process.stdin.isTTY)
        password = await askSecret(`Password of the repository ${repository}: `);
    if (!password)
        throw new SetupError(
            "The password of the repository is not known, and there is no terminal to type it in: give it in RESTIC_PASSWORD.",
        );
    const known = join(machine.home, ".ssh", "known_hosts");
    const hosts = flags["known-hosts"] ?? (existsSync(known) ? known : undefined);
    const key = flags["ssh-key"];
    if (repository.startsWith("sftp:") && (key === undefined || hosts === undefined))
        throw new SetupError(
            `${repository} is reached through ssh: name --ssh-key FILE and --known-hosts FILE.`,
        );
    return {
        repository,
        password,
        environment: Object.fromEntries(
            Object.entries(env).flatMap(([name, value]) =>
                LOGIN.test(name) && value !== undefined ? [[name, value]] : [],
            ),
        ),
        ...(flags.ca === undefined ? {} : { ca: text(flags.ca) }),
        ...(key === undefined ? {} : { sshKey: text(key) }),
        ...(hosts === undefined ? {} : { knownHosts: text(hosts) }),
    };
}

/** The snapshot that is meant. */
function choose(
    all: readonly Snapshot[],
    flags: Flags,
    stack: Stack,
    identity: string | undefined,
): Snapshot {
    if (flags.snapshot !== undefined) {
        const [one, another] = all.filter(({ id }) => id.startsWith(flags.snapshot ?? ""));
        if (one !== undefined && another === undefined) return one;
        throw new SetupError(
            `${one === undefined ? "No backup is" : "Several backups are"} named ${flags.snapshot}: npm run restore -- --list`,
        );
    }
    const own = all.filter(({ tags }) => identity !== undefined && tags.includes(identity));
    const short = stack.name.split("/").pop();
    const named = all.filter((one) => stackOf(one).split("/").pop() === short);
    const [newest] = own.length > 0 ? own : named;
    if (newest !== undefined) return newest;
    const stacks = [...new Set(all.map(stackOf))].filter(Boolean);
    throw new SetupError(
        stacks.length === 0
            ? "The repository has no backup of the kit's in it."
            : `The repository has no backup of stack ${stack.name}, but of ${stacks.join(", ")}: npm run restore -- --stack ${stacks[0]} …`,
    );
}

const listLine = (one: Snapshot) =>
    `${one.id.slice(0, 8)}  ${new Date(one.time).toISOString().slice(0, 16).replace("T", " ")} UTC  ${stackOf(one)}`;

async function planned(restic: Restic, id: string, place: Place | undefined): Promise<Plan> {
    const look = async (at?: Place) =>
        planOf(
            await restic.run({
                script: planScript(id),
                memory: ["/job/memory"],
                ...(at && { images: { for: "comparison", place: at } }),
            }),
        );
    if (place !== undefined) return look(place);
    // Where it lies is in the backup itself.
    const first = await look();
    const { place: theirs } = first.manifest;
    // A claim comes with its registry, and so with nothing in it.
    return theirs.type === "claim" ? first : look(theirs);
}

/** What the command works on. */
interface Restoring {
    machine: Machine;
    args: string[];
    flags: Flags;
    stack: Stack;
    /** Nothing where the stack is not known here. */
    facts: StackFacts | undefined;
    restic: Restic;
}

/** Shows the plan and asks. @returns whether to go on, and whether other images are to give way */
async function decided(
    plan: Plan,
    { flags, facts }: Restoring,
): Promise<{ go: boolean; overwrite: boolean }> {
    let { overwrite } = flags;
    const bare = facts === undefined;
    for (const line of planLines(plan, overwrite)) print(line);
    const other = plan.tags.some(({ state }) => state === "other");
    if (flags["dry-run"]) {
        print("Nothing was changed.");
        return { go: false, overwrite };
    }
    if (flags.yes) return { go: true, overwrite };
    if (!process.stdin.isTTY)
        throw new SetupError(
            `Nothing was changed. To restore this: the same command with --yes${other ? ", and --overwrite where the backup's images are to take the place of other ones" : ""}.`,
        );
    if (other && !overwrite) overwrite = await agreed("Are these other images to go back to the backup's?");
    const go = isIdle(plan, overwrite) && !bare ? true : await agreed("Restore this?");
    if (!go) say("Nothing was changed.");
    return { go, overwrite };
}

/** Brings the images back while the registry goes on. */
async function bringImages(
    { restic }: Restoring,
    id: string,
    plan: Plan,
    place: Place,
    overwrite: boolean,
): Promise<void> {
    const other = overwrite ? plan.tags.filter(({ state }) => state === "other") : [];
    const started = Date.now();
    const told = await withProgress(
        "restoring images",
        (update) =>
            restic.run(
                {
                    script: applyScript(id),
                    images: { for: "restore", place },
                    files: { overwrite: other.map(({ path, live }) => `${path} ${live}\n`).join("") },
                },
                {
                    onLine: (line) => {
                        const kib = /^@staged (\d+)$/.exec(line)?.[1];
                        if (kib === undefined) return;
                        const [done, seconds] = [Number(kib) * 1024, (Date.now() - started) / 1000];
                        const rate = done / seconds;
                        const left =
                            rate > 0 ? Math.max(0, Math.ceil((plan.blobs.lacking - done) / rate)) : 0;
                        update(
                            `${size(done)} of ${size(plan.blobs.lacking)}, ${size(rate)}/s, ${left} s left`,
                        );
                    },
                },
            ),
        { done: false },
    );
    const blobs = Number(wordsOf(told, "placed") ?? 0);
    const tags = Number(wordsOf(told, "back") ?? 0);
    print(
        `Restored ${tags} tag${tags === 1 ? "" : "s"} and ${blobs} blob${blobs === 1 ? "" : "s"} in ${((Date.now() - started) / 1000).toFixed(1)} s.`,
    );
}

/**
 * Brings a deployment back of which the registry comes first, since it alone knows its store, or its cluster makes its claim; then what
 * that lacks.
 */
async function registryFirst(
    { machine, args, stack }: Restoring,
    plan: Plan,
    bare: Bare | undefined,
): Promise<number> {
    // A restore that was killed has brought it already.
    if (bare !== undefined) await bringState(machine, stack, plan, bare);
    const code = await deploy(machine, "up", [...stackFlags(args), "--yes"]);
    return code === 0 ? restore(machine, args) : code;
}

async function work(restoring: Restoring): Promise<number> {
    const { machine, args, flags, stack, facts, restic } = restoring;
    const { ground, repository, signal } = restic;
    const { registry } = ground;
    const all = await restic.snapshots(KIT_TAG);
    if (flags.list) {
        const list = all.map((one) => ({ id: one.id, time: one.time, stack: stackOf(one) }));
        if (flags.json) print(JSON.stringify(list, undefined, 2));
        else for (const one of all) print(listLine(one));
        return 0;
    }
    const { id } = choose(all, flags, stack, facts?.identity);
    if (!flags.json) print(`Backup ${id.slice(0, 8)} in ${shownRepository(repository)}`);
    const { remote, place } = registry ?? {};
    const plan = await withProgress(
        "comparing",
        async (update) => {
            if (remote !== undefined) await pull(ground, remote, signal, update);
            return planned(restic, id, place);
        },
        { done: false },
    );
    const { manifest } = plan;
    if (flags.json) {
        const tags = plan.tags.map(({ name, state, saved, pushed }) => ({ name, state, saved, pushed }));
        const { identity, stack: of } = manifest;
        print(JSON.stringify({ backup: id, stack: of, identity, tags, blobs: plan.blobs }, undefined, 2));
        return 0;
    }
    const bare =
        facts === undefined
            ? await checkBare(machine, stack, plan, {
                  refused: (config) => ground.refused(config),
                  configFile: flags["config-file"],
              })
            : undefined;
    if (facts !== undefined && facts.identity !== manifest.identity)
        print(
            `It is of another deployment (${manifest.stack}): of it the images alone come into ${stack.name}.`,
        );
    if (bare !== undefined)
        print(
            `Not known on this machine: state, passphrase and ${bare.file} come from the backup, then \`npm run up\` runs.`,
        );
    const { go, overwrite } = await decided(plan, restoring);
    if (!go) return flags["dry-run"] ? 0 : 1;
    const to = place ?? manifest.place;
    if (place === undefined && facts !== undefined && facts.identity !== manifest.identity)
        throw new SetupError(
            `The registry of ${stack.name} is not there: npm run up -- --stack ${stack.name}`,
        );
    if (place === undefined && !(await ground.makePlace(plan))) return registryFirst(restoring, plan, bare);
    if (isIdle(plan, overwrite)) print("All images are there already.");
    else {
        await bringImages(restoring, id, plan, to, overwrite);
        const other = overwrite ? plan.tags.filter(({ state }) => state === "other") : [];
        const back = other.map(({ path }) => path);
        if (remote !== undefined)
            await withProgress(
                "copying into the store",
                (update) => push(ground, remote, signal, back, update),
                { done: false },
            );
    }
    if (bare !== undefined) await bringState(machine, stack, plan, bare);
    // An `up` that was killed may have made the registry, and not all that comes after it.
    const isUp = registry?.running && (facts?.caPem === "" || existsSync(caFile(machine, stack)));
    if (isUp) return 0;
    return deploy(machine, "up", [...stackFlags(args), "--yes"]);
}

/** `npm run restore`: a backup's images into the deployment, or all of it onto a machine that knows nothing of it. */
export async function restore(machine: Machine, args: string[]): Promise<number> {
    const flags = parse(args);
    if (flags.json && !flags.list && !flags["dry-run"])
        throw new SetupError("--json is for what there is and would be: with --list or --dry-run.");
    const stack = findStack(machine, args);
    const facts =
        (await stackIdentity(machine, stack)) === undefined ? undefined : await readStack(machine, args);
    const configured = facts?.backup?.repository;
    if (flags.from === undefined && configured === undefined)
        throw new SetupError(
            facts === undefined
                ? `Stack ${stack.name} is not known here; name the repository of its backups: npm run restore -- --from /srv/backup`
                : `Stack ${stack.name} has no backup of its own; name a repository: npm run restore -- --from /srv/backup`,
        );
    const repository: Repository =
        facts !== undefined && (flags.from === undefined || flags.from === configured)
            ? backupOf(facts)
            : await givenRepository(machine, flags.from ?? "", flags);
    openLog(machine, `restore-${stack.name.replaceAll("/", "-")}`);
    const { signal, off } = abortOnSignal(
        "ending the restore",
        "The restore was ended before it was done; the same command goes on with it.",
    );
    const configFile = flags["config-file"];
    try {
        return await withGround({ machine, stack, facts, configFile }, (ground) =>
            ground.alone("restore", async () => {
                await ground.prepare();
                const restic = new Restic(ground, repository, signal);
                return work({ machine, args, flags, stack, facts, restic });
            }),
        );
    } catch (error) {
        throw withLog(error);
    } finally {
        off();
    }
}
