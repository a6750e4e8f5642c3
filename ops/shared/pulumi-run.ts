/** Pulumi as `npm run up` and `npm run destroy` call it. */
import { closeSync, mkdtempSync, openSync, readSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { type Told, nothing, tell } from "../../setup/events";
import { currentLog, note } from "../../setup/log";
import type { Machine } from "../../setup/machine";
import type { Prepared } from "../../setup/prepare";
import { withProgress } from "../../setup/progress";
import { run } from "../../setup/run";
import { CONFIG_FILE } from "../../setup/stack";
import { readText } from "../../setup/start.cjs";
import { runChild } from "./run-child";

export type Verb = "up" | "destroy";

/** Flags of `pulumi up` that `pulumi preview` does not know. */
const UP_ALONE = ["--continue-on-error", "--strict"];

/** What `pulumi ARGS --json` answers about the stack; undefined where it refuses. */
export async function askPulumi(machine: Machine, prepared: Prepared, args: string[]): Promise<unknown> {
    const env = { ...machine.env, ...prepared.env, PWD: machine.root };
    const all = [...args, "--stack", prepared.stack.name];
    const result = await run(prepared.cli.path, all, { cwd: machine.root, env });
    return result.code === 0 ? JSON.parse(result.stdout) : undefined;
}

/** One command of Pulumi. */
export class PulumiRun {
    private readonly options: { cwd: string; env: NodeJS.ProcessEnv };

    constructor(
        machine: Machine,
        private readonly prepared: Prepared,
        private readonly verb: Verb,
        configFile: string | undefined,
    ) {
        const env = {
            ...machine.env,
            ...prepared.env,
            // Go takes the working folder's name from PWD, and Pulumi keeps the selected stack under that name.
            PWD: machine.root,
            PULUMI_DEBUG_COMMANDS: "true",
            // What vanished has been looked for already.
            PRIVATE_REGISTRY_CHECKED: "true",
            ...(configFile !== undefined && { [CONFIG_FILE]: resolve(machine.root, configFile) }),
        };
        this.options = { cwd: machine.root, env };
    }

    /** With Pulumi's own display. */
    shown(args: string[]): Promise<number> {
        return runChild(this.prepared.cli.path, [this.verb, ...args], this.options);
    }

    /** What is going to change. */
    preview(args: string[]): Promise<{ code: number; told: Told }> {
        if (this.verb === "destroy")
            return this.quiet("looking what goes", [this.verb, ...args, "--preview-only"]);
        const known = args.filter((arg) => !UP_ALONE.includes(arg));
        return this.quiet("looking what changes", ["preview", ...known]);
    }

    /** Without a question. */
    apply(args: string[]): Promise<{ code: number; told: Told }> {
        const answers = ["--yes", "--skip-preview"].filter((flag) => !args.includes(flag));
        return this.quiet(this.verb === "up" ? "deploying" : "removing", [this.verb, ...args, ...answers]);
    }

    /** Into the log; what it tells goes by its events. */
    private async quiet(label: string, args: string[]): Promise<{ code: number; told: Told }> {
        const folder = mkdtempSync(join(tmpdir(), "private-registry-"));
        const told = nothing();
        try {
            const [events, complaints] = [join(folder, "events"), join(folder, "stderr")];
            const reader = new Lines(events);
            const stderr = openSync(complaints, "w", 0o600);
            const code = await withProgress(
                label,
                async (update) => {
                    const timer = setInterval(() => {
                        reader.each((text) => tell(told, text));
                        const under = [...told.running.values()];
                        update([`${told.seen} resources`, ...under.slice(0, 2)].join(", "));
                    }, 400);
                    const quiet = ["--non-interactive", "--color", "never", "--event-log", events];
                    try {
                        return await runChild(this.prepared.cli.path, [...args, ...quiet], {
                            ...this.options,
                            stdio: ["ignore", currentLog()?.fd ?? "ignore", stderr],
                        });
                    } finally {
                        clearInterval(timer);
                        closeSync(stderr);
                    }
                },
                { done: false },
            );
            reader.each((text) => tell(told, text));
            const said = readText(complaints)?.trim() ?? "";
            if (said) note(said);
            // What the CLI refuses by itself is in no event.
            if (code !== 0 && told.errors.length === 0)
                told.errors.push(said.replace(/^error: /gm, "") || `see ${currentLog()?.file ?? "the log"}`);
            return { code, told };
        } finally {
            rmSync(folder, { recursive: true, force: true });
        }
    }
}

/** The lines of a file that grows. */
class Lines {
    private at = 0;
    private rest = "";

    constructor(private readonly file: string) {}

    each(use: (line: string) => void): void {
        let fd: number;
        try {
            fd = openSync(this.file, "r");
        } catch {
            return; // Not there yet.
        }
        try {
            const buffer = Buffer.alloc(1 << 16);
            for (let read = 1; read > 0; this.at += read) {
                read = readSync(fd, buffer, 0, buffer.length, this.at);
                this.rest += buffer.toString("latin1", 0, read);
            }
        } finally {
            closeSync(fd);
        }
        const lines = this.rest.split("\n");
        this.rest = lines.pop() ?? "";
        for (const text of lines) use(Buffer.from(text, "latin1").toString("utf8"));
    }
}
