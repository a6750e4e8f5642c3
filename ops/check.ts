import { join } from "node:path";
import type { Machine } from "../setup/machine";
import { say, withProgress } from "../setup/progress";
import { run } from "../setup/run";
import { commandFlags } from "./shared/arguments";

interface Check {
    name: string;
    /** The program's script under node_modules. */
    script: string[];
    args: readonly string[];
    /** What mends most of its findings. */
    hint: string;
}

/** Folders of the source, and the program. */
const SOURCES =
    "address clients components config engine generate host ops plugins setup text ui index.ts".split(" ");

const CHECKS: Check[] = [
    {
        name: "prettier",
        script: ["prettier", "bin", "prettier.cjs"],
        args: ["--check", "--log-level", "warn", "."],
        hint: "npx prettier --write .",
    },
    {
        name: "eslint",
        script: ["eslint", "bin", "eslint.js"],
        args: ["--max-warnings", "0", "."],
        hint: "npx eslint --fix .",
    },
    {
        name: "tsc",
        script: ["typescript", "bin", "tsc"],
        args: ["-p", "tsconfig.check.json"],
        hint: "the lines above",
    },
    {
        name: "tsc of the page",
        script: ["typescript", "bin", "tsc"],
        args: ["-p", "ui/tsconfig.json"],
        hint: "the lines above",
    },
    {
        name: "rooms",
        script: ["dependency-cruiser", "bin", "dependency-cruise.mjs"],
        args: ["--config", ".dependency-cruiser.cjs", "--output-type", "err", ...SOURCES],
        hint: "the arrows in .dependency-cruiser.cjs",
    },
    {
        name: "generated files",
        script: ["tsx", "dist", "cli.mjs"],
        args: ["generate/main.ts", "--check"],
        hint: "npm run generate",
    },
];

/** `npm run check`: format, lint rules, types, what is made of the options. All always run, so that one call shows every finding. */
export async function check(machine: Machine, args: string[]): Promise<number> {
    commandFlags("check", args, {}, "format, lint rules, types, and what is made of the options");
    const results = await withProgress("prettier, eslint, tsc and what is generated", () =>
        Promise.all(
            CHECKS.map(async (one) => {
                const script = join(machine.kit, "node_modules", ...one.script);
                const result = await run(process.execPath, [script, ...one.args], { cwd: machine.kit });
                return { ...one, ...result };
            }),
        ),
    );
    for (const { name, code, stdout, stderr, hint } of results) {
        process.stdout.write(stdout + stderr);
        say(code === 0 ? `${name}: ok` : `${name}: failed; mend with ${hint}`);
    }
    return results.some(({ code }) => code !== 0) ? 1 : 0;
}
