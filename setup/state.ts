import { randomBytes } from "node:crypto";
import {
    accessSync,
    constants,
    existsSync,
    linkSync,
    readFileSync,
    readdirSync,
    rmSync,
    statSync,
    writeFileSync,
} from "node:fs";
import { basename, join } from "node:path";
import { SetupError } from "./errors";
import { backendFolder, removeEmptySidecars } from "./file-backend";
import type { Machine } from "./machine";
import { say, withProgress } from "./progress";
import { lastLines, run } from "./run";
import { type Stack, selectedStack, stateFolder } from "./stack";
import { makeFolder } from "./start.cjs";

export interface State {
    /** Backend URL, for the report. */
    backend: string;
    /** File with the passphrase that the kit gives; undefined where the user's own settings hold. */
    passphraseFile?: string;
    /** Variables for Pulumi. */
    env: Record<string, string>;
}

/**
 * Where the state is kept: the user's own backend is left alone, else files in the user's data folder.
 *
 * @throws SetupError where there is no passphrase, and something is encrypted with one
 */
export function ensureState(machine: Machine, stack: Stack): State {
    const { backend } = stack;
    const { PULUMI_CONFIG_PASSPHRASE: given, PULUMI_CONFIG_PASSPHRASE_FILE: file } = machine.env;
    // The lines of `npm run env` set it. Pulumi's own service needs no passphrase.
    if (given === undefined && file && !/^https?:/.test(backend) && !existsSync(file))
        throw new SetupError(
            `The passphrase is not in ${file}, which PULUMI_CONFIG_PASSPHRASE_FILE names: put your copy of that file back, or ` +
                `\`unset PULUMI_CONFIG_PASSPHRASE_FILE\`. ${WAY_BACK}`,
        );
    removeEmptySidecars(machine, stack);
    if (stack.ownBackend) return { backend, env: {} };
    const folder = stateFolder(machine);
    if (!existsSync(folder)) {
        makeFolder(folder, 0o700);
        say(`State: Pulumi is not logged in anywhere, so the state is kept in files in ${folder}.`);
    }
    const env = { PULUMI_BACKEND_URL: backend };
    if (given !== undefined || file) return { backend, env };
    const encrypted = encryptedWith(machine, stack);
    const passphraseFile = ensurePassphrase(machine.dirs.config, encrypted, () =>
        strayText(stack, encrypted),
    );
    return { backend, passphraseFile, env: { ...env, PULUMI_CONFIG_PASSPHRASE_FILE: passphraseFile } };
}

/** What is encrypted with a passphrase already, in words: stacks in the kit's own backend, a stack's configuration. */
function encryptedWith(machine: Machine, stack: Stack): string[] {
    const folder = join(stateFolder(machine), ".pulumi", "stacks", "private-registry");
    const files = existsSync(folder) ? readdirSync(folder) : [];
    const stacks = files.flatMap((file) => /^(.+)\.json(\.gz)?$/.exec(file)?.[1] ?? []);
    return [
        ...(stacks.length > 0 ? [`the state of ${stacks.join(", ")} in ${folder}`] : []),
        ...(stack.encryptedConfig === undefined
            ? []
            : [`the configuration in ${basename(stack.encryptedConfig)}`]),
    ];
}

/** The way out where a configuration has the salt of a passphrase and no secret, as one that came from another checkout. */
function strayText({ encryptedConfig: file }: Stack, encrypted: readonly string[]): string | undefined {
    if (file === undefined || encrypted.length > 1 || /\bsecure:/.test(readFileSync(file, "utf8")))
        return undefined;
    const name = basename(file);
    return (
        `Nothing in ${name} is encrypted, so where this stack is new, its salt is another checkout's: ` +
        `sed -i '/^encryptionsalt:/d' ${name}`
    );
}

/** Where the way back is told. */
const WAY_BACK = "docs/state.md tells what to do where there is no copy.";

/**
 * Creates the passphrase once, readable by the user alone; an existing one is never written over.
 *
 * @param encrypted what was encrypted with an earlier one: then there is none to be made
 * @param way another way out in that case
 * @throws SetupError where there is one that cannot be used, or one that was lost
 */
