/** Pods that come and go by the load. */
import * as pulumi from "@pulumi/pulumi";

import type { Settled } from "../definition/inputs";

import { KubernetesObject } from "./object";
import type { KubernetesOptions } from "./options";
import type { Place } from "./place";

/** Makes what scales the Deployment. By what pods take, not by what they are promised: that is little, so that they fit anywhere. */
export function autoscaler(
    { program, own, metadata, opts }: Place,
    { min, max, cpuPercent }: NonNullable<Settled<KubernetesOptions>["autoscale"]>,
): void {
    new KubernetesObject(
        "HorizontalPodAutoscaler",
        `${program}-autoscaler`,
        {
            metadata: { ...metadata, name: own },
            spec: {
                scaleTargetRef: { apiVersion: "apps/v1", kind: "Deployment", name: own },
                minReplicas: min,
                maxReplicas: max,
                metrics: [
                    {
                        type: "Resource",
                        resource: {
                            name: "cpu",
                            target: {
                                type: "AverageValue",
                                averageValue: pulumi.output(cpuPercent).apply((of) => `${of * 10}m`),
                            },
                        },
                    },
                ],
            },
        },
        opts,
    );
}
