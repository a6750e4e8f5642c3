import { createHash } from "node:crypto";
import { join } from "node:path";
import { defaultSockets } from "../../../engine/endpoint";
import { engineCandidates, engineEnv, ensureEngine } from "../../../setup/engine";
import { howToInstall } from "../../../setup/engine-install";
import { machineIn, put, temporaryFolder } from "./fixture";

const folder = temporaryFolder();
const meta = (home: string, name: string) =>
    join(home, ".docker/contexts/meta", createHash("sha256").update(name).digest("hex"), "meta.json");

describe("engineCandidates", () => {
    test("the stack's setting comes before DOCKER_HOST, and DOCKER_HOST before the context", () => {
        put(join(folder.path, ".docker/config.json"), { currentContext: "far" });
        put(meta(folder.path, "far"), { Endpoints: { docker: { Host: "ssh://me@far" } } });
        const withHost = machineIn(folder.path, { env: { DOCKER_HOST: "tcp://127.0.0.1:2375" } });
        expect(engineCandidates(withHost, "unix:///a.sock").candidates[0]?.url).toBe("unix:///a.sock");
        expect(engineCandidates(withHost, undefined).candidates[0]?.url).toBe("tcp://127.0.0.1:2375");
        const byContext = engineCandidates(machineIn(folder.path), undefined);
        expect(byContext).toMatchObject({ explicit: true, candidates: [{ url: "ssh://me@far" }] });
    });

    test("a dockerHost that is none is told with the command that mends it, and without its password", () => {
        const named = () => engineCandidates(machineIn(folder.path), "http://user:hunter2@x");
        expect(named).toThrow(/dockerHost is "http:\/\/…@x"; it must be .*pulumi config set dockerHost ssh:/);
    });

    test("DOCKER_CONTEXT comes before the current context, and `default` means none", () => {
        put(join(folder.path, ".docker/config.json"), { currentContext: "far" });
        const machine = machineIn(folder.path, { env: { DOCKER_CONTEXT: "default" } });
        expect(engineCandidates(machine, undefined).explicit).toBe(false);
    });

    test("a context that is gone is named, with the command that mends it", () => {
        const machine = machineIn(folder.path, { env: { DOCKER_CONTEXT: "gone" } });
        expect(() => engineCandidates(machine, undefined)).toThrow(/"gone".*docker context use default/);
    });

    test("a context brings its certificates", () => {
        const id = createHash("sha256").update("tls").digest("hex");
        put(meta(folder.path, "tls"), { Endpoints: { docker: { Host: "tcp://far:2376" } } });
        const certs = join(folder.path, ".docker/contexts/tls", id, "docker");
        put(join(certs, "ca.pem"), "x");
        const machine = machineIn(folder.path, { env: { DOCKER_CONTEXT: "tls" } });
        const [endpoint] = engineCandidates(machine, undefined).candidates;
        expect(endpoint?.certPath).toBe(certs);
        expect(endpoint && engineEnv(endpoint)).toEqual({
            DOCKER_HOST: "tcp://far:2376",
            DOCKER_CERT_PATH: certs,
            DOCKER_TLS_VERIFY: "1",
        });
    });

    test("without any of them the usual sockets are tried", () => {
        const machine = machineIn("/home/me", { env: { XDG_RUNTIME_DIR: "/run/user/7" } });
        expect(defaultSockets(machine)).toEqual([
            "unix:///var/run/docker.sock",
            "unix:///run/user/7/docker.sock",
            "unix:///home/me/.docker/desktop/docker.sock",
            "unix:///home/me/.docker/run/docker.sock",
        ]);
        expect(defaultSockets(machineIn("C:\\u", { platform: "win32" }))[0]).toBe(
            "npipe:////./pipe/docker_engine",
        );
    });
});

describe("ensureEngine", () => {
    const silent = () => Promise.resolve({ ok: false as const, reason: "refused" });
    const install = jest.fn(() => Promise.resolve());
    beforeEach(() => install.mockClear());

    test("an engine that was named and does not answer is an error, and nothing is installed", async () => {
        const machine = machineIn(folder.path, { env: { DOCKER_HOST: "tcp://10.0.0.1:2375" } });
        await expect(ensureEngine(machine, undefined, { ping: silent, install })).rejects.toThrow(
            /tcp:\/\/10\.0\.0\.1:2375, which DOCKER_HOST names \(refused\)/,
        );
        expect(install).not.toHaveBeenCalled();
    });

    test("where none was named, one is installed and then used", async () => {
        let installed = false;
        const ping = () =>
            Promise.resolve(installed ? { ok: true as const } : { ok: false as const, reason: "no file" });
        const effects = { ping, install: () => Promise.resolve(void (installed = true)) };
        const endpoint = await ensureEngine(machineIn(folder.path), undefined, effects);
        expect(endpoint.url).toBe("unix:///var/run/docker.sock");
        expect(engineEnv(endpoint)).toEqual({});
    });

    test("a socket that is closed to the user gets the command that opens it", async () => {
        const ping = () => Promise.resolve({ ok: false as const, reason: "denied", code: "EACCES" });
        await expect(ensureEngine(machineIn(folder.path), undefined, { ping, install })).rejects.toThrow(
            /usermod -aG docker/,
        );
    });
});

test.each([
    ["darwin", "", /brew install --cask docker/],
    ["win32", "", /winget install/],
    ["linux", "ID=fedora\n", /dnf install -y moby-engine/],
    ["linux", "ID=manjaro\nID_LIKE=arch\n", /pacman/],
    ["linux", 'ID=linuxmint\nID_LIKE="ubuntu debian"\n', /sudo apt-get install -y docker\.io/],
    ["linux", "ID=nixos\n", /docs\.docker\.com/],
] as const)("how to install an engine on %s %s", (platform, osRelease, expected) => {
    expect(howToInstall(machineIn("/home/me", { platform }), osRelease)).toMatch(expected);
});
