import type { X509Certificate } from "node:crypto";
import { isOnCluster } from "../setup/stack";
import { readFileSync } from "node:fs";

import { caDays, certificates } from "../components/tls/chain";
import { textOfFile } from "../components/tls/read";
import { connectTo } from "../engine/client";
import { SetupError } from "../setup/errors";
import type { Machine } from "../setup/machine";
import { say } from "../setup/progress";

import { deploy } from "./deploy";
import type { StackFacts } from "./facts/stack-facts";
import { Clients, type Seen } from "./rotate/clients";
import { caPlan, isDone, refuseForeignCertificate, STAGES, type Stage, stageOf } from "./rotate/plan";
import { rotate, ROTATE_FLAGS, standing } from "./rotate/run";
import { commandFlags, fileGiven, OF_STACK } from "./shared/arguments";
import { readClusterLog } from "./shared/cluster-log";
import { readFrontLog } from "./shared/front-log";
import { withReachable } from "./shared/on-cluster";

const FLAGS = {
    back: { type: "boolean", text: "takes step 1 or 2 back" },
    step: { type: "string", value: "1|2|3", text: "which step is meant: where it is done, nothing is" },
    cert: { type: "string", value: "FILE", text: "for step 1: certificate of a CA that you bring" },
    key: { type: "string", value: "FILE", text: "its private key" },
    ...ROTATE_FLAGS,
    ...OF_STACK,
} as const;

/** Clients that the screen names; the others are counted. */
const NAMED = 10;

const fingerprintOf = (certificate: X509Certificate): string =>
    certificate.fingerprint256.replaceAll(":", "").toLowerCase();

const day = (seconds: number): string =>
    new Date(seconds * 1000).toISOString().slice(0, 16).replace("T", " ");

/** Takes what the front's log tells. @returns nothing where there is no front */
async function seenBy(
    machine: Machine,
    { stack, engine, engineProblem, prefix, identity }: StackFacts,
    clients: Clients,
    configFile: string | undefined,
): Promise<Seen | undefined> {
    if (isOnCluster(stack))
        return withReachable(machine, stack, configFile, async (registry) => {
            if (registry === undefined) return undefined;
            await readClusterLog(registry, (line) => clients.take(line));
            return clients.seen();
        });
    if (engineProblem !== undefined) return undefined;
    const owner = { prefix, identity };
    const there = await readFrontLog(await connectTo(engine), owner, (line) => clients.take(line));
    return there ? clients.seen() : undefined;
}

/** What the log tells of the clients, a line each. */
function clientLines(seen: Seen | undefined, stage: Stage): string[] {
    if (stage === 0) return [];
    if (seen === undefined)
        return [
            "Which clients there are, and which have followed, is told by the log of the front, and there is none.",
        ];
    const { since, clients, installed } = seen;
    if (since === undefined || clients.length === 0) return ["The log of the front tells of no client yet."];
    const begin = `The log of the front, which begins ${day(since)} UTC, knows ${clients.length} client${clients.length === 1 ? "" : "s"}`;
    if (stage === 1)
        return [
            `${begin}. Whom it trusts a client does not say; from ${installed} address${installed === 1 ? "" : "es"} an installer was fetched since both CAs are in it.`,
        ];
    const left = clients.filter(({ followed }) => !followed);
    const more = left.length - NAMED;
    return [
        `${begin}; ${clients.length - left.length} of them have followed: they came under a certificate of the second CA.`,
        ...left
            .slice(0, NAMED)
            .map(({ client, agent, last }) => `  not yet: ${client} ${agent}, last seen ${day(last)} UTC`),
        ...(more > 0 ? [`  and ${more} more`] : []),
    ];
}

function readPem(machine: Machine, path: string): string {
    try {
        return textOfFile(readFileSync(fileGiven(machine, path)));
    } catch (error) {
        throw new SetupError(
            `${path} cannot be read: ${(error as NodeJS.ErrnoException).code ?? "unknown"}.`,
        );
    }
}

/** `npm run rotate-ca`: one step of three from one CA to the next, with any time between. */
export async function rotateCa(machine: Machine, args: string[]): Promise<number> {
    const flags = commandFlags(
        "rotate-ca",
        args,
        FLAGS,
        "the next of three steps to another CA, in which no client is refused before its time",
    );
    if ((flags.cert === undefined) !== (flags.key === undefined))
        throw new SetupError(
            "--cert and --key belong together: npm run rotate-ca -- --cert ca.crt --key ca.key",
        );
    const given =
        flags.cert === undefined || flags.key === undefined
            ? undefined
            : { cert: readPem(machine, flags.cert), key: readPem(machine, flags.key) };
    const now = await standing(machine, args, flags);
    const { facts, config } = now;
    refuseForeignCertificate(config, "CA that could be rotated");
    const stage = stageOf(config);
    if (now.deployed && flags.step !== undefined && isDone(stage, flags.step, flags.back ?? false)) {
        say(`There is nothing to do: ${STAGES[stage]}.`);
        return 0;
    }
    const cas = certificates(facts.caPem);
    const next = stage > 0 ? cas[1] : undefined;
    // Of one that was brought, its begin tells nothing.
    const made =
        config.tls.ownCa?.next?.cert === undefined ? next && Date.parse(next.validFrom) / 1000 : undefined;
    const seen =
        stage === 0
            ? undefined
            : await seenBy(
                  machine,
                  facts,
                  new Clients(next && fingerprintOf(next).slice(0, 8), made),
                  flags["config-file"],
              );
    const raw: unknown = JSON.parse(now.entries.tls || "{}");
    return rotate(machine, args, flags, now, {
        command: "rotate-ca",
        up: (more) => deploy(machine, "up", more),
        stands: {
            lines: [
                `The CA of ${facts.endpoint.host}: ${STAGES[stage]}.`,
                ...cas.map(
                    (one, i) =>
                        `  ${i + 1}. ${one.subject.replaceAll("\n", ", ")}, SHA-256 ${fingerprintOf(one)}, ${Math.floor(caDays(one.toString())?.left ?? 0)} days left`,
                ),
                ...clientLines(seen, stage),
            ],
            data: {
                stage,
                cas: cas.map((one) => ({
                    subject: one.subject,
                    sha256: fingerprintOf(one),
                    until: one.validTo,
                })),
                clients: seen ?? null,
            },
        },
        back: flags.back ?? false,
        plan: () => caPlan(config, raw, { back: flags.back, given }),
    });
}
