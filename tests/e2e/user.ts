import { randomBytes } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

import { objectsOf, removeObjects } from "./docker";
import { environment } from "./environment";
import { type Result, run } from "./run";

export const ROOT = resolve(__dirname, "..", "..");

/** A user with a state of his own; checkout and caches are the machine's. */
export class User {
    readonly folder = mkdtempSync(join(tmpdir(), "private-registry-e2e-up-"));
    readonly name: string;
    readonly prefix: string;
    readonly config: string;
    readonly env: NodeJS.ProcessEnv;

    /** @param what part of the stack's name, which tells in `docker ps` whose container it is */
    constructor(what = "up") {
        this.name = `e2e-${what}-${randomBytes(3).toString("hex")}`;
        this.prefix = `private-registry-${this.name}`;
        this.config = join(ROOT, `Pulumi.${this.name}.yaml`);
        this.env = {
            ...environment(),
            XDG_DATA_HOME: join(this.folder, "data"),
            XDG_CONFIG_HOME: join(this.folder, "config"),
            PULUMI_HOME: join(this.folder, "pulumi"),
            DOCKER_CONFIG: join(this.folder, "docker"),
        };
    }

    npm(script: string, ...args: string[]): Promise<Result> {
        return run("npm", ["run", script, "--", "--stack", this.name, ...args], {
            cwd: ROOT,
            env: this.env,
            timeoutMs: 200_000,
        });
    }

    configure(lines: string[]): void {
        const salt = /^encryptionsalt: .*$/m.exec(this.text())?.[0] ?? "";
        writeFileSync(
            this.config,
            ["config:", ...lines.map((line) => `  private-registry:${line}`), salt, ""].join("\n"),
        );
    }

    private text(): string {
        return statSync(this.config, { throwIfNoEntry: false }) ? readFileSync(this.config, "utf8") : "";
    }

    async dispose(): Promise<void> {
        await removeObjects(await objectsOf(this.prefix));
        rmSync(this.folder, { recursive: true, force: true });
        rmSync(this.config, { force: true });
        rmSync(join(ROOT, "out", this.name), { recursive: true, force: true });
    }
}
