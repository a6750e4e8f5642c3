import { mkdirSync, writeFileSync } from "node:fs";
import { basename, join, resolve } from "node:path";

import { domainOf, needsName, pathWord } from "../../address/address";
import { addBlock } from "../../clients/blocks";
import { type Edit, type Owner, planEdits, removalEdits } from "../../clients/edits";
import { installerFacts, oneLines, renderInstallers, textFingerprint } from "../../clients/installer";
import { MergeError } from "../../clients/json-list";
import {
    type Client,
    CLIENTS,
    clientPlan,
    LINUX_CLIENTS,
    type Plan,
    type Store,
    type System,
    SYSTEMS,
    USER_CLIENTS,
} from "../../clients/plan";
import { addToYaml } from "../../clients/yaml-merge";
import { planText } from "../../clients/setup";
import { SetupError } from "../../setup/errors";
import type { Machine } from "../../setup/machine";
import { say } from "../../setup/progress";
import { mustRun } from "../../setup/run";
import { acquireLock } from "../../setup/start.cjs";
import { agreed } from "../shared/ask";
import { commandFlags, OF_STACK } from "../shared/arguments";
import { readStack, type StackFacts } from "../facts/stack-facts";
import { carryOut, visible } from "./change";
import { ClientFiles } from "./files";
import { ClientRecord } from "./record";

/** Where the record is of what was added on this machine. */
const LEDGER: Record<System, string> = {
    linux: "/var/lib/private-registry/client.json",
    macos: "/usr/local/share/private-registry/client.json",
    windows: String.raw`C:\ProgramData\private-registry\client.json`,
};

/** The same of clients that are one user's own. */
const USER_LEDGER = "~/.local/state/private-registry/client.json";

const OPTIONS = {
    for: { type: "string", value: "CLIENT", text: CLIENTS.join(", ") },
    show: { type: "string", value: "NAME", text: "one text of the output clientSetup, such as oneLine" },
    os: { type: "string", value: "OS", text: `${SYSTEMS.join(", ")}; this machine's where it is not set` },
    out: { type: "string", value: "DIR", text: "writes the files for another machine into a folder" },
    apply: { type: "boolean", text: "makes the changes on this machine" },
    remove: { type: "boolean", text: "takes back exactly what was added" },
    yes: { type: "boolean", short: "y", text: "does not ask" },
    root: { type: "string", value: "DIR", text: "a folder that stands for /, for images" },
    ip: { type: "string", value: "ADDRESS", text: "adds the registry's names to the hosts file" },
    upstart: { type: "boolean", text: "Docker is started by upstart or sysvinit" },
    ...OF_STACK,
} as const;

function oneOf<T extends string>(flag: string, value: string | undefined, allowed: readonly T[]): T {
    const found = allowed.find((one) => one === value);
    if (found !== undefined) return found;
    throw new SetupError(
        `${flag} is ${value === undefined ? "missing" : `"${value}"`}; it must be one of ${allowed.join(", ")}.`,
    );
}

const thisSystem = ({ platform }: Machine): System =>
    platform === "win32" ? "windows" : platform === "darwin" ? "macos" : "linux";

function storeOf(files: ClientFiles): Store {
    if (files.exists("/etc/pki/ca-trust/source/anchors")) return "redhat";
    return files.exists("/etc/pki/trust/anchors") ? "suse" : "debian";
}

async function confirmed(yes: boolean | undefined): Promise<boolean> {
    if (yes || !process.stdin.isTTY) return true;
    return agreed("Make these changes?");
}

async function runSteps(steps: Plan["after"], really: boolean): Promise<void> {
    for (const { command, automatic } of steps) {
        const [program = "", ...args] = command;
        if (automatic && really) await mustRun(program, args, "The system's store of CAs was not updated.");
        else say(`Then: ${command.map(pathWord).join(" ")}`);
    }
}

/** What to know of a line before it is used. */
function oneLineSentence({ clientSetup, endpoint }: StackFacts, snippet: string, line: string): string {
    const system = snippet === "oneLine" ? "Linux or macOS" : "Windows";
    if (clientSetup[snippet] === line) return `A new client with ${system} needs this one line:`;
    if (clientSetup[snippet] === undefined)
        return `The registry does not serve the installers itself; where they are served at ${endpoint.origin}, a new client with ${system} needs this one line:`;
    return `The registry serves another installer than this: run \`npm run up\`, and a new client with ${system} needs this one line:`;
}

/** One snippet of the output clientSetup, as plain lines: Pulumi prints it as one line of JSON. */
export function snippet(clientSetup: Readonly<Record<string, string>>, name: string): string {
    const text = Object.entries(clientSetup).find(([known]) => known === name)?.[1];
    if (text !== undefined) return text;
    throw new SetupError(
        `--show is "${name}"; it must be one of ${Object.keys(clientSetup).sort().join(", ")}.`,
    );
}

