/** install.sh and uninstall.sh with stand-ins for the packages' programs; tests/e2e has Debian's own. */
import { spawnSync } from "node:child_process";
import { chmodSync, existsSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";

import { renderFolder } from "../../../../components/systemd/folder";
import type { RegistryVersion } from "../../../../components/systemd/layouts";
import type { HostMaterial } from "../../../../components/systemd/material";
import { writeFolder } from "../../../../ops/export-folder";
import { put, temporaryFolder } from "../../setup/fixture";

import { host } from "./host";

const ROOM = resolve(__dirname, "../../../../components/systemd");
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
