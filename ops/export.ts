import { readFileSync } from "node:fs";
import { join } from "node:path";
import { REGISTRY_VERSIONS, type RegistryVersion } from "../host/layouts";
import { renderFolder } from "../host/folder";
import type { HostMaterial } from "../host/material";
import { SetupError, messageOf } from "../setup/errors";
import type { Machine } from "../setup/machine";
import { say } from "../setup/progress";
import { checkFolder, writeFolder } from "./export-folder";
import { commandFlags, fileGiven, OF_STACK } from "./shared/arguments";
import { readStack } from "./facts/stack-facts";

const CALL = "npm run export -- --target systemd --out DIR";
const FLAGS = {
    target: { type: "string", value: "systemd", text: "what the folder is for; must be given" },
    out: {
        type: "string",
        value: "DIR",
        text: "the folder: new, empty, or an earlier export; must be given",
    },
    "registry-version": {
        type: "string",
        value: "2.8|3",
        default: "2.8",
        text: "the registry that the host has; 2.8 where it is not set",
    },
    ...OF_STACK,
} as const;

/** What the program exports as `hostExport`. */
interface HostExport {
    host: HostMaterial;
    leftOut: string[];
    refused: string[];
}

function parse(machine: Machine, args: string[]): { folder: string; version: RegistryVersion } {
    const {
        target,
        out,
        "registry-version": given,
    } = commandFlags("export", args, FLAGS, "the registry as a folder for a host without Docker");
    if (target !== "systemd")
        throw new SetupError(`--target is ${target ?? "not set"}; it must be systemd: ${CALL}.`);
    if (!out) throw new SetupError(`--out is not set; it must be the folder to write: ${CALL}.`);
    const version = REGISTRY_VERSIONS.find((one) => one === given);
    if (version === undefined)
        throw new SetupError(`--registry-version is ${given}; it must be ${REGISTRY_VERSIONS.join(" or ")}.`);
    return { folder: fileGiven(machine, out), version };
}

/** `npm run export -- --target systemd --out DIR`: the stack's registry as a folder for a host without Docker. */
export async function exportStack(machine: Machine, args: string[]): Promise<number> {
    const { folder, version } = parse(machine, args);
    checkFolder(folder);
    const { stack, endpoint, hostExport } = await readStack(machine, args);
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
