import type { X509Certificate } from "node:crypto";

import { isOnCluster } from "../setup/stack";
import { Engine } from "../engine/client";
import { domainOf, hostAndPort } from "../address/address";
import { isOf } from "./shared/identity";
import { redisName } from "../components/cache/redis-conf";
import { SetupError } from "../setup/errors";
import type { Machine } from "../setup/machine";
import { pluginsInUse } from "../setup/plugins";
import { print } from "../setup/progress";
import { readText } from "../setup/start.cjs";
import { commandFlags, OF_STACK } from "./shared/arguments";
import { acmeName, acmeStatus, checkDirectory } from "./doctor/acme-checks";
import { checkAsClient, type Tell } from "./doctor/client-checks";
import { checkOnCluster } from "./doctor/cluster-checks";
import { exitCode, type Finding, findingLine } from "./doctor/finding";
import * as look from "./doctor/look";
import * as host from "./doctor/machine-checks";
import {
    doctorStore,
    leaveNoFolder,
    lookAtUploads,
    registryName,
    storeOnCluster,
    storeOnEngine,
} from "./doctor/store";
import { deployedOf } from "./doctor/state";
import * as tls from "./doctor/tls-checks";
import { lastRuns } from "./schedule/record";
import { holderOf, type Listed } from "./facts/published";
import { type ClusterRegistry, withClusterRegistry } from "./shared/on-cluster";
import { inContainer } from "./store/broom";
import { readRecord } from "./upgrade/record";
import { upstreamProblems } from "./facts/upstreams";
import { engineAddress, readStack, type StackFacts } from "./facts/stack-facts";

const FLAGS = {
    store: { type: "boolean", default: false, text: "looks for damage in the storage instead" },
    json: { type: "boolean", default: false, text: "the checks as JSON" },
    mend: { type: "boolean", default: false, text: "with --store: puts what is damaged aside" },
    yes: { type: "boolean", default: false, text: "with --mend: does not ask" },
    ...OF_STACK,
} as const;

/** `npm run doctor`: a line for each check, and an exit code by the worst: 0 well, 1 warnings, 2 failures. */
export async function doctor(machine: Machine, args: string[]): Promise<number> {
    const flags = commandFlags("doctor", args, FLAGS, "checks everything from the Engine to a push");
    if (flags.mend && !flags.store)
        throw new SetupError("--mend is for --store: npm run doctor -- --store --mend");
    if (flags.json && flags.store) throw new SetupError("--json is for the checks: npm run doctor -- --json");
    const facts = await readStack(machine, args);
    const { stack } = facts;
    const onCluster = <T>(work: (registry: ClusterRegistry) => Promise<T>) =>
        withClusterRegistry(machine, stack, flags["config-file"], work);
    if (flags.store)
        return isOnCluster(stack)
            ? onCluster(async (registry) =>
                  doctorStore(await storeOnCluster(machine, registry), flags.mend, flags.yes),
              )
            : doctorStore(await storeOnEngine(facts), flags.mend, flags.yes);
    const findings: (Finding & { name: string })[] = [];
    const tell = (name: string, finding: Finding) => {
        findings.push({ name, ...finding });
        if (!flags.json) print(findingLine(name, finding));
    };
    if (isOnCluster(stack)) await onCluster((registry) => checkOnCluster(machine, facts, registry, tell));
    else await checkOnEngine(machine, facts, tell);
    tell("schedule", host.checkSchedule(lastRuns(machine, facts.prefix)));
    if (flags.json) print(JSON.stringify(findings, undefined, 2));
    return exitCode(findings);
}

/** Checks a registry on a Docker Engine, and tells of each. */
async function checkOnEngine(machine: Machine, facts: StackFacts, tell: Tell): Promise<void> {
    const { engine, engineProblem, collection, endpoint, caPem, prefix: owner } = facts;
    const domain = domainOf(endpoint.host);
    const { port } = hostAndPort(endpoint);
    const local = look.isLocal(engine);

    const version = await look.engineJson<{ Version: string }>(engine, "/version");
    tell("engine", host.checkEngine(engineProblem, engine.url, version?.Version));
    tell("ip_forward", host.checkForwarding(local ? readText("/proc/sys/net/ipv4/ip_forward") : undefined));
    const containers = await look.containersOf(engine);
    const { services, renewalDays } = await deployedOf(facts);
    const cache = redisName(owner);
    // A collection stops the registry, and has pulls answered in its place.
    const collecting = collection?.state === "at work" ? collection.registry : undefined;
    const expected = services.filter((name) => name !== cache && name !== collecting);
    if (engineProblem === undefined) {
        tell("container", host.checkContainer(containers, expected));
        if (services.includes(cache)) tell("cache", host.checkCache(containers, cache));
    }
    tell("collection", host.checkCollection(collection));
    if (engineProblem === undefined) {
        const record = await readRecord(new Engine(engine), { prefix: owner, identity: facts.identity });
        tell("upgrade", host.checkUpgrade(record));
    }
    const isOwn = ({ Labels }: Listed) => isOf(Labels, owner, facts.identity);
    const holder = holderOf(containers, port);
    const address = engineAddress(engine, holder?.ip);
    tell("port", host.checkPort(containers, isOwn, port, await look.answersAt(address, port)));
    const lan = local ? look.lanAddresses() : [address];
    tell("LAN address", host.checkLan(lan, holder?.ip, domain));
    const bound = holder === undefined || holder.ip === "0.0.0.0" || holder.ip === "::" ? lan : [holder.ip];
    tell("name", tls.checkName(domain, await look.resolveName(domain), bound));

    const registry = registryName(facts);
    const directory = acmeName(owner);
    const client = {
        ...{
            address,
            ownDocker: local,
            logs: `docker logs ${registry}`,
            collecting: collecting !== undefined,
        },
        end: async (certificate: X509Certificate | undefined) =>
            services.includes(directory)
                ? checkDirectory(certificate, await acmeStatus(engine, directory), directory, new Date())
                : tls.checkEnd(certificate, renewalDays, new Date()),
    };
    await checkAsClient(machine, facts, client, tell);

    if (engineProblem === undefined) {
        const unreached = await upstreamProblems(engine, facts.mirrors, caPem);
        for (const [name, { upstream }] of Object.entries(facts.mirrors)) {
            tell(`mirror ${name}`, host.checkMirror(upstream, unreached[name]));
        }
    }

    const own = containers.filter(isOwn);
    const runs = own.some(({ Names, State }) => Names[0] === `/${registry}` && State === "running");
    if (runs && collecting === undefined) {
        const { run } = inContainer(new Engine(engine), registry);
        await leaveNoFolder(run);
        tell("uploads", await lookAtUploads(run));
    }
    // Containers that ran for a moment have a nameless volume at the same path.
    const data = await look.dataFolder(engine, registry);
    const where = data ?? "the storage";
    tell("disk", host.checkDisk(local && data !== undefined ? await look.diskOf(data) : undefined, where));
    tell("image", host.checkVersion(await look.registryVersion(engine, registry)));
    const plugins = await pluginsInUse(machine);
    tell("plugins", host.checkPlugins(plugins.kind, plugins.reason));
}
