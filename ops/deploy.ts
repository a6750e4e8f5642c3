import { hostname } from "node:os";
import { createInterface } from "node:readline/promises";
import { hostAndPort } from "../address/address";
import { deploymentName } from "../components/kubernetes/names";
import { Engine } from "../engine/client";
import { bringConfiguration } from "../setup/bundle";
import { HERE, checkClone, rememberClone } from "../setup/clone";
import { clusterSentence } from "../setup/cluster-errors";
import type { MirrorAccess } from "../components/mirror/mirror";
import { coloured } from "../setup/colour";
import { SetupError } from "../setup/errors";
import { type Outputs, type Told, nothing } from "../setup/events";
import { breakDeadLock } from "../setup/file-backend";
import { currentLog, note, openLog } from "../setup/log";
import type { Machine } from "../setup/machine";
import { type Prepared, prepare } from "../setup/prepare";
import { type Lacking, lackingText } from "../setup/presence";
import { say } from "../setup/progress";
import { findStack, flagValue, prefixOf } from "../setup/stack";
import { wrongPassphrase } from "../setup/state";
import { changeLines, line, preparedLines, upLines, verdict } from "../setup/summary";
import { hasTimers } from "./schedule/timers";
import { mendClusterFirst, mendFirst } from "./gc/notice";
import { withClusterLock } from "./shared/cluster-lock";
import { stackIdentity } from "./shared/identity";
import { withLock } from "./shared/lock";
import { type ClusterRegistry, withReachable } from "./shared/on-cluster";
import { lackingNow, lostOnCluster, movedImages, refreshNeeded } from "./lost";
import { forgetRecord } from "./upgrade/record";
import { upstreamProblems, upstreamProblemsBehind, upstreamSentences } from "./facts/upstreams";
import { ClusterUp } from "./shared/cluster-up";
import { BUNDLE, commandFlags, fileGiven, OF_STACK } from "./shared/arguments";
import { PulumiRun, type Verb, askPulumi } from "./shared/pulumi-run";

/** Flags that answer Pulumi's question, or after which it asks none. */
const ANSWERED = ["--yes", "-y", "--skip-preview", "-f", "--preview-only", "--remote"];
/** Flags with which Pulumi's own display is what the user wants to see. */
const OWN_DISPLAY = /^(--(preview-only|remote|json|diff|debug|logtostderr|show-.*|verbose)|-[jd])(=.*)?$/;

const FLAGS = {
    yes: { type: "boolean", short: "y", text: "does not ask" },
    verbose: { type: "boolean", text: "Pulumi's own display" },
    ...BUNDLE,
    [HERE.slice(2)]: { type: "boolean", text: "goes on here with a stack of another folder" },
    ...OF_STACK,
} as const;
const TEXTS = {
    up: "deploys the stack: makes, changes and mends",
    destroy: "removes what `npm run up` made, but for the images in the registry",
} as const;

/** The flags that `pulumi up` and `destroy` get beside the user's own. */
export function extraFlags(args: string[], stack: string, interactive: boolean): string[] {
    const flags = flagValue(args, "stack", "s") === undefined ? ["--stack", stack] : [];
    if (!interactive && !args.some((arg) => ANSWERED.includes(arg))) flags.push("--yes", "--skip-preview");
    return flags;
}

/** The user's flags without the kit's own; Pulumi knows `--verbose` with a number alone. */
export function pulumiFlags(args: string[]): string[] {
    return args.filter(
        (arg, i) =>
            arg !== HERE &&
            !/^--bundle(=|$)/.test(arg) &&
            args[i - 1] !== "--bundle" &&
            (arg !== "--verbose" || /^\d+$/.test(args[i + 1] ?? "")),
    );
}

/** `npm run up` and `npm run destroy`: prepares the machine, runs Pulumi on it and says what came of it. */
export async function deploy(machine: Machine, verb: Verb, args: string[]): Promise<number> {
    const { bundle } = commandFlags(verb, args, FLAGS, TEXTS[verb], `\`pulumi ${verb}\``);
    const bundleFile = fileGiven(machine, bundle);
    await bringConfiguration(machine, bundleFile);
    const stack = findStack(machine, args);
    checkClone(machine, stack, args);
    const prepared = await prepare(machine, stack, { images: verb === "up", bundle: bundleFile });
    openLog(machine, `${verb}-${stack.name.replaceAll("/", "-")}`);
    for (const text of preparedLines(prepared)) note(text);
    breakDeadLock(machine, stack, hostname());
    const configFile = flagValue(args, "config-file");
    return withReachable(machine, stack, configFile, (registry) =>
        deployPrepared(machine, verb, args, { prepared, registry, bundleFile }),
    );
}

