import { join } from "node:path";
import type { Outputs } from "./events";
import type { Machine } from "./machine";
import type { Prepared } from "./prepare";
import { readText, writeAtomically } from "./start.cjs";

function line(label: string, value: string): string {
    return `${`${label}:`.padEnd(18)}${value}`;
}

/** Which parts of the machine are in use. */
export function preparedLines(prepared: Prepared): string[] {
    const { plugins, state } = prepared;
    const lines = [
        line("Docker Engine", `${prepared.engine.url} (${prepared.engine.source})`),
        line("Pulumi CLI", `${prepared.cli.path} (${prepared.cli.source})`),
        line("Plugin set", `${plugins.kind} (${plugins.reason})`),
        ...Object.entries(prepared.images).map(([title, source]) => line(title, source)),
        line("State", `stack ${prepared.stack.name} in ${state.backend}`),
    ];
    if (state.passphraseFile) lines.push(line("Passphrase", state.passphraseFile));
    return lines;
}

/** What to do with the registry that is up now. Puts the CA certificate into a file, because clients want one. */
export function upLines(machine: Machine, prepared: Prepared, outputs: Outputs): string[] {
    const text = (name: string) => (typeof outputs[name] === "string" ? outputs[name] : undefined);
    // A stack that was named is not the selected one, so the commands name it again.
    const { name, named } = prepared.stack;
    const lines: string[] = [];
    const endpoint = text("endpoint");
    if (endpoint) lines.push(line("Endpoint", endpoint));
    const certificate = text("caCertificatePem");
    if (certificate) {
        const file = join(machine.root, "out", prepared.stack.name, "ca.crt");
        if (readText(file) !== certificate) writeAtomically(file, certificate);
        lines.push(line("CA certificate", file));
    }
    const login = text("loginCommand");
    if (login) lines.push(line("Log in", login));
    if (outputs.passwords !== undefined) {
        const stack = named ? ` --stack ${name}` : "";
        const show = `pulumi stack output --show-secrets${stack} passwords`;
        lines.push(line("Passwords", `eval "$(npm run --silent env)" && ${show}`));
    }
    lines.push(line("Undo", `npm run destroy${named ? ` -- --stack ${name}` : ""}`));
    return lines;
}
