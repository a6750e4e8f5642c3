/** Objects of a cluster by type token and version, without the provider's SDK. */
import * as pulumi from "@pulumi/pulumi";

import { KUBERNETES_PROVIDER_VERSION as version } from "../../../../address/kubernetes-provider";

const config = new pulumi.Config();

class Provider extends pulumi.ProviderResource {
    constructor(name: string, args: pulumi.Inputs) {
        super("kubernetes", name, args, { version });
    }
}

class ClusterObject extends pulumi.CustomResource {
    constructor(name: string, group: string, kind: string, args: pulumi.Inputs, provider: Provider) {
        // The group that has no name is "core" in a type token alone.
        const apiVersion = group.replace(/^core\//, "");
        super(`kubernetes:${group}:${kind}`, name, { apiVersion, kind, ...args }, { provider, version });
    }
}

const cluster = new Provider("cluster", {
    kubeconfig: config.requireSecret("kubeconfig"),
    namespace: config.require("namespace"),
});
const labels = { app: "greeting" };
new ClusterObject(
    "secret",
    "core/v1",
    "Secret",
    { metadata: { name: "greeting" }, immutable: true, stringData: { word: config.requireSecret("word") } },
    cluster,
);
new ClusterObject(
    "deployment",
    "apps/v1",
    "Deployment",
    {
        metadata: { name: "greeting" },
        spec: {
            selector: { matchLabels: labels },
            template: {
                metadata: { labels },
                spec: JSON.parse(config.require("pod")) as pulumi.Inputs,
            },
        },
    },
    cluster,
);
new ClusterObject(
    "service",
    "core/v1",
    "Service",
    {
        metadata: { name: "greeting" },
        spec: { type: "LoadBalancer", selector: labels, ports: [{ port: 80, targetPort: 5000 }] },
    },
    cluster,
);
