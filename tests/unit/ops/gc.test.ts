import type { ContainerInspectInfo } from "../../../engine/types";

import type { Engine } from "../../../engine/client";
import { EngineError } from "../../../engine/errors";
import { collect } from "../../../ops/gc/collect";
import { collector, gate, gateTrial, reader } from "../../../ops/gc/containers";
import { EngineGround } from "../../../ops/gc/on-engine";
import { gateConf } from "../../../ops/gc/gate-conf";
import { summary, Transcript } from "../../../ops/gc/report";
import { expectGolden } from "../components/golden";

const registry = {
    Id: "0123456789abcdef",
    Name: "/my-registry",
    Image: "sha256:1",
    Config: {
        Entrypoint: ["/bin/registry"],
        Cmd: ["serve", "/etc/distribution/config.yml"],
        Env: ["OTEL_TRACES_EXPORTER=none"],
        User: "",
        Labels: {},
        ExposedPorts: { "5000/tcp": {} },
        Healthcheck: { Test: ["CMD", "true"] },
    },
    Mounts: [
        { Type: "volume", Name: "data", Source: "/x", Destination: "/var/lib/registry", RW: true },
        { Type: "bind", Source: "/srv", Destination: "/srv", RW: true },
    ],
    HostConfig: {
        ReadonlyRootfs: true,
        CapDrop: ["ALL"],
        SecurityOpt: ["no-new-privileges:true"],
        Memory: 5,
        MemorySwap: 5,
        LogConfig: { Type: "json-file", Config: { "max-size": "10m" } },
        PortBindings: { "5000/tcp": [{ HostIp: "127.0.0.1", HostPort: "443" }] },
    },
    NetworkSettings: { Networks: { mine: { Aliases: ["registry", "0123456789ab"] } } },
} as unknown as ContainerInspectInfo;
const owner = { prefix: "my-registry", identity: "0a1b", process: "host:1" };

test("the reader is the registry without the right to write", () => {
    const made = reader(registry, owner);
    expect(made).toMatchObject({
        name: "my-registry-gc-reader",
        Image: "sha256:1",
        Cmd: ["serve", "/etc/distribution/config.yml"],
        Healthcheck: { Test: ["CMD", "true"] },
        HostConfig: {
            NetworkMode: "mine",
            Mounts: [
                { Type: "volume", Source: "data", Target: "/var/lib/registry", ReadOnly: true },
                { Type: "bind", Source: "/srv", Target: "/srv", ReadOnly: true },
            ],
            ReadonlyRootfs: true,
            CapDrop: ["ALL"],
            SecurityOpt: ["no-new-privileges:true"],
            Memory: 5,
            RestartPolicy: { Name: "on-failure" },
        },
        NetworkingConfig: { EndpointsConfig: { mine: { Aliases: ["registry"] } } },
    });
    expect(made.Env).toContain(
        "REGISTRY_STORAGE_MAINTENANCE={uploadpurging: {enabled: false}, readonly: {enabled: true}}",
    );
    expect(made.Env).toContain("REGISTRY_STORAGE_CACHE={blobdescriptor: inmemory}");
    expect(made.HostConfig).not.toHaveProperty("PortBindings");
});

test("behind a front the reader has a socket of its own beside the registry's", () => {
    const socket = { Type: "volume", Name: "s", Source: "/y", Destination: "/run/registry", RW: true };
    const made = reader({ ...registry, Mounts: [socket] } as unknown as ContainerInspectInfo, owner);
    expect(made.Env).toContain("REGISTRY_HTTP_ADDR=/run/registry/second.sock");
    expect(made.HostConfig?.Mounts).toEqual([
        { Type: "volume", Source: "s", Target: "/run/registry", ReadOnly: false },
    ]);
});

test("the collector runs the registry's own command on the same storage", () => {
    expect(collector(registry, owner, ["--dry-run"])).toMatchObject({
        Entrypoint: ["/bin/registry"],
        Cmd: ["garbage-collect", "--dry-run", "/etc/distribution/config.yml"],
        HostConfig: { VolumesFrom: ["0123456789abcdef"], ReadonlyRootfs: true, CapDrop: ["ALL"] },
    });
});

test("the gate has the registry's port, its trial has none", () => {
    const made = { image: "sha256:2", conf: "events {}" };
    expect(gate(registry, owner, made)).toMatchObject({
        Image: "sha256:2",
        Cmd: ["events {}"],
        ExposedPorts: { "5000/tcp": {} },
        HostConfig: {
            VolumesFrom: ["0123456789abcdef:ro"],
            PortBindings: { "5000/tcp": [{ HostIp: "127.0.0.1", HostPort: "443" }] },
            ReadonlyRootfs: true,
            CapDrop: ["ALL"],
        },
    });
    expect(gateTrial(registry, owner, made).HostConfig).not.toHaveProperty("PortBindings");
});

