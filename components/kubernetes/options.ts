/** The options of a registry on a Kubernetes cluster (docs/kubernetes.md). */
import * as z from "zod";

import { RCLONE_IMAGE } from "../../address/default-images";
import { option, plain, section } from "../definition/option";
import { certificateOption } from "../tls/options";
import {
    CLAIM_SIZE_ALLOWED,
    claimSize,
    clusterObjectName,
    hostFolder,
    IMAGE_ALLOWED,
    imageName,
    STORAGE_CLASS_ALLOWED,
    text,
} from "../definition/values";

/** RFC 1123 label, as Kubernetes names namespaces and what is in them. */
const LABEL = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;
const label = z.string().regex(LABEL);

export const EXPOSE = ["loadBalancer", "nodePort", "clusterIP", "ingress", "gateway"] as const;
/** Ports that a cluster gives to nodes unless its `--service-node-port-range` says otherwise. */
export const NODE_PORTS = { first: 30_000, last: 32_767 } as const;

const claim = {
    size: option(claimSize.default("100Gi"), {
        description: "How much the claim asks for",
        allowed: CLAIM_SIZE_ALLOWED,
        example: "500Gi",
    }),
    storageClass: option(clusterObjectName.optional(), {
        description: "Its StorageClass",
        default: "the cluster's own",
        allowed: STORAGE_CLASS_ALLOWED,
        example: "nfs",
    }),
    accessMode: plain(z.enum(["ReadWriteMany", "ReadWriteOnce"]).default("ReadWriteMany"), {
        description:
            "How pods may mount it: several replicas need ReadWriteMany, since each may run on a node of its own",
        allowed: "ReadWriteMany or ReadWriteOnce",
        example: "ReadWriteOnce",
    }),
};

const gateway = {
    name: option(clusterObjectName, {
        description: "Its name",
        allowed: "the name of a Gateway",
        example: "public",
    }),
    namespace: option(label.optional(), {
        description: "Its namespace, whose listener must let routes of this one in (allowedRoutes)",
        default: "the registry's",
        allowed: "the name of a namespace: up to 63 small letters, digits and hyphens",
        example: "gateways",
    }),
    listener: option(label.optional(), {
        description: "Its listener",
        default: "each that takes the domain",
        allowed: "the name of a listener",
        example: "https",
    }),
    ca: certificateOption(
        "CA that signed the listener's certificate, where not everyone trusts it: clients are told to",
        "gateway-ca",
    ),
};

const autoscale = {
    min: plain(z.int().min(1).max(100).default(2), {
        description: "Pods at the least",
        allowed: "a whole number from 1 to 100",
        example: 3,
    }),
    max: plain(z.int().min(1).max(100).default(10), {
        description: "Pods at the most",
        allowed: "a whole number from 1 to 100, not less than min",
        example: 20,
    }),
    cpuPercent: option(z.int().min(10).max(1600).default(70), {
        description: "What a pod takes on average when another one comes, in percent of a core",
        allowed: "a whole number from 10 to 1600",
        example: 150,
    }),
};

/** @param description what the Prometheus Operator gets */
const monitored = (description: string) =>
    option(
        section({
            labels: option(z.record(z.string().min(1), text).default({}), {
                description: "Further labels, by which the operator's Prometheus selects what is its own",
                allowed: "an object of names, each with a text",
                example: { release: "prometheus" },
            }),
        }),
        { description, default: "none", allowed: "an object of labels, or true", example: true },
    );

