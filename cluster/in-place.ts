/** Printed kubectl commands that mean the cluster and namespace they are printed for, and not the current ones. Pure. */
import type { ClusterAccess } from "./cluster";

/** Not `kubectl config`, which is about the kubeconfig. */
const COMMAND = /`kubectl (?=(\w[\w-]*)( \w+)?)/g;
const NAMESPACED = /^(get|describe|logs|delete|wait|rollout|create serviceaccount)\b/;

/** @param text whose commands stand in backticks */
export const inPlace = (
    text: string,
    { context, namespace }: Pick<ClusterAccess, "context" | "namespace">,
): string =>
    text.replace(COMMAND, (start, verb: string, object = "") =>
        verb === "config"
            ? start
            : [
                  start.trim(),
                  ...(context === undefined ? [] : ["--context", context]),
                  ...(NAMESPACED.test(`${verb}${object}`) ? ["--namespace", namespace] : []),
                  "",
              ].join(" "),
    );
