/** Inputs of a container → what the Engine API wants (docs.docker.com/engine/api, ContainerCreate). */
import type { ContainerCreateOptions, HostConfig } from "../../engine/types";

import type { ContainerInputs, Healthcheck, Mount, VolumeMount } from "./container-inputs";
import { parseDuration } from "./duration";
import { labelMap } from "./state";

const MIB = 1024 * 1024;

const mib = (value: number | undefined) => (value === undefined ? undefined : value * MIB);

/** -1 stands for no limit. */
export const swapBytes = (value: number | undefined) =>
    value !== undefined && value > 0 ? value * MIB : value;

/** A list, or nothing where it is empty: the Engine then takes the image's. */
const some = <T>(list: T[] | undefined) => (list && list.length > 0 ? list : undefined);

function ports(inputs: ContainerInputs) {
    const exposed: Record<string, object> = {};
    const bindings: Record<string, { HostIp: string; HostPort: string }[]> = {};
    for (const { internal, external, ip, protocol } of inputs.ports ?? []) {
        const key = `${internal}/${protocol ?? "tcp"}`;
        exposed[key] = {};
        // Port 0: the Engine chooses one.
        (bindings[key] ??= []).push({ HostIp: ip ?? "0.0.0.0", HostPort: String(external ?? 0) });
    }
    return { exposed, bindings };
}

function bind({ volumeName, hostPath, containerPath, readOnly, selinuxRelabel }: VolumeMount): string {
    const mode = [readOnly ? "ro" : "rw", ...(selinuxRelabel ? [selinuxRelabel] : [])].join(",");
    return `${hostPath || volumeName}:${containerPath}:${mode}`;
}

const isNamed = (volume: VolumeMount) => Boolean(volume.hostPath || volume.volumeName);

function mount({ type, target, source, readOnly, ...options }: Mount) {
    const { bindOptions, volumeOptions, tmpfsOptions } = options;
    return {
        Type: type,
        Target: target,
        Source: source ?? "",
        ReadOnly: readOnly ?? false,
        ...(type === "bind" && bindOptions ? { BindOptions: { Propagation: bindOptions.propagation } } : {}),
        ...(type === "volume" && volumeOptions
            ? {
                  VolumeOptions: {
                      NoCopy: volumeOptions.noCopy ?? false,
                      Labels: labelMap(volumeOptions.labels),
                      DriverConfig: {
                          Name: volumeOptions.driverName ?? "",
                          Options: volumeOptions.driverOptions ?? {},
                      },
                      ...(volumeOptions.subpath ? { Subpath: volumeOptions.subpath } : {}),
                  },
              }
            : {}),
        ...(type === "tmpfs" && tmpfsOptions
            ? { TmpfsOptions: { SizeBytes: tmpfsOptions.sizeBytes ?? 0, Mode: tmpfsOptions.mode ?? 0 } }
            : {}),
    };
}

const nanoseconds = (text: string | undefined) => parseDuration(text ?? "0s") ?? 0;

const healthcheck = (check: Healthcheck) => ({
    Test: check.tests ?? [],
    Interval: nanoseconds(check.interval),
    Timeout: nanoseconds(check.timeout),
    StartPeriod: nanoseconds(check.startPeriod),
    // Engines before 25 do not know it.
    ...(nanoseconds(check.startInterval) > 0 ? { StartInterval: nanoseconds(check.startInterval) } : {}),
    Retries: check.retries ?? 0,
});

/** What `docker update` changes too. */
export const updatable = (inputs: ContainerInputs) => ({
    RestartPolicy: { Name: inputs.restart ?? "no", MaximumRetryCount: inputs.maxRetryCount ?? 0 },
    Memory: mib(inputs.memory) ?? 0,
    MemoryReservation: mib(inputs.memoryReservation) ?? 0,
    ...(inputs.memorySwap ? { MemorySwap: swapBytes(inputs.memorySwap) } : {}),
    CpuShares: inputs.cpuShares ?? 0,
    CpusetCpus: inputs.cpuSet ?? "",
});

