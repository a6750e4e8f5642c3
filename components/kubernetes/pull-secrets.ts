/** Secrets by which pods of other namespaces pull (kubernetes.io/docs/concepts/containers/images, imagePullSecrets). */
import * as pulumi from "@pulumi/pulumi";

import { ableTo } from "../auth/able";
import type { Settled } from "../definition/inputs";
import type { Options } from "../options";

import { KubernetesObject } from "./object";
import type { Place } from "./place";

/**
 * Makes one in each namespace, with the login of the first user of role pull whose password is known.
 *
 * @param address `docker.example.com:8443`, as in image names
 */
export function pullSecrets(
    { program, own, metadata, opts }: Place,
    namespaces: readonly string[],
    users: Settled<Options>["users"],
    passwords: pulumi.Output<Record<string, string>>,
    address: pulumi.Output<string>,
): void {
    const rights = Object.entries(users).map(([user, { role, repositories }]) =>
        pulumi
            .all([role, repositories])
            .apply(([of, some]) => [user, { role: of, repositories: some }] as const),
    );
    const login = pulumi.all([pulumi.all(rights), passwords, address]).apply(([all, known, of]) => {
        const able = ableTo(Object.fromEntries(all.filter(([, { role }]) => role === "pull")), {
            ...{ does: "read", where: "somewhere" },
        }).find((user) => user in known);
        const auth = Buffer.from(`${able ?? ""}:${known[able ?? ""] ?? ""}`).toString("base64");
        return JSON.stringify({ auths: { [of]: { auth } } });
    });
    for (const namespace of namespaces)
        new KubernetesObject(
            "Secret",
            `${program}-pull-${namespace}`,
            {
                metadata: { ...metadata, name: own, namespace },
                type: "kubernetes.io/dockerconfigjson",
                stringData: { ".dockerconfigjson": pulumi.secret(login) },
            },
            { ...opts, additionalSecretOutputs: ["stringData", "data"] },
        );
}
