/**
 * Machines of a cluster: namespaces of this one, with a network between them. They share processes, files and programs; what
 * they write in /etc, /var and /run is theirs, and goes with them. They end when this process does, however that ends.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { closeSync, existsSync, openSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { networkInterfaces } from "node:os";
import { join } from "node:path";

import { must, type Result, run, until } from "../run";

export interface MachineAddress {
    name: string;
    address: string;
}

/** Half of what RFC 2544 keeps for tests has the machines, a /24 for each cluster; the other half what is inside of them. */
const OUTER = "198.18";
export const PODS = { all: "198.19.0.0/17", of: (index: number) => `198.19.${index}.0/24` };
export const SERVICES = { all: "198.19.128.0/17", api: "198.19.128.1", dns: "198.19.128.10" };

/** What the kubelet sets of the kernel, which has these once for all machines: here it sets files of its own. */
const SETTINGS = [
    ...["vm/overcommit_memory", "vm/panic_on_oom", "kernel/panic", "kernel/panic_on_oops"],
    ...["kernel/keys/root_maxkeys", "kernel/keys/root_maxbytes"],
];

const CGROUPS = "/sys/fs/cgroup";

/** Folders of a control group by name, one of each hierarchy. */
const cgroupsOf = (name: string): string[] =>
    existsSync(join(CGROUPS, "cgroup.controllers"))
        ? [join(CGROUPS, name)]
        : readdirSync(CGROUPS)
              .filter((hierarchy) => existsSync(join(CGROUPS, hierarchy, "cgroup.procs")))
              .map((hierarchy) => join(CGROUPS, hierarchy, name));

/**
 * Around the machines: makes their control groups, and takes those and the folder away whatever ended the machines. A group of
 * cpuset takes no process before it has processors.
 */
const outerScript = (folder: string, groups: readonly string[]) => `
for group in ${groups.join(" ")}; do
    mkdir -p $group || exit 1
    for part in $(dirname $group) $group; do
        for file in cpuset.mems cpuset.cpus; do
            if [ -e $part/$file ] && [ -z "$(cat $part/$file)" ]; then cat $(dirname $part)/$file > $part/$file; fi
        done
    done
done
unshare --mount --pid --fork --mount-proc --propagation private sh ${folder}/inner.sh
for group in ${[...new Set(groups.map((group) => join(group, "..")))].join(" ")}; do
    for again in 1 2 3 4 5 6 7 8 9 10; do
        find $group -depth -type d -exec rmdir {} + 2> /dev/null
        if [ ! -e $group ]; then break; fi
        sleep 0.5
    done
done
rm -rf ${folder}
`;

/** Process 1 of the machines, which ends them all when its input does. */
const innerScript = (
    folder: string,
    link: string,
    subnet: string,
    machines: readonly MachineAddress[],
) => `set -e
mount -t tmpfs tmpfs /run
mkdir /run/lock /run/settings /run/rw
mount -t tmpfs tmpfs /run/rw
for part in /etc /opt /var/lib /var/log; do
    mkdir -p /run/rw$part/upper /run/rw$part/work $part
    mount -t overlay overlay -o lowerdir=$part,upperdir=/run/rw$part/upper,workdir=/run/rw$part/work $part
done
for setting in ${SETTINGS.join(" ")}; do
    file=/run/settings/$(echo $setting | tr / -)
    cat /proc/sys/$setting > $file
    mount --bind $file /proc/sys/$setting
done
ip netns add switch
ip -n switch link set lo up
ip -n switch link add bridge type bridge
ip -n switch link set bridge up
ip link add ${link} type veth peer name host netns switch
ip addr add ${subnet}.1/24 dev ${link}
ip link set ${link} up
ip -n switch link set host master bridge up
for machine in ${machines.map(({ name, address }) => `${name}:${address}`).join(" ")}; do
    name=\${machine%:*}
    ip netns add $name
    ip -n $name link set lo up
    ip link add eth0 netns $name type veth peer name $name netns switch
    ip -n switch link set $name master bridge up
    ip -n $name addr add \${machine#*:}/24 dev eth0
    ip -n $name link set eth0 up
    ip -n $name route add default via ${subnet}.1
    # Beyond the pods nobody knows the way back to one; among them each sees the other's own address.
    nsenter --net=/run/netns/$name iptables -t nat -A POSTROUTING -s ${PODS.all} ! -d ${PODS.all} -j MASQUERADE
    nsenter --net=/run/netns/$name sh -c 'echo 1 > /proc/sys/net/ipv4/ip_forward
        file=/proc/sys/net/bridge/bridge-nf-call-iptables
        if [ -e $file ]; then echo 1 > $file; fi'
done
${machines
    .flatMap((one, index) =>
        machines
            .filter((other) => other !== one)
            .map((other) => `ip -n ${other.name} route add ${PODS.of(index + 1)} via ${one.address}`),
    )
    .join("\n")}
echo > ${folder}/ready
cat > /dev/null
`;