test.each([
    ["tls", true],
    ["plain", false],
])("nginx.conf of the gate, %s", (name, tls) => {
    expectGolden(`gate-${name}.conf`, gateConf({ reader: "my-registry-gc-reader", tls, retryAfter: 60 }));
});

test("of two collections that begin at the same moment the second is refused, and touches nothing", async () => {
    // The Engine does not have two containers of one name; it knows no other call here.
    const engine = {
        createContainer: ({ name }: { name: string }) =>
            Promise.reject(new EngineError(409, `Conflict. The container name "/${name}" is already in use`)),
    } as unknown as Engine;
    const inspected = jest.fn();
    Object.assign(engine, { getContainer: inspected });
    const front = {
        ...registry,
        Mounts: [{ Destination: "/run/registry" }],
    } as unknown as ContainerInspectInfo;
    const ground = new EngineGround(engine, front, owner, { gate: jest.fn(), rclone: jest.fn() });
    const { signal } = new AbortController();
    await expect(collect({ ground, untagged: false, say: jest.fn(), signal })).rejects.toThrow(
        "Another garbage collection of my-registry has just begun: wait for its end.",
    );
    expect(inspected).not.toHaveBeenCalled();
});

test("the transcript of distribution 3.1 is counted", () => {
    const transcript = new Transcript();
    const lines = [
        "team/image",
        "team/image: marking manifest sha256:aa ",
        "manifest eligible for deletion: {team/image sha256:cc []}",
        "",
        "4 blobs marked, 3 blobs and 1 manifests eligible for deletion",
        "blob eligible for deletion: sha256:dd",
        "team/image: layer link eligible for deletion: sha256:dd",
        "team/other: layer link eligible for deletion: sha256:ee",
    ];
    for (const line of lines) transcript.add(line);
    expect(transcript.result).toEqual({
        marked: 4,
        blobs: 3,
        manifests: 1,
        layers: [{ repository: "team/image", digest: "sha256:dd" }],
    });
    expect(transcript.nothingThere).toBe(false);
});

test.each([
    [
        "failed to garbage collect: failed to mark: filesystem: Path not found: /docker/registry/v2/repositories",
        true,
    ],
    [
        "failed to garbage collect: failed to mark: s3aws: Path not found: /docker/registry/v2/repositories",
        true,
    ],
    [
        "failed to garbage collect: failed to mark: filesystem: Path not found: /docker/registry/v2/repositories/a/_manifests",
        false,
    ],
    [
        "failed to garbage collect: error enumerating blobs: filesystem: Path not found: /docker/registry/v2/blobs",
        true,
    ],
    ["failed to garbage collect: failed to mark: invalid checksum digest format", false],
])("whether no image was ever there: %s", (line, nothing) => {
    const transcript = new Transcript();
    transcript.add(line);
    expect(transcript.nothingThere).toBe(nothing);
});

test("how far a collection is: manifests read, then blobs of those that go, with rate and time left", () => {
    const transcript = new Transcript();
    for (const digest of ["aa", "bb", "cc"]) transcript.add(`a: marking manifest sha256:${digest} `, 1);
    expect(transcript.progress(2)).toBe("3 manifests read, 2/s");
    transcript.add("9 blobs marked, 40 blobs and 1 manifests eligible for deletion", 10);
    expect(transcript.progress(10)).toBe("0 of 40 blobs, 0/s");
    for (let i = 0; i < 10; i++) transcript.add(`blob eligible for deletion: sha256:${i}`, 12);
    expect(transcript.progress(15)).toBe("10 of 40 blobs, 2/s, 15 s left");
});

test("one line says what went, or would go", () => {
    const found = { marked: 4, blobs: 1, manifests: 2, layers: [] };
    expect(summary(found, { bytes: 2048 }, false)).toBe(
        "Removed 1 blob and 2 manifests, 2.0 kB; 4 blobs in use.",
    );
    expect(summary(found, { bytes: 2048, known: 1 }, false)).toBe(
        "Removed 1 blob and 2 manifests, 2.0 kB in the 1 blob of known size; 4 blobs in use.",
    );
    expect(summary(found, undefined, true)).toBe(
        "A collection would remove 1 blob and 2 manifests; 4 blobs in use. Nothing was changed.",
    );
});
