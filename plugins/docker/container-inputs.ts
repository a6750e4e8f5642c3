/** The rules of a container's inputs. Replacement and defaults are those of the official schema. */
import type { Unwrap } from "@pulumi/pulumi";
import type { ContainerArgs } from "@pulumi/docker";

import type { InputRule } from "../framework/resource";

import { absolutePath, atLeast, base64, duration, matching, oneOf, port } from "./rules";
import { labelsRule } from "./state";

export type ContainerInputs = Unwrap<ContainerArgs>;
export type Upload = NonNullable<ContainerInputs["uploads"]>[number];
export type Mount = NonNullable<ContainerInputs["mounts"]>[number];
export type VolumeMount = NonNullable<ContainerInputs["volumes"]>[number];
export type Healthcheck = NonNullable<ContainerInputs["healthcheck"]>;

type Rules = Record<string, InputRule>;

const text = { type: "string" } as const;
const flag = { type: "boolean" } as const;
const whole = { type: "integer" } as const;
const map = { type: "map", element: "string" } as const;
const strings = { type: "array", element: "string" } as const;
const stringSet = { ...strings, set: true } as const;
const replace = { replace: true } as const;
/** The Engine or the image gives what the program does not. */
const computed = { computed: true } as const;
const duration0 = { ...text, default: "0s", validate: duration };

const files: Rules = {
    uploads: {
        type: "array",
        set: true,
        ...replace,
        members: {
            file: { ...text, required: true },
            content: text,
            contentBase64: { ...text, validate: base64 },
            source: text,
            sourceHash: text,
            executable: flag,
            permissions: { ...text, validate: matching(/^0[0-7]{3}$/, "0444") },
        },
    },
    volumes: {
        type: "array",
        set: true,
        ...replace,
        members: {
            volumeName: text,
            hostPath: { ...text, validate: absolutePath },
            containerPath: text,
            fromContainer: text,
            readOnly: flag,
            selinuxRelabel: { ...text, validate: oneOf("z", "Z") },
        },
    },
    mounts: {
        type: "array",
        set: true,
        ...replace,
        members: {
            type: { ...text, required: true, validate: oneOf("bind", "volume", "tmpfs") },
            target: { ...text, required: true },
            source: text,
            readOnly: flag,
            bindOptions: {
                type: "object",
                members: {
                    propagation: {
                        ...text,
                        validate: oneOf("private", "rprivate", "shared", "rshared", "slave", "rslave"),
                    },
                },
            },
            volumeOptions: {
                type: "object",
                members: {
                    noCopy: flag,
                    labels: labelsRule,
                    driverName: text,
                    driverOptions: map,
                    subpath: text,
                },
            },
            tmpfsOptions: { type: "object", members: { sizeBytes: whole, mode: whole } },
        },
    },
    tmpfs: map,
};

const networking: Rules = {
    ports: {
        type: "array",
        // The official provider compares them in any order.
        set: true,
        ...replace,
        members: {
            internal: { ...whole, required: true, validate: port },
            external: { ...whole, ...computed, validate: port },
            ip: { ...text, default: "0.0.0.0" },
            protocol: { ...text, default: "tcp", validate: oneOf("tcp", "udp", "sctp") },
        },
    },
    publishAllPorts: { ...flag, ...replace },
    networkMode: { ...text, default: "bridge", ...replace },
    networksAdvanced: {
        type: "array",
        set: true,
        ...replace,
        members: {
            name: { ...text, required: true },
            aliases: stringSet,
            ipv4Address: text,
            ipv6Address: text,
            linkLocalIps: stringSet,
            macAddress: text,
            driverOpts: stringSet,
            gwPriority: whole,
        },
    },
    hostname: { ...text, ...computed, ...replace },
    domainname: { ...text, ...replace },
    dns: { ...stringSet, ...replace },
    dnsOpts: { ...stringSet, ...replace },
    dnsSearches: { ...stringSet, ...replace },
    hosts: {
        type: "array",
        set: true,
        ...replace,
        members: { host: { ...text, required: true }, ip: { ...text, required: true } },
    },
};

const limits: Rules = {
    memory: { ...whole, validate: atLeast(0) },
    memoryReservation: { ...whole, validate: atLeast(0) },
    // The Engine makes it twice the memory where it is not given.
    memorySwap: { ...whole, ...computed, validate: atLeast(-1) },
    shmSize: { ...whole, ...computed, ...replace, validate: atLeast(0) },
    cpuShares: { ...whole, validate: atLeast(0) },
    cpuSet: { ...text, validate: matching(/^\d+([,-]\d+)*$/, "0-3 or 0,2") },
    cpus: { ...text, ...replace, validate: matching(/^(?=.*[1-9])\d*\.?\d+$/, "1.5") },
    ulimits: {
        type: "array",
        set: true,
        ...replace,
        members: {
            name: { ...text, required: true },
            soft: { ...whole, required: true },
            hard: { ...whole, required: true },
        },
    },
};

const security: Rules = {
    user: { ...text, ...computed, ...replace },
    groupAdds: { ...stringSet, ...replace },
    privileged: { ...flag, ...replace },
    readOnly: { ...flag, ...replace },
    capabilities: { type: "object", ...replace, members: { adds: stringSet, drops: stringSet } },
    securityOpts: { ...stringSet, ...computed, ...replace },
    sysctls: { ...map, ...replace },
    pidMode: { ...text, ...replace },
    ipcMode: { ...text, ...computed, ...replace },
    usernsMode: { ...text, ...replace },
};

const lifecycle: Rules = {
    restart: { ...text, default: "no", validate: oneOf("no", "on-failure", "always", "unless-stopped") },
    maxRetryCount: { ...whole, validate: atLeast(0) },
    start: { ...flag, default: true },
    mustRun: { ...flag, default: true },
    attach: { ...flag, default: false },
    logs: { ...flag, default: false },
    rm: { ...flag, default: false },
    wait: { ...flag, default: false },
    waitTimeout: { ...whole, default: 60, validate: atLeast(1) },
    removeVolumes: { ...flag, default: true },
    destroyGraceSeconds: { ...whole, validate: atLeast(0) },
    stopSignal: { ...text, ...computed, ...replace },
    stopTimeout: { ...whole, ...computed, ...replace, validate: atLeast(0) },
    containerReadRefreshTimeoutMilliseconds: { ...whole, default: 15000 },
    healthcheck: {
        type: "object",
        ...computed,
        members: {
            tests: strings,
            interval: duration0,
            timeout: duration0,
            startPeriod: duration0,
            startInterval: duration0,
            retries: { ...whole, validate: atLeast(0) },
        },
    },
};

export const containerRules: Rules = {
    name: { ...text, ...replace },
    image: { ...text, required: true, ...replace },
    command: { ...strings, ...computed, ...replace },
    entrypoints: { ...strings, ...computed, ...replace },
    envs: { ...stringSet, ...computed, ...replace },
    labels: { ...labelsRule, ...computed },
    workingDir: { ...text, ...computed, ...replace },
    init: { ...flag, ...computed },
    tty: { ...flag, ...replace },
    stdinOpen: { ...flag, ...replace },
    runtime: { ...text, ...computed, ...replace },
    logDriver: { ...text, ...computed, ...replace },
    logOpts: { ...map, ...replace },
    ...files,
    ...networking,
    ...limits,
    ...security,
    ...lifecycle,
};
