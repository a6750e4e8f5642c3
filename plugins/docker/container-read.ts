/** What the Engine says of a container → outputs, as the official provider writes them. */
import type { ContainerInspectInfo, Healthcheck, Mount } from "../../engine/types";

import type { Props } from "../framework/resource";

import { formatDuration } from "./duration";
import { labelList } from "./state";

const MIB = 1024 * 1024;

const mib = (bytes: number | undefined) => Math.trunc((bytes ?? 0) / MIB);

const mount = ({ BindOptions: bind, VolumeOptions: volume, TmpfsOptions: tmpfs, ...info }: Mount) => ({
    type: info.Type,
    target: info.Target,
    source: info.Source ?? "",
    readOnly: info.ReadOnly ?? false,
    bindOptions: bind ? { propagation: bind.Propagation ?? "" } : null,
    volumeOptions: volume
        ? {
              noCopy: volume.NoCopy ?? false,
              labels: labelList(volume.Labels),
              driverName: volume.DriverConfig?.Name ?? "",
              driverOptions: volume.DriverConfig?.Options ?? {},
              subpath: volume.Subpath ?? "",
          }
        : null,
    tmpfsOptions: tmpfs ? { sizeBytes: tmpfs.SizeBytes ?? 0, mode: tmpfs.Mode ?? 0 } : null,
});

/** The ports that are open on the Docker host. */
export function publishedPorts({ HostConfig, NetworkSettings }: ContainerInspectInfo) {
    const asked = HostConfig.PortBindings;
    // What was asked for on no address (`docker run -p`, not this plugin) is open on IPv6 as well: that is one port.
    const onAny = (key: string) => asked?.[key]?.some(({ HostIp }) => HostIp === "") ?? false;
    return Object.entries(NetworkSettings.Ports ?? {})
        .flatMap(([key, hosts]) => {
            const [internal, protocol] = key.split("/");
            const open = (hosts ?? []).filter(({ HostIp }) => HostIp !== "::" || !onAny(key));
            return open.map(({ HostIp, HostPort }) => ({
                internal: Number(internal),
                external: Number(HostPort),
                ip: HostIp,
                protocol,
            }));
        })
        .sort((a, b) => a.internal - b.internal);
}

const networkDatas = (networks: ContainerInspectInfo["NetworkSettings"]["Networks"] | undefined) =>
    Object.entries(networks ?? {})
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([networkName, info]) => ({
            networkName,
            ipAddress: info.IPAddress,
            ipPrefixLength: info.IPPrefixLen,
            gateway: info.Gateway,
            globalIpv6Address: info.GlobalIPv6Address,
            globalIpv6PrefixLength: info.GlobalIPv6PrefixLen,
            ipv6Gateway: info.IPv6Gateway,
            macAddress: info.MacAddress,
        }));

/** The networks that a container joined, but for the default one. */
export const containerNetworks = ({ Id, NetworkSettings }: ContainerInspectInfo) =>
    Object.entries(NetworkSettings.Networks ?? {})
        .filter(([name]) => !["bridge", "none", "host"].includes(name))
        .map(([name, info]) => {
            const address = info.IPAMConfig;
            return {
                name,
                // The Engine adds the container's own short ID.
                aliases: (info.Aliases ?? []).filter((alias) => !Id.startsWith(alias)),
                ipv4Address: address?.IPv4Address ?? "",
                ipv6Address: address?.IPv6Address ?? "",
                linkLocalIps: [],
                macAddress: "",
                driverOpts: [],
                gwPriority: 0,
            };
        });

/** An IPv6 address has colons of its own. */
function host(entry: string) {
    const at = entry.indexOf(":");
    return { host: entry.slice(0, at), ip: entry.slice(at + 1) };
}

function healthcheck(check: Healthcheck | undefined): Props {
    if (!check) return {};
    return {
        healthcheck: {
            tests: check.Test ?? [],
            interval: formatDuration(check.Interval ?? 0),
            timeout: formatDuration(check.Timeout ?? 0),
            startPeriod: formatDuration(check.StartPeriod ?? 0),
            startInterval: formatDuration(check.StartInterval ?? 0),
            retries: check.Retries ?? 0,
        },
    };
}

function runState(base: Props, info: ContainerInspectInfo): Props {
    const running = info.State.Running;
    const wanted = base.mustRun === true;
    const published = (base.ports as unknown[] | null | undefined)?.length ? publishedPorts(info) : undefined;
    return {
        // An ended container has no ports; where it may end, that is no change.
        ...(published && (running || wanted) ? { ports: published } : {}),
        // A container that should run and does not differs from what is wanted by just this.
        ...(running ? {} : { exitCode: info.State.ExitCode, ...(wanted ? { mustRun: false } : {}) }),
    };
}

