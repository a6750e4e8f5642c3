import { connectTo, type Engine } from "../engine/client";
import { found } from "../engine/errors";
import { exec } from "../engine/run";
import { readTar } from "../engine/tar";
import type { ContainerInspectInfo } from "../engine/types";
import { PROXY_FILE } from "../components/outbound/proxy-file";
import { frontName } from "../components/front/settings";
import { CONFIG_FOLDER } from "../components/storage/folders";
import { copiers, sidesOf, type SyncOptions } from "../components/sync/options";
import { SetupError } from "../setup/errors";
import { ensureImages, nameInEngine } from "../setup/image";
import { note, openLog, withLog } from "../setup/log";
import type { Machine } from "../setup/machine";
import { print, withProgress } from "../setup/progress";

import { inspect } from "./gc/engine";
import { mendFirst } from "./gc/notice";
import { engineOf, readStack, type StackFacts } from "./facts/stack-facts";
import { commandFlags, OF_STACK } from "./shared/arguments";
import { isOf } from "./shared/identity";
import { type ContainerJob, runContainer, TAKE_SECRETS } from "./shared/job";
import { withLock } from "./shared/lock";
import { keepEnd } from "./shared/runs";
import { abortOnSignal } from "./shared/signals";
import { readConfig } from "./shared/stack-config";
import type { Parties } from "./sync/reason";
import { END_ONE, type Here, renderJob, syncScript } from "./sync/regsync";
import { Reading } from "./sync/report";
import { resultOf, resultText, type SyncResult } from "./sync/result";
import { receiving, Standstill } from "./sync/received";
import { routeTo } from "./sync/route";

const FLAGS = {
    "dry-run": { type: "boolean", default: false, text: "tells what would be copied, and copies nothing" },
    json: { type: "boolean", default: false, text: "the result as JSON" },
    ...OF_STACK,
} as const;

/** A registry that keeps a connection and sends nothing would keep the deployment's lock, and with it backups and renewals. */
const STANDSTILL_MINUTES = 10;

/** The jobs that are meant, all where none is named. @throws SetupError where one is not there */
function chosen({ jobs }: SyncOptions, names: readonly string[]): [string, SyncOptions["jobs"][string]][] {
    const known = Object.keys(jobs);
    if (known.length === 0)
        throw new SetupError(
            "There is no job yet. One, for instance: pulumi config set --path sync.jobs.alpine.from docker.io/library/alpine:3",
        );
    const missing = names.find((name) => !known.includes(name));
    if (missing !== undefined)
        throw new SetupError(`There is no job ${missing} in sync.jobs; there are: ${known.join(", ")}.`);
    return Object.entries(jobs).filter(([name]) => names.length === 0 || names.includes(name));
}

/** The login at this registry; nothing where nobody needs one. @throws SetupError where its password is not known */
function loginOf(
    { passwords }: StackFacts,
    { sync, users, auth }: Awaited<ReturnType<typeof readConfig>>,
    pushes: boolean,
): Here["login"] {
    if (!auth) return undefined;
    const user = sync.user ?? copiers({ users }, pushes)[0];
    const password = user === undefined ? undefined : passwords[user];
    if (user === undefined || password === undefined)
        throw new SetupError(
            `The password of ${user ?? "a user who may"} is not known to the stack yet: npm run up, and then the same command again.`,
        );
    return { user, password };
}

/** The variables of the proxy that the registry itself goes through; nothing where there is none. */
async function proxyOf(engine: Engine, registry: ContainerInspectInfo): Promise<Record<string, Buffer>> {
    const path = `${CONFIG_FOLDER}/${PROXY_FILE}`;
    const archive = await found(() => engine.getContainer(registry.Id).getArchive({ path }));
    const [content] = archive === undefined ? [] : [...(await readTar(archive, () => true)).values()];
    return content === undefined ? {} : { "secrets/proxy.env": content };
}

