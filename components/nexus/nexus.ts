import * as docker from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";
import * as random from "@pulumi/random";

import { lookups, type OutboundArgs } from "../outbound";
import { Deployment } from "../deployment/deployment";
import { boundedLog, confined, memoryLimit, service } from "../hardening";
import { recover } from "../recovery";

import {
    containerMemory,
    DOCKER_REALM,
    hasPolicy,
    NEXUS_FOLDER,
    NEXUS_IMAGE,
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

export interface NexusArgs extends Omit<Wishes, "force"> {
    /** Start of the name of every Docker object, where there is no deployment. @default the component's name */
    prefix?: string | undefined;
    /** @default one of its own */
    deployment?: Deployment | undefined;
    /** Host name under which a front shows Nexus. @default "nexus" */
    domain?: string | undefined;
    /** true: the licence of Nexus (links.sonatype.com/products/nxrm/ce-eula) is accepted. Nothing is made without. */
    acceptEula: boolean;
    /** Anyone who reaches Nexus may read every repository. @default false */
    anonymous?: boolean | undefined;
    /** Password of the user admin. @default 24 random characters */
    adminPassword?: pulumi.Input<string> | undefined;
    /** @default NEXUS_IMAGE */
    image?: string | undefined;
    /** Port of 127.0.0.1 of the Docker host, for the REST API and the UI. @default 8081 */
    port?: number | undefined;
    /** Where this machine reaches that port. @default `http://127.0.0.1:${port}` */
    apiUrl?: string | undefined;
    /** Heap of Java in MiB. @default 2703, as in the image */
    heapMb?: number | undefined;
    /** Direct memory of Java in MiB. @default 2703, as in the image */
    directMemoryMb?: number | undefined;
    /** Names and name servers by which it reaches other repositories; its proxy is set in Nexus itself. */
    outbound?: OutboundArgs | undefined;
    /** Files that Nexus may open; 0 leaves it to the Engine, which may have no right to so many. @default 65536 */
    openFiles?: number | undefined;
    /** The data volume outlives the deployment, and no repository is deleted with components in it. @default true */
    keepData?: boolean | undefined;
    /** Network of the Engine on which a front finds Nexus. @default one of its own */
    networkName?: pulumi.Input<string> | undefined;
    /** Engine to deploy to, as in DOCKER_HOST. @default what the docker provider finds */
    dockerHost?: string | undefined;
}

/** Seconds that Nexus gets to close its database. */
const STOP_SECONDS = 120;
/** Seconds that a first start may take. */
const START_SECONDS = 600;

/** The image of Sonatype has curl, a small one may have only busybox. */
const STATUS = `http://127.0.0.1:${NEXUS_PORT}/service/rest/v1/status/writable`;
const HEALTHY = `curl -fsS -o /dev/null ${STATUS} || wget -q -O /dev/null ${STATUS}`;

/** A Sonatype Nexus Repository 3: container, data, and what is in it. */
export class Nexus extends pulumi.ComponentResource {
    /** Where this machine reaches the REST API and the UI; resolves when all is set up. */
    readonly url: pulumi.Output<string>;
    /** Password of the user admin. Secret. */
    readonly adminPassword: pulumi.Output<string>;
    /** For a front on the same network: host name → URL there. */
    readonly upstreams: Record<string, string>;
    readonly networkName: pulumi.Output<string>;

    constructor(name: string, args: NexusArgs, opts?: pulumi.ComponentResourceOptions) {
        super("private-registry:index:Nexus", name, {}, opts);
        if (!args.acceptEula)
            throw new pulumi.RunError(
                "Nexus runs only under its licence (https://links.sonatype.com/products/nxrm/ce-eula): read it and set acceptEula to true.",
            );
        const parent = { parent: this };
        const deployment =
            args.deployment ??
            new Deployment(name, { prefix: args.prefix ?? name, dockerHost: args.dockerHost }, this);
        const { prefix } = deployment;
        const wishes: Wishes = { ...args, force: args.keepData === false };
        const password =
            args.adminPassword ??
            new random.RandomPassword(`${name}-admin-password`, { length: 24, special: false }, parent)
                .result;
        const port = args.port ?? NEXUS_PORT;
        const url = args.apiUrl ?? `http://127.0.0.1:${port}`;
        const container = this.container(name, deployment, port, args);
        const provider = new NexusProvider(
            `${name}-provider`,
            { url, password, container: `${prefix}-nexus`, engine: deployment.engineGiven() },
            parent,
        );
        const last = this.content(name, { container, provider, password, args, wishes });

        this.adminPassword = pulumi.secret(password);
        this.upstreams = upstreams(args.domain ?? "nexus", `${prefix}-nexus`, wishes);
        this.url = pulumi.all(last.map(({ id }) => id)).apply(() => url);
        this.networkName = container.networksAdvanced.apply((networks) => networks?.[0]?.name ?? "");
        this.registerOutputs({ url: this.url, adminPassword: this.adminPassword });
    }

    private container(name: string, deployment: Deployment, port: number, args: NexusArgs): docker.Container {
        const parent = { parent: this };
        const { prefix } = deployment;
        const names = {
            container: `${prefix}-nexus`,
            volume: `${prefix}-nexus-data`,
            network: `${prefix}-nexus`,
        };
        const key = "nexus.port";
        const onError = [
            new pulumi.ErrorHook(
                `${name}-recovery`,
                recover(deployment, () => key),
            ),
        ];
        const image = new docker.RemoteImage(
            `${name}-image`,
            { name: args.image ?? NEXUS_IMAGE, keepLocally: true },
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
        const files = args.openFiles ?? 65536;
        const [heap, direct] = [args.heapMb ?? 2703, args.directMemoryMb ?? 2703];
        return new docker.Container(
            `${name}-container`,
            {
                name: names.container,
                image: image.imageId,
                labels: deployment.container(names.container, [{ port, ip: "127.0.0.1", key }]),
                user: "200:200",
                envs: [`INSTALL4J_ADD_VM_PARAMS=${vmParams(heap, direct)}`],
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
                ...memoryLimit(containerMemory(heap, direct)),
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
            args: NexusArgs;
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
            { anonymous: args.anonymous ?? false, acceptEula: args.acceptEula, realms: [DOCKER_REALM] },
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
