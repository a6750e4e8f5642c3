import { execFileSync, spawnSync } from "node:child_process";
import { join } from "node:path";
import { put, temporaryFolder } from "../../unit/setup/fixture";

const folder = temporaryFolder();
const root = join(__dirname, "../../..");

/** @returns the last line, the lines that name what failed, and the exit code */
function jestOn(source: string, args: string[] = []) {
    put(join(folder.path, "a.test.js"), source);
    put(join(folder.path, "package.json"), {
        jest: { reporters: ["default", join(root, "tests/reporter.cjs")] },
    });
    const jest = join(root, "node_modules/jest/bin/jest.js");
    // Both streams in one, as a terminal shows them.
    const command = 'exec "$0" "$@" 2>&1';
    const all = ["-c", command, process.execPath, jest, "--rootDir", folder.path, ...args];
    const { stdout, status } = spawnSync("sh", all, { cwd: folder.path, encoding: "utf8" });
    const lines = stdout.trimEnd().split("\n");
    const failed = lines.filter((line) => line.startsWith("FAILED "));
    return { lastLine: lines.at(-1), failed, code: status };
}

test("the last lines name what failed, and count passed and failed tests", () => {
    expect(jestOn("describe('a', () => { test('b', () => {}); test('c', () => { throw 1; }); });")).toEqual({
        lastLine: "1 passed, 1 failed",
        failed: ["FAILED a.test.js: a c"],
        code: 1,
    });
});

test("a suite that cannot be loaded counts as failed", () => {
    expect(jestOn("require('./missing');")).toEqual({
        lastLine: "0 passed, 1 failed",
        failed: ["FAILED a.test.js"],
        code: 1,
    });
});

test("a skipped test counts as failed, unless it was filtered out on purpose", () => {
    expect(jestOn("test('a', () => {}); test.skip('b', () => {});")).toEqual({
        lastLine: "1 passed, 1 failed",
        failed: [],
        code: 1,
    });
    expect(jestOn("test('a', () => {}); test('b', () => {});", ["-t", "a"])).toEqual({
        lastLine: "1 passed, 0 failed",
        failed: [],
        code: 0,
    });
});

test(".ci/run is a valid script", () => {
    execFileSync("bash", ["-n", join(root, ".ci/run")]);
});
