import { spawn } from "node:child_process";
import { existsSync, readFileSync, utimesSync } from "node:fs";
import { join } from "node:path";
import { acquireLock, ensurePackages, fingerprint, installedMatches } from "../../../setup/start.cjs";
import { put, temporaryFolder } from "./fixture";

const folder = temporaryFolder();
beforeEach(() => jest.spyOn(process.stderr, "write").mockReturnValue(true));
afterEach(() => jest.restoreAllMocks());

const entry = (version: string, more = {}) => ({ version, integrity: `sha512-${version}`, ...more });
const lock = (packages: object) => JSON.stringify({ packages: { "": {}, ...packages } });

test.each([
    ["equal", lock({ a: entry("1") }), lock({ a: entry("1") }), true],
    ["another version", lock({ a: entry("1") }), lock({ a: entry("2") }), false],
    ["missing", lock({ a: entry("1") }), lock({}), false],
    ["missing, of another platform", lock({ a: entry("1", { optional: true }) }), lock({}), true],
    ["nothing installed", lock({ a: entry("1") }), undefined, false],
])("installedMatches: %s", (_case, wanted, installed, expected) => {
    expect(installedMatches(wanted, installed)).toBe(expected);
});

test("packages that npm installed completely are not installed again, and the lock's hash is noted", () => {
    const text = lock({ a: entry("1") });
    put(join(folder.path, "package-lock.json"), text);
    put(join(folder.path, "node_modules/.package-lock.json"), text);
    ensurePackages(folder.path);
    const stamp = join(folder.path, "node_modules/.cache/private-registry/packages");
    expect(readFileSync(stamp, "utf8")).toMatch(/^[0-9a-f]{64}$/);
});

test("the fingerprint follows added and edited files", () => {
    const file = join(folder.path, "src/a.ts");
    put(file, "one");
    const first = fingerprint(folder.path, ["src", "missing"]);
    expect(fingerprint(folder.path, ["src", "missing"])).toBe(first);
    utimesSync(file, 1, 1);
    const touched = fingerprint(folder.path, ["src", "missing"]);
    expect(touched).not.toBe(first);
    put(join(folder.path, "src/b/c.ts"), "");
    expect(fingerprint(folder.path, ["src", "missing"])).not.toBe(touched);
});

describe("acquireLock", () => {
    test("is released, and the lock of a dead process taken over", async () => {
        const file = join(folder.path, "lock");
        acquireLock(file, "x")();
        expect(existsSync(file)).toBe(false);
        const child = spawn(process.execPath, ["-e", ""]);
        await new Promise((resolve) => child.on("close", resolve));
        put(file, String(child.pid));
        const release = acquireLock(file, "x");
        expect(readFileSync(file, "utf8")).toBe(String(process.pid));
        release();
    });

    test("waits for a process that is alive", async () => {
        const file = join(folder.path, "lock");
        const start = join(__dirname, "../../../setup/start.cjs");
        const code = `const release = require(${JSON.stringify(start)}).acquireLock(${JSON.stringify(file)}, "x");
            console.log("held"); setTimeout(release, 600);`;
        const child = spawn(process.execPath, ["-e", code]);
        await new Promise((resolve) => child.stdout.once("data", resolve));
        const begun = Date.now();
        acquireLock(file, "x")();
        expect(Date.now() - begun).toBeGreaterThan(300);
    });
});
