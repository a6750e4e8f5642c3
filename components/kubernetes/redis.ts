/** The cache that the replicas share: one pod, which keeps nothing. */
import * as pulumi from "@pulumi/pulumi";
import * as random from "@pulumi/random";

import {
    type RedisAccess,
    REDIS_DATA,
    REDIS_FOLDER,
    REDIS_PORT,
    redisCli,
    redisMemoryMb,
    renderRedis,
} from "../cache/redis-conf";
import type { Settled } from "../definition/inputs";
import type { Options } from "../options";

import { CONFINED, confinedPod, resources, shell, TOLD } from "./confined";
import { filesVolume } from "./files";
import { atService, type Beside, besidePolicy } from "./network";
import { KubernetesObject } from "./object";
import type { Place } from "./place";

/** The Redis, as the registry's pods find it. */
export interface SharedCache {
    /** Secret. */
    access: pulumi.Output<RedisAccess>;
    beside: Beside;
}

/** Makes it. Not a Deployment: two at once would each know a part, and one of them what the other was told to forget. */
export function sharedCache(
    place: Place,
    { image, memoryMb }: NonNullable<Settled<Options>["cache"]["valkey"]>,
): SharedCache {
    const { program, own, opts } = place;
    const name = pulumi.interpolate`${own}-redis`;
    const selected = { ...place.selected, "app.kubernetes.io/name": "private-registry-redis" };
    const metadata = { ...place.metadata, labels: { ...place.metadata.labels, ...selected } };
    const password = new random.RandomPassword(
        `${program}-redis-password`,
        { length: 43, special: false },
        // The provider of the cluster's objects is not that of this.
        { parent: opts.parent },
    ).result;
    const files = filesVolume(
        "redis",
        {
            "redis.conf": {
                content: pulumi
                    .all([password, memoryMb])
                    .apply(([text, mib]) => renderRedis({ password: text, memoryMb: mib })),
                mode: "0440",
            },
            password: { content: password, mode: "0440" },
        },
        { ...place, metadata },
    );
    const service = new KubernetesObject(
        "Service",
        `${program}-redis-service`,
        {
            metadata: { ...metadata, name, annotations: { "pulumi.com/skipAwait": "true" } },
            spec: { selector: selected, ports: [{ name: "redis", port: REDIS_PORT }] },
        },
        opts,
    );
    new KubernetesObject(
        "StatefulSet",
        `${program}-redis`,
        {
            metadata: { ...metadata, name },
            spec: {
                serviceName: name,
                replicas: 1,
                // Ordered, one that never got ready would have to be deleted by hand before its successor comes
                // (kubernetes.io/docs/concepts/workloads/controllers/statefulset, "Forced rollback").
                podManagementPolicy: "Parallel",
                selector: { matchLabels: selected },
                template: {
                    metadata: { labels: selected },
                    spec: {
                        ...confinedPod,
                        containers: [
                            {
                                name: "redis",
                                image,
                                // Valkey has the old names as well, Debian's package only the old ones.
                                command: ["redis-server", `${REDIS_FOLDER}/redis.conf`],
                                workingDir: REDIS_DATA,
                                ports: [{ name: "redis", containerPort: REDIS_PORT }],
                                readinessProbe: {
                                    ...shell(`${redisCli("ping")} | grep -q PONG`),
                                    ...{ periodSeconds: 5, timeoutSeconds: 5 },
                                },
                                resources: resources(pulumi.output(memoryMb).apply(redisMemoryMb), 32),
                                securityContext: CONFINED,
                                ...TOLD,
                                volumeMounts: [
                                    { name: files.name, mountPath: REDIS_FOLDER, readOnly: true },
                                    { name: "data", mountPath: REDIS_DATA, readOnly: true },
                                ],
                            },
                        ],
                        volumes: [files, { name: "data", emptyDir: { sizeLimit: "4Ki" } }],
                    },
                },
                revisionHistoryLimit: 0,
            },
        },
        { ...opts, customTimeouts: { create: "5m", update: "5m" } },
    );
    const beside = { selected, port: REDIS_PORT };
    besidePolicy(place, { ...metadata, name }, beside, { part: "redis" });
    return {
        access: pulumi.secret(
            pulumi.all([password, service.spec]).apply(([text, spec]): RedisAccess => ({
                addr: atService(spec, REDIS_PORT),
                password: text,
            })),
        ),
        beside,
    };
}