/** What a deployment has beside its flags. */
interface Place {
    prepared: Prepared;
    /** On a cluster that is reached; nothing before the first deployment. */
    registry: ClusterRegistry | undefined;
    bundleFile: string | undefined;
}

async function deployPrepared(
    machine: Machine,
    verb: Verb,
    args: string[],
    { prepared, registry, bundleFile }: Place,
): Promise<number> {
    const { engine, stack } = prepared;
    if (engine) await mendFirst(machine, engine, stack);
    if (registry) await mendClusterFirst(machine, registry);
    const cluster =
        verb === "up"
            ? await ClusterUp.begin(machine, stack, flagValue(args, "config-file"), registry?.options)
            : undefined;
    // Gone from the state afterwards.
    const identity = verb === "destroy" && engine ? await stackIdentity(machine, stack) : undefined;
    const refreshing = args.some((arg) => /^(--refresh|-r)(=|$)/.test(arg));
    const again = verb === "up" && !refreshing ? await refreshNeeded(machine, prepared) : [];
    const lost = cluster && !refreshing ? await lostOnCluster(machine, prepared, cluster) : [];
    const moved = verb === "up" && bundleFile !== undefined ? await movedImages(machine, prepared) : [];
    const flags = [...pulumiFlags(args), ...again, ...lost, ...moved];
    // The variable by which Pulumi itself takes every question as answered; it would refuse to look what goes with it.
    const answered = /^(1|t|true)$/i.test(machine.env.PULUMI_SKIP_CONFIRMATIONS ?? "");
    const interactive = Boolean(process.stdin.isTTY && process.stdout.isTTY && !machine.env.CI && !answered);
    const pulumi = new PulumiRun(machine, prepared, verb, flagValue(args, "config-file"));
    const alone = <T>(work: () => Promise<T>) => {
        if (registry) return withClusterLock(registry, verb, work);
        return engine ? withLock(new Engine(engine), { prefix: prefixOf(stack) }, verb, work) : work();
    };
    if (args.some((arg) => OWN_DISPLAY.test(arg))) {
        const code = await alone(() =>
            pulumi.shown([...flags, ...extraFlags(args, stack.name, interactive)]),
        );
        return code === 0 && verb === "up" && !args.includes("--preview-only")
            ? finish(machine, prepared, nothing(), cluster)
            : code;
    }
    const all = [...flags, ...extraFlags(args, stack.name, true)];
    if (interactive && !args.some((arg) => ANSWERED.includes(arg))) {
        const { code, told } = await pulumi.preview(all);
        if (code !== 0) return failed(machine, prepared, told, code, cluster);
        if (told.changes.length > 0 && !(await agreed(verb, told))) return 1;
    }
    const started = Date.now();
    const apply = () => alone(() => pulumi.apply(all));
    const { code, told } = await (cluster === undefined ? apply() : cluster.deploying(apply));
    // What an update that failed did is done all the same.
    rememberClone(machine, stack);
    if (code !== 0) return failed(machine, prepared, told, code, cluster);
    warn(told);
    if (engine && verb === "destroy")
        await forgetRecord(new Engine(engine), { prefix: prefixOf(stack), identity });
    const seconds = (Date.now() - started) / 1000;
    const lines = [
        coloured(verdict(verb, told, seconds), "green", process.stdout),
        ...changeLines(told.changes),
    ];
    process.stdout.write(`${lines.join("\n")}\n`);
    if (verb === "up") return finish(machine, prepared, told, cluster);
    if (await hasTimers(machine, { stack: stack.name, prefix: prefixOf(stack) }))
        say(
            "Warning: its timers are still in force, and that of `up` would deploy it again: npm run schedule -- --remove",
        );
    return done([]);
}

