import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { backendFolder, breakDeadLock } from "../../../setup/lock";
import type { Stack } from "../../../setup/stack";
import { machineIn, put, temporaryFolder } from "./fixture";

const home = temporaryFolder();
const stack = (): Stack => ({
    name: "dev",
    named: false,
    backend: pathToFileURL(home.path).href,
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
});