const onlyChild = (pid: number): number =>
    Number(readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim().split(" ")[0]);

export class Machines {
    /** Name of their control group, and of the link to them. */
    readonly name = `e2ek8s-${randomBytes(3).toString("hex")}`;
    readonly addresses: readonly MachineAddress[];
    private readonly subnet: string;
    private outer: ChildProcess | undefined;
    private ended: Promise<unknown> = Promise.resolve();
    private init = 0;

    /** @param folder exists; logs and data are in it, and it goes with the machines */
    constructor(
        private readonly folder: string,
        names: readonly string[],
    ) {
        const taken = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
        const free = Array.from({ length: 256 }, (_, third) => `${OUTER}.${third}`).filter(
            (subnet) => !taken.some(({ address }) => address.startsWith(`${subnet}.`)),
        );
        // Not the first one: another run may be about to take that.
        this.subnet = free[randomBytes(1).readUInt8() % free.length] ?? `${OUTER}.0`;
        this.addresses = names.map((name, index) => ({ name, address: `${this.subnet}.${index + 11}` }));
    }

    /** Addresses of the network that no machine has, for Services. */
    freeAddress(index: number): string {
        return `${this.subnet}.${index + 101}`;
    }

    /** Control group of a machine, beneath that of each hierarchy. */
    cgroup(name: string): string {
        return `/${this.name}/${name}`;
    }

    async boot(): Promise<void> {
        if (process.getuid?.() !== 0)
            throw new Error(
                "A cluster of namespaces is for root to make: run this as root, or name a cluster's context in " +
                    "PRIVATE_REGISTRY_TEST_CONTEXT.",
            );
        const inner = innerScript(this.folder, this.name, this.subnet, this.addresses);
        writeFileSync(join(this.folder, "inner.sh"), inner);
        const groups = this.addresses.flatMap(({ name }) => cgroupsOf(join(this.name, name)));
        writeFileSync(join(this.folder, "outer.sh"), outerScript(this.folder, groups));
        // A session of its own: what interrupts the tests on their terminal does not interrupt the clearing.
        const outer = spawn("sh", [join(this.folder, "outer.sh")], {
            stdio: ["pipe", "ignore", "pipe"],
            detached: true,
        });
        let said = "";
        outer.stderr.setEncoding("utf8").on("data", (chunk: string) => (said += chunk));
        this.outer = outer;
        let over = false;
        this.ended = new Promise((done) => outer.on("close", () => done((over = true))));
        await until("the cluster's machines are there", () => {
            if (over) throw new Error(`The cluster's machines did not start:\n${said}`);
            return Promise.resolve(existsSync(join(this.folder, "ready")) ? true : undefined);
        });
        this.init = onlyChild(onlyChild(outer.pid ?? 0));
    }

    private inside(machine: string | undefined, command: readonly string[]): string[] {
        const net = machine === undefined ? [] : ["nsenter", `--net=/run/netns/${machine}`];
        return [`--target=${this.init}`, "--mount", "--pid", ...net, ...command];
    }

    /** Runs a program there, on a machine where one is named, else beside them. */
    run(machine: string | undefined, command: readonly string[], timeoutMs?: number): Promise<Result> {
        return run("nsenter", this.inside(machine, command), { timeoutMs });
    }

    must(machine: string | undefined, command: readonly string[], timeoutMs?: number): Promise<string> {
        return must("nsenter", this.inside(machine, command), { timeoutMs });
    }

    /** Starts a program on a machine that runs for as long as the machines do. Its output is in `NAME.log`. */
    start(machine: string, name: string, command: readonly string[]): void {
        const log = openSync(join(this.folder, `${name}.log`), "a");
        spawn("nsenter", this.inside(machine, command), {
            stdio: ["ignore", log, log],
            detached: true,
        }).unref();
        closeSync(log);
    }

    /** End of a program's log. */
    log(name: string): string {
        const file = join(this.folder, `${name}.log`);
        return existsSync(file) ? readFileSync(file, "utf8").slice(-2000) : "";
    }

    /** Takes a machine off the network, or puts it back. */
    async link(machine: string, state: "up" | "down"): Promise<void> {
        await this.must(undefined, ["ip", "-n", "switch", "link", "set", machine, state]);
    }

    /** Has this machine reach an address through one of them. */
    async route(address: string, via: string): Promise<void> {
        await must("ip", ["route", "replace", address, "via", via, "dev", this.name]);
    }

    /** Ends all that runs there; links, mounts and control groups go with it. */
    async dispose(): Promise<void> {
        this.outer?.stdin?.end();
        await this.ended;
        await until("the link to the machines is gone", async () =>
            (await run("ip", ["link", "show", this.name])).code === 0 ? undefined : true,
        );
        const left = cgroupsOf(this.name).filter((folder) => existsSync(folder));
        if (left.length > 0) throw new Error(`The cluster left ${left.join(", ")}.`);
    }
}
