/** A stack of its own for a test: project folder, Pulumi home, backend, passphrase, names and port. */
import { randomBytes } from "node:crypto";
import {
    copyFileSync,
    cpSync,
    existsSync,
    mkdirSync,
    mkdtempSync,
    readdirSync,
    readFileSync,
    rmSync,
    symlinkSync,
    writeFileSync,
} from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

import { buildSync } from "esbuild";

import { fileBackend } from "../../setup/file-backend";
import { pulumiHome, thisMachine } from "../../setup/machine";
import { bundleOptions } from "../../setup/start.cjs";

import { anonymousVolumes, docker, objectsOf, removeObjects } from "./docker";
import { environment } from "./environment";
import { FRONT_IMAGE, REGISTRY_IMAGE } from "./images";
import { keptPlugins } from "./kept-plugins";
import { must, type Result, run, type Running, start } from "./run";

const ROOT = resolve(__dirname, "..", "..");
const QUIET = ["--non-interactive", "--color", "never"];

/** Configuration values by path; a value in `secret` is set with `--secret`. */
export type Settings = Record<string, string | { secret: string }>;

export interface StackOptions {
    /** The stack's whole name, for a second one of the same. @default one with a random part */
    name?: string | undefined;
    /** Folder of the program in the checkout. @default the kit itself */
    program?: string | undefined;
    /**
     * The program goes through Pulumi's TypeScript loader at each run, as its reader's does, which checks the types of the whole kit
     * and takes four fifths of the time. @default false: it is bundled once
     */
    loader?: boolean | undefined;
    /** Added to the domain registry.e2e.test, a free port of 127.0.0.1, QUICK_HASH, and no front: tests of the front ask for one. */
    settings?: Settings | undefined;
    /**
     * Pulumi starts the plugins of its own each time: for tests that end it halfway, have several Engines (a
     * kept plugin would take the last one for all), or give variables that are for the plugins. @default false
     */
    ownPlugins?: boolean | undefined;
    /** Further variables for every `pulumi`. */
    env?: NodeJS.ProcessEnv | undefined;
}

export const DOMAIN = "registry.e2e.test";
export const PASSWORD = "correct horse battery staple";

/**
 * Cost of the hash of a password that is given. At the default of 10, each request without a front costs the registry 60 ms of a core,
 * and each `up` and each user 0.2 s: most of what a test with many requests would take.
 */
export const QUICK_HASH = "4";

/** The user admin with PASSWORD. */
export const ADMIN: Settings = { "users.admin.password": { secret: PASSWORD } };

/** A port that nothing listens on, outside the range that the kernel hands out by itself. */
export async function freePort(): Promise<number> {
    const port = 20_000 + (randomBytes(2).readUInt16BE() % 12_000);
    const free = await new Promise<boolean>((done) => {
        const server = createServer()
            .once("error", () => done(false))
            .listen(port, "0.0.0.0", () => server.close(() => done(true)));
    });
    return free ? port : freePort();
}

/** A project folder that reads the checkout's sources, and into which Pulumi writes without touching the checkout. */
function projectFolder(folder: string, program: string, loader: boolean): string {
    mkdirSync(folder);
    const [top] = program.split("/");
    for (const entry of readdirSync(ROOT)) {
        if (/^(Pulumi\..*|examples|\.git)$/.test(entry) || entry === top) continue;
        symlinkSync(join(ROOT, entry), join(folder, entry));
    }
    copyFileSync(join(ROOT, "Pulumi.yaml"), join(folder, "Pulumi.yaml"));
    for (const copied of ["examples", program])
        if (copied !== ".") cpSync(join(ROOT, copied), join(folder, copied), { recursive: true });
    const project = join(folder, program);
    if (program !== "." && !loader) bundleProgram(join(ROOT, program), project);
    return project;
}

/** Puts a bundle in the place of a TypeScript program. @param source its folder in the checkout; project: the copy of it */
function bundleProgram(source: string, project: string): void {
    if (!existsSync(join(source, "index.ts"))) return;
    const what = { name: "program", entry: "index.ts", sources: [] };
    buildSync(bundleOptions(source, what, join(project, "index.js")));
    writeFileSync(join(project, "package.json"), '{"main":"index.js"}\n');
    const file = join(project, "Pulumi.yaml");
    const plain = "runtime:\n  name: nodejs\n  options:\n    typescript: false\n";
    writeFileSync(file, readFileSync(file, "utf8").replace("runtime: nodejs\n", plain));
}

/** Pulumi's mark of a secret in a state. */
export const SECRET = "4dabf18193072939515e22adb298388d";

/** A `pulumi stack export`, as far as the tests read and change it. */
export interface State {
    deployment: {
        resources: { urn: string; type: string; id?: string; outputs?: Record<string, unknown> }[];
        pending_operations?: unknown[];
    };
}

export class Stack {
    readonly folder = mkdtempSync(join(tmpdir(), "private-registry-e2e-"));
    readonly project: string;
    readonly env: NodeJS.ProcessEnv;
    /** Start of the names of the deployment's Docker objects. */
    readonly prefix: string;
    private readonly stateFolder: string;

    private constructor(
        readonly name: string,
        readonly port: number,
        { program = ".", loader = false, env = {} }: StackOptions,
    ) {
        this.project = projectFolder(join(this.folder, "checkout"), program, loader);
        const home = join(this.folder, "home");
        const state = join(this.folder, "state");
        this.stateFolder = join(state, ".pulumi");
        for (const folder of [home, state]) mkdirSync(folder);
        const plugins = join(pulumiHome(thisMachine(ROOT)), "plugins");
        if (existsSync(plugins)) symlinkSync(plugins, join(home, "plugins"));
        this.env = {
            ...environment(),
            PULUMI_HOME: home,
            PULUMI_BACKEND_URL: fileBackend(state),
            PULUMI_CONFIG_PASSPHRASE: randomBytes(12).toString("hex"),
            PULUMI_SKIP_UPDATE_CHECK: "true",
            // Pulumi keeps the selected stack under the name that the shell has for the folder.
            PWD: this.project,
            ...env,
        };
        this.prefix = `${program === "." ? "private-registry" : "registry-example"}-${name}`;
    }

