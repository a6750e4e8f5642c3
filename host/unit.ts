/** The systemd unit of the registry (systemd.exec(5), systemd.resource-control(5)). */
import { STOP_SECONDS } from "../components/deployment/hardening";

import { type Layout, type RegistryVersion, SERVICE_USER } from "./layouts";
import type { HostMaterial } from "./material";

/** Ports below this one need a capability. */
const FIRST_FREE_PORT = 1024;

/** What every registry is denied. */
const CONFINED = [
    "NoNewPrivileges=yes",
    "ProtectSystem=strict",
    "ProtectHome=yes",
    "ProtectProc=invisible",
    "ProtectClock=yes",
    "ProtectHostname=yes",
    "ProtectKernelLogs=yes",
    "ProtectKernelModules=yes",
    "ProtectKernelTunables=yes",
    "ProtectControlGroups=yes",
    "PrivateTmp=yes",
    "PrivateDevices=yes",
    "DevicePolicy=closed",
    "RestrictNamespaces=yes",
    "RestrictRealtime=yes",
    "RestrictSUIDSGID=yes",
    "RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX",
    "LockPersonality=yes",
    "MemoryDenyWriteExecute=yes",
    "RemoveIPC=yes",
    "KeyringMode=private",
    "SystemCallArchitectures=native",
    "SystemCallFilter=@system-service",
    "SystemCallFilter=~@privileged @resources",
    "SystemCallErrorNumber=EPERM",
];

/** The text of the unit. It has the packaged unit's name and replaces that as a whole. */
export function renderUnit(host: HostMaterial, layout: Layout, version: RegistryVersion): string {
    const privileged = host.port < FIRST_FREE_PORT;
    const lines = [
        "[Unit]",
        `Description=Docker registry (${host.name})`,
        "Documentation=https://distribution.github.io/distribution/",
        "Wants=network-online.target",
        "After=network-online.target",
        "",
        "[Service]",
        `User=${SERVICE_USER}`,
        `Group=${SERVICE_USER}`,
        `ExecStart=${layout.program} serve ${layout.configFolder}/config.yml`,
        ...(version === "3" ? ["Environment=OTEL_TRACES_EXPORTER=none"] : []),
        "Restart=on-failure",
        "RestartSec=2",
        `TimeoutStopSec=${STOP_SECONDS}`,
        "UMask=0077",
        ...(host.dataPath === undefined
            ? [`StateDirectory=${layout.stateFolder}`, "StateDirectoryMode=0750"]
            : [`ReadWritePaths="${host.dataPath}"`]),
        `MemoryMax=${host.memoryMb}M`,
        "MemorySwapMax=0",
        ...(host.cpus === undefined ? [] : [`CPUQuota=${Math.max(1, Math.round(host.cpus * 100))}%`]),
        "LimitNOFILE=65536",
        "TasksMax=512",
        ...CONFINED,
        ...(privileged
            ? ["CapabilityBoundingSet=CAP_NET_BIND_SERVICE", "AmbientCapabilities=CAP_NET_BIND_SERVICE"]
            : // A user namespace of its own would make the capability worthless, so only here.
              ["CapabilityBoundingSet=", "PrivateUsers=yes"]),
        "",
        "[Install]",
        "WantedBy=multi-user.target",
    ];
    return `${lines.join("\n")}\n`;
}