function hostConfig(inputs: ContainerInputs): HostConfig {
    const volumes = inputs.volumes ?? [];
    return {
        ...updatable(inputs),
        Privileged: inputs.privileged ?? false,
        PublishAllPorts: inputs.publishAllPorts ?? false,
        AutoRemove: inputs.rm ?? false,
        ReadonlyRootfs: inputs.readOnly ?? false,
        Init: inputs.init ?? false,
        Runtime: inputs.runtime ?? "",
        LogConfig: { Type: inputs.logDriver ?? "", Config: inputs.logOpts ?? {} },
        NetworkMode: inputs.networkMode ?? "bridge",
        PortBindings: ports(inputs).bindings,
        Binds: some(volumes.filter(isNamed).map(bind)),
        VolumesFrom: some(volumes.flatMap(({ fromContainer }) => (fromContainer ? [fromContainer] : []))),
        Mounts: (inputs.mounts ?? []).map(mount),
        Tmpfs: inputs.tmpfs,
        CapAdd: inputs.capabilities?.adds,
        CapDrop: inputs.capabilities?.drops,
        SecurityOpt: some(inputs.securityOpts),
        GroupAdd: some(inputs.groupAdds),
        Dns: some(inputs.dns),
        DnsOptions: some(inputs.dnsOpts),
        DnsSearch: some(inputs.dnsSearches),
        ExtraHosts: some((inputs.hosts ?? []).map(({ host, ip }) => `${host}:${ip}`)),
        Ulimits: some(
            (inputs.ulimits ?? []).map(({ name, soft, hard }) => ({ Name: name, Soft: soft, Hard: hard })),
        ),
        Sysctls: inputs.sysctls,
        ShmSize: mib(inputs.shmSize),
        NanoCpus: inputs.cpus === undefined ? undefined : Math.round(Number(inputs.cpus) * 1e9),
        PidMode: inputs.pidMode ?? "",
        IpcMode: inputs.ipcMode ?? "",
        UsernsMode: inputs.usernsMode ?? "",
    };
}

/** The body of ContainerCreate. */
export function createBody(inputs: ContainerInputs): ContainerCreateOptions {
    const volumes = (inputs.volumes ?? []).flatMap(({ containerPath }) =>
        containerPath ? [containerPath] : [],
    );
    return {
        name: inputs.name,
        Image: inputs.image,
        Hostname: inputs.hostname,
        Domainname: inputs.domainname,
        User: inputs.user,
        WorkingDir: inputs.workingDir,
        Tty: inputs.tty ?? false,
        OpenStdin: inputs.stdinOpen ?? false,
        StopSignal: inputs.stopSignal,
        StopTimeout: inputs.stopTimeout,
        Env: some(inputs.envs),
        Cmd: some(inputs.command),
        Entrypoint: some(inputs.entrypoints),
        Labels: labelMap(inputs.labels),
        ExposedPorts: ports(inputs).exposed,
        Volumes: Object.fromEntries(volumes.map((path) => [path, {}])),
        Healthcheck: inputs.healthcheck && healthcheck(inputs.healthcheck),
        HostConfig: hostConfig(inputs),
    };
}

/** How a container joins each of its networks (NetworkConnect). */
export const endpoints = (inputs: ContainerInputs) =>
    (inputs.networksAdvanced ?? []).map((network) => ({
        network: network.name,
        config: {
            Aliases: network.aliases ?? [],
            IPAMConfig: {
                IPv4Address: network.ipv4Address ?? "",
                IPv6Address: network.ipv6Address ?? "",
                LinkLocalIPs: network.linkLocalIps ?? [],
            },
            MacAddress: network.macAddress ?? "",
            DriverOpts: Object.fromEntries(
                (network.driverOpts ?? []).map(
                    (option) => option.split(/=(.*)/s).slice(0, 2) as [string, string],
                ),
            ),
            ...(network.gwPriority ? { GwPriority: network.gwPriority } : {}),
        },
    }));
