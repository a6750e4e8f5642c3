import { inQuotes } from "../text/shell";

import { SetupError } from "./errors";

export const SHELLS = ["posix", "fish", "powershell"] as const;
export type Shell = (typeof SHELLS)[number];

export function parseShell(name: string | undefined): Shell {
    const shell = SHELLS.find((known) => known === (name ?? "posix"));
    if (shell) return shell;
    throw new SetupError(`--shell is "${name}"; allowed are ${SHELLS.join(", ")}.`);
}

/** The lines that set the variables in a shell, with values quoted so that nothing in them is interpreted. */
export function exportLines(shell: Shell, variables: Record<string, string>): string {
    const line = ([name, value]: [string, string]): string => {
        switch (shell) {
            case "posix":
                return `export ${name}=${inQuotes(value)}`;
            case "fish":
                return `set -gx ${name} '${value.replace(/[\\']/g, "\\$&")}'`;
            case "powershell":
                return `$env:${name} = '${value.replace(/'/g, "''")}'`;
        }
    };
    return Object.entries(variables).map(line).join("\n");
}
