/** What every container of the kit has in common, so that a new one is as safe as the others. */
import type * as docker from "@pulumi/docker";
import type * as pulumi from "@pulumi/pulumi";

/** Label with the deployment's prefix: the start of its objects' names, for people and filters. It proves nothing. */
export const OWNER_LABEL = "private-registry.deployment";
/** Label with the deployment's identity, which is random and kept in its state: this alone makes an object its own. */
export const IDENTITY_LABEL = "private-registry.identity";
/** Label with PROJECT/STACK, for messages. */
export const STACK_LABEL = "private-registry.stack";
/** Label of a data volume by which the stack that made it knows it again after `pulumi destroy`. */
export const STACK_KEY_LABEL = "private-registry.stack-key";
/** Label of a container that runs for a moment: which attempt it is. */
export const ATTEMPT_LABEL = "private-registry.attempt";
/** Label of a container that runs in place of one that could not be replaced: the ID of that one, or `none`. */
export const STAND_IN_LABEL = "private-registry.in-place-of";

/** Seconds that a container gets to end by itself, over the time that the registry drains. */
export const DRAIN_SECONDS = 30;
export const STOP_SECONDS = DRAIN_SECONDS + 5;

/** Folder of a volume with the kit's files in which the former ones wait, should what reads them not start. */
export const FORMER_FOLDER = ".former";

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

/**
 * Stops in time, is back with the Engine. Not `unless-stopped`: an Engine that was killed ends the containers that it finds when it
 * starts again, and then takes them for stopped by hand (moby 20.10, daemon/kill.go; github.com/moby/moby/pull/53415).
 */
export const service = {
    // The Engine's own default, said aloud for those who check it (CIS Docker 5.11); `cpus` is the limit.
    cpuShares: 1024,
    restart: "always",
    stopTimeout: STOP_SECONDS,
    destroyGraceSeconds: STOP_SECONDS,
} satisfies Partial<docker.ContainerArgs>;

/** A memory limit without swap on top of it, in MiB. */
export const memoryLimit = (mib: pulumi.Input<number>) => ({ memory: mib, memorySwap: mib });

/**
 * Shell command that succeeds where a port of the container is open. It reads the kernel's table, state 0A is LISTEN: a
 * connection to a TLS port would write a failed handshake into the log at every check.
 */
export const listens = (port: number) =>
    `grep -qs ':${port.toString(16).toUpperCase().padStart(4, "0")} 0*:0000 0A' /proc/net/tcp /proc/net/tcp6`;

/** Seconds between two checks of a container that is well. */
export const REST_SECONDS = 20;

/** Says that the last check went well: in memory, where every container may write, and gone when it starts again. */
const WELL = "/dev/shm/well";

/**
 * What rests before it looks again at a container that was well. The Engine has one interval for a start, when each moment counts,
 * and for the years after, when each check costs some 50 ms of a core; its start-interval came with version 25.
 */
const resting = (test: string) =>
    `[ ! -e ${WELL} ] || sleep ${REST_SECONDS}; ` +
    `if ${test}; then touch ${WELL} 2>/dev/null || true; else rm -f ${WELL}; exit 1; fi`;

/**
 * A container for which `up` waits until a shell command succeeds in it. It is asked at each interval until it is well, every
 * REST_SECONDS after that, and is unhealthy after some seconds of failures in a row.
 *
 * @param test the command
 * @param elsewhere it asks a store elsewhere, which takes its time and is not to be asked too often. @default false
 */
export const awaited = (test: string, elsewhere = false) =>
    ({
        healthcheck: {
            tests: ["CMD-SHELL", resting(test)],
            // The first time comes an interval after the start.
            interval: elsewhere ? "500ms" : "200ms",
            timeout: `${REST_SECONDS + (elsewhere ? 30 : 5)}s`,
            startPeriod: "20s",
            retries: elsewhere ? 5 : 12,
        },
        wait: true,
        waitTimeout: 60,
    }) satisfies Partial<docker.ContainerArgs>;
