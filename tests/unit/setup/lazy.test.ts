import { execFileSync } from "node:child_process";
import { resolve } from "node:path";

const ROOT = resolve(__dirname, "../../..");

/** Runs code in a Node of its own, whose modules jest has no hand in. */
function run(code: string): string {
    return execFileSync(process.execPath, ["-e", code], {
        cwd: ROOT,
        encoding: "utf8",
        stdio: "pipe",
    }).trim();
}

const LAZY = 'require("./setup/lazy.cjs").loadLazily("typescript", require.resolve("@pulumi/pulumi"));';
const LOADED = 'Object.keys(require.cache).some((file) => file.endsWith("arborist/lib/arborist/index.js"))';

test("the SDK loads without the TypeScript compiler, and has it where it asks for it", () => {
    const code = `${LAZY}
        const pulumi = require("@pulumi/pulumi");
        const standIn = require.cache[require.resolve("typescript")].exports;
        console.log(Object.keys(standIn).length);
        const k = 41;
        pulumi.runtime.serializeFunction(() => k + 1).then((f) => {
            console.log(f.text.includes("k + 1"), require("typescript").version);
        });`;
    expect(run(code).split("\n")).toEqual(["0", `true ${run('console.log(require("typescript").version)')}`]);
});

test("arborist loads where it is first used, and not with the SDK", () => {
    const lazy = LAZY.replace("typescript", "@npmcli/arborist");
    const code = `require("@pulumi/pulumi"); console.log(${LOADED}); require("@npmcli/arborist").Arborist; console.log(${LOADED});`;
    expect(run(code)).toBe("true\ntrue");
    expect(run(lazy + code)).toBe("false\ntrue");
});

test("a package that is not there changes nothing", () => {
    expect(run('require("./setup/lazy.cjs").loadLazily("no-such-package", "/"); console.log("on")')).toBe(
        "on",
    );
});
