/** What every pod of the kit has in common: Pod Security "restricted" (kubernetes.io/docs/concepts/security/pod-security-standards). */
import * as pulumi from "@pulumi/pulumi";

/** Of all containers, and group of what they share: no user of the nodes'. */
const USER = 101;

/** Of a pod: no token of the cluster, no variables of its Services. */
export const confinedPod = {
    automountServiceAccountToken: false,
    enableServiceLinks: false,
    securityContext: {
        ...{ runAsNonRoot: true, runAsUser: USER, runAsGroup: USER },
        ...{ fsGroup: USER, fsGroupChangePolicy: "OnRootMismatch" },
        seccompProfile: { type: "RuntimeDefault" },
    },
};

/** Of a container. */
export const CONFINED = {
    allowPrivilegeEscalation: false,
    capabilities: { drop: ["ALL"] },
    readOnlyRootFilesystem: true,
};

/** Of a container: why it ended, the end of its log, stands in its pod, to be read with no right to logs. */
export const TOLD = { terminationMessagePolicy: "FallbackToLogsOnError" };

/** How a probe or hook runs a shell command. */
export const shell = (script: string) => ({ exec: { command: ["/bin/sh", "-c", script] } });

/** @param all host name → IP address */
export const hostAliases = (all: pulumi.Input<Record<string, pulumi.Input<string>>>) =>
    pulumi.output(all).apply((of) => Object.entries(of).map(([host, ip]) => ({ ip, hostnames: [host] })));

export const inMemory = (name: string, sizeLimit: string) => ({
    name,
    emptyDir: { medium: "Memory", sizeLimit },
});

/**
 * What a container is promised, and what it may take.
 *
 * @param mib at most
 * @param least MiB that are promised
 * @param cpus at most. @default no limit
 */
export const resources = (mib: pulumi.Input<number>, least: number, cpus?: pulumi.Input<number>) => ({
    requests: { memory: `${least}Mi`, cpu: "50m" },
    limits: {
        memory: pulumi.interpolate`${mib}Mi`,
        ...(cpus === undefined
            ? {}
            : { cpu: pulumi.output(cpus).apply((of) => `${Math.round(of * 1000)}m`) }),
    },
});
