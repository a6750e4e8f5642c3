/**
 * Version of Pulumi's official Kubernetes provider (github.com/pulumi/pulumi-kubernetes): the components name it with each
 * resource, setup gets it.
 */
export const KUBERNETES_PROVIDER_VERSION = "4.25.0";
