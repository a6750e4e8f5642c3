/** Checks of the Engine and its machine. Each gets what it looks at, so that a test can make it up. */
import { isLocalhost, needsName } from "../../address/address";
import type { Collection } from "../gc/notice";
import type { LastRuns } from "../schedule/record";
import { holderOf, type Listed } from "../facts/published";
import type { UnderWay } from "../upgrade/record";
import { upstreamFix } from "../facts/upstreams";
import { failure, type Finding, ok, warning } from "./finding";

export function checkEngine(problem: string | undefined, url: string, version: string | undefined): Finding {
    if (problem !== undefined || version === undefined)
        return failure(
            `nothing answers at ${url} (${problem ?? "no version"})`,
            "start Docker Engine: systemctl start docker",
        );
    const [major = 0, minor = 0] = version.split(".").map(Number);
    if (major < 20 || (major === 20 && minor < 10))
        return warning(`Docker Engine ${version} at ${url}`, "upgrade to 20.10 or newer");
    return ok(`Docker Engine ${version} at ${url}`);
}

/** @param why it does not reach its upstream; nothing where it does */
export const checkMirror = (upstream: string, why: string | undefined, onCluster = false): Finding =>
    why === undefined
        ? ok(`reaches ${upstream}`)
        : warning(`does not reach ${upstream}: ${why}`, upstreamFix(onCluster));

/** @param value of net.ipv4.ip_forward; nothing where this machine has no such setting or is not the Engine's */
export function checkForwarding(value: string | undefined): Finding {
    if (value === undefined) return ok("not looked at: the Engine is on another machine, or not on Linux");
    if (value.trim() === "1") return ok("net.ipv4.ip_forward is 1");
    return failure(
        `net.ipv4.ip_forward is ${value.trim()}: containers cannot be reached from outside`,
        "sysctl -w net.ipv4.ip_forward=1, and keep it in /etc/sysctl.d/90-docker.conf",
    );
}

/** @param services names of the containers that have to run */
export function checkContainer(containers: readonly Listed[], services: readonly string[]): Finding {
    const found = (name: string) => containers.find(({ Names }) => Names.includes(`/${name}`));
    const faults: [(name: string) => boolean, (name: string) => string][] = [
        [(name) => found(name) === undefined, () => "not there"],
        [(name) => found(name)?.State !== "running", (name) => found(name)?.State ?? ""],
        [(name) => found(name)?.Status.includes("unhealthy") ?? false, () => "unhealthy"],
    ];
    for (const [is, what] of faults) {
        const [first, ...others] = services.filter(is);
        if (first === undefined) continue;
        const text = [first, ...others].map((name) => `${name} is ${what(name)}`).join(", ");
        return failure(text, what(first) === "unhealthy" ? `docker logs ${first}` : "pulumi up --refresh");
    }
    return ok(services.length === 0 ? "none has to run now" : `${services.join(", ")}: running`);
}

/** @param name of the Redis, without which the registry goes on */
export function checkCache(containers: readonly Listed[], name: string): Finding {
    const { level, text, fix = "" } = checkContainer(containers, [name]);
    return level === "ok" ? ok(text) : warning(`${text}; the registry goes on without it, slower`, fix);
}

/** @param record of an upgrade that has not ended; nothing where there is none */
export function checkUpgrade(record: Pick<UnderWay, "begun" | "steps"> | undefined): Finding {
    if (record === undefined) return ok("none under way");
    const what = record.steps.map(({ part, to }) => `${part} to ${to.name}`).join(", ");
    return warning(
        `begun at ${record.begun}, and not ended: ${what}`,
        "wait for its end; if its command is gone: npm run upgrade ends it, npm run upgrade -- --back undoes it",
    );
}

/** @param collection nothing where no Engine answers */
export function checkCollection(collection: Collection | undefined): Finding {
    switch (collection?.state) {
        case "none":
            return ok("none at work");
        case "mended":
            return ok("was left over and has been mended");
        case "at work":
            return warning(
                `${collection.what} is at work (${collection.process}): pushes may get 503, so push, pull and delete are not tried`,
                "wait for its end; if that process is gone: npm run gc -- --mend",
            );
        case "unknown":
            return failure(`may have been left over: ${collection.problem}`, "npm run gc -- --mend");
        default:
            return ok("not looked at: no Engine answers");
    }
}

