/** Objects of a Kubernetes cluster, by Pulumi's official provider. Without its SDK, of which 100 MB would be for this alone. */
import * as pulumi from "@pulumi/pulumi";

import { KUBERNETES_PROVIDER_VERSION } from "../../address/kubernetes-provider";

/** Kind → its API version, and the group as the provider's type names have it. */
const KINDS = {
    Secret: ["v1", "core/v1"],
    ConfigMap: ["v1", "core/v1"],
    Service: ["v1", "core/v1"],
    PersistentVolumeClaim: ["v1", "core/v1"],
    Deployment: ["apps/v1", "apps/v1"],
    DaemonSet: ["apps/v1", "apps/v1"],
    StatefulSet: ["apps/v1", "apps/v1"],
    HorizontalPodAutoscaler: ["autoscaling/v2", "autoscaling/v2"],
    PodDisruptionBudget: ["policy/v1", "policy/v1"],
    NetworkPolicy: ["networking.k8s.io/v1", "networking.k8s.io/v1"],
    Ingress: ["networking.k8s.io/v1", "networking.k8s.io/v1"],
    // Of the Gateway API.
    HTTPRoute: ["gateway.networking.k8s.io/v1", "gateway.networking.k8s.io/v1"],
    BackendTLSPolicy: ["gateway.networking.k8s.io/v1", "gateway.networking.k8s.io/v1"],
    // Of the Prometheus Operator.
    ServiceMonitor: ["monitoring.coreos.com/v1", "monitoring.coreos.com/v1"],
    PrometheusRule: ["monitoring.coreos.com/v1", "monitoring.coreos.com/v1"],
} as const;

/** What an object is made of, beside its kind: kubernetes.io/docs/reference/kubernetes-api. */
export interface ObjectArgs extends pulumi.Inputs {
    metadata: {
        name: pulumi.Input<string>;
        namespace: pulumi.Input<string>;
        labels?: pulumi.Input<Record<string, pulumi.Input<string>>>;
        annotations?: pulumi.Input<Record<string, pulumi.Input<string>>>;
    };
}

/** An object of a cluster. @example new KubernetesObject("ConfigMap", "files", { metadata, data }, { parent }) */
export class KubernetesObject extends pulumi.CustomResource {
    declare readonly metadata: pulumi.Output<{ name: string; namespace: string; uid: string }>;
    declare readonly spec: pulumi.Output<{ clusterIP: string }>;
    declare readonly status: pulumi.Output<Record<string, unknown> | undefined>;

    constructor(
        kind: keyof typeof KINDS,
        name: string,
        args: ObjectArgs,
        opts?: pulumi.CustomResourceOptions,
    ) {
        const [apiVersion, group] = KINDS[kind];
        super(
            `kubernetes:${group}:${kind}`,
            name,
            { apiVersion, kind, spec: undefined, status: undefined, ...args },
            { version: KUBERNETES_PROVIDER_VERSION, ...opts },
        );
    }
}

/** A Secret that is there already: it is read, and neither changed nor deleted. */
export class ExistingSecret extends pulumi.CustomResource {
    /** Name → base64. Secret. */
    declare readonly data: pulumi.Output<Record<string, string> | undefined>;

    constructor(
        name: string,
        { namespace, secret }: { namespace: pulumi.Input<string>; secret: string },
        opts?: pulumi.CustomResourceOptions,
    ) {
        super(
            "kubernetes:core/v1:Secret",
            name,
            { data: undefined },
            {
                version: KUBERNETES_PROVIDER_VERSION,
                ...opts,
                id: pulumi.interpolate`${namespace}/${secret}`,
                additionalSecretOutputs: ["data"],
            },
        );
    }
}

/** A cluster, as a kubeconfig names it. */
export class KubernetesProvider extends pulumi.ProviderResource {
    constructor(
        name: string,
        args: { context?: pulumi.Input<string> | undefined; kubeconfig?: pulumi.Input<string> | undefined },
        opts?: pulumi.ResourceOptions,
    ) {
        super("kubernetes", name, args, { version: KUBERNETES_PROVIDER_VERSION, ...opts });
    }
}
