import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileProblem } from "../../../setup/errors";
import { closeLog, keep } from "../../../setup/log";
import { machineIn, put, temporaryFolder } from "./fixture";

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
