import { createBody, endpoints, updatable } from "../../../plugins/docker/container-create";
import type { ContainerInputs } from "../../../plugins/docker/container-inputs";

const body = (inputs: Partial<ContainerInputs>) => createBody({ image: "registry:3", ...inputs });

test("what the program leaves out is left to the image and the Engine", () => {
    const { Cmd, Entrypoint, Env, Healthcheck, HostConfig } = body({ command: [], entrypoints: [] });
    expect([Cmd, Entrypoint, Env, Healthcheck]).toEqual([undefined, undefined, undefined, undefined]);
    expect(HostConfig).toMatchObject({
        NetworkMode: "bridge",
        RestartPolicy: { Name: "no", MaximumRetryCount: 0 },
        Privileged: false,
        ReadonlyRootfs: false,
        AutoRemove: false,
        Init: false,
    });
});

test("the kit's hardening reaches the Engine", () => {
    const { HostConfig } = body({
        readOnly: true,
        capabilities: { drops: ["ALL"], adds: ["CAP_CHOWN"] },
        securityOpts: ["no-new-privileges:true"],
        logDriver: "json-file",
        logOpts: { "max-size": "10m" },
        memory: 512,
        memorySwap: 512,
        cpus: "1.5",
        restart: "unless-stopped",
    });
    expect(HostConfig).toMatchObject({
        ReadonlyRootfs: true,
        CapDrop: ["ALL"],
        CapAdd: ["CAP_CHOWN"],
        SecurityOpt: ["no-new-privileges:true"],
        LogConfig: { Type: "json-file", Config: { "max-size": "10m" } },
        Memory: 512 * 1024 * 1024,
        MemorySwap: 512 * 1024 * 1024,
        NanoCpus: 1.5e9,
        RestartPolicy: { Name: "unless-stopped" },
    });
});

test("ports are exposed and bound", () => {
    const { ExposedPorts, HostConfig } = body({
        ports: [
            { internal: 5000, external: 443, ip: "127.0.0.1", protocol: "tcp" },
            { internal: 5000, external: 444 },
            { internal: 53, protocol: "udp" },
        ],
    });
    expect(ExposedPorts).toEqual({ "5000/tcp": {}, "53/udp": {} });
    expect(HostConfig?.PortBindings).toEqual({
        "5000/tcp": [
            { HostIp: "127.0.0.1", HostPort: "443" },
            { HostIp: "0.0.0.0", HostPort: "444" },
        ],
        "53/udp": [{ HostIp: "0.0.0.0", HostPort: "0" }],
    });
});

test("volumes, folders and mounts", () => {
    const { Volumes, HostConfig } = body({
        volumes: [
            { volumeName: "data", containerPath: "/data" },
            { hostPath: "/srv", containerPath: "/srv", readOnly: true, selinuxRelabel: "z" },
            { containerPath: "/anonymous" },
            { fromContainer: "other" },
        ],
        mounts: [
            { type: "tmpfs", target: "/tmp", tmpfsOptions: { sizeBytes: 1024 } },
            { type: "bind", source: "/etc", target: "/etc", bindOptions: { propagation: "rprivate" } },
        ],
        tmpfs: { "/run": "size=1m" },
    });
    expect(HostConfig?.Binds).toEqual(["data:/data:rw", "/srv:/srv:ro,z"]);
    expect(HostConfig?.VolumesFrom).toEqual(["other"]);
    expect(Volumes).toEqual({ "/data": {}, "/srv": {}, "/anonymous": {} });
    expect(HostConfig?.Tmpfs).toEqual({ "/run": "size=1m" });
    expect(HostConfig?.Mounts).toEqual([
        {
            Type: "tmpfs",
            Target: "/tmp",
            Source: "",
            ReadOnly: false,
            TmpfsOptions: { SizeBytes: 1024, Mode: 0 },
        },
        {
            Type: "bind",
            Target: "/etc",
            Source: "/etc",
            ReadOnly: false,
            BindOptions: { Propagation: "rprivate" },
        },
    ]);
});

test("a health check in nanoseconds", () => {
    const { Healthcheck } = body({
        healthcheck: { tests: ["CMD", "true"], interval: "1m30s", timeout: "500ms", retries: 5 },
    });
    expect(Healthcheck).toEqual({
        Test: ["CMD", "true"],
        Interval: 90e9,
        Timeout: 5e8,
        StartPeriod: 0,
        Retries: 5,
    });
});

test("limits and names", () => {
    const { Hostname, User, StopSignal, HostConfig } = body({
        hostname: "registry",
        user: "1000:1000",
        stopSignal: "SIGTERM",
        hosts: [{ host: "a.example", ip: "10.0.0.1" }],
        ulimits: [{ name: "nofile", soft: 1, hard: 2 }],
        shmSize: 32,
        groupAdds: ["100"],
        dns: ["1.1.1.1"],
        sysctls: { "net.core.somaxconn": "256" },
    });
    expect([Hostname, User, StopSignal]).toEqual(["registry", "1000:1000", "SIGTERM"]);
    expect(HostConfig).toMatchObject({
        ExtraHosts: ["a.example:10.0.0.1"],
        Ulimits: [{ Name: "nofile", Soft: 1, Hard: 2 }],
        ShmSize: 32 * 1024 * 1024,
        GroupAdd: ["100"],
        Dns: ["1.1.1.1"],
        Sysctls: { "net.core.somaxconn": "256" },
    });
});

test("memorySwap -1 is no limit, and none leaves it to the Engine", () => {
    expect(updatable({ image: "i", memorySwap: -1 })).toMatchObject({ MemorySwap: -1 });
    expect(updatable({ image: "i" })).not.toHaveProperty("MemorySwap");
});

test("networks with their aliases and addresses", () => {
    const [joined] = endpoints({
        image: "i",
        networksAdvanced: [
            { name: "net", aliases: ["one"], ipv4Address: "10.0.0.9", driverOpts: ["key=a=b"] },
        ],
    });
    expect(joined).toMatchObject({
        network: "net",
        config: { Aliases: ["one"], IPAMConfig: { IPv4Address: "10.0.0.9" }, DriverOpts: { key: "a=b" } },
    });
});
