/** What a stack's configuration says of its cluster. Apart, since reading it loads the definition of every option. */
import { KUBERNETES_DEFAULTS, type KubernetesOptions } from "../../components/kubernetes/options";
import type { Machine } from "../../setup/machine";
import type { Stack } from "../../setup/stack";

import { readConfig } from "./stack-config";
import { stackPulumi } from "./stack-pulumi";

export interface ClusterConfig {
    kubernetes: KubernetesOptions;
    /** The whole of it. */
    config: Awaited<ReturnType<typeof readConfig>>;
}

/**
 * @param file where the configuration is not in `Pulumi.STACK.yaml`
 * @throws SetupError with every mistake and its fix
 */
export async function readClusterOptions(
    machine: Machine,
    stack: Stack,
    file?: string,
): Promise<ClusterConfig> {
    const config = await readConfig(await stackPulumi(machine, stack), file);
    return { config, kubernetes: config.kubernetes ?? KUBERNETES_DEFAULTS };
}
