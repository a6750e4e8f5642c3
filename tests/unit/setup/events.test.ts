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

describe("an error of a resource in the provider's words", () => {
    const CONTAINER =
        "urn:pulumi:dev::private-registry::docker:index/container:Container::registry-container";
    const OTHER = CONTAINER.replace("registry-container", "registry-front-container");
    const STACK = "urn:pulumi:dev::private-registry::pulumi:pulumi:Stack::private-registry-dev";
    // In the shape of Pulumi 3.259's event log, with the words that were seen there.
    const of = (urn: string, message: string) => ({
        diagnosticEvent: {
            urn,
            prefix: "error: ",
            message: `${message}\n`,
            color: "never",
            severity: "error",
        },
    });
    const sentence =
        "Port 443 of 0.0.0.0 is taken by another program: stop it, or `pulumi config set port 8443`";
    const own =
        "1 error occurred:\n\t* Unable to start container: driver failed programming external connectivity";
    const official = [
        "  sdk-v2/provider2.go:572: sdk.helper_schema: Unable to start container: address already in use: provider=docker@4.5.0",
        `creating urn:pulumi:dev::x: ${own}`,
    ];

    test("is not told where the kit has explained it, whatever comes first", () => {
        const end = of(STACK, "update failed");
        expect(read(log(of(CONTAINER, sentence), of(CONTAINER, own), end)).errors).toEqual([sentence]);
        expect(
            read(
                log(
                    ...official.slice(0, 1).map((text) => of(CONTAINER, text)),
                    of(CONTAINER, sentence),
                    of(CONTAINER, official[1] ?? ""),
                    end,
                ),
            ).errors,
        ).toEqual([sentence]);
    });

    test("is told where nobody has explained it", () => {
        expect(read(log(of(CONTAINER, own))).errors).toEqual([own]);
        expect(read(log(of(OTHER, sentence), of(CONTAINER, own))).errors).toEqual([sentence, own]);
        expect(read(log(of(STACK, "After the failure of x, y."), of(CONTAINER, own))).errors).toHaveLength(2);
    });

    test("takes no other error of the same resource with it", () => {
        const checks = ["resource has a problem: a", "resource has a problem: b"];
        expect(read(log(...checks.map((text) => of(CONTAINER, text)))).errors).toEqual(checks);
    });
});

test("where a plugin comes from, and what is no output, is no news; other warnings are", () => {
    const told = read(
        log(
            diagnostic("warning", "using pulumi-resource-docker from $PATH at /a"),
            diagnostic("warning", "Undefined value (nexusUrl) will not show as a stack output."),
            diagnostic("warning", "retrying create due to on-error hook request (1/100)"),
            diagnostic(
                "warning",
                "[MinimumReplicasUnavailable] Deployment does not have minimum availability.",
            ),
            diagnostic(
                "warning",
                'CalculateExpectedPodCountFailed: Failed to calculate the number of expected pods: found no controllers for pod "a"',
            ),
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
    expect(verdict("up", told, 1)).toBe("Done in 1.0 s; 3 resources stayed as they were.");
    expect(verdict("up", { ...told, counts: {} }, 1)).toBe("Done in 1.0 s.");
    const nothing = read(log({ summaryEvent: { resourceChanges: { same: 21 } } }));
    expect(verdict("up", nothing, 2)).toBe("Nothing to change: 21 resources are as configured (2.0 s).");
    expect(verdict("destroy", nothing, 2)).toBe("Nothing to remove: 21 resources stay as they were (2.0 s).");
    expect(verdict("destroy", { ...nothing, counts: {} }, 2)).toBe(
        "Nothing to remove: the stack has no resources (2.0 s).",
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
