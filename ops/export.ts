import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { REGISTRY_VERSIONS, type RegistryVersion } from "../components/systemd/layouts";
import { renderFolder } from "../components/systemd/folder";
import type { HostMaterial } from "../components/systemd/material";
import { ensureCli } from "../setup/cli";
import { SetupError, messageOf } from "../setup/errors";
import type { Machine } from "../setup/machine";
import { say } from "../setup/progress";
import { lastLines, run } from "../setup/run";
import { findStack, flagValue } from "../setup/stack";
import { ensureState, isStackReady } from "../setup/state";
import { checkFolder, writeFolder } from "./export-folder";

const USAGE = "npm run export -- --target systemd --out DIR [--registry-version 2.8|3] [--stack NAME]";
const FLAGS = ["target", "out", "registry-version", "stack"];

/** What the program exports as `hostExport`. */
interface HostExport {
    host: HostMaterial;
    leftOut: string[];
    refused: string[];
}

function parse(machine: Machine, args: string[]): { folder: string; version: RegistryVersion } {
    const unknown = args.find(
        (arg, i) =>
            !FLAGS.some((flag) => arg === `--${flag}` || arg.startsWith(`--${flag}=`)) &&
            arg !== "-s" &&
            !(i > 0 && /^(--[a-z-]+|-s)$/.test(args[i - 1] ?? "")),
    );
    if (unknown !== undefined) throw new SetupError(`${unknown} is no option of it: ${USAGE}.`);
    const target = flagValue(args, "target");
    if (target !== "systemd")
        throw new SetupError(`--target is ${target ?? "not set"}; it must be systemd: ${USAGE}.`);
    const out = flagValue(args, "out");
    if (!out) throw new SetupError(`--out is not set; it must be the folder to write: ${USAGE}.`);
    const version = REGISTRY_VERSIONS.find((v) => v === (flagValue(args, "registry-version") ?? "2.8"));
    if (version === undefined) {
        const given = flagValue(args, "registry-version");
        throw new SetupError(`--registry-version is ${given}; it must be ${REGISTRY_VERSIONS.join(" or ")}.`);
    }
    return { folder: resolve(machine.env.INIT_CWD ?? process.cwd(), out), version };
}

/** What the stack's last `up` left for a host. It comes through a pipe, and is never shown. */
async function readStack(machine: Machine, args: string[]): Promise<HostExport & { endpoint: string }> {
    const stack = findStack(machine, args);
    const up = `run \`npm run up${stack.named ? ` -- --stack ${stack.name}` : ""}\` first`;
    const state = ensureState(machine, stack);
    if (!stack.ownBackend && !isStackReady(machine, { ...stack, named: true }))
        throw new SetupError(`There is no stack ${stack.name} yet: ${up}.`);
    const { path } = await ensureCli(machine);
    const result = await run(
        path,
        ["stack", "output", "--json", "--show-secrets", "--stack", stack.name, "--non-interactive"],
        {
            cwd: machine.root,
            env: {
                ...machine.env,
                ...state.env,
                PULUMI_SKIP_UPDATE_CHECK: "true",
                PWD: machine.root,
            },
        },
    );
    if (result.code !== 0) {
        // Standard output may hold secrets.
        throw new SetupError(
            `The outputs of the stack ${stack.name} cannot be read; ${up}:\n${lastLines({ ...result, stdout: "" })}`,
        );
    }
    const outputs = JSON.parse(result.stdout) as { hostExport?: HostExport; endpoint?: string };
    if (outputs.hostExport === undefined)
        throw new SetupError(`The stack ${stack.name} has nothing to export yet: ${up}.`);
    return { ...outputs.hostExport, endpoint: outputs.endpoint ?? "" };
}

/** `npm run export -- --target systemd --out DIR`: the stack's registry as a folder for a host without Docker. */
export async function exportStack(machine: Machine, args: string[]): Promise<number> {
    const { folder, version } = parse(machine, args);
    checkFolder(folder);
    const { host, endpoint, leftOut, refused } = await readStack(machine, args);
    if (refused.length > 0) {
        throw new SetupError(`This stack cannot be exported:\n  ${refused.join("\n  ")}`);
    }
    const script = (name: string) => readFileSync(join(machine.root, "components", "systemd", name), "utf8");
    let files: Record<string, string>;
    try {
        const scripts = { install: script("install.sh"), uninstall: script("uninstall.sh") };
        files = renderFolder(host, version, endpoint, scripts);
    } catch (error) {
        throw new SetupError(messageOf(error));
    }
    const digest = writeFolder(folder, files);
    for (const line of leftOut) say(`Left out: ${line}`);
    process.stdout.write(
        [
            `Folder:   ${folder} (registry ${version}; it holds secrets, readable by you alone)`,
            `SHA-256:  ${digest} of its SHA256SUMS`,
            `Carry it: scp -rp ${folder} root@HOST:/root/registry-export`,
            "Install:  sh /root/registry-export/install.sh --install-package",
            "",
        ].join("\n"),
    );
    return 0;
}
