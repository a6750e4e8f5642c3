/** Controls of the CIS Docker Benchmark 1.6, section 5, that the kit sets, as `docker inspect` shows them. */

/** What `docker container inspect` says, as far as the controls ask. */
export interface Inspected {
    Config: { Healthcheck?: { Test: string[] }; User: string };
    HostConfig: {
        CapAdd: string[] | null;
        CapDrop: string[] | null;
        CpuShares: number;
        Devices: unknown[] | null;
        IpcMode: string;
        Memory: number;
        MemorySwap: number;
        NetworkMode: string;
        PidMode: string;
        Privileged: boolean;
        PublishAllPorts: boolean;
        ReadonlyRootfs: boolean;
        SecurityOpt: string[] | null;
        UTSMode: string;
        UsernsMode: string;
        CgroupParent: string;
        Ulimits: unknown[] | null;
        PortBindings: Record<string, unknown[]> | null;
    };
    Mounts: { Source: string; Destination: string; Propagation: string; Type: string }[];
    NetworkSettings: { Networks: Record<string, unknown> };
}

interface Control {
    /** Of containers that stay up; without it of those that live for a moment, too. */
    only?: "service";
    holds: (of: Inspected) => boolean;
}

const SENSITIVE = /^\/(boot|dev|etc|lib|proc|sys|usr|root|run|var\/run)?$/;
const options = ({ HostConfig }: Inspected) => HostConfig.SecurityOpt ?? [];

/** Number of the control → what it asks. */
export const CONTROLS: Readonly<Record<string, Control>> = {
    "5.3": { holds: ({ HostConfig: h }) => h.CapDrop?.join() === "ALL" && (h.CapAdd ?? []).length === 0 },
    "5.4": { holds: ({ HostConfig: h }) => !h.Privileged },
    "5.5": { holds: ({ Mounts }) => Mounts.every((m) => m.Type === "volume" || !SENSITIVE.test(m.Source)) },
    "5.8": {
        holds: ({ HostConfig: h }) => !h.PublishAllPorts && Object.keys(h.PortBindings ?? {}).length <= 1,
    },
    "5.9": { holds: ({ HostConfig: h }) => h.NetworkMode !== "host" },
    "5.10": { holds: ({ HostConfig: h }) => h.Memory > 0 && h.MemorySwap === h.Memory },
    "5.11": { only: "service", holds: ({ HostConfig: h }) => h.CpuShares === 1024 },
    "5.12": { only: "service", holds: ({ HostConfig: h }) => h.ReadonlyRootfs },
    "5.15": { holds: ({ HostConfig: h }) => h.PidMode !== "host" },
    "5.16": { holds: ({ HostConfig: h }) => ["private", "shareable"].includes(h.IpcMode) },
    "5.17": { holds: ({ HostConfig: h }) => (h.Devices ?? []).length === 0 },
    "5.18": { holds: ({ HostConfig: h }) => (h.Ulimits ?? []).length === 0 },
    "5.19": { holds: ({ Mounts }) => Mounts.every((m) => !/shared/.test(m.Propagation)) },
    "5.20": { holds: ({ HostConfig: h }) => h.UTSMode !== "host" },
    "5.21": { holds: (one) => !options(one).some((option) => /seccomp.unconfined/.test(option)) },
    "5.24": { holds: ({ HostConfig: h }) => h.CgroupParent === "" },
    "5.25": { holds: (one) => options(one).includes("no-new-privileges:true") },
    "5.26": { only: "service", holds: ({ Config }) => (Config.Healthcheck?.Test.length ?? 0) > 1 },
    "5.29": { holds: ({ NetworkSettings: n }) => !("bridge" in n.Networks) },
    "5.30": { holds: ({ HostConfig: h }) => h.UsernsMode !== "host" },
    "5.31": { holds: ({ Mounts }) => Mounts.every((m) => !m.Source.endsWith("docker.sock")) },
};
