import * as pulumi from "@pulumi/pulumi";
import * as random from "@pulumi/random";
import type { Provider } from "@pulumi/docker";

import type { Given } from "../definition/inputs";
import type { Path } from "../definition/problem";
import { type Endpoint, type EngineConfig, resolveEndpoint } from "../../engine/endpoint";
import { callEngine } from "../../engine/http";
import { ATTEMPT_LABEL, IDENTITY_LABEL, OWNER_LABEL, STACK_KEY_LABEL, STACK_LABEL } from "./hardening";

import {
    announcements,
    CLIENTS_LABEL,
    clientsLabel,
    type ClientView,
    fingerprint,
    readClientsLabel,
} from "./clients";
import { keep } from "./keep";
import { markScript } from "./marker";
import { portProblems } from "./ports";
import type { Kept } from "./restore";
import { stackKeyOf } from "./stack-key";
import {
    type EngineObject,
    foreignSentences,
    isLegacy,
    isMarked,
    LookRefused,
    type Plan,
    type PlannedPort,
    type PlannedVolume,
    type Proof,
    split,
    survey,
} from "./survey";

export interface DeploymentArgs {
    /** Start of the name of every Docker object. */
    prefix: string;
    /** Engine to deploy to, as in DOCKER_HOST. @default what the docker provider finds */
    dockerHost?: Given<string> | undefined;
    /** Identities of lost deployments, or names of objects, that count as the deployment's own. @default none */
    adopt?: Given<string[]> | undefined;
    /**
     * What tells the stack from all others, and outlives `pulumi destroy`.
     *
     * @default what Pulumi wrote into the stack's file (stack-key.ts)
     */
    stackKey?: string | undefined;
    /** What clients are given, to tell of a change before it is made. @default nothing is told */
    clients?: { places: pulumi.Output<ClientView["places"]>; cas: pulumi.Output<string>[] } | undefined;
    /** Fails where no Docker object may be made. @default it does not */
    right?: pulumi.Output<boolean> | undefined;
    /** How objects of version 0.1, which have no identity, show that they are the deployment's. @default they do not */
    legacy?: LegacyProof | undefined;
}

/** A text that this deployment's state alone has, and a file in which its containers have it. */
export interface LegacyProof {
    /** Names of containers, of which one is enough. */
    containers: string[];
    path: string;
    /** Secret. */
    text: pulumi.Output<string>;
}

/** The number of the attempt that a container is to be: the next one where it failed, else the one that it was. */
function dueAttempt({ labels, exitCode }: EngineObject): string {
    const was = Number(labels[ATTEMPT_LABEL] ?? 0);
    return String(exitCode ? was + 1 : was);
}

/** A port that a container is going to publish. */
export interface WantedPort {
    port: pulumi.Input<number>;
    ip: pulumi.Input<string>;
    /** The option that chooses it. */
    key: Path;
}

export type Labels = { label: string; value: pulumi.Input<string> }[];

/** The value of an output, or nothing where a preview cannot know it. */
async function known<T>(output: pulumi.Output<T>): Promise<T | undefined> {
    // Pulumi has both and leaves them out of its types. `apply` would not be called, and a preview wait for ever.
    const { isKnown, promise } = output as unknown as { isKnown: Promise<boolean>; promise(): Promise<T> };
    return (await isKnown) ? promise.call(output) : undefined;
}

/** Ends the program with a message that Pulumi, which puts words in front of each error on its way, shows as it is. */
export class Refused extends pulumi.RunError {
    constructor(text: string) {
        super(text);
        Object.defineProperty(this, "message", { get: () => text, set: () => undefined });
    }
}

/** Has Node not warn of an output that fails before somebody waits for it: somebody will. */
export function expected<T>(output: pulumi.Output<T>): pulumi.Output<T> {
    const { isKnown, isSecret } = output as unknown as Record<string, Promise<unknown>>;
    const { promise, allResources } = output as unknown as Record<string, () => Promise<unknown>>;
    for (const one of [isKnown, isSecret, promise?.call(output), allResources?.call(output)])
        one?.catch(() => undefined);
    return output;
}

/** The same value, of which Pulumi does not know on which resources it depends. */
export function detached<T>(output: pulumi.Output<T>): pulumi.Output<pulumi.Unwrap<T>> {
    const { promise } = output as unknown as { promise(): Promise<T> };
    return expected(pulumi.output(promise.call(output)));
}

/** A deployment's identity: random, kept in the state, the same with and without Docker; not a secret. */
export const identity = (name: string, parent: pulumi.Resource): pulumi.Output<string> =>
    new random.RandomId(`${name}-identity`, { byteLength: 16 }, { parent }).hex;

/** What was found before anything was changed. */
interface Survey {
    endpoint: Endpoint;
    proof: Proof;
    /** IDs of what is the deployment's own. */
    own: ReadonlySet<string>;
    kept: ReadonlyMap<string, Kept>;
    /** Containers that run for a moment → the attempt that is due. */
    attempts: ReadonlyMap<string, string>;
}

