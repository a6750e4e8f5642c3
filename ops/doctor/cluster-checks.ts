/** What the doctor looks at on a cluster. */
import { hostAndPort, domainOf } from "../../address/address";
import type { ClusterObject } from "../../cluster/cluster";
import { DEPLOY, OPERATE, rightsOf, rightText } from "../../cluster/rights";
import { inPlace } from "../../cluster/in-place";
import { troublesOf } from "../../cluster/look";
import type { ClusterState } from "../../cluster/troubles";
import { DATA_FOLDER } from "../../components/storage/folders";
import { messageOf } from "../../setup/errors";
import type { Machine } from "../../setup/machine";
import { mendClusterFirst, noticed } from "../gc/notice";
import { inPod } from "../gc/on-cluster";
import type { StackFacts } from "../facts/stack-facts";
import {
    addressesOf,
    type ClusterRegistry,
    DEPLOYMENT,
    type DeploymentObject,
    isReady,
    type PodObject,
    podsOf,
    readyPod,
    type ServiceObject,
} from "../shared/on-cluster";
import { type Shell, shell } from "../store/broom";
import { upstreamProblemsBehind } from "../facts/upstreams";

import { checkAsClient, type Tell } from "./client-checks";
import { failure, type Finding, ok, warning } from "./finding";
import * as look from "./look";
import * as host from "./machine-checks";
import { deployedOf } from "./state";
import { leaveNoFolder, lookAtUploads } from "./store";
import * as tls from "./tls-checks";
import { REGISTRY_CONTAINER } from "../../components/kubernetes/names";

/** @param problem why it does not answer; nothing where it does */
export function checkCluster(
    problem: string | undefined,
    version: string | undefined,
    namespace: string,
): Finding {
    return problem === undefined
        ? ok(`Kubernetes ${version ?? "of an unknown version"}, namespace ${namespace}`)
        : failure(problem, "kubectl cluster-info");
}

/** @param lacking rights as `rightText` writes them */
export function checkRights(lacking: readonly string[]): Finding {
    if (lacking.length === 0) return ok("all that the kit's commands need");
    return warning(
        `this login may not ${lacking.join(", ")}`,
        "give it the Role of examples/kubernetes/role.yaml (docs/kubernetes.md)",
    );
}

/**
 * @param found what keeps pods from serving, a sentence each
 * @param deployment nothing where there is none
 */
export function checkPods(
    deployment: DeploymentObject | undefined,
    pods: readonly PodObject[],
    found: readonly string[],
): Finding {
    if (deployment === undefined) return failure("the Deployment is not there", "npm run up -- --refresh");
    const wanted = deployment.spec.replicas ?? 1;
    const ready = pods.filter(isReady);
    const text = `${ready.length} of ${wanted} pods are ready`;
    if (ready.length < wanted || found.length > 0)
        return (ready.length === 0 ? failure : warning)(
            [text, ...found].join("; "),
            found.length > 0 ? "as it says; the others go on serving" : "wait a moment, and look again",
        );
    const nodes = [...new Set(ready.map(({ spec }) => spec.nodeName ?? ""))].sort();
    return nodes.length === 1 && wanted > 1
        ? warning(
              `${text}, all on ${nodes[0]}: with that node all of them go`,
              "give the cluster another node",
          )
        : ok(`${text}, on ${nodes.join(", ")}`);
}

/** Where clients outside find it. @param service nothing where there is none; @returns the addresses too, where they are known */
export function checkService(
    service: ServiceObject | undefined,
    port: number,
): { finding: Finding; addresses: string[] } {
    if (service === undefined)
        return { finding: failure("the Service is not there", "npm run up -- --refresh"), addresses: [] };
    const { spec, metadata } = service;
    const addresses = addressesOf(service);
    switch (spec.type) {
        case "LoadBalancer":
            return {
                finding:
                    addresses.length > 0
                        ? ok(`${metadata.name} has the address ${addresses.join(", ")}`)
                        : failure(
                              `${metadata.name} has no address: nobody in the cluster gives any`,
                              "pulumi config set --path kubernetes.expose nodePort, with a port from 30000 to 32767",
                          ),
                addresses,
            };
        case "NodePort":
            return { finding: ok(`${metadata.name}: port ${port} of every node`), addresses };
        default:
            return {
                finding: ok(`${metadata.name}: inside of the cluster alone, and by what passes TLS on to it`),
                addresses,
            };
    }
}

