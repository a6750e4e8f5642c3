/** Checks of the Engine and its machine. Each gets what it looks at, so that a test can make it up. */
import { holderOf, type Listed } from "../published";
import { failure, type Finding, ok, warning } from "./finding";

/** End of the name of a container that does its work and ends: it writes a configuration volume, or reloads the front. */
const MOMENTARY = /-(config|reload)$/;

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

/** @param value of net.ipv4.ip_forward; nothing where this machine has no such setting or is not the Engine's */
export function checkForwarding(value: string | undefined): Finding {
    if (value === undefined) return ok("not looked at: the Engine is on another machine, or not on Linux");
    if (value.trim() === "1") return ok("net.ipv4.ip_forward is 1");
    return failure(
        `net.ipv4.ip_forward is ${value.trim()}: containers cannot be reached from outside`,
        "sysctl -w net.ipv4.ip_forward=1, and keep it in /etc/sysctl.d/90-docker.conf",
    );
}

/** @param owner the deployment's label value; @param label its name */
export function checkContainer(containers: readonly Listed[], label: string, owner: string): Finding {
    const own = containers.filter(
        ({ Labels, Names }) => Labels[label] === owner && !MOMENTARY.test(Names[0] ?? ""),
    );
    const names = (some: readonly Listed[]) => some.map(({ Names }) => Names[0]?.slice(1)).join(", ");
    if (own.length === 0) return failure(`no container of ${owner} is there`, "pulumi up --refresh");
    const stopped = own.filter(({ State }) => State !== "running");
    if (stopped.length > 0)
        return failure(`${names(stopped)} is ${stopped[0]?.State}`, "pulumi up --refresh");
    const ill = own.filter(({ Status }) => Status.includes("unhealthy"));
    if (ill.length > 0) return failure(`${names(ill)} is unhealthy`, `docker logs ${names(ill.slice(0, 1))}`);
    return ok(`${names(own)}: running`);
}

/** @param answers whether something takes connections at the port */
export function checkPort(
    containers: readonly Listed[],
    label: string,
    owner: string,
    port: number,
    answers: boolean,
): Finding {
    const holder = holderOf(containers, port);
    const mine = containers.some(
        ({ Labels, Names }) => Labels[label] === owner && Names[0]?.slice(1) === holder?.name,
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
    const all = bound !== undefined && bound !== "0.0.0.0" && bound !== "::" ? [bound] : addresses;
    const [first] = all;
    if (first === undefined)
        return warning("this machine has no address but the loopback's", "connect it to the LAN");
    return ok(`clients reach it at ${all.join(" or ")} (hosts line: ${first} ${domain})`);
}

/** @param disk bytes of the file system with the storage; nothing where it cannot be told */
export function checkDisk(disk: { free: number; total: number } | undefined, where: string): Finding {
    if (disk === undefined)
        return warning(`the space at ${where} cannot be told from here`, "look there with df -h");
    const share = disk.free / disk.total;
    const text = `${(disk.free / 1e9).toFixed(1)} GB free (${Math.round(share * 100)} %) at ${where}`;
    const fix = "delete what is not needed, or give it a larger disk (storage.path)";
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