const shape = {
    context: option(z.string().min(1).optional(), {
        description: "Context of the kubeconfig",
        default: "the current one, as kubectl has it",
        allowed: "the name of a context",
        example: "production",
    }),
    kubeconfig: option(text.optional(), {
        description: "A kubeconfig, its text",
        default: "KUBECONFIG, or ~/.kube/config",
        allowed: "the text of a kubeconfig",
        example: "apiVersion: v1",
        secret: true,
    }),
    namespace: option(label.default("default"), {
        description: "Namespace, which must exist",
        allowed: "the name of a namespace: up to 63 small letters, digits and hyphens",
        example: "registry",
    }),
    replicas: plain(z.int().min(1).max(100).default(2), {
        description: "Pods that serve at once",
        allowed: "a whole number from 1 to 100",
        example: 3,
    }),
    autoscale: option(section(autoscale), {
        description:
            "Pods come and go by the load (a HorizontalPodAutoscaler, which needs metrics-server), in place of replicas",
        default: "as many as replicas says",
        allowed: "an object of min, max and cpuPercent, or true",
        example: { max: 20 },
    }),
    expose: plain(z.enum(EXPOSE).default("loadBalancer"), {
        description:
            "How clients outside reach it: loadBalancer: an address that the cluster's provider gives. nodePort: `port` of every node. clusterIP: not at all, and what stands before it passes TLS on. ingress: an Ingress. gateway: a route of the Gateway that kubernetes.gateway names",
        allowed: `one of ${EXPOSE.join(", ")}`,
        example: "nodePort",
    }),
    annotations: option(z.record(z.string().min(1), text).default({}), {
        description:
            "Annotations of the Service, and of the Ingress, by which providers of addresses and controllers are told what to do",
        allowed: "an object of names, each with a text",
        example: { "metallb.io/address-pool": "internal" },
    }),
    ingressClass: option(clusterObjectName.optional(), {
        description: "IngressClass of expose ingress",
        default: "the cluster's own",
        allowed: "the name of an IngressClass",
        example: "nginx",
    }),
    gateway: plain(section(gateway), {
        description:
            "The Gateway of expose gateway, which must exist: a listener of it ends TLS for the domain, with a certificate of its own",
        default: "none",
        allowed: "an object of name, namespace, listener and ca",
        example: { name: "public", namespace: "gateways" },
    }),
    serviceAccount: option(label.optional(), {
        description: "ServiceAccount of the pods, which must exist: of a cloud's role for its store",
        default: "default, and no token is mounted",
        allowed: "the name of a ServiceAccount",
        example: "registry",
    }),
    claim: option(z.strictObject(claim).prefault({}), {
        description: "The PersistentVolumeClaim with the images, where storage names no store elsewhere",
        allowed: "an object of size, storageClass and accessMode",
        example: { size: "500Gi", storageClass: "nfs" },
    }),
    rcloneImage: option(imageName.default(RCLONE_IMAGE), {
        description:
            "Image of rclone, with which `npm run retain`, `delete` and `backup` read a store elsewhere",
        allowed: IMAGE_ALLOWED,
        example: "mirror.example.com/rclone/rclone:1.69.1",
    }),
    pullSecrets: plain(z.array(label).default([]), {
        description:
            "Namespaces that get a Secret for imagePullSecrets, named as the Deployment: of the first user of role pull",
        allowed: "a list of names of namespaces",
        example: ["team-a"],
    }),
    trustNodes: option(
        section({
            namespace: option(label.default("kube-system"), {
                description: "Namespace of its pods, which must let them have a folder of the nodes",
                allowed: "the name of a namespace: up to 63 small letters, digits and hyphens",
                example: "registry-nodes",
            }),
            folder: option(hostFolder.default("/etc/containerd/certs.d"), {
                description: "Folder of the nodes that their containerd reads (config_path)",
                allowed: "an absolute path without a colon",
                example: "/etc/containerd/certs.d",
            }),
        }),
        {
            description:
                "Each node's containerd trusts the registry and asks its mirrors: a DaemonSet writes hosts.toml and the CA on it, and takes them back on destroy",
            default: "none",
            allowed: "an object of namespace and folder, or true",
            example: true,
        },
    ),
    serviceMonitor: monitored(
        "A ServiceMonitor of the Prometheus Operator, which asks each pod with the login of the first user of role metrics",
    ),
    prometheusRule: monitored(
        "A PrometheusRule of the Prometheus Operator, with the alerts of docs/monitoring.md",
    ),
};

export const kubernetesOptions = {
    kubernetes: option(section(shape), {
        description: "The cluster of target kubernetes, and how the registry runs there (docs/kubernetes.md)",
        allowed: "an object (kubernetes.*)",
        example: { replicas: 3 },
    }),
};

export type KubernetesOptions = z.output<z.ZodObject<typeof shape>>;

/** What holds where a stack says nothing of its cluster. */
export const KUBERNETES_DEFAULTS: KubernetesOptions = z.strictObject(shape).parse({});