/** Bytes of the file system with the images, as a pod has it; nothing where they lie in a store elsewhere. */
async function diskOf(run: Shell): Promise<{ free: number; total: number } | undefined> {
    const text = await run(shell(`df -Pk ${DATA_FOLDER} | tail -n 1`));
    const [, total, , free] = text.trim().split(/\s+/).map(Number);
    return total === undefined || free === undefined || Number.isNaN(total + free)
        ? undefined
        : { total: total * 1024, free: free * 1024 };
}

/** All that a cluster is asked. @returns whether it answers */
async function checkThere(registry: ClusterRegistry, tell: Tell): Promise<boolean> {
    const { cluster } = registry;
    const version = await cluster.version().catch((error: unknown) => new Error(messageOf(error)));
    if (version instanceof Error) {
        tell("cluster", checkCluster(version.message, undefined, cluster.namespace));
        return false;
    }
    tell("cluster", checkCluster(undefined, version, cluster.namespace));
    const lacking = await cluster.lacking(rightsOf([...DEPLOY, ...OPERATE]));
    tell("rights", checkRights(lacking.map(rightText)));
    return true;
}

/** Checks a registry on a cluster, and tells of each. */
export async function checkOnCluster(
    machine: Machine,
    facts: StackFacts,
    registry: ClusterRegistry,
    tell: Tell,
): Promise<void> {
    const { cluster, name } = registry;
    const here = (text: string) => inPlace(text, registry.access);
    const domain = domainOf(facts.endpoint.host);
    const { port } = hostAndPort(facts.endpoint);
    const logs = here(`\`kubectl logs deployment/${name} --container ${REGISTRY_CONTAINER}\``);
    let addresses: string[] = [];
    let collecting = false;
    const answers = await checkThere(registry, tell);
    if (answers)
        try {
            const deployment = await cluster.get<DeploymentObject>(DEPLOYMENT, name);
            const pods = await podsOf(registry);
            const objects: ClusterObject[] = [...(deployment === undefined ? [] : [deployment]), ...pods];
            const found = await troublesOf(cluster, objects as unknown as ClusterState[], Date.now());
            tell("pods", checkPods(deployment, pods, found.map(here)));
            const collection = await noticed(() => mendClusterFirst(machine, registry));
            collecting = collection.state === "at work";
            tell("collection", host.checkCollection(collection));
            const service = checkService(await cluster.get<ServiceObject>("service", name), port);
            ({ addresses } = service);
            tell("address", service.finding);
        } catch (error) {
            tell("pods", failure(messageOf(error), "see the lines above"));
        }
    tell("name", tls.checkName(domain, await look.resolveName(domain), addresses));
    const { renewalDays } = await deployedOf(facts);
    const client = {
        // Whether the name leads there is a check of its own.
        ...{ address: addresses[0] ?? domain, ownDocker: true, logs, collecting },
        end: (certificate: Parameters<typeof tls.checkEnd>[0]) =>
            tls.checkEnd(certificate, renewalDays, new Date()),
    };
    await checkAsClient(machine, facts, client, tell);
    if (!answers) return;
    const front = { endpoint: facts.endpoint, address: client.address, caPem: facts.caPem };
    const unreached = await upstreamProblemsBehind(front, facts.mirrors);
    for (const [mirror, { upstream }] of Object.entries(facts.mirrors))
        tell(
            `mirror ${mirror}`,
            unreached === undefined
                ? warning(`cannot be asked at ${client.address}`, "see the lines above")
                : host.checkMirror(upstream, unreached[mirror], true),
        );
    try {
        const { run } = inPod(registry, (await readyPod(registry)).metadata.name, REGISTRY_CONTAINER);
        const onClaim = (await run(shell(`[ -w ${DATA_FOLDER} ] && echo yes`))).includes("yes");
        if (onClaim && !collecting) {
            await leaveNoFolder(run);
            tell("uploads", await lookAtUploads(run));
            tell("disk", host.checkDisk(await diskOf(run), "the claim"));
        }
        tell(
            "image",
            host.checkVersion(/v?\d+\.\d+\.\d+/.exec(await run(["/bin/registry", "--version"]))?.[0]),
        );
    } catch (error) {
        tell(
            "image",
            warning(`the registry cannot be looked into: ${messageOf(error)}`, "see the lines above"),
        );
    }
}
