/** install.sh and uninstall.sh with stand-ins for the packages' programs; tests/e2e has Debian's own. */
import { spawnSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";

import { renderFolder } from "../../../../host/folder";
import type { RegistryVersion } from "../../../../host/layouts";
import type { HostMaterial } from "../../../../host/material";
import { writeFolder } from "../../../../ops/export-folder";
import { put, temporaryFolder } from "../../../unit/setup/fixture";

import { host } from "../../../unit/components/systemd/host";

const ROOM = resolve(__dirname, "../../../../host");
const script = (name: string) => readFileSync(join(ROOM, name), "utf8");
const temporary = temporaryFolder();
const root = () => join(temporary.path, "root");
const out = () => join(temporary.path, "out");
const RPM_ETC = "etc/docker-distribution/registry";

function exported(more: Partial<HostMaterial> = {}, version: RegistryVersion = "2.8"): void {
    const scripts = { install: script("install.sh"), uninstall: script("uninstall.sh") };
    writeFolder(out(), renderFolder(host(more), version, "https://a.b", scripts));
}

/** A program that answers `--version` as the registry does. */
function program(path: string, version: string): void {
    put(join(root(), path), `#!/bin/sh\necho "$0 github.com/docker/distribution ${version}"\n`);
    chmodSync(join(root(), path), 0o755);
}

function run(name: "install.sh" | "uninstall.sh", ...args: string[]) {
    const { status, stdout, stderr } = spawnSync("sh", [join(out(), name), "--root", root(), ...args], {
        encoding: "utf8",
    });
    return { status, text: stdout + stderr };
}

test("the RPM's paths: everything comes, and everything goes", () => {
    exported();
    program("usr/bin/registry", "v2.8.1+unknown");
    const installed = run("install.sh");
    expect(installed.text).toContain("Warning: registry 2.8.1 has CVE-2023-2253");
    expect(installed.status).toBe(0);
    for (const file of [
        `${RPM_ETC}/config.yml`,
        `${RPM_ETC}/site.key`,
        "etc/systemd/system/docker-distribution.service",
    ])
        expect(existsSync(join(root(), file))).toBe(true);
    expect(run("uninstall.sh").text).toBe("Taken back. The images stay in /var/lib/registry.\n");
    expect(existsSync(join(root(), "etc"))).toBe(false);
});

test.each<[string, RegistryVersion, string]>([
    ["v2.6.2+unknown", "2.8", "cannot read this configuration: 2.8 or 3 is needed"],
    ["v2.7.1", "2.8", "cannot read this configuration"],
    ["nonsense", "2.8", "is registry of an unknown version"],
    ["v3.1.2", "2.8", "is registry 3.1.2: export again with --registry-version 3"],
    ["2.8.3+ds1", "3", "is registry 2.8.3: export again with --registry-version 2.8"],
])("registry %s with an export for %s is refused", (version, wanted, message) => {
    exported({}, wanted);
    program("usr/bin/docker-registry", version);
    const { status, text } = run("install.sh");
    expect(text).toContain(message);
    expect(status).toBe(1);
    expect(existsSync(join(root(), "etc"))).toBe(false);
});

test.each([
    ["2.8.3+ds1", "2.8"],
    ["v3.1.2", "3"],
] as const)("registry %s with an export for %s is taken without a warning", (version, wanted) => {
    exported({}, wanted);
    program("usr/bin/docker-registry", version);
    expect(run("install.sh")).toEqual({ status: 0, text: `The files are in place under ${root()}.\n` });
});

test("no package: the command is told", () => {
    exported();
    put(join(root(), "x"), "");
    const { status, text } = run("install.sh");
    expect(text).toMatch(/no registry is installed: run `(apt-get|dnf|yum) install -y docker-/);
    expect(status).toBe(1);
});

test("a later export without TLS and users takes key and users away", () => {
    exported();
    program("usr/bin/docker-registry", "2.8.3");
    expect(run("install.sh").status).toBe(0);
    const etc = join(root(), "etc/docker/registry");
    expect(existsSync(join(etc, "site.key"))).toBe(true);
    exported({ tls: undefined, htpasswd: undefined, caPem: "" });
    expect(run("install.sh").text).toContain("Removed /etc/docker/registry/site.key");
    for (const file of ["site.key", "site.crt", "htpasswd"]) expect(existsSync(join(etc, file))).toBe(false);
});

test("a run that was cut off can be repeated, and what was there before is still put back", () => {
    exported();
    program("usr/bin/docker-registry", "2.8.3");
    const config = join(root(), "etc/docker/registry/config.yml");
    put(config, "mine\n");
    expect(run("install.sh").status).toBe(0);
    // As if it had ended after its record of the file, before the file.
    put(config, "mine\n");
    expect(run("install.sh").status).toBe(0);
    expect(run("uninstall.sh").status).toBe(0);
    expect(readFileSync(config, "utf8")).toBe("mine\n");
});

test("a folder that holds other things does not become the service's", () => {
    exported({ dataPath: "/srv" });
    program("usr/bin/docker-registry", "2.8.3");
    put(join(root(), "srv/www/index.html"), "");
    const { status, text } = run("install.sh");
    expect(text).toContain("/srv is not the service's, and holds other things than images");
    expect(status).toBe(1);
    expect(existsSync(join(root(), "etc"))).toBe(false);
});

describe("whose the registry of a host is", () => {
    const ETC = "etc/docker/registry";
    const OTHER = { identity: "f".repeat(32), stack: "private-registry/other" };
    const read = (path: string) => readFileSync(join(root(), path), "utf8");
    const write = (path: string, text: string) => writeFileSync(join(root(), path), text);
    const secretOf = (secret: string) => ({ settings: { ...host().settings, secret } });

    beforeEach(() => program("usr/bin/docker-registry", "2.8.3"));

    /** Another deployment's export is installed, and then this one's is to be. */
    function afterAnother(more: Partial<HostMaterial> = {}): void {
        exported({ ...OTHER, htpasswd: "other:x\n", ...more });
        expect(run("install.sh").status).toBe(0);
        exported(more);
    }

    test("another deployment's: refused, with whose it is and the ways out, and nothing is changed", () => {
        afterAnother();
        const before = read(`${ETC}/private-registry.installed`);
        const { status, text } = run("install.sh", "--no-start");
        expect(text).toMatch(
            /The registry that is installed here \(\/etc\/docker\/registry\) is another deployment's: private-registry\/other, there since \d{4}-\d\d-\d\dT\d\d:\d\dZ; nothing was changed\./,
        );
        expect(text.trimEnd().split("\n")).toHaveLength(1);
        expect(status).toBe(1);
        expect(read(`${ETC}/htpasswd`)).toBe("other:x\n");
        expect(read(`${ETC}/private-registry.installed`)).toBe(before);
    });

    test("both ways out work when pasted", () => {
        for (const pattern of [/take it over: (.*)/, /first: (.*?), or/]) {
            afterAnother();
            const way = pattern.exec(run("install.sh").text)?.[1] ?? "";
            const pasted = spawnSync("sh", ["-c", way], { encoding: "utf8" });
            expect(pasted.stderr).toBe("");
            expect(pasted.status).toBe(0);
            expect(run("install.sh").status).toBe(0);
            expect(read(`${ETC}/htpasswd`)).toBe(host().htpasswd);
            expect(run("uninstall.sh").text).toContain("Taken back.");
            expect(existsSync(join(root(), "etc"))).toBe(false);
        }
    });

    test("the other package's paths: the same", () => {
        rmSync(join(root(), "usr/bin/docker-registry"));
        program("usr/bin/registry", "2.8.3");
        afterAnother();
        program("usr/bin/docker-registry", "2.8.3");
        const { status, text } = run("install.sh");
        expect(text).toContain(`(/${RPM_ETC}) is another deployment's: private-registry/other`);
        expect(status).toBe(1);
        expect(existsSync(join(root(), ETC))).toBe(false);
    });

    test("its own goes on, with other users and settings as well, and after a run that was cut off", () => {
        exported();
        expect(run("install.sh").status).toBe(0);
        const [first] = read(`${ETC}/private-registry.installed`).split("\n");
        expect(first).toBe(`identity ${host().identity}`);
        exported({ htpasswd: "new:x\n", ...secretOf("changed"), port: 5000 });
        expect(run("install.sh").status).toBe(0);
        expect(read(`${ETC}/htpasswd`)).toBe("new:x\n");
        write(`${ETC}/private-registry.installed`, `${first}\n`);
        expect(run("install.sh").status).toBe(0);
    });

    test("an export of a time without identities is known by the registry's secret, and by nothing else", () => {
        exported();
        expect(run("install.sh").status).toBe(0);
        const old = read(`${ETC}/private-registry.installed`).replace(/^(identity|stack|since) .*\n/gm, "");
        write(`${ETC}/private-registry.installed`, old);
        exported(secretOf("another"));
        expect(run("install.sh").text).toMatch(
            /another deployment's: one of unknown name, there since \d{4}-/,
        );
        exported();
        expect(run("install.sh").status).toBe(0);
        expect(read(`${ETC}/private-registry.installed`)).toContain(`identity ${host().identity}\n`);
    });

    test("a folder of images with another deployment's marker is refused; its own and a new one are marked", () => {
        const dataPath = "/srv/registry";
        mkdirSync(join(root(), dataPath), { recursive: true });
        write(
            `${dataPath}/.private-registry`,
            "identity abc\nstack private-registry/other\nsince 2026-01-02T03:04Z\n",
        );
        exported({ dataPath });
        const { status, text } = run("install.sh");
        expect(text).toContain(
            "The folder /srv/registry is another deployment's: private-registry/other, there since 2026-01-02T03:04Z; nothing was changed.",
        );
        expect(status).toBe(1);
        expect(existsSync(join(root(), "etc"))).toBe(false);
        expect(run("install.sh", "--adopt").status).toBe(0);
        expect(read(`${dataPath}/.private-registry`)).toContain(`identity ${host().identity}\n`);
        expect(run("install.sh").status).toBe(0);
    });
});
