/** What a command loads before it does anything: every `npm run up` waits for it. */
import { resolve } from "node:path";

import { build, type Metafile } from "esbuild";

const ROOT = resolve(__dirname, "..", "..", "..");

/** Packages that a file loads as it is itself loaded, by itself or by what it imports. */
async function loadedBy(entry: string): Promise<Set<string>> {
    const { metafile } = await build({
        absWorkingDir: ROOT,
        entryPoints: [entry],
        bundle: true,
        platform: "node",
        packages: "external",
        write: false,
        metafile: true,
        logLevel: "silent",
    });
    const packages = new Set<string>();
    const seen = new Set([entry]);
    const walk = (file: string, { inputs }: Metafile) => {
        for (const { path, external, kind } of inputs[file]?.imports ?? []) {
            if (kind === "dynamic-import") continue;
            if (external) packages.add(path);
            else if (!seen.has(path)) {
                seen.add(path);
                walk(path, { inputs } as Metafile);
            }
        }
    };
    walk(entry, metafile);
    return packages;
}

test("the entry of all commands loads none of them", async () => {
    const loaded = await loadedBy("ops/main.ts");
    for (const heavy of ["@pulumi/pulumi", "@peculiar/x509", "zod", "tar"])
        expect([...loaded]).not.toContain(heavy);
    // The walk sees packages: this one reads the name of the stack.
    expect([...loaded]).toContain("yaml");
});

test.each(["deploy", "env", "setup", "gc", "doctor", "catalog", "mirrors", "client/command", "init"])(
    "%s does without Pulumi's SDK, which takes half a second to load, and without the definition of the options",
    async (name) => {
        const loaded = await loadedBy(`ops/${name}.ts`);
        expect([...loaded].filter((one) => /^@pulumi\/|^zod$/.test(one))).toEqual([]);
        expect([...loaded]).toContain("node:path");
    },
);
