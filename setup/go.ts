import { mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { SetupError } from "./errors";
import type { Machine } from "./machine";
import { withProgress } from "./progress";
import { lastLines, run, which } from "./run";

/** A program to be built from a Go module. */
export interface GoProgram {
    name: string;
    /** Module and version; its checksum is verified by Go against the public checksum database. */
    module: string;
    version: string;
    /** Import path of the main package. */
    package: string;
    /** What the module's own go.mod replaces, which Go ignores in a dependency. */
    replace?: string;
    /** Linker settings, `import/path.variable=value`. */
    variables?: string[];
    /** The go line of the module's dependencies: an older Go refuses them. */
    minimumGo: string;
    /** How long it takes, for the message. */
    about: string;
}

/** Text of the go.mod of a throw-away module that does nothing but require the program. */
export function goMod(program: GoProgram): string {
    const replace = program.replace ? `\nreplace ${program.replace}\n` : "";
    return `module private-registry/build\n\ngo 1.24\n\nrequire ${program.module} ${program.version}\n${replace}`;
}

/** Whether version `have` (such as go1.25.3) is at least `least` (such as 1.25.1). */
export function goAtLeast(have: string, least: string): boolean {
    const numbers = (text: string) => (text.match(/\d+/g) ?? []).slice(0, 3).map(Number);
    const [a, b] = [numbers(have), numbers(least)];
    for (let i = 0; i < 3; i++) {
        const difference = (a[i] ?? 0) - (b[i] ?? 0);
        if (difference !== 0) return difference > 0;
    }
    return true;
}

/** Fails with one sentence where Go is missing or too old. */
export async function requireGo(program: GoProgram, env: NodeJS.ProcessEnv): Promise<void> {
    const need = `building ${program.name} needs Go ${program.minimumGo} or later`;
    if (!which("go", env)) {
        throw new SetupError(`Go is not installed, and ${need}: install it from https://go.dev/dl/.`);
    }
    const result = await run("go", ["env", "GOVERSION", "GOTOOLCHAIN"], { env });
    const [version = "", toolchain = ""] = result.stdout.trim().split("\n");
    // Any other GOTOOLCHAIN lets Go fetch the release that it needs.
    if (toolchain.trim() === "local" && !goAtLeast(version, program.minimumGo)) {
        throw new SetupError(
            `Go ${version.replace(/^go/, "")} is installed and GOTOOLCHAIN=local forbids it to fetch another, but ` +
                `${need}: install one from https://go.dev/dl/ or unset GOTOOLCHAIN.`,
        );
    }
}

/** Builds `program` into `target`, for another processor where `arch` (as Go names it) is given. */
export async function goBuild(
    machine: Machine,
    program: GoProgram,
    target: string,
    platform?: { os: string; arch: string },
): Promise<void> {
    await requireGo(program, machine.env);
    const folder = `${target}.${process.pid}.tmp`;
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, "go.mod"), goMod(program));
    const output = join(folder, "out");
    const variables = (program.variables ?? []).map((variable) => ` -X ${variable}`).join("");
    const env: NodeJS.ProcessEnv = { ...machine.env, CGO_ENABLED: "0", GOWORK: "off" };
    if (platform) Object.assign(env, { GOOS: platform.os, GOARCH: platform.arch });
    try {
        await withProgress(`building ${program.name} (${program.about})`, async (update) => {
            const args = [
                "build",
                "-mod=mod",
                "-trimpath",
                "-v",
                "-ldflags",
                `-s -w${variables}`,
                "-o",
                output,
            ];
            let packages = 0;
            const result = await run("go", [...args, program.package], {
                cwd: folder,
                env,
                onLine: (line) => {
                    if (line.startsWith("go: downloading")) update(line.slice(4));
                    else update(`${++packages} packages compiled`);
                },
            });
            if (result.code !== 0) {
                throw new SetupError(
                    `Building ${program.name} from ${program.module} failed:\n${lastLines(result)}`,
                );
            }
        });
        renameSync(output, target);
    } finally {
        rmSync(folder, { recursive: true, force: true });
    }
}
