/** What a cluster cannot have of a deployment's options, and what it needs. */
import { isIP } from "node:net";

import { upstreamName, upstreamProblem } from "../../address/upstream";
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
    ["tls.acme", "on a cluster cert-manager asks the directory; tls.secret names the Secret that it keeps"],
    [
        "front.sitesFolder",
        "pods have no folder of a host; front.sites.NAME.upstream may be a Service that has the files",
    ],
    ["front.sites.*.folder", "pods have no folder of a host; upstream may be a Service that has the files"],
    [
        "metrics.port",
        "whoever reaches a pod would read the numbers; each pod tells them at /metrics to a user of role metrics",
    ],
    ["mirrors.*.port", "the front shows each mirror under a name of its own, mirrors.NAME.domain"],
    ["mirrors.*.bindAddress", "the front shows the mirror"],
    ["mirrors.*.volume", "it is a volume of one host; mirrors.NAME.storageClass makes a claim"],
    ["mirrors.*.folder", "it is a folder of one host; mirrors.NAME.storageClass makes a claim"],
    ["mirrors.*.blobsFromDisk", "the front and the mirror's files are in different pods"],
    ["nexus", "the kit runs it on Docker alone"],
];

const at = (...path: string[]): Path => ["kubernetes", ...path];

/** How many pods may write to the images, and at which port of a node they are reached. */
function placeProblems({
    kubernetes = KUBERNETES_DEFAULTS,
    storage,
    port,
    front,
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
    const httpPort = front?.httpPort;
    const ports: readonly (readonly [path: Path, port: number | undefined, instead: number])[] = [
        [["port"], port, 30443],
        ...(httpPort === undefined ? [] : [[["front", "httpPort"], httpPort, 30080] as const]),
    ];
    for (const [path, of, instead] of expose === "nodePort" ? ports : [])
        if (of === undefined || of < first || of > last)
            found.push(
                problem(
                    path,
                    `is ${of ?? "not set"}, and kubernetes.expose is nodePort: a cluster opens ports from ${first} to ${last} of its nodes`,
                    set(path, instead),
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
    mirrors,
    front,
}: Partial<Options>): Problem[] {
    const { expose, gateway } = kubernetes;
    const beside: readonly (readonly [path: string, why: string])[] = [
        ["mirrors", "such a route leads the registry's own names alone to the pods"],
        ["front.sites", "such a route leads the registry's own names alone to the pods"],
        ["front.httpPort", "plain HTTP is answered by what stands before the pods"],
    ];
    const only = (key: "ingressClass" | "gateway", way: (typeof EXPOSE)[number]): Problem[] =>
        kubernetes[key] === undefined || expose === way
            ? []
            : [problem(at(key), `is set, and kubernetes.expose is ${expose}`, set(at("expose"), way))];
    const route = expose === "ingress" || expose === "gateway";
    const unled = route ? setAt({ mirrors, front }, beside) : [];
    const byAddress = route && (isIP(domain ?? "") !== 0 || (ipAddresses ?? []).length > 0);
    return [
        ...unled.map(({ path, why }) =>
            problem(path, `is set, and kubernetes.expose is ${expose}: ${why}`, remove(path)),
        ),
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

/** Sites whose name the front could not look up: nginx knows nothing of the names that a pod's programs may leave out. */
const siteProblems = ({ front, kubernetes = KUBERNETES_DEFAULTS }: Partial<Options>): Problem[] =>
    Object.entries(front?.sites ?? {}).flatMap(([name, { upstream }]) => {
        const [, scheme = "", service = "", namespace = kubernetes.namespace, port = ""] =
            /^(https?:\/\/)([A-Za-z0-9-]+)(?:\.([A-Za-z0-9-]+)\.svc)?(:\d+)?$/.exec(upstream ?? "") ?? [];
        const path = ["front", "sites", name, "upstream"];
        return service === "" || /^\d+$/.test(service)
            ? []
            : [
                  problem(
                      path,
                      `is ${upstream}, and the front looks names up as they are`,
                      set(path, `${scheme}${service}.${namespace}.svc.cluster.local${port}`),
                  ),
              ];
    });

/** A node asks one mirror of a registry. */
function nodeProblems({ kubernetes, mirrors = {} }: Partial<Options>): Problem[] {
    if (kubernetes?.trustNodes === undefined) return [];
    const first = new Map<string, string>();
    return Object.entries(mirrors).flatMap(([name, { upstream }]) => {
        if (upstreamProblem(upstream) !== undefined) return [];
        const of = upstreamName(upstream);
        const other = first.get(of);
        first.set(of, other ?? name);
        return other === undefined
            ? []
            : [
                  problem(
                      ["mirrors", name, "upstream"],
                      `is ${upstream}, as that of mirrors.${other} is, and kubernetes.trustNodes leads nodes to one mirror of it`,
                      remove(["mirrors", name]),
                  ),
              ];
    });
}

/** What is of a cluster alone. */
const THERE_ALONE = ["kubernetes", "tls.secret", "mirrors.*.size", "mirrors.*.storageClass"];

const kubernetesRule: Rule<Options> = (options) => {
    const { target } = options;
    if (target !== "kubernetes")
        return setAt(
            options,
            THERE_ALONE.map((path) => [path, `is set, and target is ${target ?? "docker"}`]),
        ).map(({ path, why }) => problem(path, why, set(["target"], "kubernetes")));
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
        ...siteProblems(options),
        ...nodeProblems(options),
        ...routeProblems(options),
        ...monitorProblems(options),
        ...backupProblems(options),
    ];
};

export const kubernetesRules: readonly Rule<Options>[] = [kubernetesRule];
