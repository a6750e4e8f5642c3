import { connectTo } from "../engine/client";
import { ensureEngine } from "../setup/engine";
import { SetupError } from "../setup/errors";
import type { Machine } from "../setup/machine";
import { say } from "../setup/progress";
import { findStack, prefixOf, type Stack, isOnCluster } from "../setup/stack";
import { CONTROL, escaped } from "../text/shell";

import { type Choice, checkChoice, isChosen, moment, refusalOf, textsOf } from "./audit/choice";
import { commandFlags, OF_STACK } from "./shared/arguments";
import { readClusterLog } from "./shared/cluster-log";
import { doneBy, type LogChoice, type LogLine, readFrontLog } from "./shared/front-log";
import { stackIdentity } from "./shared/identity";
import { withClusterRegistry } from "./shared/on-cluster";
import { abortOnSignal } from "./shared/signals";

const FLAGS = {
    since: {
        type: "string",
        value: "TIME",
        default: "7d",
        text: "30m, 12h, 7d, 4w, or a date; 7d where not given",
    },
    until: { type: "string", value: "TIME", text: "likewise; now where not given" },
    user: {
        type: "string",
        value: "NAME",
        multiple: true,
        text: 'whose requests; "" for those without a login',
    },
    repository: { type: "string", value: "NAME", multiple: true, text: "team/app, or 'team/*'" },
    action: {
        type: "string",
        value: "ACTION",
        multiple: true,
        text: "push, pull, delete, mount, check, list, login, other",
    },
    refused: { type: "boolean", default: false, text: "nothing but what was refused" },
    all: { type: "boolean", default: false, text: "every request: layers, checks, lists and logins too" },
    json: { type: "boolean", default: false, text: "the lines of the log, a JSON object each" },
    ...OF_STACK,
} as const;

/** What it was about: `team/app:1.0`, `team/app@sha256:0123456789ab`, the path, or that of a site. */
function subjectOf({ site, path, repository, digest }: LogLine): string {
    if (site) return site + path;
    const [, reference] = /\/manifests\/([^/]+)$/.exec(path) ?? [];
    if (reference === undefined) return repository === "" ? path : path.replace(/^\/v2\//, "");
    const short = (one: string) => one.slice(0, "sha256:".length + 12);
    if (reference.includes(":")) return `${repository}@${short(reference)}`;
    return `${repository}:${reference}${digest ? ` (${short(digest)})` : ""}`;
}

/** `2026-01-31 18:00:00  ci            192.0.2.7        push    team/app:1.0 (sha256:0123456789ab)`, the time in UTC. */
export function row(line: LogLine): string {
    const { at, user, client, action, status } = line;
    const why = refusalOf(line) ?? (status >= 400 ? `answered ${status}` : undefined);
    const cells = [
        new Date(at * 1000).toISOString().slice(0, 19).replace("T", " "),
        (doneBy(line) ?? (user === "" ? "-" : user)).padEnd(12),
        client.padEnd(15),
        action.padEnd(6),
        subjectOf(line) + (why === undefined ? "" : `  REFUSED: ${why}`),
    ];
    return cells.join("  ").replace(CONTROL, escaped);
}

/** `npm run audit`: who did what, from the front's log. */
export async function audit(machine: Machine, args: string[]): Promise<number> {
    const flags = commandFlags("audit", args, FLAGS, "who did what, from the front's log");
    const choice: Choice = {
        since: moment("since", flags.since),
        until: flags.until === undefined ? Infinity : moment("until", flags.until),
        users: flags.user,
        repositories: flags.repository,
        actions: flags.action,
        refused: flags.refused,
        all: flags.all,
    };
    checkChoice(choice);
    if (choice.since >= choice.until)
        throw new SetupError(`--until is "${flags.until}", not after --since "${flags.since}".`);
    const stack = findStack(machine, args);
    const { signal, off } = abortOnSignal("ending", "The log was not read to its end.");
    let shown = 0;
    const take = (line: LogLine, text: string) => {
        if (!isChosen(line, choice)) return;
        shown += 1;
        process.stdout.write(`${flags.json ? text : row(line)}\n`);
    };
    const log = { since: choice.since, having: textsOf(choice) };
    try {
        if (isOnCluster(stack)) {
            await withClusterRegistry(machine, stack, flags["config-file"], (registry) =>
                readClusterLog(registry, take, log, signal),
            );
            say(
                "Of pods that are gone, and of what their nodes have no more, nothing is told: docs/kubernetes.md.",
            );
        } else await readOnEngine(machine, stack, take, log, signal);
    } finally {
        off();
    }
    if (flags.json) return 0;
    const from = new Date(Math.max(choice.since, 0) * 1000).toISOString().slice(0, 16).replace("T", " ");
    say(`${shown === 0 ? "No request" : `${shown} request${shown === 1 ? "" : "s"}`} since ${from} UTC.`);
    return 0;
}

/** @throws SetupError where there is no front */
async function readOnEngine(
    machine: Machine,
    stack: Stack,
    take: (line: LogLine, text: string) => void,
    choice: LogChoice,
    signal: AbortSignal,
): Promise<void> {
    const prefix = prefixOf(stack);
    const engine = await connectTo(await ensureEngine(machine, stack.settings.dockerHost));
    const owner = { prefix, identity: await stackIdentity(machine, stack) };
    if (!(await readFrontLog(engine, owner, take, choice, signal)))
        throw new SetupError(
            `No front of ${prefix} is in this Engine, and it alone writes down who did what: npm run up (front.off must not be set, docs/front.md).`,
        );
}