/**
 * What the Docker objects of a deployment have in common: an identity, the Engine, and a look into that Engine before the first
 * of them is made. The labels that every object needs are there only after it: where a name or a port is
 * somebody else's, no object changes.
 */
export class Deployment {
    readonly prefix: string;
    /** Random, kept in the state; not a secret. */
    readonly identity: pulumi.Output<string>;
    private readonly stackKey: string | undefined;
    private readonly ports: WantedPort[] = [];
    private readonly plan: Plan = { containers: new Set(), networks: new Set(), volumes: new Map() };
    private readonly survey: Promise<Survey | undefined>;
    private readonly checked: pulumi.Output<string>;

    constructor(
        name: string,
        private readonly args: DeploymentArgs,
        private readonly parent: pulumi.Resource,
    ) {
        this.prefix = args.prefix;
        this.stackKey = args.stackKey ?? stackKeyOf();
        this.identity = identity(name, parent);
        // After the program has named everything, which it does without a pause.
        this.survey = Promise.resolve().then(() => this.look());
        const looked = expected(pulumi.output(this.survey.then(() => true)));
        this.checked = expected(expected(pulumi.all([this.identity, looked])).apply(([hex]) => hex));
    }

    /** The labels of a container. @param ports what it publishes */
    container(name: string, ports: WantedPort[] = []): Labels {
        this.plan.containers.add(name);
        this.ports.push(...ports);
        return this.labels();
    }

    /** The ports that are known: a preview may not know one that another resource gives. */
    private async knownPorts(): Promise<PlannedPort[]> {
        const all = await Promise.all(
            this.ports.map(async ({ port, ip, key }) => {
                const found = await known(pulumi.all([port, ip]));
                return found && { port: found[0], ip: found[1], key };
            }),
        );
        return all.filter((one) => one !== undefined);
    }

    /** Path of the option that chooses a port of the Docker host. */
    async portKey(port: number): Promise<Path> {
        return (await this.knownPorts()).find((one) => one.port === port)?.key ?? ["port"];
    }

    /**
     * The labels of a container that runs for a moment. Pulumi takes one that ended with an error for created, and would leave
     * it so for ever; this label makes it anew on the next `up`.
     */
    task(name: string): Labels {
        const attempt = this.survey.then((found) => found?.attempts.get(name) ?? "0");
        return [...this.container(name), { label: ATTEMPT_LABEL, value: expected(pulumi.output(attempt)) }];
    }

    network(name: string): Labels {
        this.plan.networks.add(name);
        return this.labels();
    }

    volume(name: string, volume: Partial<PlannedVolume> = {}): Labels {
        const { data = false, given = false } = volume;
        this.plan.volumes.set(name, { data, given });
        const { stackKey } = this;
        return data && stackKey !== undefined
            ? [...this.labels(), { label: STACK_KEY_LABEL, value: stackKey }]
            : this.labels();
    }

    /** Shell script that makes a folder of the Docker host the deployment's own, or refuses it. */
    markScript(folder: string, { path, key }: { path: string; key: Path }): pulumi.Output<string> {
        const { stackKey } = this;
        const stack = `${pulumi.getProject()}/${pulumi.getStack()}`;
        return pulumi
            .all([this.identity, this.args.adopt ?? []])
            .apply(([identity, adopt]) =>
                markScript(folder, { identity, stack, stackKey, adopt, path, key }),
            );
    }

    /** The Engine that the resources go to; nothing where this program cannot tell or reach it. */
    async engine(): Promise<Endpoint | undefined> {
        return (await this.survey.catch(() => undefined))?.endpoint;
    }

    /** What ran before. */
    async kept(): Promise<ReadonlyMap<string, Kept>> {
        return (await this.survey.catch(() => undefined))?.kept ?? new Map<string, Kept>();
    }

    /** Tells of an object of the Engine whether it is the deployment's own. */
    async ownership(): Promise<
        (object: { name: string; id: string; labels: Record<string, string> }) => boolean
    > {
        const found = await this.survey.catch(() => undefined);
        if (found === undefined) return () => false;
        const identity = await known(this.identity);
        const identities = new Set([
            ...found.proof.identities,
            ...(identity === undefined ? [] : [identity]),
        ]);
        return (object) => found.own.has(object.id) || isMarked(object, { ...found.proof, identities });
    }

    /** The label that remembers what clients were given, for the container that writes the registry's files. */
    clients(): Labels {
        const { clients } = this.args;
        if (clients === undefined) return [];
        const { places, cas } = clients;
        const value = pulumi
            .all([places, pulumi.all(cas)])
            .apply(([all, pems]) => clientsLabel({ places: all, cas: pems.map(fingerprint) }));
        return [{ label: CLIENTS_LABEL, value }];
    }

