import { join } from "node:path";
import { coloured } from "./colour";
import type { Change, Outputs, Told } from "./events";
import type { Machine } from "./machine";
import type { Prepared } from "./prepare";
import type { Stack } from "./stack";
import { readText, writeAtomically } from "./start.cjs";

/** Longest list of changes that the screen shows. */
const SHOWN = 15;

export function line(label: string, value: string): string {
    return `${`${label}:`.padEnd(18)}${value}`;
}

/** Which parts of the machine are in use. */
export function preparedLines(prepared: Prepared): string[] {
    const { engine, plugins, state } = prepared;
    const lines = [
        line(
            "Docker Engine",
            engine
                ? `${engine.url} (${engine.source})`
                : `none (target: ${prepared.stack.settings.target ?? "docker"})`,
        ),
        line("Pulumi CLI", `${prepared.cli.path} (${prepared.cli.source})`),
        line("Plugin set", `${plugins.kind} (${plugins.reason})`),
        ...Object.entries(prepared.images).map(([title, source]) => line(title, source)),
        line("State", `stack ${prepared.stack.name} in ${state.backend}`),
    ];
    if (state.passphraseFile) lines.push(line("Passphrase", state.passphraseFile));
    return lines;
}

const SIGNS = { create: "+", update: "~", replace: "±", delete: "-" } as const;
const COLOURS = { create: "green", update: "yellow", replace: "yellow", delete: "red" } as const;
const WORDS = { create: "created", update: "changed", replace: "replaced", delete: "removed" } as const;
const ORDERS = { create: "create", update: "change", replace: "replace", delete: "remove" } as const;

/**
 * What a run changed: many of one kind in one line.
 *
 * @param planned it has not been done yet. @default false
 */
export function changeLines(changes: readonly Change[], planned = false): string[] {
    const words = planned ? ORDERS : WORDS;
    const lines = (Object.keys(SIGNS) as Change["op"][]).flatMap((op) => {
        const paint = (text: string) => coloured(`  ${SIGNS[op]} ${text}`, COLOURS[op], process.stdout);
        const all = changes.filter((change) => change.op === op);
        if (all.length > 5)
            return [
                paint(
                    `${planned ? `${words[op]} ${all.length}` : `${all.length} ${words[op]}`}: ${cut(all.map(({ name }) => name).join(", "), 90)}`,
                ),
            ];
        return all.map(({ name, because }) =>
            paint(
                `${planned ? `${words[op]} ${name}` : `${name} ${words[op]}`}${because.length > 0 ? ` (${cut(because.join(", "), 60)})` : ""}`,
            ),
        );
    });
    const rest = lines.length - SHOWN;
    return rest > 0 ? [...lines.slice(0, SHOWN), `  … and ${rest} more`] : lines;
}

const cut = (text: string, length: number): string =>
    text.length > length ? `${text.slice(0, length - 1)}…` : text;

/** What a run found, first line of its report. */
export function verdict(verb: "up" | "destroy", { counts, changes }: Told, seconds: number): string {
    const same = counts.same ?? 0;
    const time = `${seconds.toFixed(1)} s`;
    if (changes.length > 0)
        return `Done in ${time}${same > 0 ? `; ${same} resources stayed as they were` : ""}.`;
    if (verb === "up") return `Nothing to change: ${same} resources are as configured (${time}).`;
    return `Nothing to remove: ${same > 0 ? `${same} resources stay as they were` : "the stack has no resources"} (${time}).`;
}

/** Where `npm run up` writes the CA certificate, as the last thing that it does. */
export const caFile = (machine: Machine, { name }: Pick<Stack, "name">): string =>
    join(machine.root, "out", name, "ca.crt");

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
        const file = caFile(machine, prepared.stack);
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
