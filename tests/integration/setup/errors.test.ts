import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { fileProblem } from "../../../setup/errors";
import { closeLog, keep } from "../../../setup/log";
import { makeFolder } from "../../../setup/start.cjs";
import { machineIn, put, temporaryFolder } from "../../unit/setup/fixture";

const folder = temporaryFolder();
afterEach(closeLog);

const errorOf = (work: () => void): unknown => {
    try {
        work();
    } catch (error) {
        return error;
    }
    return undefined;
};

test("what files and folders of the user are the cause of is one sentence", () => {
    put(join(folder.path, "file"), "");
    const below = join(folder.path, "file", "below");
    expect(fileProblem(errorOf(() => mkdirSync(below)))).toMatch(
        `${below} cannot be written: a part of its path is no folder. `,
    );
    expect(fileProblem(errorOf(() => writeFileSync(folder.path, "")))).toMatch(/it is a folder/);
    const inProject = fileProblem(
        errorOf(() => mkdirSync(below)),
        folder.path,
    );
    expect(inProject).toMatch(
        /: a part of its path is no folder\. Mend that, or work in a copy of the project/,
    );
    expect(inProject).not.toMatch(/XDG/);
    const full = Object.assign(new Error("ENOSPC"), { code: "ENOSPC", syscall: "write", path: "/a" });
    expect(fileProblem(full)).toMatch(/^\/a cannot be written: the disk is full\. .*XDG_CACHE_HOME/);
});

test("a fault of the kit's own is no such sentence, and its trace is kept for the user alone", () => {
    const fault = new TypeError("x is undefined");
    expect(fileProblem(fault)).toBeUndefined();
    const file = keep(machineIn(folder.path), "doctor", fault.stack ?? "") ?? "";
    expect(file).toContain(join(folder.path, ".cache", "private-registry", "logs", "doctor-"));
    expect(readFileSync(file, "utf8")).toContain("TypeError: x is undefined\n");
});

test("where no log can be kept in the user's folder, one is kept elsewhere", () => {
    put(join(folder.path, ".cache"), "a file");
    expect(keep(machineIn(folder.path), "up", "trace")).toMatch(/private-registry-\d+\.log$/);
});

test("a folder is made with those above it, and one that is there is left", () => {
    const deep = join(folder.path, "a", "b", "c");
    makeFolder(deep, 0o700);
    makeFolder(deep, 0o755);
    expect(statSync(deep).mode & 0o777).toBe(0o700);
    put(join(folder.path, "plain"), "");
    expect(() => makeFolder(join(folder.path, "plain"))).toThrow("EEXIST");
});

const LINUX = existsSync("/proc/self") ? test : test.skip;
LINUX("a file system that takes no folders is one sentence, at once", () => {
    for (const path of ["/proc/private-registry", "/proc/private-registry/logs", "/proc/self/a/b/c"])
        expect(fileProblem(errorOf(() => makeFolder(path)))).toMatch(
            /^\/proc\/(private-registry|self\/a) cannot be written: its file system takes no new folders\. .*XDG_CACHE_HOME/,
        );
});

// A process of its own: where Node's own `recursive` never comes back, no timer of the test could end it.
LINUX.each(["XDG_CACHE_HOME", "XDG_DATA_HOME", "HOME"])(
    "`npm run up` with %s there says so, and ends",
    (variable) => {
        const entry = resolve(__dirname, "../../../setup/start.cjs");
        const env = {
            ...process.env,
            XDG_CACHE_HOME: join(folder.path, "cache"),
            XDG_DATA_HOME: join(folder.path, "data"),
            XDG_CONFIG_HOME: join(folder.path, "config"),
            PULUMI_HOME: join(folder.path, "pulumi"),
            ...(variable === "HOME" && { XDG_DATA_HOME: "" }),
            [variable]: "/proc",
        };
        const up = spawnSync(process.execPath, [entry, "up", "--stack", "unit-proc"], {
            env,
            encoding: "utf8",
            timeout: 60_000,
        });
        expect(up.signal).toBeNull();
        expect(up.stderr).toMatch(/^\/proc\/\S+ cannot be written: its file system takes no new folders/m);
        expect(up.status).toBe(1);
    },
    90_000,
);
