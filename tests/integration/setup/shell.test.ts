import { execFileSync } from "node:child_process";
import { extraFlags } from "../../../ops/deploy";
import { stackOutputs } from "../../../setup/events";
import { edited, goAtLeast, goMod } from "../../../setup/go";
import { exportLines, parseShell } from "../../../setup/shell";

const AWKWARD = `a b'c"d$HOME\`x\`\\e;f`;

test("posix lines bring any value through a real shell unchanged", () => {
    const lines = exportLines("posix", { ONE: AWKWARD, TWO: "" });
    const out = execFileSync("sh", ["-c", `eval "$LINES_"; printf %s "$ONE|$TWO"`], {
        env: { LINES_: lines },
    });
    expect(out.toString()).toBe(`${AWKWARD}|`);
});

test("fish and powershell quote in their own way", () => {
    expect(exportLines("fish", { A: `b'c\\d` })).toBe(`set -gx A 'b\\'c\\\\d'`);
    expect(exportLines("powershell", { A: `b'c` })).toBe(`$env:A = 'b''c'`);
    expect(() => parseShell("tcsh")).toThrow(/"tcsh"; allowed are posix, fish, powershell/);
    expect(parseShell(undefined)).toBe("posix");
});

test.each([
    [[], true, ["--stack", "dev"]],
    [[], false, ["--stack", "dev", "--yes", "--skip-preview"]],
    [["--preview-only"], false, ["--stack", "dev"]],
    [["-s", "x", "--refresh"], false, ["--yes", "--skip-preview"]],
])("flags for %j, interactive %s", (args, interactive, expected) => {
    expect(extraFlags(args, "dev", interactive)).toEqual(expected);
});

test("outputs are those of the stack's last event", () => {
    const event = (type: string, outputs: object, planning = false) =>
        JSON.stringify({ resOutputsEvent: { metadata: { type, new: { outputs } }, planning } });
    const log = [
        event("pulumi:pulumi:Stack", { endpoint: "planned" }, true),
        event("docker:index:Container", { endpoint: "other" }),
        event("pulumi:pulumi:Stack", { endpoint: "https://a" }),
        '{"summaryEvent":{}}',
        "",
    ];
    expect(stackOutputs(log.join("\n"))).toEqual({ endpoint: "https://a" });
    expect(stackOutputs("")).toBeUndefined();
});

test.each([
    ["go1.25.11", "1.25.11", true],
    ["go1.26rc1", "1.25.11", true],
    ["go1.25.3", "1.25.11", false],
    ["v3.260.1", "3.259.0", true],
    ["v3.68.0", "3.259.0", false],
])("goAtLeast %s %s", (have, least, expected) => expect(goAtLeast(have, least)).toBe(expected));

test("the throw-away module requires the program and repeats its replacement", () => {
    const program = { name: "", module: "m/v3", version: "v3.1.0", package: "", minimumGo: "", about: "" };
    expect(goMod({ ...program, replaces: ["a => b v1.0.0"] })).toBe(
        "module private-registry/build\n\ngo 1.24\n\nrequire m/v3 v3.1.0\n\nreplace a => b v1.0.0\n",
    );
});

test("an edit that does not fit the source is an error", () => {
    const edit = { file: "main.go", replacements: [["x", "y"]] as const };
    expect(edited("a x b", edit)).toBe("a y b");
    expect(() => edited("a b", edit)).toThrow(/main\.go has 0 places/);
});