/** @param answers whether something takes connections at the port */
export function checkPort(
    containers: readonly Listed[],
    isOwn: (container: Listed) => boolean,
    port: number,
    answers: boolean,
): Finding {
    const holder = holderOf(containers, port);
    const mine = containers.some(
        (container) => isOwn(container) && container.Names[0]?.slice(1) === holder?.name,
    );
    if (holder && !mine)
        return failure(
            `port ${port} is taken by the container ${holder.name}`,
            `docker stop ${holder.name}, or pulumi config set port PORT; then pulumi up --refresh`,
        );
    if (!holder && answers)
        return failure(
            `port ${port} is taken by another program`,
            `stop it (ss -ltnp 'sport = :${port}' names it), or pulumi config set port PORT; then pulumi up --refresh`,
        );
    if (!holder) return failure(`nothing listens on port ${port}`, "pulumi up --refresh");
    if (!answers)
        return failure(
            `port ${port} of ${holder.ip} is published but not reachable`,
            "look for a firewall between here and there",
        );
    return ok(`port ${port} of ${holder.ip}, published by ${holder.name}`);
}

/** @param addresses of the Engine's machine in its LAN; @param bound where the port is published */
export function checkLan(addresses: readonly string[], bound: string | undefined, domain: string): Finding {
    if (bound?.startsWith("127."))
        return warning(
            `the port is bound to ${bound}: no other machine reaches it`,
            "pulumi config set bindAddress 0.0.0.0, where others are to",
        );
    if (isLocalhost(domain)) return ok(`${domain} is this machine alone: for others set a domain`);
    const all = bound !== undefined && bound !== "0.0.0.0" && bound !== "::" ? [bound] : addresses;
    const [first] = all;
    if (first === undefined)
        return warning("this machine has no address but the loopback's", "connect it to the LAN");
    const line = needsName(domain) ? ` (hosts line: ${first} ${domain})` : "";
    return ok(`clients reach it at ${all.join(" or ")}${line}`);
}

/** @param disk bytes of the file system with the storage; nothing where it cannot be told */
export function checkDisk(disk: { free: number; total: number } | undefined, where: string): Finding {
    if (disk === undefined)
        return warning(`the space at ${where} cannot be told from here`, "look there with df -h");
    const share = disk.free / disk.total;
    const text = `${(disk.free / 1e9).toFixed(1)} GB free (${Math.round(share * 100)} %) at ${where}`;
    const fix = "delete what is not needed, or give it a larger disk (storage.folder)";
    if (disk.free < 200e6) return failure(text, fix);
    return share < 0.1 || disk.free < 1e9 ? warning(text, fix) : ok(text);
}

/** @param version as the registry itself tells, such as v3.1.2 */
export function checkVersion(version: string | undefined): Finding {
    const [, major, minor, patch] = /v?(\d+)\.(\d+)\.(\d+)/.exec(version ?? "") ?? [];
    const fix = "pulumi config set image registry:3.1.2, then pulumi up";
    if (major === undefined) return warning("the registry does not tell its version", fix);
    const number = Number(major) * 1e6 + Number(minor) * 1e3 + Number(patch);
    if (number < 3_001_001)
        return failure(`registry ${major}.${minor}.${patch} has known holes (CVE-2026-41888)`, fix);
    return ok(`registry ${major}.${minor}.${patch}`);
}

export const checkPlugins = (kind: "official" | "embedded", reason: string): Finding =>
    ok(`the ${kind} provider plugins (${reason})`);

/** What ran by itself, and failed the last time. The doctor's own last run is told by this one. */
export function checkSchedule(runs: LastRuns): Finding {
    const failed = Object.entries(runs).filter(
        ([command, { message }]) => command !== "doctor" && message !== undefined,
    );
    if (failed.length === 0) return ok("nothing that ran by itself failed the last time");
    const texts = failed.map(([command, { ended, message }]) => `npm run ${command} at ${ended}: ${message}`);
    const logs = failed.map(([, { log }]) => log);
    return warning(`failed the last time: ${texts.join("; ")}`, `read ${logs.join(", ")}`);
}
