import { existsSync, renameSync, rmSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { SetupError, messageOf } from "./errors";
import { type GoProgram, goAtLeast, goBuild, requireGo } from "./go";
import type { Machine } from "./machine";
import { answers } from "./probe";
import { say, withProgress } from "./progress";
import { isExecutable, run, which } from "./run";
import { acquireLock, makeFolder, readText, writeAtomically } from "./start.cjs";

/** The oldest CLI that is used, and the one that is installed: the version of @pulumi/pulumi in package.json. */
export const CLI_VERSION = "3.259.0";

const CLI: GoProgram = {
    name: "the Pulumi CLI",
    module: "github.com/pulumi/pulumi/pkg/v3",
    version: `v${CLI_VERSION}`,
    package: "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi",
    replaces: [
        "github.com/atotto/clipboard => github.com/tgummerer/clipboard v0.0.0-20241001131231-d02d263e614e",
    ],
    variables: [`github.com/pulumi/pulumi/sdk/v3/go/common/version.Version=${CLI_VERSION}`],
    minimumGo: "1.25.11",
    about: "about 3 minutes on 2 cores",
};

// The last release in which the language host can be had as a Go module; CLI 3.259.0 works with it.
const HOST: GoProgram = {
    name: "Pulumi's Node.js language host",
    module: "github.com/pulumi/pulumi/sdk/v3",
    version: "v3.68.0",
    package: "github.com/pulumi/pulumi/sdk/v3/nodejs/cmd/pulumi-language-nodejs",
    edits: {
        file: "nodejs/cmd/pulumi-language-nodejs/main.go",
        replacements: [
            // This host stands between program and engine and passes on only the calls of its own time: error hooks
            // and transforms came later. Today's SDK speaks with the engine directly just as well.
            ['fmt.Sprintf("127.0.0.1:%d", handle.Port)', "req.GetMonitorAddress()"],
            // It is not told the options of Pulumi.yaml, and would load a TypeScript compiler that the kit does without.
            [
                "if host.typescript {",
                'project, _ := os.ReadFile(filepath.Join(req.GetPwd(), "Pulumi.yaml"))\n' +
                    'for _, line := range strings.Split(string(project), "\\n") {\n' +
                    'host.typescript = host.typescript && line != "    typescript: false"\n' +
                    'if args := strings.TrimPrefix(line, "    nodeargs: "); args != line { host.nodeargs = args }\n' +
                    "}\n" +
                    "if host.typescript {",
            ],
            // It reads every folder of every package for more of them. They are in node_modules alone, of the program and of
            // the packages.
            [
                "// if a directory, recurse.",
                'if inNodeModules && name != "node_modules" {\n' +
                    'if _, err := os.Stat(filepath.Join(dir, "package.json")); err == nil { continue }\n' +
                    "}",
            ],
            // It starts a Node to ask where the SDK is.
            [
                `args := []string{"-e", fmt.Sprintf("console.log(require.resolve('%s'));", mod)}`,
                'if found, err := filepath.EvalSymlinks(filepath.Join("node_modules", mod, "index.js")); err == nil {\n' +
                    "return filepath.Abs(found)\n" +
                    "}\n" +
                    `args := []string{"-e", fmt.Sprintf("console.log(require.resolve('%s'));", mod)}`,
            ],
        ],
    },
    minimumGo: "1.24",
    about: "about 30 seconds on 2 cores",
};

export interface Cli {
    /** Full path of the `pulumi` program. */
    path: string;
    /** Where it came from, for the report. */
    source: string;
}

const exe = (machine: Machine, name: string) => (machine.platform === "win32" ? `${name}.exe` : name);

/** Where the kit keeps a CLI of its own: `bin/pulumi`, its language host beside it, and `source`. */
export const cliFolder = (machine: Machine): string =>
    join(machine.dirs.cache, "cli", `${CLI_VERSION}-${machine.platform}-${machine.arch}`);

/** Finds a Pulumi CLI that is new enough, with its Node.js language host; else installs or builds one. */
export async function ensureCli(machine: Machine): Promise<Cli> {
    const folder = cliFolder(machine);
    const ours = join(folder, "bin", exe(machine, "pulumi"));
    const found = which("pulumi", machine.env);
    if (found && found !== ours && (await isUsable(machine, found)))
        return { path: found, source: "on PATH" };
    // Both files are put in place by one rename, so this one stands for both.
    if (isExecutable(ours))
        return { path: ours, source: readText(join(folder, "source")) ?? "per-user cache" };

    const release = acquireLock(`${folder}.lock`, "the Pulumi CLI");
    try {
        if (!isExecutable(ours)) await install(machine, folder);
    } finally {
        release();
    }
    return { path: ours, source: readText(join(folder, "source")) ?? "per-user cache" };
}

/** Whether a CLI's version is at least the kit's own; asked once for each file, because a run costs 0.1 s. */
async function isUsable(machine: Machine, pulumi: string): Promise<boolean> {
    const beside = join(dirname(pulumi), exe(machine, "pulumi-language-nodejs"));
    if (!existsSync(beside) && !which("pulumi-language-nodejs", machine.env)) {
        say(`Pulumi CLI: ${pulumi} has no pulumi-language-nodejs beside it or on PATH, so it is not used.`);
        return false;
    }
    const stat = statSync(pulumi);
    const key = `${pulumi} ${stat.size} ${stat.mtimeMs}`;
    const memo = join(machine.localCache, "cli");
    const [known, knownVersion] = (readText(memo) ?? "").split("\n");
    let version = knownVersion ?? "";
    if (known !== key) {
        const result = await run(pulumi, ["version"], {
            env: { ...machine.env, PULUMI_SKIP_UPDATE_CHECK: "true" },
            timeoutMs: 20_000,
        });
        version = result.code === 0 ? result.stdout.trim() : "";
        writeAtomically(memo, `${key}\n${version}`);
    }
    if (version && goAtLeast(version, CLI_VERSION)) return true;
    say(`Pulumi CLI: ${pulumi} is ${version || "not working"}, and ${CLI_VERSION} or later is needed.`);
    return false;
}

async function install(machine: Machine, folder: string): Promise<void> {
    const temporary = `${folder}.${process.pid}.tmp`;
    rmSync(temporary, { recursive: true, force: true });
    makeFolder(join(temporary, "bin"));
    try {
        const source = (await download(machine, temporary)) ?? (await build(machine, temporary));
        writeAtomically(join(temporary, "source"), source);
        rmSync(folder, { recursive: true, force: true });
        renameSync(temporary, folder);
        say(`Pulumi CLI: ${CLI_VERSION} is now in ${folder}.`);
    } finally {
        rmSync(temporary, { recursive: true, force: true });
    }
}

/** The official installer, through Automation API; undefined where the site cannot be reached. */
async function download(machine: Machine, root: string): Promise<string | undefined> {
    if (!(await answers("https://get.pulumi.com/", machine.env))) return undefined;
    say(
        `Pulumi CLI: none of version ${CLI_VERSION} on this machine, installing it with Pulumi's own installer …`,
    );
    try {
        // Loaded here only: these packages take most of a second.
        const { PulumiCommand } = await import("@pulumi/pulumi/automation/cmd");
        const { SemVer } = await import("semver");
        await withProgress("installing the Pulumi CLI", () =>
            PulumiCommand.install({ root, version: new SemVer(CLI_VERSION) }),
        );
        return "official installer";
    } catch (error) {
        say(`Pulumi CLI: the official installer failed (${messageOf(error).trim().split("\n").pop()}).`);
        return undefined;
    }
}

async function build(machine: Machine, root: string): Promise<string> {
    try {
        await requireGo(CLI, machine.env);
    } catch (error) {
        throw new SetupError(
            `The Pulumi CLI is not installed and get.pulumi.com cannot be reached; ${messageOf(error)} Or install ` +
                `Pulumi ${CLI_VERSION} or later by hand: https://www.pulumi.com/docs/install/.`,
        );
    }
    say(
        `Pulumi CLI: none of version ${CLI_VERSION} on this machine, and get.pulumi.com cannot be reached: ` +
            "building it from its Go modules, once for this user …",
    );
    // The host first: it is the quick one, so a lack of network or disk shows early.
    await goBuild(machine, HOST, join(root, "bin", exe(machine, "pulumi-language-nodejs")));
    await goBuild(machine, CLI, join(root, "bin", exe(machine, "pulumi")));
    return "built from Go modules";
}