/** `npm run client -- --for CLIENT`: what a client needs, to read, as files, or done on this machine. */
export async function client(machine: Machine, args: string[]): Promise<number> {
    const flags = commandFlags(
        "client",
        args,
        OPTIONS,
        "prints what a client needs to trust and use the registry",
    );
    if (flags.show !== undefined) {
        const { clientSetup } = await readStack(machine, args);
        process.stdout.write(`${snippet(clientSetup, flags.show)}\n`);
        return 0;
    }
    const target: Client = oneOf("--for", flags.for, CLIENTS);
    const os = oneOf("--os", flags.os ?? thisSystem(machine), SYSTEMS);
    const changes = flags.apply || flags.remove;
    if (flags.apply && flags.remove)
        throw new SetupError("--apply and --remove exclude each other: name one.");
    if (changes && flags.out !== undefined)
        throw new SetupError(
            "--out writes files for another machine, so it goes with neither --apply nor --remove.",
        );
    if (os === "windows" && target === "helm")
        throw new SetupError(
            "--for helm is for Linux and macOS; on windows helm takes the CAs of --for system.",
        );
    if (os !== "linux" && LINUX_CLIENTS.includes(target))
        throw new SetupError(
            `--for ${target} is for Linux; on ${os} it is --for docker-desktop or --for system.`,
        );
    if (changes && flags.root === undefined && os !== thisSystem(machine))
        throw new SetupError(
            `--os ${os} is not this machine's: leave out --apply and --remove, and do there what is printed.`,
        );
    const facts = await readStack(machine, args);
    const plain = installerFacts(
        facts.endpoint.href,
        facts.caPem,
        Object.values(facts.mirrors),
        facts.identity,
    );
    const files = new ClientFiles(resolve(flags.root ?? "/"), machine.home);
    const plan = clientPlan(
        target,
        os,
        { ...plain, hostAddress: flags.ip },
        { store: storeOf(files), upstart: flags.upstart ?? false },
    );
    if (flags.out !== undefined) {
        const folder = resolve(flags.out);
        mkdirSync(folder, { recursive: true });
        const texts: Record<string, string> = { "README.txt": `${planText(plan, facts.caPem)}\n` };
        if (facts.caPem !== "") texts["ca.crt"] = facts.caPem;
        for (const change of plan.changes)
            if (change.kind === "file" && change.content !== facts.caPem)
                texts[basename(change.path)] = change.content;
            else if (change.kind === "list")
                texts["daemon.json"] =
                    `${JSON.stringify({ ...(JSON.parse(texts["daemon.json"] ?? "{}") as object), [change.key]: change.values }, undefined, 4)}\n`;
            else if (change.kind === "block") {
                const name = basename(change.path);
                texts[name] = addBlock(texts[name], change.block, name) ?? texts[name] ?? "";
            } else if (change.kind === "yaml") {
                const name = basename(change.path);
                texts[name] =
                    addToYaml(texts[name], change.at, change.value, name)?.text ?? texts[name] ?? "";
            }
        const installers = renderInstallers(plain);
        Object.assign(texts, installers);
        for (const [file, text] of Object.entries(texts)) writeFileSync(join(folder, file), text);
        say(`Written to ${folder}: ${Object.keys(texts).join(", ")}.`);
        for (const [snippet, line] of Object.entries(oneLines(facts.endpoint.href, installers))) {
            say(oneLineSentence(facts, snippet, line));
            process.stdout.write(`${line}\n`);
        }
        return 0;
    }
    if (!changes) {
        process.stdout.write(`${planText(plan, facts.caPem)}\n`);
        if (target === "containerd")
            say('containerd reads this where its config.toml has config_path = "/etc/containerd/certs.d".');
        if (flags.ip === undefined && needsName(domainOf(plain.address)))
            say(
                `Where DNS does not know ${domainOf(plain.address)}: --ip ADDRESS adds it to the hosts file.`,
            );
        return 0;
    }
    const record = new ClientRecord(files, USER_CLIENTS.includes(target) ? USER_LEDGER : LEDGER[os]);
    const owner = { client: target, address: plain.address, identity: facts.identity };
    const key = textFingerprint(files.place(record.path)).slice(0, 16);
    const release = acquireLock(
        join(machine.dirs.cache, `client-${key}.lock`),
        `the record ${files.place(record.path)}`,
    );
    try {
        return await change(files, record, plan, owner, flags);
    } finally {
        release();
    }
}

/** What is left to do once these files are as they shall be. */
function stepsOf({ after, afterChange, afterRemoval }: Plan, edits: readonly Edit[], removes = false) {
    if (removes) return afterRemoval;
    const former = edits.flatMap(({ path, before }) =>
        path.endsWith(".crt") && before !== undefined ? [before.toString("utf8")] : [],
    );
    return afterChange && former.length > 0 ? afterChange(former) : after;
}

async function change(
    files: ClientFiles,
    record: ClientRecord,
    plan: Plan,
    owner: Owner,
    flags: { remove?: boolean | undefined; yes?: boolean | undefined; root?: string | undefined },
): Promise<number> {
    let edits: Edit[];
    try {
        const ledger = record.read();
        const outcome = flags.remove
            ? removalEdits(owner, files.read, ledger)
            : planEdits(plan, owner, files.read, ledger);
        edits = visible(outcome.edits);
        for (const sentence of outcome.left) say(sentence);
        if (edits.length === 0) {
            say(flags.remove ? "Nothing is to be taken back." : "All is there already.");
        } else {
            for (const edit of edits) process.stdout.write(await files.diff(edit));
            if (!(await confirmed(flags.yes))) {
                say("Nothing was changed.");
                return 1;
            }
        }
        carryOut(files, record, ledger, outcome);
    } catch (error) {
        if (error instanceof MergeError) throw new SetupError(error.message);
        const { code, path } = error as NodeJS.ErrnoException;
        if (code !== "EACCES" && code !== "EPERM") throw error;
        throw new SetupError(
            `${path ?? "A file"} is not open to this user: run it as root, or --out DIR and then \`sudo sh DIR/client.sh\`.`,
        );
    }
    if (edits.length > 0) await runSteps(stepsOf(plan, edits, flags.remove), flags.root === undefined);
    return 0;
}
