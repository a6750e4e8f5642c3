/**
 * What the Engine API (docs.docker.com/reference/api/engine/version/v1.41) tells and takes, as far as the kit reads and
 * writes it. Where Go has an empty list or map, the API may have null.
 */

type List = string[] | null;
type Labels = Record<string, string>;

export interface PortBinding {
    HostIp: string;
    HostPort: string;
}

/** `443/tcp` → where it is published. */
export type PortMap = Record<string, PortBinding[] | null>;

export interface Mount {
    Type: string;
    Target: string;
    Source?: string;
    ReadOnly?: boolean;
    BindOptions?: { Propagation?: string };
    VolumeOptions?: {
        NoCopy?: boolean;
        Labels?: Labels;
        DriverConfig?: { Name?: string; Options?: Record<string, string> };
        Subpath?: string;
    };
    TmpfsOptions?: { SizeBytes?: number; Mode?: number };
}

export interface Ulimit {
    Name: string;
    Soft: number;
    Hard: number;
}

export interface HostConfig {
    AutoRemove?: boolean;
    Binds?: List;
    CapAdd?: List;
    CapDrop?: List;
    CpuShares?: number;
    CpusetCpus?: string;
    Dns?: List;
    DnsOptions?: List;
    DnsSearch?: List;
    ExtraHosts?: List;
    GroupAdd?: List;
    Init?: boolean | null;
    IpcMode?: string;
    LogConfig?: { Type: string; Config: Record<string, string> };
    /** Bytes. */
    Memory?: number;
    MemoryReservation?: number;
    MemorySwap?: number;
    Mounts?: Mount[] | null;
    NanoCpus?: number;
    NetworkMode?: string;
    PidMode?: string;
    PortBindings?: PortMap | null;
    Privileged?: boolean;
    PublishAllPorts?: boolean;
    ReadonlyRootfs?: boolean;
    RestartPolicy?: { Name: string; MaximumRetryCount?: number };
    Runtime?: string;
    SecurityOpt?: List;
    ShmSize?: number;
    Sysctls?: Record<string, string> | null;
    Tmpfs?: Record<string, string> | null;
    Ulimits?: Ulimit[] | null;
    UsernsMode?: string;
    VolumesFrom?: List;
}

/** Times are nanoseconds. */
export interface Healthcheck {
    Test?: string[];
    Interval?: number;
    Timeout?: number;
    StartPeriod?: number;
    StartInterval?: number;
    Retries?: number;
}

/** A container without what is of its host. */
interface ContainerConfig {
    Cmd?: List;
    Domainname?: string;
    Entrypoint?: List;
    Env?: List;
    ExposedPorts?: Record<string, object>;
    Healthcheck?: Healthcheck;
    Hostname?: string;
    Image: string;
    Labels?: Labels;
    OpenStdin?: boolean;
    StopSignal?: string;
    /** Seconds. */
    StopTimeout?: number | null;
    Tty?: boolean;
    User?: string;
    Volumes?: Record<string, object> | null;
    WorkingDir?: string;
}

/** How a container is in a network. */
export interface NetworkEndpoint {
    Aliases?: List;
    IPAMConfig?: { IPv4Address?: string; IPv6Address?: string; LinkLocalIPs?: string[] } | null;
    MacAddress?: string;
    DriverOpts?: Record<string, string> | null;
    GwPriority?: number;
}

interface JoinedNetwork extends NetworkEndpoint {
    Gateway: string;
    IPAddress: string;
    IPPrefixLen: number;
    IPv6Gateway: string;
    GlobalIPv6Address: string;
    GlobalIPv6PrefixLen: number;
    MacAddress: string;
}

export interface ContainerCreateOptions extends ContainerConfig {
    name?: string;
    HostConfig?: HostConfig;
    NetworkingConfig?: { EndpointsConfig: Record<string, NetworkEndpoint> };
}

export interface ContainerInspectInfo {
    Id: string;
    /** With a slash before it. */
    Name: string;
    /** ID. */
    Image: string;
    /** Its operating system. */
    Platform: string;
    RestartCount: number;
    State: {
        Status: string;
        Running: boolean;
        Restarting: boolean;
        ExitCode: number;
        Health?: { Status: string; Log?: { ExitCode: number; Output: string }[] };
    };
    Config: ContainerConfig & { Labels: Labels };
    HostConfig: HostConfig;
    Mounts: { Type: string; Name?: string; Source: string; Destination: string; RW: boolean }[];
    NetworkSettings: {
        Bridge?: string;
        Ports?: PortMap | null;
        Networks: Record<string, JoinedNetwork>;
    };
}

/** A container in a list. */
export interface ContainerInfo {
    Id: string;
    ImageID: string;
    /** Each with a slash before it. */
    Names: string[];
    State: string;
    Status: string;
    Labels: Labels;
    Ports: { IP?: string; PublicPort?: number; PrivatePort: number; Type: string }[];
}

export interface ImageInspectInfo {
    Id: string;
    /** Bytes of its layers, unpacked. */
    Size?: number;
    RepoDigests?: List;
    /** RFC 3339. */
    Created?: string;
    /** Digests of its layers, unpacked. */
    RootFS?: { Layers?: List };
    Config?: {
        Env?: List;
        Cmd?: List;
        Entrypoint?: List;
        User?: string;
        WorkingDir?: string;
        Labels?: Labels | null;
        Volumes?: Record<string, unknown> | null;
    } | null;
}

export interface IpamConfig {
    Subnet?: string;
    IPRange?: string;
    Gateway?: string;
    AuxiliaryAddresses?: Record<string, string>;
}

export interface NetworkInspectInfo {
    Id: string;
    Name: string;
    Driver: string;
    Scope: string;
    Internal: boolean;
    Attachable: boolean;
    Ingress: boolean;
    EnableIPv6: boolean;
    Options?: Record<string, string> | null;
    Labels?: Labels | null;
    IPAM?: { Driver?: string; Options?: Record<string, string> | null; Config?: IpamConfig[] | null };
    /** ID → container that is in it; not in a list. */
    Containers?: Record<string, unknown>;
}

export interface VolumeInspectInfo {
    Name: string;
    Driver: string;
    Mountpoint: string;
    Options?: Record<string, string> | null;
    Labels?: Labels | null;
}
