/** What a check says: one line, with what to do where it is not well. */
export interface Finding {
    level: "ok" | "warning" | "failure";
    text: string;
    /** What to do. */
    fix?: string;
}

export const ok = (text: string): Finding => ({ level: "ok", text });
export const warning = (text: string, fix: string): Finding => ({ level: "warning", text, fix });
export const failure = (text: string, fix: string): Finding => ({ level: "failure", text, fix });

/** Exit code by the worst: 0 all well, 1 warnings, 2 failures. */
export function exitCode(findings: readonly Finding[]): number {
    if (findings.some(({ level }) => level === "failure")) return 2;
    return findings.some(({ level }) => level === "warning") ? 1 : 0;
}

/** One line for the screen. */
export function findingLine(name: string, { level, text, fix }: Finding): string {
    const line = `${level.padEnd(8)} ${name}: ${text}${fix === undefined ? "" : ` → ${fix}`}`;
    return line.replaceAll(/\s*\n\s*/g, " ");
}