/**
 * @param base the state as it was, or as it is planned: the image's environment variables and labels are in the
 *   Engine's as well, so those and what the Engine does not know stay as they are
 */
export function containerOutputs(base: Props, info: ContainerInspectInfo): Props {
    const { Config: config, HostConfig: hostConfig, NetworkSettings: network } = info;
    const { CapAdd, CapDrop } = hostConfig;
    const list = (value: unknown) => (value as unknown[] | null | undefined) ?? [];
    return {
        ...base,
        ...runState(base, info),
        bridge: network.Bridge ?? "",
        networkDatas: networkDatas(network.Networks),
        name: info.Name.replace(/^\//, ""),
        image: String(base.image ?? "").startsWith("sha256:") ? info.Image : config.Image,
        rm: hostConfig.AutoRemove ?? false,
        readOnly: hostConfig.ReadonlyRootfs ?? false,
        hostname: config.Hostname,
        domainname: config.Domainname,
        command: list(config.Cmd),
        entrypoints: list(config.Entrypoint),
        user: config.User,
        workingDir: config.WorkingDir,
        tty: config.Tty,
        stdinOpen: config.OpenStdin,
        stopSignal: config.StopSignal ?? "",
        stopTimeout: config.StopTimeout ?? 0,
        ...healthcheck(config.Healthcheck),
        dns: list(hostConfig.Dns),
        dnsOpts: list(hostConfig.DnsOptions),
        dnsSearches: list(hostConfig.DnsSearch),
        hosts: (list(hostConfig.ExtraHosts) as string[]).map(host),
        securityOpts: list(hostConfig.SecurityOpt),
        groupAdds: list(hostConfig.GroupAdd),
        ...(CapAdd?.length || CapDrop?.length
            ? { capabilities: { adds: list(CapAdd), drops: list(CapDrop) } }
            : {}),
        publishAllPorts: hostConfig.PublishAllPorts ?? false,
        restart: hostConfig.RestartPolicy?.Name ?? "no",
        maxRetryCount: hostConfig.RestartPolicy?.MaximumRetryCount ?? 0,
        init: hostConfig.Init ?? false,
        runtime: hostConfig.Runtime ?? "",
        platform: info.Platform,
        privileged: hostConfig.Privileged ?? false,
        mounts: (hostConfig.Mounts ?? []).map(mount),
        tmpfs: hostConfig.Tmpfs ?? {},
        ...((base.ulimits as unknown[] | null | undefined)?.length
            ? { ulimits: ulimits(hostConfig.Ulimits) }
            : {}),
        memory: mib(hostConfig.Memory),
        memoryReservation: mib(hostConfig.MemoryReservation),
        // -1 stands for no limit.
        memorySwap:
            (hostConfig.MemorySwap ?? 0) > 0 ? mib(hostConfig.MemorySwap) : (hostConfig.MemorySwap ?? 0),
        shmSize: mib(hostConfig.ShmSize),
        ...(hostConfig.NanoCpus ? { cpus: decimal(hostConfig.NanoCpus / 1e9) } : {}),
        cpuShares: hostConfig.CpuShares ?? 0,
        cpuSet: hostConfig.CpusetCpus ?? "",
        logDriver: hostConfig.LogConfig?.Type ?? "",
        ...(Object.keys((base.logOpts as object | null) ?? {}).length > 0
            ? { logOpts: hostConfig.LogConfig?.Config as unknown }
            : {}),
        networkMode: hostConfig.NetworkMode ?? "",
        ...(base.pidMode ? { pidMode: hostConfig.PidMode ?? "" } : {}),
        usernsMode: hostConfig.UsernsMode ?? "",
        ipcMode: hostConfig.IpcMode ?? "",
        sysctls: hostConfig.Sysctls ?? {},
    };
}

export const ulimits = (list: { Name?: string; Soft?: number; Hard?: number }[] | null | undefined) =>
    (list ?? []).map(({ Name, Soft, Hard }) => ({ name: Name, soft: Soft, hard: Hard }));

/** 2 → `2.0`, as the official provider writes a number of CPUs. */
const decimal = (value: number) => (Number.isInteger(value) ? value.toFixed(1) : String(value));

/** Outputs of inputs that are not implemented: what the official provider writes where they are not given. */
export const UNUSED: Props = {
    containerLogs: null,
    exitCode: null,
    cgroupParent: null,
    cgroupnsMode: null,
    cpuPeriod: null,
    cpuQuota: null,
    gpus: null,
    deviceReadBps: [],
    deviceReadIops: [],
    deviceWriteBps: [],
    deviceWriteIops: [],
    deviceRequests: [],
    devices: [],
    storageOpts: {},
};