    /** @param what first part of the stack's name, which tells in `docker ps` whose container it is */
    static async create(what: string, options: StackOptions = {}): Promise<Stack> {
        const name = options.name ?? `e2e-${what}-${randomBytes(3).toString("hex")}`;
        const env = { ...(options.ownPlugins ? {} : await keptPlugins()), ...options.env };
        const stack = new Stack(name, await freePort(), { ...options, env });
        try {
            await stack.must(["stack", "init", name]);
            await stack.configure({
                domain: DOMAIN,
                port: String(stack.port),
                bindAddress: "127.0.0.1",
                // The kit itself finds what the Engine has; the examples are told, and hash as ever.
                ...(options.program === undefined
                    ? { bcryptCost: QUICK_HASH }
                    : { registryImage: REGISTRY_IMAGE, frontImage: FRONT_IMAGE }),
                "front.off": "true",
                ...options.settings,
            });
        } catch (error) {
            rmSync(stack.folder, { recursive: true, force: true });
            throw error;
        }
        return stack;
    }

    pulumi(args: string[], input?: string): Promise<Result> {
        return run("pulumi", args, { cwd: this.project, env: this.env, input });
    }

    must(args: string[], input?: string): Promise<string> {
        return must("pulumi", args, { cwd: this.project, env: this.env, input });
    }

    /** `pulumi config set` for many values at once. */
    async configure(settings: Settings): Promise<void> {
        const flags = Object.entries(settings).flatMap(([path, value]) =>
            typeof value === "string"
                ? ["--plaintext", `${path}=${value}`]
                : ["--secret", `${path}=${value.secret}`],
        );
        if (flags.length > 0) await this.must(["config", "set-all", "--path", ...flags]);
    }

    async unset(...paths: string[]): Promise<void> {
        await this.must(["config", "rm-all", "--path", ...paths]);
    }

    /** Starts `pulumi up` and does not wait for its end. */
    startUp(...args: string[]): Running {
        return start("pulumi", ["up", "--yes", "--skip-preview", ...QUIET, ...args], {
            cwd: this.project,
            env: this.env,
            timeoutMs: 180_000,
        });
    }

    /** `pulumi up` that may fail. */
    tryUp(...args: string[]): Promise<Result> {
        return this.startUp(...args).done;
    }

    /** `pulumi up` that must succeed. @returns what the screen showed */
    async up(...args: string[]): Promise<string> {
        const { code, screen } = await this.tryUp(...args);
        if (code !== 0) throw new Error(`pulumi up ended with code ${code}:\n${screen}`);
        return screen;
    }

    async output<T = string>(name: string): Promise<T> {
        const kept = this.outputsInState()[name];
        if (kept !== undefined && !JSON.stringify(kept).includes(SECRET)) return kept as T;
        const text = await this.must(["stack", "output", "--show-secrets", "--json", name]);
        return JSON.parse(text) as T;
    }

    /** What the last `up` gave, secrets encrypted, as the backend keeps it: `pulumi stack output` takes 0.6 s of a core. */
    private outputsInState(): Record<string, unknown> {
        const [project = ""] = readdirSync(join(this.stateFolder, "stacks"));
        const file = join(this.stateFolder, "stacks", project, `${this.name}.json`);
        // Not there while the stack has another name.
        if (!existsSync(file)) return {};
        const { checkpoint } = JSON.parse(readFileSync(file, "utf8")) as {
            checkpoint: { latest?: State["deployment"] };
        };
        const all = checkpoint.latest?.resources ?? [];
        return all.find(({ type }) => type === "pulumi:pulumi:Stack")?.outputs ?? {};
    }

    /** `pulumi stack export` as it is on disk: secrets encrypted. */
    exportText(): Promise<string> {
        return this.must(["stack", "export"]);
    }

    async exportState(): Promise<State> {
        return JSON.parse(await this.exportText()) as State;
    }

    async importState(state: State): Promise<void> {
        await this.must(["stack", "import"], JSON.stringify(state));
    }

    /** `pulumi destroy` that must succeed. */
    async destroy(): Promise<string> {
        const { code, screen } = await run("pulumi", ["destroy", "--yes", "--skip-preview", ...QUIET], {
            cwd: this.project,
            env: this.env,
        });
        if (code !== 0) throw new Error(`pulumi destroy ended with code ${code}:\n${screen}`);
        return screen;
    }

    /**
     * Destroys the deployment and its kept data. For `finally`.
     *
     * @throws Error where `pulumi destroy` fails, or leaves anything but the data; that is removed all the same
     */
    async dispose(): Promise<void> {
        try {
            const anonymous = await anonymousVolumes(this.prefix);
            await this.destroy();
            const left = (await objectsOf(this.prefix)).filter((o) => !/^volume .*-data$/.test(o));
            const volumes = (await docker("volume", "ls", "--quiet")).split("\n");
            left.push(...anonymous.filter((name) => volumes.includes(name)));
            if (left.length > 0) throw new Error(`pulumi destroy left ${left.join(", ")}`);
        } finally {
            await removeObjects(await objectsOf(this.prefix));
            rmSync(this.folder, { recursive: true, force: true });
        }
    }
}
