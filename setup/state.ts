import { randomBytes } from "node:crypto";
import { existsSync, linkSync, mkdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { SetupError } from "./errors";
import { readJson } from "./json";
import { type Machine, pulumiHome } from "./machine";
import { say, withProgress } from "./progress";
import { lastLines, run } from "./run";
import { type Stack, selectedStack } from "./stack";

export interface State {
    /** Backend URL, for the report. */
    backend: string;
    /** File with the passphrase that the kit gives; undefined where the user's own settings hold. */
    passphraseFile?: string;
    /** Variables for Pulumi. */
    env: Record<string, string>;
}

/** The backend that Pulumi would use by itself: environment, project, login; undefined when there is none. */
export function ownBackend(machine: Machine, stack: Stack): string | undefined {
    const { env } = machine;
    if (env.PULUMI_BACKEND_URL) return env.PULUMI_BACKEND_URL;
    if (stack.backendUrl) return stack.backendUrl;
    const login = readJson(join(pulumiHome(machine), "credentials.json")) as { current?: string } | undefined;
    if (login?.current) return login.current;
    // With a token at hand Pulumi logs in by itself.
    return env.PULUMI_ACCESS_TOKEN ? env.PULUMI_API || "https://api.pulumi.com" : undefined;
}

/** Where the state is kept: the user's own backend is left alone, else files in the user's data folder. */
export function ensureState(machine: Machine, stack: Stack): State {
    const own = ownBackend(machine, stack);
    if (own) return { backend: own, env: {} };
    const folder = join(machine.dirs.data, "state");
    if (!existsSync(folder)) {
        mkdirSync(folder, { recursive: true, mode: 0o700 });
        say(`State: Pulumi is not logged in anywhere, so the state is kept in files in ${folder}.`);
    }
    const backend = pathToFileURL(folder).href;
    const env = { PULUMI_BACKEND_URL: backend };
    if (machine.env.PULUMI_CONFIG_PASSPHRASE !== undefined || machine.env.PULUMI_CONFIG_PASSPHRASE_FILE) {
        return { backend, env };
    }
    const passphraseFile = ensurePassphrase(machine.dirs.config);
    return { backend, passphraseFile, env: { ...env, PULUMI_CONFIG_PASSPHRASE_FILE: passphraseFile } };
}

/** Creates the passphrase once, readable by the user alone; an existing one is never written over. */
export function ensurePassphrase(folder: string): string {
    const file = join(folder, "passphrase");
    const stat = statSync(file, { throwIfNoEntry: false });
    if (stat) {
        if (stat.size === 0)
            throw new SetupError(`${file} is empty: put the passphrase of the state back into it.`);
        return file;
    }
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const temporary = join(folder, `passphrase.${process.pid}.tmp`);
    writeFileSync(temporary, randomBytes(32).toString("base64url"), { mode: 0o600 });
    try {
        // Unlike a rename, a link fails when another process was first, whose passphrase then counts.
        linkSync(temporary, file);
        say(`State: a passphrase for its secrets was generated into ${file}; keep a copy of that file.`);
    } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    } finally {
        rmSync(temporary, { force: true });
    }
    return file;
}

/** Whether nothing shows that the stack would have to be created: found without running Pulumi, which takes 0.2 s. */
export function isStackReady(machine: Machine, stack: Stack, backend: string): boolean {
    if (backend.startsWith("file://")) {
        const folder = backend.startsWith("file://~")
            ? join(machine.home, backend.slice("file://~".length))
            : fileURLToPath(backend);
        const path = join(folder, ".pulumi", "stacks", "private-registry", stack.name);
        if (![".json", ".json.gz"].some((ending) => existsSync(path + ending))) return false;
        return selectedStack(machine) !== undefined;
    }
    return selectedStack(machine) === stack.name.split("/").pop();
}

/** Creates the stack when it is missing, and selects it for plain `pulumi` in this checkout. */
export async function ensureStack(
    machine: Machine,
    stack: Stack,
    pulumi: string,
    backend: string,
    env: NodeJS.ProcessEnv,
): Promise<void> {
    if (isStackReady(machine, stack, backend)) return;
    const args = ["stack", "select", "--create", "--stack", stack.name, "--non-interactive"];
    const result = await withProgress(`preparing stack ${stack.name}`, () =>
        run(pulumi, args, { cwd: machine.root, env }),
    );
    if (result.code !== 0) {
        throw new SetupError(
            `The stack ${stack.name} cannot be created in ${backend}:\n${lastLines(result)}`,
        );
    }
    say(`Stack: ${stack.name} is ready in ${backend}.`);
}