/** Runs it, with a line that tells how far it is. @throws SetupError where regsync itself does not work */
async function copy(
    engine: Engine,
    job: ContainerJob,
    parties: Parties,
    dryRun: boolean,
): Promise<SyncResult> {
    const started = Date.now();
    const reading = new Reading(parties);
    const standstill = new Standstill(STANDSTILL_MINUTES * 60_000);
    const received = receiving(engine, job.name, (at, bytes) => {
        if (!standstill.counted(at, bytes)) return;
        reading.stoodStill(STANDSTILL_MINUTES);
        void exec(engine, job.name, ["/bin/sh", "-c", END_ONE]).catch(() => undefined);
    });
    let code: number;
    try {
        code = await withProgress(
            dryRun ? "looking" : "copying",
            (update) =>
                runContainer(engine, job, (line) => {
                    note(line);
                    standstill.goesOn();
                    reading.line(line);
                    update(reading.progress(Date.now(), received.rate()));
                }),
            { done: false },
        );
    } finally {
        received.stop();
    }
    if (code !== 0)
        throw new SetupError(
            `The container ${job.name} was ended while it was at work (code ${code}): run the same command again.`,
        );
    const [why] = reading.unexplained;
    if (why !== undefined) throw new SetupError(`regsync does not work as the kit expects it to: ${why}`);
    return resultOf(reading.jobs, parties.own, dryRun, (Date.now() - started) / 1000);
}

/** `npm run sync`: copies images from and to other registries, as the option sync says. */
export async function sync(machine: Machine, args: string[]): Promise<number> {
    const names: string[] = [];
    const flags = commandFlags(
        "sync",
        args,
        FLAGS,
        "[JOB …] copies images from and to other registries, as the option sync says",
        undefined,
        names,
    );
    const facts = await readStack(machine, args);
    const endpoint = engineOf(facts);
    const { stack, prefix, identity } = facts;
    const config = await readConfig(facts.pulumi, flags["config-file"]);
    const jobs = chosen(config.sync, names);
    await mendFirst(machine, endpoint, stack);
    const engine = await connectTo(endpoint);
    const registry = await inspect(engine, stack.settings.containerName ?? prefix);
    if (registry === undefined || !isOf(registry.Config.Labels, prefix, identity) || !registry.State.Running)
        throw new SetupError(
            `No registry of ${prefix} is running in this Engine: npm run up -- --stack ${stack.name}`,
        );
    const front = await inspect(engine, frontName(prefix));
    const server = front !== undefined && isOf(front.Config.Labels, prefix, identity) ? front : registry;
    const { address, hostname, host } = routeTo(facts.endpoint, registry, server);
    const pushes = jobs.some(([, job]) => sidesOf(job, address).to.host === undefined);
    const here: Here = {
        ...{ address, hostname, caPem: facts.caPem, plainHttp: facts.endpoint.protocol === "http:" },
        login: loginOf(facts, config, pushes),
    };
    openLog(machine, `sync-${stack.name.replaceAll("/", "-")}`);
    const { signal, off } = abortOnSignal(
        "ending the copy",
        "The copy was ended before it was done; what is there is whole, and the next run copies the rest.",
    );
    const owner = { prefix, identity };
    const dryRun = flags["dry-run"];
    try {
        const result = await withLock(engine, owner, "sync", async () => {
            const { image } = config.sync;
            const needed = { front: false, cache: false, nexus: false, sync: true, syncImage: image };
            await ensureImages(machine, endpoint, { ...stack.settings, ...needed });
            const { Id } = await engine.getImage(await nameInEngine(endpoint, image)).inspect();
            const files = jobs.map(([, job], at) => [
                `secrets/${at}.yml`,
                renderJob(job, here, config.sync.registries),
            ]);
            const script = syncScript(
                jobs.map(([name]) => name),
                hostname.replace(/:\d+$/, ""),
                dryRun,
            );
            const job = {
                name: `${prefix}-sync`,
                ...{ owner, signal },
                container: {
                    Image: Id,
                    Entrypoint: ["/bin/sh", "-c", TAKE_SECRETS + script],
                    Cmd: [],
                    User: "0:0",
                    HostConfig: { ...host, ReadonlyRootfs: true },
                },
                files: { ...Object.fromEntries(files), ...(await proxyOf(engine, registry)) },
            };
            const { registries } = config.sync;
            return copy(engine, job, { own: address, hostname, user: here.login?.user, registries }, dryRun);
        });
        if (!dryRun && result.failed === 0) await keepEnd(engine, owner, "sync");
        if (flags.json) process.stdout.write(`${JSON.stringify(result, undefined, 2)}\n`);
        else print(resultText(result));
        return result.failed > 0 ? 1 : 0;
    } catch (error) {
        throw withLog(error);
    } finally {
        off();
    }
}
