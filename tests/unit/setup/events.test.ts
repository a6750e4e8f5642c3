/** What is read out of Pulumi's event log. */
import { read } from "../../../setup/events";
import { changeLines, verdict } from "../../../setup/summary";

const log = (...events: object[]) =>
    events.map((event, sequence) => JSON.stringify({ sequence, timestamp: 1, ...event })).join("\n");
const diagnostic = (severity: string, message: string) => ({
    diagnosticEvent: { prefix: "", message, severity },
});
const begin = (op: string, name: string, more: object = {}) => ({
    resourcePreEvent: {
        metadata: { op, urn: `urn:x::${name}`, type: "docker:index/container:Container", ...more },
    },
});

test("a mistake that several tell is told once, and whole", () => {
    const text = "The configuration has a mistake; nothing was changed.\n  fix: pulumi config set port 8443";
    const told = read(
        log(
            diagnostic("error", `${text}\n`),
            diagnostic("error", text),
            diagnostic("error", "update failed"),
        ),
    );
    expect(told.errors).toEqual([text]);
});

test("where a plugin comes from, and what is no output, is no news; other warnings are", () => {
    const told = read(
        log(
            diagnostic("warning", "using pulumi-resource-docker from $PATH at /a"),
            diagnostic("warning", "Undefined value (nexusUrl) will not show as a stack output."),
            diagnostic("warning", "TLS is off"),
            diagnostic("debug", "RegisterResource"),
        ),
    );
    expect(told.warnings).toEqual(["TLS is off"]);
});

test("changes are told with what makes them necessary, components and unchanged things are not", () => {
    const told = read(
        log(
            begin("same", "registry-image"),
            begin("create", "registry", { type: "private-registry:index:Registry" }),
            begin("create-replacement", "registry-container", {
                detailedDiff: { "ports[0].external": {}, image: {} },
            }),
            begin("replace", "registry-container", { diffs: ["ports"] }),
            begin("delete", "registry-old"),
            { summaryEvent: { resourceChanges: { same: 3 } } },
        ),
    );
    expect(changeLines(told.changes)).toEqual([
        "  ± registry-container replaced (image, ports)",
        "  - registry-old removed",
    ]);
    expect(changeLines(told.changes, true)[0]).toBe("  ± replace registry-container (image, ports)");
    expect(verdict(told, 1)).toBe("Done in 1.0 s; 3 resources stayed as they were.");
    expect(verdict({ ...told, counts: {} }, 1)).toBe("Done in 1.0 s.");
    expect(verdict(read(log({ summaryEvent: { resourceChanges: { same: 21 } } })), 2)).toBe(
        "Nothing to change: 21 resources are as configured (2.0 s).",
    );
});

test("many changes of one kind take one line", () => {
    const told = read(log(...Array.from({ length: 30 }, (_, i) => begin("create", `resource-${i}`))));
    expect(changeLines(told.changes)).toHaveLength(1);
    expect(changeLines(told.changes)[0]).toMatch(/^ {2}\+ 30 created: resource-0, .{1,80}…$/);
});

test("a log that a killed Pulumi left in the middle of a line is read as far as it goes", () => {
    expect(
        read(`${log(diagnostic("error", "a"))}\n{"sequence":1,"timestamp":1,"summaryEvent":{"res`).errors,
    ).toEqual(["a"]);
});
