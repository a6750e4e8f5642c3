import { execFileSync, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { chownSync, existsSync, mkdirSync, readFileSync, statSync, symlinkSync, utimesSync } from "node:fs";
import { join } from "node:path";
import {
    acquireLock,
    birthOf,
    ensurePackages,
    fingerprint,
    installedMatches,
} from "../../../setup/start.cjs";
import { put, temporaryFolder } from "../../unit/setup/fixture";

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
    put(join(folder.path, "index.ts"), "");
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
        expect(readFileSync(file, "utf8")).toBe(`${process.pid} ${birthOf(process.pid)}`);
        expect(statSync(file).mode & 0o777).toBe(0o600);
        release();
    });

    test("of a process whose number another one has by now is taken over", () => {
        const file = join(folder.path, "lock");
        put(file, `${process.pid} another-boot/1`);
        acquireLock(file, "x")();
        put(file, "1 another-boot/1");
        acquireLock(file, "x")();
    });

    test("that somebody planted in the name of another user's process is not waited for", () => {
        const file = join(folder.path, "lock");
        // Process 1 is root's; where the tests run as root, the file is given away.
        put(file, `1 ${birthOf(1)}`.trim());
        if (process.getuid?.() === 0) chownSync(file, 1234, 1234);
        acquireLock(file, "x")();
    });

    test("with foreign content is not waited for, once its owner cannot be writing it any more", () => {
        const file = join(folder.path, "lock");
        put(file, "no number");
        utimesSync(file, 0, 0);
        acquireLock(file, "x")();
    });

    test.each(["fifo", "folder", "link"])("that is a %s stops the command with one sentence", (kind) => {
        const file = join(folder.path, "lock");
        if (kind === "fifo") execFileSync("mkfifo", [file]);
        if (kind === "folder") mkdirSync(file);
        if (kind === "link") symlinkSync("/dev/zero", file);
        expect(() => acquireLock(file, "x")).toThrow(`${file} is no plain file`);
    });

    test("of the npm packages lies where no other user can put one", () => {
        const root = join(folder.path, "root");
        const name = createHash("sha256").update(root).digest("hex").slice(0, 16);
        // What stopped the kit in the folder for temporary files, in the name of a process that runs for ever.
        put(join(folder.path, `private-registry-${name}.lock`), "1");
        put(join(root, "index.ts"), "");
        put(join(root, "package-lock.json"), lock({}));
        put(join(root, "node_modules", ".package-lock.json"), lock({}));
        const { TMPDIR } = process.env;
        process.env.TMPDIR = folder.path;
        try {
            ensurePackages(root);
        } finally {
            if (TMPDIR === undefined) delete process.env.TMPDIR;
            else process.env.TMPDIR = TMPDIR;
        }
        expect(existsSync(join(root, "node_modules/.cache/private-registry/packages"))).toBe(true);
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
