/** The programs of the tests' own cluster, built from their Go modules once per user. */
import type { GoProgram } from "./go";
import type { Machine } from "./machine";
import { ensureServer } from "./test-servers";

const VERSION = "1.34.4";

/** The modules of Kubernetes' own repository: they have the same number beneath 0, and Go ignores what its go.mod says of them. */
const STAGING = [
    ...["api", "apiextensions-apiserver", "apimachinery", "apiserver", "cli-runtime", "client-go"],
    ...["cloud-provider", "cluster-bootstrap", "code-generator", "component-base", "component-helpers"],
    ...["controller-manager", "cri-api", "cri-client", "csi-translation-lib", "dynamic-resource-allocation"],
    ...["endpointslice", "externaljwt", "kms", "kube-aggregator", "kube-controller-manager", "kube-proxy"],
    ...["kube-scheduler", "kubectl", "kubelet", "metrics", "mount-utils", "pod-security-admission"],
    ...["sample-apiserver", "sample-cli-plugin", "sample-controller"],
];

/** What the programs say of themselves: without it they take each other for version 0.0.0, and clients refuse that. */
const versionVariables = (path: string): string[] =>
    Object.entries({
        gitVersion: `v${VERSION}`,
        gitMajor: VERSION.split(".")[0],
        gitMinor: VERSION.split(".")[1],
        gitTreeState: "clean",
        gitCommit: "0".repeat(40),
        buildDate: "2026-01-01T00:00:00Z",
    }).map(([name, value]) => `${path}.${name}=${value}`);

const program = (name: string, about: string): GoProgram => ({
    name,
    module: "k8s.io/kubernetes",
    version: `v${VERSION}`,
    package: `k8s.io/kubernetes/cmd/${name}`,
    replaces: STAGING.map(
        (module) => `k8s.io/${module} => k8s.io/${module} v${VERSION.replace(/^1\./, "0.")}`,
    ),
    variables: ["k8s.io/component-base/version", "k8s.io/client-go/pkg/version"].flatMap(versionVariables),
    minimumGo: "1.24",
    about,
});

/**
 * Enforces NetworkPolicies beside a network that does not. The one of Kubernetes' own network group
 * (sigs.k8s.io/kube-network-policies) asks more of the kernel: nftables' queue (CONFIG_NFT_QUEUE), which not every one has.
 */
const POLICY_CONTROLLER: GoProgram = {
    name: "kube-router",
    module: "github.com/cloudnativelabs/kube-router/v2",
    version: "v2.1.0",
    package: "github.com/cloudnativelabs/kube-router/v2/cmd/kube-router",
    minimumGo: "1.21",
    about: "about 3 minutes on 2 cores",
};

/** In this order they share most of what is compiled. */
const PROGRAMS = {
    apiserver: program("kube-apiserver", "about 8 minutes on 2 cores"),
    controllerManager: program("kube-controller-manager", "about 2 minutes on 2 cores"),
    scheduler: program("kube-scheduler", "about 1 minute on 2 cores"),
    kubelet: program("kubelet", "about 2 minutes on 2 cores"),
    proxy: program("kube-proxy", "half a minute on 2 cores"),
    policies: POLICY_CONTROLLER,
} as const;

/** Paths of the programs. */
export type ClusterPrograms = Record<keyof typeof PROGRAMS, string>;

/** Builds what is not there yet. @param arch processor, as Go names it */
export async function ensureClusterPrograms(machine: Machine, arch: string): Promise<ClusterPrograms> {
    const paths: Partial<ClusterPrograms> = {};
    for (const [key, one] of Object.entries(PROGRAMS))
        paths[key as keyof ClusterPrograms] = await ensureServer(machine, one, arch);
    return paths as ClusterPrograms;
}
