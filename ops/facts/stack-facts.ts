/** What commands that operate a running stack know of it. They prepare and install nothing but a missing Pulumi CLI. */
import { type Deed, mostAble, nobodyMay, type Rights, USES } from "../../components/auth/able";
import type { BackupOptions } from "../../components/backup/options";
import { formatPath } from "../../components/definition/problem";
import type { MirrorAccess } from "../../components/mirror/mirror";
import type { Keys } from "../../config/keys";
import type { Endpoint } from "../../engine/endpoint";
import { engineCandidates, engineEnv } from "../../setup/engine";
import { ping } from "../../engine/http";
import { SetupError } from "../../setup/errors";
import type { Machine } from "../../setup/machine";
import { findStack, prefixOf, type Stack } from "../../setup/stack";
import { isStackReady } from "../../setup/state";
import { withoutPasswords } from "../../text/redact";
import { type Collection, noticeCollection } from "../gc/notice";
import type { RegistryTarget } from "../shared/registry-api";
import { type StackPulumi, stackPulumi } from "../shared/stack-pulumi";

export interface StackFacts {
    stack: Stack;
    /** Start of the names of its Docker objects, and the value of their label. */
    prefix: string;
    /** What is written on every Docker object of it; nothing where version 0.1 deployed it. */
    identity: string | undefined;
    engine: Endpoint;
    /** Why the Engine does not answer; nothing where it does. */
    engineProblem: string | undefined;
    /** The garbage collection that is at work, or was left over; nothing where no Engine answers. */
    collection: Collection | undefined;
    /** `https://docker.example.com:8443` */
    endpoint: URL;
    /** PEM; "" without TLS, and for a CA that everyone trusts. */
    caPem: string;
    /** User → password. Never to be shown, nor to stand in arguments. */
    passwords: Record<string, string>;
    /** User → what he may do, as deployed. */
    users: Record<string, Rights>;
    mirrors: Record<string, MirrorAccess>;
    /** What `npm run export` writes; nothing before an `up` that has it. Secret. */
    hostExport: unknown;
    /** The option of that name; nothing where it is not set. Secret. */
    backup: BackupOptions | undefined;
    /** Client → what to do there. */
    clientSetup: Record<string, string>;
    /** What was rotated up to the last `up`; nothing where nothing was. */
    keys: Keys | undefined;
    /** Runs the prepared Pulumi on the stack; @returns its standard output */
    pulumi: StackPulumi;
}

/** The first Engine that answers, else the first in line with the reason. */
async function findEngine(
    machine: Machine,
    configured: string | undefined,
): Promise<{ engine: Endpoint; engineProblem: string | undefined }> {
    const { candidates } = engineCandidates(machine, configured);
    let first: { engine: Endpoint; engineProblem: string } | undefined;
    for (const engine of candidates) {
        const answer = await ping(engine);
        if (answer.ok) return { engine, engineProblem: undefined };
        first ??= { engine, engineProblem: answer.reason };
    }
    if (first === undefined)
        throw new SetupError("No place to look for a Docker Engine is known: set DOCKER_HOST.");
    return first;
}

/**
 * Reads a stack, and ends a garbage collection of its registry that was left over.
 *
 * @param args the command's, which may name another stack than the selected one, and another file of configuration
 * @throws SetupError where it is not deployed
 */
export async function readStack(machine: Machine, args: string[]): Promise<StackFacts> {
    const stack = findStack(machine, args);
    const up = `run \`npm run up${stack.named ? ` -- --stack ${stack.name}` : ""}\` first`;
    if (!stack.ownBackend && !isStackReady(machine, { ...stack, named: true }))
        throw new SetupError(`There is no stack ${stack.name} yet: ${up}.`);
    const { engine, engineProblem } = await findEngine(machine, stack.settings.dockerHost);
    const pulumi = await stackPulumi(machine, stack, engineEnv(engine, machine.env));
    const outputs = JSON.parse(await pulumi(["stack", "output", "--json", "--show-secrets"])) as {
        endpoint?: string;
        identity?: string;
        caCertificatePem?: string;
        passwords?: Record<string, string>;
        users?: Record<string, Rights>;
        mirrors?: Record<string, MirrorAccess>;
        hostExport?: unknown;
        backup?: BackupOptions;
        clientSetup?: Record<string, string>;
        keys?: Keys;
    };
    const { passwords = {} } = outputs;
    if (outputs.endpoint === undefined)
        throw new SetupError(`The stack ${stack.name} is not deployed: ${up}.`);
    return {
        stack,
        prefix: prefixOf(stack),
        identity: outputs.identity,
        engine,
        engineProblem,
        collection: engineProblem === undefined ? await noticeCollection(machine, engine, stack) : undefined,
        endpoint: new URL(outputs.endpoint),
        caPem: outputs.caCertificatePem ?? "",
        passwords,
        // Of a stack that an earlier version deployed nobody knows who may do what.
        users: outputs.users ?? Object.fromEntries(Object.keys(passwords).map((name) => [name, {}])),
        mirrors: outputs.mirrors ?? {},
        hostExport: outputs.hostExport,
        backup: outputs.backup,
        clientSetup: outputs.clientSetup ?? {},
        keys: outputs.keys,
        pulumi,
    };
}

/** @throws SetupError where no Engine answers */
export function engineOf({ engine, engineProblem }: StackFacts): Endpoint {
    if (engineProblem === undefined) return engine;
    throw new SetupError(
        `No Docker Engine answers at ${withoutPasswords(engine.url)} (${engineProblem}): start it there.`,
    );
}

/** Address at which this machine reaches what the Engine publishes: the name may not be known to DNS here. */
export function engineAddress({ url }: Endpoint, published = "0.0.0.0"): string {
    const target = /^(?:tcp|ssh|https?):/.test(url)
        ? new URL(url).hostname.replace(/^\[|\]$/g, "")
        : "127.0.0.1";
    return published === "0.0.0.0" || published === "::" ? target : published;
}

/**
 * How to reach the stack's registry.
 *
 * @param deeds what is going to be done there: the login is of a user who may do the first of these that anyone may. @default the most
 * @returns without a login where nobody may do any of them by a password that the stack knows
 */
export function registryTarget(
    { endpoint, caPem, users, passwords }: StackFacts,
    address: string,
    ...deeds: readonly Deed[]
): RegistryTarget {
    const known = Object.entries(users).filter(([name]) => passwords[name] !== undefined);
    const user = mostAble(Object.fromEntries(known), deeds.length > 0 ? deeds : USES);
    const password = user === undefined ? undefined : passwords[user];
    return {
        endpoint,
        address,
        caPem,
        login: user === undefined || password === undefined ? undefined : { user, password },
    };
}

/** With authentication off. */
export const noUsers = (users: StackFacts["users"]): boolean => Object.keys(users).length === 0;

/** Who is needed for something that none of the users may do: a sentence, and its fix. */
export const lackOf = (deed: Deed, name: string): { text: string; fix: string } => ({
    text: nobodyMay(deed),
    fix: `pulumi config set --path ${formatPath(["users", name, "generate"])} true && npm run up`,
});
