import { containerRules } from "../../../plugins/docker/container-inputs";
import { containerOutputs, UNUSED } from "../../../plugins/docker/container-read";
import { planned } from "../../../plugins/docker/state";
import { repoDigest } from "../../../plugins/docker/remote-image";

import { ended, INSPECTED } from "./docker-inspect";

const inputs = {
    name: "registry",
    image: INSPECTED.Image,
    envs: ["OTEL_TRACES_EXPORTER=none"],
    ports: [{ internal: 5000, external: 15998 }],
    volumes: [{ volumeName: "registry-data", containerPath: "/var/lib/registry" }],
    logOpts: { "max-size": "10m", "max-file": "3" },
    labels: [{ label: "private-registry.deployment", value: "registry" }],
    networksAdvanced: [{ name: "registry" }],
    memory: 512,
    wait: true,
};
const base = { ...UNUSED, ...planned(containerRules, inputs) };

describe("a container's outputs", () => {
    const outs = containerOutputs(base, INSPECTED);

    test("have every output of the official provider, in its form", () => {
        expect(outs).toMatchObject({
            attach: false,
            bridge: "",
            capabilities: { adds: [], drops: ["ALL"] },
            cgroupParent: null,
            command: ["serve", "/etc/distribution/config.yml"],
            containerLogs: null,
            containerReadRefreshTimeoutMilliseconds: 15000,
            cpuSet: "",
            cpus: null,
            destroyGraceSeconds: null,
            deviceReadBps: [],
            dns: [],
            entrypoints: ["/bin/registry"],
            exitCode: null,
            hostname: "5ffdb3aa4d5e",
            hosts: [],
            image: INSPECTED.Image,
            ipcMode: "private",
            logDriver: "json-file",
            logOpts: { "max-file": "3", "max-size": "10m" },
            memory: 512,
            memorySwap: 512,
            mounts: [],
            mustRun: true,
            name: "registry",
            networkMode: "bridge",
            pidMode: null,
            platform: "linux",
            readOnly: true,
            restart: "unless-stopped",
            runtime: "runc",
            securityOpts: ["no-new-privileges:true"],
            shmSize: 64,
            start: true,
            stopSignal: "",
            stopTimeout: 35,
            tmpfs: {},
            uploads: [],
            wait: true,
            waitTimeout: 60,
        });
    });

    test("write durations as Go does, with the default that no Engine gives", () => {
        expect(outs.healthcheck).toMatchObject({ interval: "2s", startPeriod: "1m30s", startInterval: "0s" });
    });

    test("take ports and networks from the Engine", () => {
        expect(outs.ports).toEqual([{ internal: 5000, external: 15998, ip: "0.0.0.0", protocol: "tcp" }]);
        expect(outs.networkDatas).toEqual([
            {
                networkName: "registry",
                ipAddress: "192.168.0.2",
                ipPrefixLength: 20,
                gateway: "192.168.0.1",
                globalIpv6Address: "",
                globalIpv6PrefixLength: 0,
                ipv6Gateway: "",
                macAddress: "02:42:c0:a8:00:02",
            },
        ]);
    });

    test("keep the program's environment variables, labels and volumes, without those of the image", () => {
        expect(outs.envs).toEqual(["OTEL_TRACES_EXPORTER=none"]);
        expect(outs.labels).toEqual(inputs.labels);
        expect(outs.volumes).toEqual([
            {
                volumeName: "registry-data",
                hostPath: "",
                containerPath: "/var/lib/registry",
                fromContainer: "",
                readOnly: false,
                selinuxRelabel: "",
            },
        ]);
    });

    test("name the image as the program does: by ID or by name", () => {
        expect(containerOutputs({ ...base, image: "registry:3" }, INSPECTED).image).toBe(
            INSPECTED.Config.Image,
        );
    });
});

describe("a container that ended", () => {
    test("differs from what is wanted where it must run", () => {
        const outs = containerOutputs(base, ended(137));
        expect(outs).toMatchObject({ exitCode: 137, mustRun: false, ports: [] });
    });

    test("is as it should be where it may end", () => {
        const outs = containerOutputs({ ...base, mustRun: false }, ended(0));
        expect(outs).toMatchObject({ exitCode: 0, mustRun: false });
        expect(outs.ports).toEqual(base.ports);
    });
});

test("an image's digest is the one of its repository", () => {
    const digests = ["mirror/registry@sha256:1", "registry@sha256:2"];
    expect(repoDigest("registry:3", digests)).toBe("registry@sha256:2");
    expect(repoDigest("registry:3", [])).toBe("");
});