/** Says what is up, once it is seen to be. */
async function finish(
    machine: Machine,
    prepared: Prepared,
    told: Told,
    cluster: ClusterUp | undefined,
): Promise<number> {
    const missing = await lackingNow(machine, prepared);
    if (missing.length > 0) {
        throw new SetupError(
            `Pulumi is done, and the Engine tells another thing: ${lackingText(missing)}. ${advice(missing)}`,
        );
    }
    const outputs = told.outputs ?? (await askPulumi(machine, prepared, ["stack", "output", "--json"])) ?? {};
    const { mirrors = {} } = outputs as Partial<Deployed>;
    const problems = await unreachedUpstreams(prepared, cluster, outputs);
    warn({ warnings: upstreamSentences(problems, mirrors, cluster !== undefined) });
    const rest = told.changes.length > 0 ? preparedLines(prepared) : [];
    return done([...upLines(machine, prepared, outputs as Outputs), ...rest]);
}

/** Of a stack's outputs what tells where its mirrors are. */
interface Deployed {
    identity: string;
    endpoint: string;
    caCertificatePem: string;
    mirrors: Record<string, MirrorAccess>;
}

/** Name of a mirror that does not reach its upstream → why; nothing of those that cannot be asked from here. */
async function unreachedUpstreams(
    { engine, stack }: Prepared,
    cluster: ClusterUp | undefined,
    outputs: Partial<Deployed>,
): Promise<Record<string, string>> {
    const { mirrors = {}, caCertificatePem: caPem = "", endpoint, identity } = outputs;
    if (engine) return upstreamProblems(engine, mirrors, caPem);
    const none = Object.keys(mirrors).length === 0;
    if (none || cluster === undefined || endpoint === undefined || identity === undefined) return {};
    const url = new URL(endpoint);
    const name = deploymentName(prefixOf(stack), identity);
    // What a cluster does not tell by now is no failure of an `up` that is done.
    const given = await cluster.address(name).catch(() => undefined);
    const address = given ?? hostAndPort(url).host;
    return (await upstreamProblemsBehind({ endpoint: url, address, caPem }, mirrors)) ?? {};
}

/** What to do about the first thing that is not as it should be. */
function advice([first]: readonly Lacking[]): string {
    if (first === undefined) return "";
    if (first.state === "paused") return `\`docker unpause ${first.name}\` has it go on.`;
    return first.state === "gone"
        ? "Run `npm run up` again: it makes what is gone."
        : `\`docker logs ${first.name}\` tells why it does not run.`;
}

function done(lines: string[]): number {
    for (const text of lines) note(text);
    const log = currentLog();
    const all = [...lines, ...(log ? [line("Log", log.file)] : [])];
    process.stdout.write(`${all.join("\n")}\n`);
    return 0;
}

function warn({ warnings }: Pick<Told, "warnings">): void {
    for (const warning of warnings) say(coloured(`Warning: ${warning}`, "yellow", process.stderr));
}

/** Says what Pulumi could not do. */
function failed(
    machine: Machine,
    { stack, state }: Prepared,
    told: Told,
    code: number,
    cluster: ClusterUp | undefined,
): number {
    warn(told);
    const errors = told.errors.map((error) =>
        /incorrect passphrase/.test(error)
            ? wrongPassphrase(machine, stack, state)
            : (clusterSentence(error) ?? error),
    );
    // A cluster says the same of each object.
    for (const error of new Set(errors))
        say(coloured(cluster?.inPlace(error) ?? error, "red", process.stderr));
    const changed = told.changes.length > 0 ? "What was done before is in the state; nothing is lost. " : "";
    say(`${changed}Mend it and run the same command again. Log: ${currentLog()?.file ?? "none"}`);
    return code;
}

/** Shows what is going to be, and asks. */
async function agreed(verb: Verb, { changes }: Told): Promise<boolean> {
    process.stdout.write(`${changeLines(changes, true).join("\n")}\n`);
    const asking = createInterface({ input: process.stdin, output: process.stdout });
    const question = verb === "up" ? "Make these changes?" : "Remove all this?";
    try {
        const answer = await asking.question(`${question} [y/N] `);
        if (/^y(es)?$/i.test(answer.trim())) return true;
        say("Nothing was changed.");
        return false;
    } finally {
        asking.close();
    }
}
