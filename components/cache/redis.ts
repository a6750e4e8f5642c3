import { createHash } from "node:crypto";

import * as docker from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";
import * as random from "@pulumi/random";

import { type Deployment, detached } from "../deployment/deployment";
import { awaited, boundedLog, confined, memoryLimit, service } from "../deployment/hardening";

import { ConfigVolume } from "../registry/config-volume";
import {
    type RedisAccess,
    REDIS_DATA,
    REDIS_FOLDER,
    REDIS_PORT,
    redisCli,
    redisMemoryMb,
    redisName,
    renderRedis,
} from "./redis-conf";

/** A Redis that keeps what the registry knows of its blobs. */
export interface RedisOptions {
    /** Valkey, or Redis 6.2 or newer. A local image of that name is used without a pull. */
    image: pulumi.Input<string>;
    /** MiB that the cache may hold. @default 64 */
    memoryMb?: pulumi.Input<number> | undefined;
}

export interface RedisArgs extends RedisOptions {
    /** Whose prefix is the start of the name of every Docker object. */
    deployment: Deployment;
    onError: pulumi.ErrorHook[];
}

/** Some user without a name, who reads the files by the group. */
const USER = "999:0";

/** The registry's cache: memory alone, behind a password, in a network with the registry and nothing else. */
export class Redis extends pulumi.ComponentResource {
    /** Secret. */
    readonly access: pulumi.Output<RedisAccess>;
    /** Network in which it is reached; it leads nowhere else. */
    readonly networkName: pulumi.Output<string>;
    readonly container: docker.Container;

    constructor(name: string, args: RedisArgs, opts?: pulumi.ComponentResourceOptions) {
        super("private-registry:index:Redis", name, {}, opts);
        const parent = { parent: this };
        const { deployment } = args;
        const containerName = redisName(deployment.prefix);
        const memoryMb = pulumi.output(args.memoryMb ?? 64);
        const password = new random.RandomPassword(`${name}-password`, { length: 43, special: false }, parent)
            .result;
        const conf = pulumi
            .all([password, memoryMb])
            .apply(([text, mib]) => renderRedis({ password: text, memoryMb: mib }));
        const { imageId } = new docker.RemoteImage(
            `${name}-image`,
            { name: args.image, keepLocally: true },
            parent,
        );
        const config = new ConfigVolume(
            `${name}-config`,
            {
                volumeName: `${containerName}-config`,
                deployment,
                imageId,
                folder: REDIS_FOLDER,
                files: {
                    "redis.conf": {
                        content: conf,
                        mode: "0440",
                    },
                    password: { content: password, mode: "0440" },
                },
                onError: args.onError,
            },
            parent,
        );
        const network = new docker.Network(
            `${name}-network`,
            { name: containerName, internal: true, labels: deployment.network(containerName) },
            { ...parent, hooks: { onError: args.onError }, ignoreChanges: ["labels"] },
        );
        this.container = new docker.Container(
            `${name}-container`,
            {
                name: containerName,
                image: imageId,
                // It reads its configuration when it starts. Of a text with a random secret, so it gives nothing away.
                labels: [
                    ...deployment.container(containerName),
                    {
                        label: "private-registry.config",
                        value: pulumi.unsecret(
                            conf.apply((text) => createHash("sha256").update(text).digest("hex")),
                        ),
                    },
                ],
                // Valkey has the old names as well, Debian's package only the old ones.
                entrypoints: ["redis-server"],
                command: [`${REDIS_FOLDER}/redis.conf`],
                user: USER,
                workingDir: REDIS_DATA,
                volumes: [{ volumeName: config.volumeName, containerPath: REDIS_FOLDER, readOnly: true }],
                tmpfs: { [REDIS_DATA]: "ro,size=4k" },
                networksAdvanced: [{ name: network.name }],
                readOnly: true,
                ...awaited(`${redisCli("ping")} | grep -q PONG`),
                ...confined,
                ...boundedLog,
                ...service,
                ...memoryLimit(memoryMb.apply(redisMemoryMb)),
            },
            {
                ...parent,
                hooks: { onError: args.onError },
                dependsOn: [config.writer],
                replaceOnChanges: ["#initerror", "healthcheck"],
                deleteBeforeReplace: true,
            },
        );
        this.networkName = network.name;
        this.access = pulumi.secret(
            pulumi
                // Detached, or Pulumi would delete the registry with what writes these files, before a new Redis is there.
                .all([password, detached(config.written)])
                .apply(([text]): RedisAccess => ({ addr: `${containerName}:${REDIS_PORT}`, password: text })),
        );
        this.registerOutputs({ networkName: this.networkName });
    }
}
