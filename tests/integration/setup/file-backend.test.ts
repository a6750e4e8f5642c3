import { spawnSync } from "node:child_process";
import { existsSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { backendFolder, breakDeadLock, fileBackend, removeEmptySidecars } from "../../../setup/file-backend";
import type { Stack } from "../../../setup/stack";
import { machineIn, put, temporaryFolder } from "../../unit/setup/fixture";

const home = temporaryFolder();
const stack = (): Stack => ({
    name: "dev",
    named: false,
    backend: fileBackend(home.path),
    ownBackend: false,
    settings: {},
});
/** A process that has ended. */
const deadPid = () => spawnSync(process.execPath, ["-e", ""]).pid;

function lock(content: object): string {
    const file = join(home.path, ".pulumi/locks/organization/private-registry/dev/1.json");
    put(file, content);
    breakDeadLock(machineIn(home.path), stack(), "here");
    return file;
}

test("the lock of a process that is gone is taken away", () => {
    expect(existsSync(lock({ pid: deadPid(), hostname: "here" }))).toBe(false);
});

test.each([
    ["a process at work", () => ({ pid: process.pid, hostname: "here" })],
    ["another host", () => ({ pid: deadPid(), hostname: "there" })],
    ["nobody", () => ({})],
])("the lock of %s stays", (_name, content) => {
    expect(existsSync(lock(content()))).toBe(true);
});

test("other backends have no folder", () => {
    expect(backendFolder(machineIn(home.path), "https://api.example.com")).toBeUndefined();
    expect(backendFolder(machineIn(home.path), "file://~/state")).toBe(join(home.path, "state"));
    expect(backendFolder(machineIn(home.path), "file://~/state?metadata=skip")).toBe(
        join(home.path, "state"),
    );
    expect(backendFolder(machineIn(home.path), fileBackend("/some where"))).toBe("/some where");
});

test("an empty sidecar, which makes the state unreadable, is taken away; all else stays", () => {
    const places = [
        ".pulumi/meta.yaml",
        ".pulumi/stacks/private-registry/dev.json",
        ".pulumi/locks/organization/private-registry/dev/1.json",
    ].map((place) => join(home.path, place));
    for (const place of places) {
        put(place, "{}");
        put(`${place}.attrs`, "");
        put(`${place}.bak.attrs`, "{}");
    }
    removeEmptySidecars(machineIn(home.path), stack());
    for (const place of places) {
        expect([place, `${place}.attrs`, `${place}.bak.attrs`].map((file) => existsSync(file))).toEqual([
            true,
            false,
            true,
        ]);
    }
});

test("a sidecar that is gone before it is looked at stops nothing", () => {
    put(join(home.path, ".pulumi/meta.yaml"), "{}");
    // Listed and not there, as the one of a lock that another Pulumi gives back at this moment.
    symlinkSync(join(home.path, "gone"), join(home.path, ".pulumi/gone.attrs"));
    expect(() => removeEmptySidecars(machineIn(home.path), stack())).not.toThrow();
});
