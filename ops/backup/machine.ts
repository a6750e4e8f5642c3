/** Brings a deployment to a machine that knows nothing of it: configuration, passphrase and state. */
import { createDecipheriv, pbkdf2Sync } from "node:crypto";
import {
    existsSync,
    mkdtempSync,
    readdirSync,
    readFileSync,
    renameSync,
    rmSync,
    writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { parse } from "yaml";

import { ensureCli } from "../../setup/cli";
import { SetupError } from "../../setup/errors";
import type { Machine } from "../../setup/machine";
import { say } from "../../setup/progress";
import { lastLines, run } from "../../setup/run";
import { configurationFile, type Stack, stateFolder } from "../../setup/stack";
import { ensureStack, ensureState } from "../../setup/state";
import { makeFolder, writeAtomically } from "../../setup/start.cjs";
import { askSecret } from "../shared/ask";

import type { Ground } from "./ground";
import type { Plan } from "./plan";

/**
 * Whether a passphrase is the one of a stack's secrets (pulumi, pkg/secrets/passphrase: the salt is followed by the word
 * "pulumi", encrypted with AES-256-GCM).
 *
 * @param salt `encryptionsalt` of the stack's configuration
 */
export function opens(salt: string, passphrase: string): boolean {
    const [, text = "", , nonce = "", sealed = ""] = salt.split(":");
    const key = pbkdf2Sync(passphrase, Buffer.from(text, "base64"), 1_000_000, 32, "sha256");
    const bytes = Buffer.from(sealed, "base64");
    try {
        const open = createDecipheriv("aes-256-gcm", key, Buffer.from(nonce, "base64"));
        open.setAuthTag(bytes.subarray(-16));
        return Buffer.concat([open.update(bytes.subarray(0, -16)), open.final()]).toString() === "pulumi";
    } catch {
        return false;
    }
}

interface Configuration {
    encryptionsalt?: string;
    config?: Record<string, unknown>;
}
const read = (text: string | undefined) => ((text && parse(text)) ?? {}) as Configuration;

/** `encryptionsalt` of a configuration in which something is encrypted: that of one that `npm run setup` made stands there for nothing. */
const saltInUse = (text: string): string | undefined =>
    /\bsecure:/.test(text) ? read(text).encryptionsalt : undefined;

/** Whether the kit's own states know no more than this stack, and of that nothing: then its passphrase has encrypted nothing yet. */
function knowsNothing(machine: Machine, { name }: Stack): boolean {
    const folder = join(stateFolder(machine), ".pulumi", "stacks", "private-registry");
    const files = existsSync(folder) ? readdirSync(folder) : [];
    return files.every((file) => {
        const of = /^(.+?)\.json(\.gz)?(\.bak)?$/.exec(file);
        return of?.[1] === name && !of[2] && !/"resources":/.test(readFileSync(join(folder, file), "utf8"));
    });
}

/** The passphrase of the backup's secrets; nothing where they have none. @throws SetupError where it is not known */
async function passphraseFor(
    machine: Machine,
    stack: Stack,
    plan: Plan,
    here: string | undefined,
): Promise<string | undefined> {
    const { encryptionsalt: salt } = read(plan.configuration);
    if (salt === undefined) return undefined;
    const { env, dirs } = machine;
    const file = join(dirs.config, "passphrase");
    const given = [
        [env.PULUMI_CONFIG_PASSPHRASE, "the variable PULUMI_CONFIG_PASSPHRASE", "set the right one there"],
        [
            env.PULUMI_CONFIG_PASSPHRASE_FILE &&
                readFileSync(env.PULUMI_CONFIG_PASSPHRASE_FILE, "utf8").trim(),
            `the file of PULUMI_CONFIG_PASSPHRASE_FILE`,
            "put the right one there",
        ],
        [
            existsSync(file) ? readFileSync(file, "utf8").trim() : undefined,
            file,
            "it stays, since other stacks of this user may need it: give the right one in PULUMI_CONFIG_PASSPHRASE",
        ],
    ] as const;
    // What is set is what Pulumi is going to use.
    for (const [value, where, way] of given) {
        if (value === undefined || value === "") continue;
        if (opens(salt, value)) return value;
        // `npm run setup` made one.
        if (where === file && [undefined, salt].includes(here) && knowsNothing(machine, stack)) continue;
        throw new SetupError(
            `The passphrase in ${where} is not the one of the secrets in this backup; nothing was changed: ${way}.`,
        );
    }
    if (plan.passphrase !== undefined && opens(salt, plan.passphrase)) return plan.passphrase;
    if (!process.stdin.isTTY)
        throw new SetupError(
            "The passphrase of the stack's secrets is not in the backup (backup.escrow) and there is no terminal to type it in; nothing " +
                "was changed: give it in PULUMI_CONFIG_PASSPHRASE.",
        );
    for (let tries = 3; tries > 0; tries--) {
        const typed = await askSecret(`Passphrase of the secrets of stack ${plan.manifest.stack}: `);
        if (opens(salt, typed)) return typed;
        say("That is not the one.");
    }
    throw new SetupError(
        "Nothing was changed: without the passphrase the state cannot be read (docs/state.md).",
    );
}

/** What was found out before anything is touched. */
export interface Bare {
    passphrase: string | undefined;
    file: string;
}

/**
 * Makes sure that a deployment can be brought here.
 *
 * @param refused why a configuration is not for here @param configFile where the configuration is not to be the usual file
 * @throws SetupError where something of another one is in the way
 */
export async function checkBare(
    machine: Machine,
    stack: Stack,
    plan: Plan,
    { refused, configFile }: Pick<Ground, "refused"> & { configFile?: string | undefined },
): Promise<Bare> {
    const { manifest, configuration } = plan;
    const short = (name: string) => name.split("/").pop() ?? name;
    if (short(manifest.stack) !== short(stack.name))
        throw new SetupError(
            `The backup is of stack ${manifest.stack}, and its state knows it by that name: npm run restore -- --stack ${short(manifest.stack)} …`,
        );
    const { config = {}, encryptionsalt } = read(configuration);
    const options = Object.entries(config).map(([key, value]) => [key.split(":").pop(), value] as const);
    const problem = refused(Object.fromEntries(options) as Record<string, unknown>);
    if (problem !== undefined) throw new SetupError(problem);
    const file = configurationFile(machine, stack, configFile);
    const here = existsSync(file) ? saltInUse(readFileSync(file, "utf8")) : undefined;
    if (here !== undefined && here !== encryptionsalt)
        throw new SetupError(
            `${file} has secrets of another deployment in it; nothing was changed: move it away, or restore in a fresh clone.`,
        );
    return { passphrase: await passphraseFor(machine, stack, plan, here), file };
}

/** Writes configuration and passphrase, and gives the state to Pulumi. */
export async function bringState(
    machine: Machine,
    stack: Stack,
    plan: Plan,
    { passphrase, file }: Bare,
): Promise<void> {
    if (plan.configuration !== undefined) writeAtomically(file, plan.configuration);
    const { env, dirs } = machine;
    const kept = join(dirs.config, "passphrase");
    const own = env.PULUMI_CONFIG_PASSPHRASE === undefined && !env.PULUMI_CONFIG_PASSPHRASE_FILE;
    const former = existsSync(kept) ? readFileSync(kept, "utf8").trim() : undefined;
    if (passphrase !== undefined && own && former !== passphrase) {
        makeFolder(dirs.config, 0o700);
        if (former !== undefined) {
            const aside = `${kept}.${new Date().toISOString().replace(/\D/g, "").slice(0, 14)}`;
            renameSync(kept, aside);
            say(`State: the passphrase that was there, and had encrypted nothing, is in ${aside}.`);
        }
        writeAtomically(kept, passphrase, 0o600);
        say(`State: the passphrase of its secrets is in ${kept} again; keep a copy of that file.`);
    }
    const cli = await ensureCli(machine);
    const pulumiEnv = {
        ...env,
        ...ensureState(machine, stack).env,
        PWD: machine.root,
        PULUMI_SKIP_UPDATE_CHECK: "true",
    };
    await ensureStack(machine, stack, cli.path, pulumiEnv);
    const folder = mkdtempSync(join(tmpdir(), "private-registry-"));
    try {
        const text = join(folder, "state.json");
        writeFileSync(text, plan.state, { mode: 0o600 });
        const args = ["stack", "import", "--stack", stack.name, "--file", text, "--non-interactive"];
        const result = await run(cli.path, args, { cwd: machine.root, env: pulumiEnv });
        if (result.code !== 0)
            throw new SetupError(
                `Pulumi does not take the state of the backup: ${lastLines({ ...result, stdout: "" }, 2)}`,
            );
    } finally {
        rmSync(folder, { recursive: true, force: true });
    }
    say(`State: stack ${stack.name} is known here again.`);
}
