import * as docker from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";
import * as random from "@pulumi/random";

import type { NexusArgs } from "../args";
import { type Given, type Settled, settle } from "../definition/inputs";
import type { SiteOptions } from "../front/made";
import { lookups, type OutboundArgs } from "../outbound/outbound";
import { Deployment } from "../deployment/deployment";
import { boundedLog, confined, memoryLimit, service } from "../deployment/hardening";
import { recover } from "../deployment/recovery";

import { NEXUS, type NexusOptions } from "./options";
import {
    containerMemory,
    DOCKER_REALM,
    hasPolicy,
    NEXUS_FOLDER,
    NEXUS_PORT,
    plannedRepositories,
    plannedTasks,
    POLICY,
    upstreams,
    vmParams,
    type Wishes,
} from "./plan";
import {
    NexusAdmin,
    NexusCleanupPolicy,
    NexusProvider,
    NexusRepository,
    NexusSettings,
    NexusTask,
} from "./resources";

/** The options of Nexus, and what it has in common with the deployment. */
export interface NexusComponentArgs extends NexusArgs {
    /** Start of the name of every Docker object, where there is no deployment. @default the component's name */
    prefix?: string | undefined;
    /** @default one of its own */
    deployment?: Deployment | undefined;
    /** Names and name servers by which it reaches other repositories; its proxy is set in Nexus itself. */
    outbound?: OutboundArgs | undefined;
    /** The data volume outlives the deployment, and no repository is deleted with components in it. @default true */
    keepData?: boolean | undefined;
    /** Network of the Engine on which a front finds Nexus. @default one of its own */
    networkName?: pulumi.Input<string> | undefined;
    /** Engine to deploy to, as in DOCKER_HOST. @default what the docker provider finds */
    dockerHost?: pulumi.Input<string> | undefined;
}

type Settings = Settled<NexusOptions> & Pick<NexusComponentArgs, "outbound" | "keepData" | "networkName">;

/** Seconds that Nexus gets to close its database. */
const STOP_SECONDS = 120;
/** Seconds that a first start may take. */
const START_SECONDS = 600;

/** The image of Sonatype has curl, a small one may have only busybox. */
const STATUS = `http://127.0.0.1:${NEXUS_PORT}/service/rest/v1/status/writable`;
const HEALTHY = `curl -fsS -o /dev/null ${STATUS} || wget -q -O /dev/null ${STATUS}`;

const below = (label: string, domain: Given<string>): Given<string> =>
    typeof domain === "string" ? `${label}.${domain}` : domain.apply((of) => `${label}.${of}`);

/** A Sonatype Nexus Repository 3: container, data, and what is in it. */
export class Nexus extends pulumi.ComponentResource {
    /** Where this machine reaches the REST API and the UI; resolves when all is set up. */
    readonly url: pulumi.Output<string>;
    /** Password of the user admin. Secret. */
    readonly adminPassword: pulumi.Output<string>;
    /** For a front on the same network. */
    readonly sites: SiteOptions[];
    readonly networkName: pulumi.Output<string>;

    /** @throws pulumi.RunError with everything that is wrong with the options */
    constructor(name: string, given: NexusComponentArgs, opts?: pulumi.ComponentResourceOptions) {
        super("private-registry:index:Nexus", name, {}, opts);
        const {
            prefix: own,
            deployment: of,
            outbound,
            keepData,
            networkName,
            dockerHost,
            ...options
            // JavaScript lets a program leave them out.
        } = { ...(given as NexusComponentArgs | undefined) };
        const settled = settle(NEXUS, options);
        const args: Settings = { ...settled.options, outbound, keepData, networkName };
        const parent = { parent: this };
        const deployment =
            of ??
            new Deployment(
                name,
                {
                    prefix: own ?? name,
                    dockerHost: dockerHost && pulumi.output(dockerHost),
                    right: settled.right,
                },
                this,
            );
        const { prefix } = deployment;
        const wishes: Wishes = { ...args, force: args.keepData === false };
        const password =
            args.adminPassword ??
            new random.RandomPassword(`${name}-admin-password`, { length: 24, special: false }, parent)
                .result;
        const { port } = args;
        const url = args.apiUrl ?? pulumi.interpolate`http://127.0.0.1:${port}`;
        const container = this.container(name, deployment, port, args);
        const provider = new NexusProvider(
            `${name}-provider`,
            { url, password, container: `${prefix}-nexus`, engine: deployment.engineGiven() },
            parent,
        );
        const last = this.content(name, { container, provider, password, args, wishes });

        this.adminPassword = pulumi.secret(password);
        const domain = args.domain ?? "nexus";
        this.sites = upstreams(`${prefix}-nexus`, wishes).map(({ label, upstream }) => ({
            id: label === undefined ? "nexus" : `nexus-${label}`,
            name: label === undefined ? domain : below(label, domain),
            upstream,
        }));
        this.url = pulumi.all([url, pulumi.all(last.map(({ id }) => id))]).apply(([at]) => at);
        this.networkName = container.networksAdvanced.apply((networks) => networks?.[0]?.name ?? "");
        this.registerOutputs({ url: this.url, adminPassword: this.adminPassword });
    }

