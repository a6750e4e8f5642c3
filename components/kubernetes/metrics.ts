/** The numbers of each pod, and who asks for them. */
import * as pulumi from "@pulumi/pulumi";

import type { Accounts } from "../auth/accounts";
import type { Given, Settled } from "../definition/inputs";
import { alertRules, JOB } from "../metrics/alerts";
import { countScript, type Served } from "../metrics/count";
import { METRICS_FOLDER } from "../metrics/files";
import type { Options } from "../options";
import { DEBUG } from "../registry/registry";
import { DATA_FOLDER } from "../storage/folders";

import { CONFINED, inMemory, resources, TOLD } from "./confined";
import { KubernetesObject } from "./object";
import type { KubernetesOptions } from "./options";
import type { Place } from "./place";

/** Name of the volume in which registry, front and what counts leave them: enough for a day, should nobody take them away. */
export const NUMBERS = inMemory("numbers", "48Mi");
/** How a container has it. */
export const NUMBERS_MOUNT = { name: NUMBERS.name, mountPath: METRICS_FOLDER };

/**
 * The container that counts: a sidecar, which the pod's last request outlives.
 *
 * @param image of the front
 * @param files the images lie in a claim
 */
export const counter = (
    image: pulumi.Input<string>,
    certificates: pulumi.Output<Served[]>,
    files: boolean,
) => ({
    name: "metrics",
    restartPolicy: "Always",
    image,
    command: ["/bin/sh", "-c"],
    // The pod's containers share its loopback, where the registry's debug server is.
    args: [certificates.apply((all) => countScript(all, files, DEBUG))],
    resources: resources(64, 16),
    securityContext: CONFINED,
    ...TOLD,
    volumeMounts: [
        NUMBERS_MOUNT,
        ...(files ? [{ name: "data", mountPath: DATA_FOLDER, readOnly: true }] : []),
    ],
});

/** What the Prometheus Operator is told of (prometheus-operator.dev/docs/api-reference/api). */
export interface MonitorContext {
    /** Name by which clients reach the registry, which its certificate has. */
    domain: Given<string>;
    /** PEM. Empty where everyone trusts the certificate. */
    caPem: pulumi.Output<string>;
    accounts: Accounts | undefined;
    /** The images lie in a claim. */
    files: boolean;
}

/** The login of the first user of role metrics whose password is known. @throws Error where there is none */
function loginOf(
    users: Settled<Options>["users"],
    { accounts }: MonitorContext,
): pulumi.Output<{ username: string; password: string }> {
    const roles = Object.entries(users).map(([user, { role }]) => pulumi.all([user, role]));
    return pulumi.all([pulumi.all(roles), accounts?.passwords]).apply(([all, known = {}]) => {
        const username = all.find(([user, role]) => role === "metrics" && user in known)?.[0];
        if (username === undefined)
            throw new Error(
                "kubernetes.serviceMonitor needs a user of role metrics whose password is known.",
            );
        return { username, password: known[username] ?? "" };
    });
}

/** Makes the objects that the options ask for. */
export function monitors(
    place: Place,
    { serviceMonitor, prometheusRule }: Settled<KubernetesOptions>,
    options: Settled<Options>,
    context: MonitorContext,
): void {
    const { program, own, metadata, selected, opts } = place;
    const stack = pulumi.getStack();
    const labelled = (more: Readonly<Record<string, pulumi.Input<string>>>) => ({
        ...metadata,
        name: own,
        labels: { ...metadata.labels, ...more },
    });
    if (serviceMonitor !== undefined) {
        const login = loginOf(options.users, context);
        const secret = new KubernetesObject(
            "Secret",
            `${program}-metrics-login`,
            {
                metadata: { ...metadata, name: pulumi.interpolate`${own}-metrics` },
                stringData: pulumi.secret(
                    pulumi.all([login, context.caPem]).apply(([all, ca]) => ({ ...all, "ca.crt": ca })),
                ),
            },
            { ...opts, additionalSecretOutputs: ["stringData", "data"] },
        ).metadata;
        const part = (key: string) => ({ name: secret.name, key });
        new KubernetesObject(
            "ServiceMonitor",
            `${program}-service-monitor`,
            {
                metadata: labelled(serviceMonitor.labels),
                spec: {
                    selector: { matchLabels: selected },
                    endpoints: [
                        {
                            ...{ port: "https", scheme: "https", path: "/metrics", interval: "30s" },
                            basicAuth: { username: part("username"), password: part("password") },
                            tlsConfig: context.caPem.apply((ca) => ({
                                serverName: context.domain,
                                ...(ca === "" ? {} : { ca: { secret: part("ca.crt") } }),
                            })),
                            // As in what `npm run monitoring` writes: so the rules are the same.
                            relabelings: [
                                { targetLabel: "job", replacement: JOB },
                                { targetLabel: "stack", replacement: stack },
                            ],
                        },
                    ],
                },
            },
            opts,
        );
    }
    if (prometheusRule !== undefined)
        new KubernetesObject(
            "PrometheusRule",
            `${program}-prometheus-rule`,
            {
                metadata: labelled(prometheusRule.labels),
                // Of commands of the kit nobody tells the numbers here when they ended.
                spec: alertRules({ stack, files: context.files, due: {} }),
            },
            opts,
        );
}
