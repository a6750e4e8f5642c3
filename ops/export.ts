import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { REGISTRY_VERSIONS, type RegistryVersion } from "../host/layouts";
import { renderFolder } from "../host/folder";
import type { HostMaterial } from "../host/material";
import { SetupError, messageOf } from "../setup/errors";
import type { Machine } from "../setup/machine";
import { say } from "../setup/progress";
import { flagValue } from "../setup/stack";
import { checkFolder, writeFolder } from "./export-folder";
import { readStack } from "./facts/stack-facts";

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

/** `npm run export -- --target systemd --out DIR`: the stack's registry as a folder for a host without Docker. */
export async function exportStack(machine: Machine, args: string[]): Promise<number> {
    const { folder, version } = parse(machine, args);
    checkFolder(folder);
    const { stack, endpoint, hostExport } = await readStack(machine, flagValue(args, "stack", "s"));
    if (hostExport === undefined)
        throw new SetupError(`The stack ${stack.name} has nothing to export yet: run \`npm run up\` first.`);
    const { host, leftOut, refused } = hostExport as HostExport;
    // Of an `up` with an older kit: a host could not tell whose the export is.
    if ((host as Partial<HostMaterial>).identity === undefined)
        throw new SetupError(
            `The stack ${stack.name} was last deployed by an older version of the kit: run \`npm run up\` first.`,
        );
    if (refused.length > 0) {
        throw new SetupError(`This stack cannot be exported:\n  ${refused.join("\n  ")}`);
    }
    const script = (name: string) => readFileSync(join(machine.kit, "host", name), "utf8");
    let files: Record<string, string>;
    try {
        const scripts = { install: script("install.sh"), uninstall: script("uninstall.sh") };
        files = renderFolder(host, version, endpoint.origin, scripts);
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
