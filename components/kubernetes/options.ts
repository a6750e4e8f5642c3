/** The options of a registry on a Kubernetes cluster (docs/kubernetes.md). */
import * as z from "zod";

import { RCLONE_IMAGE } from "../../address/default-images";
import { option, plain, section } from "../definition/option";
import { IMAGE_ALLOWED, imageName, text } from "../definition/values";

/** RFC 1123 label, as Kubernetes names namespaces and what is in them. */
const LABEL = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;
const label = z.string().regex(LABEL);

export const EXPOSE = ["loadBalancer", "nodePort", "clusterIP"] as const;
/** Ports that a cluster gives to nodes unless its `--service-node-port-range` says otherwise. */
export const NODE_PORTS = { first: 30_000, last: 32_767 } as const;

const claim = {
    size: option(
        z
            .string()
            .regex(/^[1-9]\d*(Mi|Gi|Ti)$/)
            .default("100Gi"),
        {
            description: "How much the claim asks for",
            allowed: "a whole number with Mi, Gi or Ti",
            example: "500Gi",
        },
    ),
    storageClass: option(
        z
            .string()
            .regex(/^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$/)
            .optional(),
        {
            description: "Its StorageClass",
            default: "the cluster's own",
            allowed: "the name of a StorageClass",
            example: "nfs",
        },
    ),
    accessMode: plain(z.enum(["ReadWriteMany", "ReadWriteOnce"]).default("ReadWriteMany"), {
        description:
            "How pods may mount it: several replicas need ReadWriteMany, since each may run on a node of its own",
        allowed: "ReadWriteMany or ReadWriteOnce",
        example: "ReadWriteOnce",
    }),
};

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
    expose: plain(z.enum(EXPOSE).default("loadBalancer"), {
        description:
            "How clients outside reach it: loadBalancer: an address that the cluster's provider gives. nodePort: `port` of every node. clusterIP: not at all, and what stands before it passes TLS on",
        allowed: `one of ${EXPOSE.join(", ")}`,
        example: "nodePort",
    }),
    annotations: option(z.record(z.string().min(1), text).default({}), {
        description: "Annotations of the Service, by which providers of addresses are told what to give",
        allowed: "an object of names, each with a text",
        example: { "metallb.io/address-pool": "internal" },
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
        description: "Image of rclone, with which `npm run retain` and `delete` read a store elsewhere",
        allowed: IMAGE_ALLOWED,
        example: "mirror.example.com/rclone/rclone:1.69.1",
    }),
    pullSecrets: plain(z.array(label).default([]), {
        description:
            "Namespaces that get a Secret for imagePullSecrets, named as the Deployment: of the first user of role pull",
        allowed: "a list of names of namespaces",
        example: ["team-a"],
    }),
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