    /** Says what clients have to do, before anything is changed. */
    private async announce(own: readonly EngineObject[]): Promise<void> {
        const { clients } = this.args;
        const before = own
            .map(({ labels }) => readClientsLabel(labels[CLIENTS_LABEL]))
            .find((one) => one !== undefined);
        if (clients === undefined || before === undefined) return;
        const places = await known(clients.places);
        const pems = await Promise.all(clients.cas.map(known));
        const cas = pems.map((pem) => (pem === undefined ? undefined : fingerprint(pem)));
        const after = { places: places ?? {}, cas };
        for (const sentence of announcements(before, after)) await pulumi.log.warn(sentence, this.parent);
    }

    private labels(): Labels {
        return [
            { label: OWNER_LABEL, value: this.prefix },
            { label: IDENTITY_LABEL, value: this.checked },
            { label: STACK_LABEL, value: `${pulumi.getProject()}/${pulumi.getStack()}` },
        ];
    }

    /** What was given of the Engine, for a plugin that has the environment too; nothing where this program cannot tell. */
    engineGiven(): pulumi.Output<EngineConfig | undefined> {
        return pulumi.output(this.given());
    }

    /** What was given of the Engine: by the component, the program's provider, or the configuration of docker. */
    private async given(): Promise<EngineConfig | undefined> {
        const provider = this.parent.getProvider("docker:index/container:Container") as Provider | undefined;
        if (this.args.dockerHost !== undefined && provider === undefined) {
            // A host that the same program makes is not there yet in a preview.
            const host = await known(pulumi.output(this.args.dockerHost));
            return host === undefined ? undefined : { host };
        }
        if (provider === undefined) {
            const config = new pulumi.Config("docker");
            return {
                host: config.get("host"),
                context: config.get("context"),
                certPath: config.get("certPath"),
            };
        }
        const { host, context, certPath, caMaterial, certMaterial, keyMaterial } = provider;
        const all = { host, context, certPath, caMaterial, certMaterial, keyMaterial };
        for (const output of Object.values(all) as (pulumi.Output<unknown> | undefined)[])
            if (output !== undefined && !(await (output as unknown as { isKnown: Promise<boolean> }).isKnown))
                return undefined;
        const value = async (output: pulumi.Output<string | undefined> | undefined) =>
            output && ((await known(output)) || undefined);
        // Certificates that are in no file: only the provider has them.
        for (const material of [caMaterial, certMaterial, keyMaterial])
            if (await value(material)) return undefined;
        return { host: await value(host), context: await value(context), certPath: await value(certPath) };
    }

    /** @throws pulumi.RunError where something is not the deployment's to use */
    private async look(): Promise<Survey | undefined> {
        if (this.args.right !== undefined) await known(this.args.right);
        const given = await this.given();
        if (given === undefined) return undefined;
        let endpoint: Endpoint;
        let objects: EngineObject[];
        try {
            endpoint = resolveEndpoint(given);
            objects = await survey(endpoint, this.plan);
        } catch (error) {
            if (error instanceof LookRefused) throw new Refused(error.message);
            // No Engine: the provider tells the same, in its own words, before it changes anything.
            return undefined;
        }
        const { stackKey } = this;
        const { prefix } = this.args;
        const adopt = (await known(pulumi.output(this.args.adopt ?? []))) ?? [];
        const identity = await known(this.identity);
        const named = new Set(adopt);
        const proof: Proof = {
            identities: new Set([...named, ...(identity === undefined ? [] : [identity])]),
            adopted: named,
            stackKey,
            legacy:
                objects.some((one) => isLegacy(one, prefix)) && (await this.isOurs(endpoint))
                    ? prefix
                    : undefined,
        };
        const { own, foreign } = split(objects, this.plan, proof);
        const containers = objects.filter(({ kind }) => kind === "container");
        const problems = [
            ...foreignSentences(foreign, adopt.length),
            ...(await portProblems(endpoint, await this.knownPorts(), containers, (one) =>
                isMarked(one, proof),
            )),
        ];
        if (problems.length > 0)
            throw new Refused(
                `No Docker object was changed.\n${problems.map((problem) => `  ${problem}`).join("\n")}`,
            );
        await this.announce(own);
        const running = own.filter((one): one is EngineObject => one.kind === "container" && one.running);
        return {
            endpoint,
            proof,
            own: new Set(own.map(({ id }) => id)),
            attempts: new Map(
                own.filter(({ kind }) => kind === "container").map((one) => [one.name, dueAttempt(one)]),
            ),
            kept: pulumi.runtime.isDryRun() ? new Map() : await keep(endpoint, running, containers),
        };
    }

    /** Whether the objects of version 0.1 are this deployment's: their file has what this state alone knows. */
    private async isOurs(endpoint: Endpoint): Promise<boolean> {
        const { legacy } = this.args;
        const text = legacy && (await known(legacy.text));
        if (legacy === undefined || text === undefined) return false;
        for (const name of legacy.containers) {
            const path = `/containers/${encodeURIComponent(name)}/archive?path=${encodeURIComponent(legacy.path)}`;
            const { status, body } = await callEngine(endpoint, { path });
            if (status === 200 && body.includes(text)) return true;
        }
        return false;
    }
}
