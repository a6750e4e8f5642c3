import {
    appendFileSync,
    copyFileSync,
    mkdirSync,
    readFileSync,
    readdirSync,
    renameSync,
    rmSync,
    writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { SetupError } from "./errors";
import type { Machine } from "./machine";
import { withProgress } from "./progress";
import { lastLines, mustRun, run, which } from "./run";
import { makeFolder } from "./start.cjs";

/** A program to be built from a Go module. */
export interface GoProgram {
    name: string;
    /** Module and version; its checksum is verified by Go against the public checksum database. */
    module: string;
    version: string;
    /** Import path of the main package. */
    package: string;
    /** What the module's own go.mod replaces, which Go ignores in a dependency: `path => path version`. */
    replaces?: readonly string[];
    /** Edits of one source file at build time; the build fails where a text is not found exactly once. */
    edits?: { file: string; replacements: readonly (readonly [from: string, to: string])[] };
    /** Linker settings, `import/path.variable=value`. */
    variables?: string[];
    /** The go line of the module's dependencies: an older Go refuses them. */
    minimumGo: string;
    /** How long it takes, for the message. */
    about: string;
}

/** Text of the go.mod of a throw-away module that does nothing but require the program. */
export function goMod(program: GoProgram): string {
    const replaces = (program.replaces ?? []).map((replace) => `\nreplace ${replace}\n`).join("");
    return `module private-registry/build\n\ngo 1.24\n\nrequire ${program.module} ${program.version}\n${replaces}`;
}

/** The source text with the program's edits made. */
export function edited(source: string, { file, replacements }: NonNullable<GoProgram["edits"]>): string {
    return replacements.reduce((text, [from, to]) => {
        const parts = text.split(from);
        if (parts.length !== 2)
            throw new Error(`${file} has ${parts.length - 1} places with ${from}, expected 1`);
        return parts.join(to);
    }, source);
}

// Go keeps its modules read-only, and folders copied as such could not be removed again.
function copyWritable(from: string, to: string): void {
    mkdirSync(to);
    for (const entry of readdirSync(from, { withFileTypes: true })) {
        const [source, target] = [join(from, entry.name), join(to, entry.name)];
        if (entry.isDirectory()) copyWritable(source, target);
        else copyFileSync(source, target);
    }
}

/** Makes an edited copy of the module, verified by Go before, and has it stand in for the original. */
async function editedCopy(program: GoProgram, folder: string, env: NodeJS.ProcessEnv): Promise<void> {
    if (!program.edits) return;
    const source = `${program.module}@${program.version}`;
    const options = { cwd: folder, env };
    const result = await mustRun(
        "go",
        ["mod", "download", "-json", source],
        `${source} is not to be had.`,
        options,
    );
    const { Dir: original } = JSON.parse(result.stdout) as { Dir: string };
    const copy = join(folder, "source");
    copyWritable(original, copy);
    const file = join(copy, program.edits.file);
    const text = edited(readFileSync(file, "utf8"), program.edits);
    rmSync(file);
    writeFileSync(file, text);
    appendFileSync(join(folder, "go.mod"), `\nreplace ${program.module} => ./source\n`);
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
    makeFolder(folder);
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
            await editedCopy(program, folder, env);
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
