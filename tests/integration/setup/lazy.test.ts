import { execFileSync } from "node:child_process";
import { resolve } from "node:path";

const ROOT = resolve(__dirname, "../../..");

/** Runs code in a Node of its own, whose modules jest has no hand in. */
function run(code: string, env: NodeJS.ProcessEnv = {}): string {
    return execFileSync(process.execPath, ["-e", code], {
        cwd: ROOT,
        env: { ...process.env, ...env },
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

const EARLY = 'require("./setup/early.cjs");';

describe("what Node runs before the SDK", () => {
    const V8_HOOKS = "@pulumi/pulumi/runtime/closure/v8Hooks";

    test.each([
        ["typescript", "@pulumi/pulumi"],
        ["@npmcli/arborist", "@pulumi/pulumi"],
        ["normalize-package-data", "@pulumi/pulumi"],
        ["@pulumi/pulumi/automation", "@pulumi/pulumi"],
        [V8_HOOKS, "@pulumi/pulumi/runtime/closure/v8"],
    ])("keeps %s, which %s loads, out until it is asked for", (name, from) => {
        const code = `const from = require.resolve(${JSON.stringify(from)});
                require(from);
                const file = require.resolve(${JSON.stringify(name)}, { paths: [from] });
                console.log(Object.keys(require.cache[file].exports).length > 0);`;
        const use = `${EARLY} const module_ = require(${JSON.stringify(name)});
                const before = Object.keys(module_).length;
                module_.anything;
                console.log(before, Object.keys(require(${JSON.stringify(name)})).length > 0);`;
        expect(run(code)).toBe("true");
        expect(run(EARLY + code)).toBe("false");
        expect(run(use)).toBe("0 true");
    });

    test("has a package that is no ES module as a compiled default import asks for it", () => {
        const code = `${EARLY} const imported = require("normalize-package-data");
            const data = { name: "a", version: "v1.0.0" };
            (imported.__esModule ? imported : { default: imported }).default(data);
            console.log(data.version);`;
        expect(run(code)).toBe("1.0.0");
    });

    test("has OpenTelemetry's exporters load where somebody asks for tracing, and spans go there then", () => {
        const code = `${EARLY}
            const tracing = require("@pulumi/pulumi/cmd/run/tracing");
            const loaded = () => Object.keys(require.cache).some((file) => file.includes("exporter-zipkin"));
            const span = tracing.newSpan("before");
            span.setAttribute("a", 1).end();
            console.log(span.isRecording(), loaded());
            tracing.start("http://127.0.0.1:9/api/v2/spans");
            console.log(tracing.newSpan("after").isRecording(), loaded());`;
        expect(run(code)).toBe("false false\ntrue true");
    });

    describe("stack traces", () => {
        const code = `const promise = Promise.resolve();
            require("@pulumi/pulumi/runtime/debuggable").debuggablePromise(promise, "a test");
            const fail = () => { throw new TypeError("so"); };
            try { fail() } catch ({ stack }) { console.log(JSON.stringify([promise._debugStackTrace, stack])); }`;
        const traces = (text: string, env: NodeJS.ProcessEnv = {}) =>
            (JSON.parse(run(text, env)) as string[]).map((trace) => trace.replace(/:\d+:\d+/g, ""));
        const MAPS = 'require("source-map-support/register");';

        test("are Node's own, not looked up in source maps, and of the SDK's promises there are none", () => {
            const [ofPromise, thrown] = traces(code);
            expect(ofPromise).toContain("debuggablePromise");
            for (const before of [EARLY, EARLY + MAPS, MAPS + EARLY])
                expect(traces(before + code)).toEqual(["", thrown]);
        });

        test("of the SDK's promises are there for who looks for those that never end", () => {
            const [ofPromise] = traces(EARLY + code, { PULUMI_DEBUG_PROMISE_LEAKS: "true" });
            expect(ofPromise).toContain("debuggablePromise");
        });
    });

    test("has Pulumi's runner wait for no debugger, and functions go to the engine as text all the same", () => {
        const code = `${EARLY}
            const pulumi = require("@pulumi/pulumi");
            const hooks = require(${JSON.stringify(V8_HOOKS)});
            hooks.isInitializedAsync().then(() => {
                const standIn = require.cache[require.resolve(${JSON.stringify(V8_HOOKS)})].exports;
                console.log(Object.keys(standIn).length);
                const k = 41;
                return pulumi.runtime.serializeFunction(() => k + 1);
            }).then((f) => console.log(f.text.includes("k + 1")));`;
        expect(run(code)).toBe("0\ntrue");
    });
});
