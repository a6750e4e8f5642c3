/** What a cluster cannot have of a deployment's options, and what it needs. */
import { isIP } from "node:net";

import type { Rule } from "../definition/check";
import { type Path, problem, type Problem, remove, set } from "../definition/problem";
import { setAt } from "../definition/set-at";
import { chosenFront, toHaveFront } from "../front/options";
import type { Options } from "../options";
import { driverOf } from "../storage/options";

import { type EXPOSE, KUBERNETES_DEFAULTS, NODE_PORTS } from "./options";

/** Options that speak of a Docker host, or of what the kit does not run on a cluster → why. */
const NOT_THERE: readonly (readonly [path: string, why: string])[] = [
    ["containerName", "the cluster names the pods"],
    ["imageMirror", "the nodes pull the images, from where their containerd is told to"],
    ["imageTarball", "the nodes pull the images"],
    ["storage.volume", "it is a volume of one host; kubernetes.claim and stores elsewhere are for all nodes"],
    ["storage.folder", "it is a folder of one host; kubernetes.claim and stores elsewhere are for all nodes"],
    ["dockerHost", "there is no Docker Engine"],
    ["adopt", "it is about Docker objects"],
    ["dnsServers", "pods ask the cluster's own name server"],
    ["tls.acme", "the kit renews such certificates on Docker alone; tls.files takes one that is brought"],
    ["front.httpPort", "the kit redirects plain HTTP on Docker alone"],
    ["front.sites", "the kit serves further sites on Docker alone"],
    [
        "metrics.port",
        "whoever reaches a pod would read the numbers; each pod tells them at /metrics to a user of role metrics",
    ],
    ["mirrors", "the kit runs them on Docker alone"],
    ["nexus", "the kit runs it on Docker alone"],
];

const at = (...path: string[]): Path => ["kubernetes", ...path];

/** How many pods may write to the images, and at which port of a node they are reached. */
function placeProblems({
    kubernetes = KUBERNETES_DEFAULTS,
    storage,
    port,
    users,
}: Partial<Options>): Problem[] {
    const { replicas, autoscale, claim, expose, pullSecrets } = kubernetes;
    const found: Problem[] = [];
    if (driverOf(storage) === "filesystem" && claim.accessMode === "ReadWriteOnce") {
        const why =
            "and a claim that is ReadWriteOnce can be mounted on one node alone; with storage.s3, or a claim that is ReadWriteMany, there may be more";
        if (autoscale !== undefined)
            found.push(problem(at("autoscale"), `is set, ${why}`, remove(at("autoscale"))));
        else if (replicas > 1)
            found.push(problem(at("replicas"), `is ${replicas}, ${why}`, set(at("replicas"), 1)));
    }
    if (autoscale !== undefined && autoscale.min > autoscale.max)
        found.push(
            problem(
                at("autoscale", "max"),
                `is ${autoscale.max}, less than kubernetes.autoscale.min (${autoscale.min})`,
                set(at("autoscale", "max"), autoscale.min),
            ),
        );
    const { first, last } = NODE_PORTS;
    if (expose === "nodePort" && (port === undefined || port < first || port > last))
        found.push(
            problem(
                ["port"],
                `is ${port ?? "not set"}, and kubernetes.expose is nodePort: a cluster opens ports from ${first} to ${last} of its nodes`,
                set(["port"], 30443),
            ),
        );
    if (pullSecrets.length > 0 && !Object.values(users ?? {}).some(({ role }) => role === "pull"))
        found.push(
            problem(
                at("pullSecrets"),
                "is set, and no user may pull alone: whoever reads a namespace's Secrets would be able to push",
                set(["users", "puller", "generate"], true),
                set(["users", "puller", "role"], "pull"),
            ),
        );
    return found;
}

/** A pod has no folder of a Docker host. */
const backupProblems = ({ backup }: Partial<Options>): Problem[] =>
    backup?.repository.startsWith("/")
        ? [
              problem(
                  ["backup", "repository"],
                  `is ${backup.repository}, a folder of a Docker host, and target is kubernetes`,
                  set(["backup", "repository"], "s3:https://s3.example.com/registry-backup"),
              ),
          ]
        : [];

/** What leads to the pods besides the Service. */
function routeProblems({
    kubernetes = KUBERNETES_DEFAULTS,
    domain,
    ipAddresses,
}: Partial<Options>): Problem[] {
    const { expose, gateway } = kubernetes;
    const only = (key: "ingressClass" | "gateway", way: (typeof EXPOSE)[number]): Problem[] =>
        kubernetes[key] === undefined || expose === way
            ? []
            : [problem(at(key), `is set, and kubernetes.expose is ${expose}`, set(at("expose"), way))];
    const route = expose === "ingress" || expose === "gateway";
    const byAddress = route && (isIP(domain ?? "") !== 0 || (ipAddresses ?? []).length > 0);
    return [
        ...only("ingressClass", "ingress"),
        ...only("gateway", "gateway"),
        ...(expose === "gateway" && gateway === undefined
            ? [
                  problem(
                      at("expose"),
                      "is gateway, and kubernetes.gateway names none",
                      set(at("gateway", "name"), "public"),
                  ),
              ]
            : []),
        ...(byAddress
            ? [
                  problem(
                      isIP(domain ?? "") === 0 ? ["ipAddresses"] : ["domain"],
                      `has an address, and kubernetes.expose is ${expose}: a route is found by a name alone`,
                      isIP(domain ?? "") === 0
                          ? remove(["ipAddresses"])
                          : set(["domain"], "registry.example.com"),
                  ),
              ]
            : []),
    ];
}

/** What the Prometheus Operator is told of, and with which login. */
function monitorProblems({ kubernetes = KUBERNETES_DEFAULTS, metrics, users }: Partial<Options>): Problem[] {
    const asked = (["serviceMonitor", "prometheusRule"] as const).filter(
        (key) => kubernetes[key] !== undefined,
    );
    const reader = Object.values(users ?? {}).some(
        ({ role, bcryptHash }) => role === "metrics" && bcryptHash === undefined,
    );
    return asked.flatMap((key) =>
        metrics === undefined
            ? [problem(at(key), "is set, and there are no numbers", set(["metrics"], true))]
            : key === "serviceMonitor" && !reader
              ? [
                    problem(
                        at(key),
                        "is set, and there is no user of role metrics whose password is known",
                        set(["users", "prometheus", "generate"], true),
                        set(["users", "prometheus", "role"], "metrics"),
                    ),
                ]
              : [],
    );
}

const kubernetesRule: Rule<Options> = (options) => {
    const { target, kubernetes, tls } = options;
    if (target !== "kubernetes")
        return [["kubernetes"], ["tls", "secret"]].flatMap((path) =>
            (path.length === 1 ? kubernetes : tls?.secret) === undefined
                ? []
                : [
                      problem(
                          path,
                          `is set, and target is ${target ?? "docker"}`,
                          set(["target"], "kubernetes"),
                      ),
                  ],
        );
    return [
        ...setAt(options, NOT_THERE).map(({ path, why }) =>
            problem(path, `is set, and target kubernetes cannot have it: ${why}`, remove(path)),
        ),
        ...(chosenFront(options) === undefined
            ? [
                  problem(
                      ["front"],
                      "is off, and on a cluster it alone has a port: it brings TLS and checks the users",
                      toHaveFront(options),
                  ),
              ]
            : []),
        ...placeProblems(options),
        ...routeProblems(options),
        ...monitorProblems(options),
        ...backupProblems(options),
    ];
};

export const kubernetesRules: readonly Rule<Options>[] = [kubernetesRule];
