import { createHash } from "node:crypto";

import { EXPORT_FILES, renderFolder } from "../../../../host/folder";
import type { HostMaterial } from "../../../../host/material";

import { host } from "./host";

const SCRIPTS = { install: "#!/bin/sh\n", uninstall: "#!/bin/sh\n" };
const folder = (more: Partial<HostMaterial> = {}) =>
    renderFolder(host(more), "2.8", "https://docker.example.com", SCRIPTS);

test("has every file that an export can have, and a list of them all", () => {
    const files = folder();
    expect(Object.keys(files).sort()).toEqual([...EXPORT_FILES, "SHA256SUMS"].sort());
    const { SHA256SUMS: list, ...rest } = files;
    const sums = Object.fromEntries(
        (list ?? "")
            .trimEnd()
            .split("\n")
            .map((line) => [line.slice(66), line.slice(0, 64)]),
    );
    expect(Object.keys(sums).sort()).toEqual([...EXPORT_FILES].sort());
    for (const [path, text] of Object.entries(rest))
        expect(sums[path]).toBe(createHash("sha256").update(text).digest("hex"));
});

test("tells the installer which files are secret", () => {
    expect(folder()["export.conf"]).toContain("SECRET_FILES='site.key htpasswd'\nPUBLIC_FILES='site.crt'\n");
    const plain = folder({ tls: undefined, htpasswd: undefined, caPem: "" });
    expect(plain["export.conf"]).toContain("SECRET_FILES=''\nPUBLIC_FILES=''\n");
    for (const name of ["site.key", "site.crt", "htpasswd", "ca.crt"]) expect(plain).not.toHaveProperty(name);
});

test("the same stack gives the same folder", () => {
    expect(folder()).toEqual(folder());
});

test("a folder of images that the service could not see is refused", () => {
    expect(() => folder({ dataPath: "/home/me" })).toThrow(/\/home\/me, lies where the confined service/);
});

test("what a shell reads is quoted", () => {
    const files = renderFolder(host(), "2.8", "https://a'$(id)b", SCRIPTS);
    expect(files["export.conf"]).toContain(String.raw`ENDPOINT='https://a'\''$(id)b'`);
});
