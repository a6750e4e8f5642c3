/** A fresh clone with a user's own folders, as a machine that knows nothing of any deployment. */
import { execFileSync, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import {
    cpSync,
    existsSync,
    mkdirSync,
    mkdtempSync,
    readdirSync,
    rmSync,
    symlinkSync,
    writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { shellWord } from "../../text/shell";

import { docker, objectsOf, removeObjects } from "./docker";
import { environment } from "./environment";
import { type Result, type Running, start } from "./run";
import { DOMAIN, freePort, PASSWORD, QUICK_HASH } from "./stack";
import { ROOT } from "./user";

export const REPOSITORY_PASSWORD = "a password of the repository's own";

/** Names and port of a deployment, whichever machine it is on. */
export class Deployment {
    readonly name = `e2e-backup-${randomBytes(3).toString("hex")}`;
    readonly prefix = `private-registry-${this.name}`;
    readonly folder = mkdtempSync(join(tmpdir(), "private-registry-e2e-backup-"));
    readonly repository = join(this.folder, "repository");

    private constructor(readonly port: number) {}

    static async create(): Promise<Deployment> {
        return new Deployment(await freePort());
    }

    /** The Docker host is lost, with its disk. */
    async lose(): Promise<void> {
        await removeObjects(await objectsOf(this.prefix));
    }

    async dispose(): Promise<void> {
        await this.lose();
        rmSync(this.folder, { recursive: true, force: true });
    }
}

export class Clone {
    readonly root: string;
    readonly env: NodeJS.ProcessEnv;
    private readonly home: string;

    /** @param what name of its folder below the deployment's */
    constructor(
        readonly of: Deployment,
        what: string,
    ) {
        this.root = join(of.folder, what);
        this.home = join(of.folder, `${what}-home`);
        mkdirSync(this.root);
        const git = (...args: string[]) => execFileSync("git", args, { cwd: ROOT, encoding: "utf8" });
        for (const file of git("ls-files", "-z", "--cached", "--others", "--exclude-standard").split("\0"))
            if (file !== "" && !/^Pulumi\.e2e-.+\.yaml$/.test(file) && existsSync(join(ROOT, file)))
                cpSync(join(ROOT, file), join(this.root, file), { preserveTimestamps: true });
        mkdirSync(join(this.root, "node_modules"));
        for (const name of readdirSync(join(ROOT, "node_modules")))
            // The kit keeps there what belongs to one checkout.
            if (name !== ".cache")
                symlinkSync(join(ROOT, "node_modules", name), join(this.root, "node_modules", name));
        this.env = {
            ...environment(),
            XDG_DATA_HOME: join(this.home, "data"),
            XDG_CONFIG_HOME: join(this.home, "config"),
            PULUMI_HOME: join(this.home, "pulumi"),
            DOCKER_CONFIG: join(this.home, "docker"),
        };
    }

    /** @param backup lines of the section of that name. @param more lines of other options */
    configure(backup: readonly string[], salt = "", more: readonly string[] = []): void {
        const { port } = this.of;
        const lines = [
            "config:",
            `  private-registry:domain: ${DOMAIN}`,
            `  private-registry:port: ${port}`,
            "  private-registry:bindAddress: 127.0.0.1",
            `  private-registry:bcryptCost: ${QUICK_HASH}`,
            "  private-registry:front:",
            "    off: true",
            "  private-registry:users:",
            `    admin: {password: ${PASSWORD}}`,
            "  private-registry:backup:",
            ...backup.map((line) => `    ${line}`),
            ...more.map((line) => `  ${line}`),
            salt,
        ];
        writeFileSync(this.configuration, `${lines.join("\n")}\n`);
    }

    get configuration(): string {
        return join(this.root, `Pulumi.${this.of.name}.yaml`);
    }

    /** As `npm run NAME -- …`. */
    start(name: string, args: readonly string[] = [], env: NodeJS.ProcessEnv = {}): Running {
        return start(
            process.execPath,
            [join(this.root, "setup", "start.cjs"), name, "--stack", this.of.name, ...args],
            {
                cwd: this.root,
                env: { ...this.env, ...env },
                timeoutMs: 200_000,
            },
        );
    }

    run(name: string, args: readonly string[] = [], env: NodeJS.ProcessEnv = {}): Promise<Result> {
        return this.start(name, args, env).done;
    }

    /**
     * As `npm run NAME -- …` on a terminal.
     *
     * @param answers question → what is typed once it stands there
     */
    async typed(
        name: string,
        args: readonly string[],
        answers: readonly [RegExp, string][],
    ): Promise<Result> {
        const words = [
            process.execPath,
            join(this.root, "setup", "start.cjs"),
            name,
            "--stack",
            this.of.name,
            ...args,
        ];
        const child = spawn("script", ["-qefc", words.map(shellWord).join(" "), "/dev/null"], {
            cwd: this.root,
            env: this.env,
        });
        let screen = "";
        let open = [...answers];
        child.stdout.setEncoding("utf8").on("data", (text: string) => {
            screen += text;
            const [first] = open;
            if (first === undefined || !first[0].test(screen)) return;
            open = open.slice(1);
            child.stdin.write(`${first[1]}\r`);
        });
        const timer = setTimeout(() => child.kill("SIGKILL"), 120_000);
        const code = await new Promise<number>((resolve) => child.on("close", (end) => resolve(end ?? 137)));
        clearTimeout(timer);
        return { code, stdout: screen, screen };
    }

    /** One that must succeed. @returns its standard output */
    async must(name: string, args: readonly string[] = [], env: NodeJS.ProcessEnv = {}): Promise<string> {
        const { code, screen, stdout } = await this.run(name, args, env);
        if (code !== 0)
            throw new Error(`npm run ${name} ${args.join(" ")} ended with code ${code}:\n${screen}`);
        return stdout;
    }
}

/** Whether a container is there and runs. */
export async function runs(name: string): Promise<boolean> {
    const all = await docker("ps", "--filter", `name=^/${name}$`, "--format", "{{.Names}}");
    return all.trim() === name;
}
