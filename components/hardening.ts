/** What every container of the kit has in common, so that a new one is as safe as the others. */
import type * as docker from "@pulumi/docker";

/** Label that tells which deployment an object belongs to; its value is the deployment's prefix. */
export const OWNER_LABEL = "private-registry.deployment";

/** Seconds that a container gets to end by itself, over the time that the registry drains. */
export const DRAIN_SECONDS = 30;
export const STOP_SECONDS = DRAIN_SECONDS + 5;

/** The labels of a deployment's objects. */
export const ownedBy = (prefix: string) => [{ label: OWNER_LABEL, value: prefix }];

/** No capability, no way to gain one. */
export const confined = {
    capabilities: { drops: ["ALL"] },
    securityOpts: ["no-new-privileges:true"],
} satisfies Partial<docker.ContainerArgs>;

/** Logs that cannot fill the disk. */
export const boundedLog = {
    logDriver: "json-file",
    logOpts: { "max-size": "10m", "max-file": "3" },
} satisfies Partial<docker.ContainerArgs>;

/** Stops in time, is back after a reboot. */
export const service = {
    // The Engine's own default, said aloud for those who check it (CIS Docker 5.11); `cpus` is the limit.
    cpuShares: 1024,
    restart: "unless-stopped",
    stopTimeout: STOP_SECONDS,
    destroyGraceSeconds: STOP_SECONDS,
} satisfies Partial<docker.ContainerArgs>;

/** A memory limit without swap on top of it, in MiB. */
export const memoryLimit = (mib: number) => ({ memory: mib, memorySwap: mib });

/**
 * Shell command that succeeds where a port of the container is open. It reads the kernel's table, state 0A is LISTEN: a
 * connection to a TLS port would write a failed handshake into the log at every check.
 */
export const listens = (port: number) =>
    `grep -qs ':${port.toString(16).toUpperCase().padStart(4, "0")} 0*:0000 0A' /proc/net/tcp /proc/net/tcp6`;

/**
 * A container for which `up` waits until a shell command succeeds in it.
 *
 * @param test the command
 * @param timeout of one try
 */
export const awaited = (test: string, timeout = "5s") =>
    ({
        healthcheck: {
            tests: ["CMD-SHELL", test],
            interval: "2s",
            timeout,
            startPeriod: "10s",
            retries: 5,
        },
        wait: true,
        waitTimeout: 60,
    }) satisfies Partial<docker.ContainerArgs>;