export function ensurePassphrase(
    folder: string,
    encrypted: readonly string[] = [],
    way?: () => string | undefined,
): string {
    const file = join(folder, "passphrase");
    const stat = statSync(file, { throwIfNoEntry: false });
    if (stat) {
        const problem = passphraseProblem(file, stat);
        if (problem !== undefined) throw new SetupError(`${file} ${problem} ${WAY_BACK}`);
        return file;
    }
    if (encrypted.length > 0) {
        const other = way?.();
        throw new SetupError(
            `The passphrase is not in ${file}, nor in PULUMI_CONFIG_PASSPHRASE or PULUMI_CONFIG_PASSPHRASE_FILE, and ` +
                `${encrypted.join(" and ")} cannot be read without it: put your copy of that file back. ${other === undefined ? "" : `${other}. `}${WAY_BACK}`,
        );
    }
    makeFolder(folder, 0o700);
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

function passphraseProblem(file: string, stat: { isFile(): boolean; size: number }): string | undefined {
    if (!stat.isFile()) return "is no file: take it away, and put the passphrase of the state there.";
    if (stat.size === 0) return "is empty: put the passphrase of the state back into it.";
    try {
        accessSync(file, constants.R_OK);
        return undefined;
    } catch {
        return "cannot be read by this user: give it back to its owner (`ls -l` shows whose it is).";
    }
}

/** In place of Pulumi's "incorrect passphrase": which one was tried, and what to do. */
export function wrongPassphrase(
    machine: Machine,
    stack: Stack,
    state: Pick<State, "passphraseFile">,
): string {
    const { env } = machine;
    const tried =
        state.passphraseFile ??
        (env.PULUMI_CONFIG_PASSPHRASE !== undefined
            ? "the variable PULUMI_CONFIG_PASSPHRASE"
            : `${env.PULUMI_CONFIG_PASSPHRASE_FILE ?? "nothing"}, as PULUMI_CONFIG_PASSPHRASE_FILE says`);
    const file = join(machine.dirs.config, "passphrase");
    const other =
        state.passphraseFile === undefined && stack.ownBackend === false && existsSync(file)
            ? `unset it to use ${file}`
            : "put the right one there";
    return (
        `The passphrase in ${tried} is not the one with which stack ${stack.name} was encrypted; nothing was changed: ` +
        `${other}. ${WAY_BACK}`
    );
}

/** Whether the stack exists, and one is selected: found without running Pulumi, which takes 0.2 s. */
export function isStackReady(machine: Machine, stack: Stack): boolean {
    const selected = selectedStack(machine, stack.backend);
    const folder = backendFolder(machine, stack.backend);
    if (folder === undefined) return selected === stack.name.split("/").pop();
    const path = join(folder, ".pulumi", "stacks", "private-registry", stack.name);
    const exists = [".json", ".json.gz"].some((ending) => existsSync(path + ending));
    return exists && (stack.named || selected !== undefined);
}

/** Creates the stack when it is missing. One that nobody named becomes the selected one, for plain `pulumi`. */
export async function ensureStack(
    machine: Machine,
    stack: Stack,
    pulumi: string,
    env: NodeJS.ProcessEnv,
): Promise<void> {
    if (isStackReady(machine, stack)) return;
    const verb = stack.named ? ["init", "--no-select"] : ["select", "--create"];
    const args = ["stack", ...verb, "--stack", stack.name, "--non-interactive"];
    const options = { cwd: machine.root, env: { ...env, PWD: machine.root } };
    const result = await withProgress(`preparing stack ${stack.name}`, () => run(pulumi, args, options));
    if (result.code !== 0 && stack.named && /already exists/.test(result.stderr)) return;
    if (result.code !== 0) {
        if (/incorrect passphrase/.test(result.stderr))
            throw new SetupError(wrongPassphrase(machine, stack, {}));
        throw new SetupError(
            `The stack ${stack.name} cannot be created in ${stack.backend}:\n${lastLines(result)}`,
        );
    }
    say(`Stack: ${stack.name} is ready in ${stack.backend}.`);
}