    private container(
        name: string,
        deployment: Deployment,
        port: Given<number>,
        args: Settings,
    ): docker.Container {
        const parent = { parent: this };
        const { prefix } = deployment;
        const names = {
            container: `${prefix}-nexus`,
            volume: `${prefix}-nexus-data`,
            network: `${prefix}-nexus`,
        };
        const key = ["nexus", "port"];
        const onError = [new pulumi.ErrorHook(`${name}-recovery`, recover(deployment))];
        const image = new docker.RemoteImage(
            `${name}-image`,
            { name: args.image, keepLocally: true },
            parent,
        );
        const volume = new docker.Volume(
            `${name}-data`,
            { name: names.volume, labels: deployment.volume(names.volume, { data: true }) },
            // As the volume of the registry: a stack that is renamed keeps it.
            { ...parent, retainOnDelete: args.keepData ?? true, ignoreChanges: ["labels", "name"] },
        );
        const network =
            args.networkName ??
            new docker.Network(
                `${name}-network`,
                { name: names.network, labels: deployment.network(names.network) },
                { ...parent, hooks: { onError }, ignoreChanges: ["labels"] },
            ).name;
        const files = args.openFiles;
        const memory = pulumi.all([args.heapMb, args.directMemoryMb]);
        return new docker.Container(
            `${name}-container`,
            {
                name: names.container,
                image: image.imageId,
                labels: deployment.container(names.container, [{ port, ip: "127.0.0.1", key }]),
                user: "200:200",
                envs: [memory.apply(([heap, direct]) => `INSTALL4J_ADD_VM_PARAMS=${vmParams(heap, direct)}`)],
                // Plain HTTP with the administrator's password: never beyond the host itself.
                ports: [{ internal: NEXUS_PORT, external: port, ip: "127.0.0.1", protocol: "tcp" }],
                volumes: [{ volumeName: volume.name, containerPath: NEXUS_FOLDER }],
                networksAdvanced: [{ name: network }],
                ...lookups(args.outbound),
                ...(files === 0 ? {} : { ulimits: [{ name: "nofile", soft: files, hard: files }] }),
                healthcheck: {
                    tests: ["CMD-SHELL", HEALTHY],
                    interval: "3s",
                    timeout: "10s",
                    // Ten minutes as Go writes them: the provider would see "600s" as a change on every `up`.
                    startPeriod: "10m0s",
                    retries: 10,
                },
                wait: true,
                waitTimeout: START_SECONDS,
                ...confined,
                ...boundedLog,
                ...service,
                ...memoryLimit(memory.apply(([heap, direct]) => containerMemory(heap, direct))),
                stopTimeout: STOP_SECONDS,
                destroyGraceSeconds: STOP_SECONDS,
            },
            {
                ...parent,
                hooks: { onError },
                replaceOnChanges: ["#initerror", "healthcheck"],
                deleteBeforeReplace: true,
            },
        );
    }

    /** @returns what all else waits for */
    private content(
        name: string,
        {
            container,
            provider,
            password,
            args,
            wishes,
        }: {
            container: docker.Container;
            provider: NexusProvider;
            password: pulumi.Input<string>;
            args: Settings;
            wishes: Wishes;
        },
    ): pulumi.CustomResource[] {
        const parent = { parent: this, provider };
        const admin = new NexusAdmin(
            `${name}-admin`,
            { password, generated: args.adminPassword === undefined },
            { ...parent, dependsOn: [container] },
        );
        // What goes with its container stays in the volume: `destroy` deletes no repository.
        const inside = { ...parent, deletedWith: container };
        const settings = new NexusSettings(
            `${name}-settings`,
            { anonymous: args.anonymous, acceptEula: args.acceptEula, realms: [DOCKER_REALM] },
            { ...inside, dependsOn: [container, admin] },
        );
        const before: pulumi.CustomResource[] = [container, admin, settings];
        if (hasPolicy(args.cleanup)) {
            const policy = { name: POLICY, ...args.cleanup };
            before.push(new NexusCleanupPolicy(`${name}-cleanup`, policy, { ...inside, dependsOn: before }));
        }
        const made = new Map<string, NexusRepository>();
        for (const repository of plannedRepositories(wishes)) {
            const members = (repository.members ?? []).flatMap((member) => made.get(member) ?? []);
            const options = { ...inside, dependsOn: [...before, ...members] };
            made.set(
                repository.name,
                new NexusRepository(`${name}-repository-${repository.name}`, repository, options),
            );
        }
        const repositories = [...made.values()];
        const tasks = plannedTasks(wishes).map(
            (task) =>
                new NexusTask(`${name}-task-${task.type}`, task, {
                    ...inside,
                    dependsOn: [...before, ...repositories],
                }),
        );
        return [...repositories, ...tasks];
    }
}
