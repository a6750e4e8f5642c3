/** What Pulumi's engine tells of a run in its event log, one JSON event a line. */

/** The stack's outputs; secret ones are masked as "[secret]". */
export type Outputs = Record<string, unknown>;

interface Metadata {
    op?: string;
    urn?: string;
    type?: string;
    diffs?: string[] | null;
    detailedDiff?: Record<string, unknown> | null;
    new?: { outputs?: Outputs };
}

interface EngineEvent {
    resourcePreEvent?: { metadata?: Metadata; planning?: boolean };
    resOutputsEvent?: { metadata?: Metadata; planning?: boolean };
    resOpFailedEvent?: { metadata?: Metadata };
    diagnosticEvent?: { message?: string; severity?: string; urn?: string };
    summaryEvent?: { resourceChanges?: Record<string, number> | null };
}

/** A resource that is created, updated, replaced or deleted. */
export interface Change {
    op: "create" | "update" | "replace" | "delete";
    name: string;
    type: string;
    /** The properties that make it necessary. */
    because: string[];
}

/** All that a run told so far. */
export interface Told {
    outputs?: Outputs;
    changes: Change[];
    /** Operation → number of resources, the whole run's. */
    counts: Record<string, number>;
    errors: string[];
    /** By URN: errors of a resource in the provider's words, which go where the kit has its own for it. */
    raw: Map<string, string[]>;
    /** URNs of which the kit has said in a sentence what is wrong. */
    explained: Set<string>;
    warnings: string[];
    /** What is under way, by name. */
    running: Map<string, string>;
    /** Resources that were looked at. */
    seen: number;
}

export const nothing = (): Told => ({
    changes: [],
    counts: {},
    errors: [],
    raw: new Map(),
    explained: new Set(),
    warnings: [],
    running: new Map(),
    seen: 0,
});

const OPS: Readonly<Record<string, Change["op"]>> = {
    create: "create",
    update: "update",
    delete: "delete",
    replace: "replace",
    "create-replacement": "replace",
};

/** What is no news to anyone who has not turned `--verbose` on. */
const NOISE = [
    /^using pulumi-resource-\S+ from \$PATH/,
    /^retrying \w+ due to on-error hook request/,
    // Of a cluster's pods that are on their way, or go; where they do not come, an error says so.
    /^(\[MinimumReplicasUnavailable\] |CalculateExpectedPodCountFailed: )/,
    /^Undefined value \(.*\) will not show as a stack output/,
];
/** What only says that there was an error. */
const ECHO = [/^(update|preview|destroy|refresh) (failed|canceled)$/];

/** The words of a provider, of the official ones and of the kit's, for a resource that the Engine refused. */
const RAW = /^(\d+ errors? occurred:|(creating|updating|deleting) urn:|sdk-v2\/\S+: )/;

const nameOf = (urn = ""): string => urn.split("::").pop() ?? urn;

function add(list: string[], text: string): void {
    // One error is told by the provider, by the resource and by the program.
    if (!list.some((known) => known.includes(text))) list.push(text);
}

/** Adds one line of the event log to what is known. */
export function tell(told: Told, line: string): void {
    // Most events are debug messages, and parsing them would take longer than all else here.
    if (
        !/^\{.{0,80}?"(resourcePre|resOutputs|resOpFailed|summary)Event"|"severity":"(error|warning)"/.test(
            line,
        )
    )
        return;
    let event: EngineEvent;
    try {
        event = JSON.parse(line) as EngineEvent;
    } catch {
        // The last line of a Pulumi that was killed.
        return;
    }
    const { resourcePreEvent, resOutputsEvent, resOpFailedEvent, diagnosticEvent, summaryEvent } = event;
    const at = resOutputsEvent?.metadata ?? resOpFailedEvent?.metadata;
    if (at) told.running.delete(at.urn ?? "");
    if (resourcePreEvent?.metadata) begun(told, resourcePreEvent.metadata);
    if (resOutputsEvent?.metadata?.type === "pulumi:pulumi:Stack" && !resOutputsEvent.planning)
        told.outputs = resOutputsEvent.metadata.new?.outputs ?? told.outputs ?? {};
    if (summaryEvent?.resourceChanges) told.counts = summaryEvent.resourceChanges;
    if (diagnosticEvent) diagnosed(told, diagnosticEvent);
}

function begun(told: Told, { op = "", urn = "", type = "", diffs, detailedDiff }: Metadata): void {
    const change = OPS[op];
    if (op !== "refresh") told.seen += 1;
    if (change === undefined || /^(pulumi|private-registry):/.test(type)) return;
    const name = nameOf(urn);
    told.running.set(urn, `${name} ${change}`);
    if (told.changes.some((one) => one.name === name && one.type === type && one.op === change)) return;
    const because = detailedDiff ? Object.keys(detailedDiff) : (diffs ?? []);
    const roots = because
        .map((path) => path.split(/[.[]/)[0] ?? path)
        .filter((path) => !path.startsWith("#"));
    told.changes.push({ op: change, name, type, because: [...new Set(roots)].sort() });
}

function diagnosed(
    told: Told,
    { message = "", severity, urn = "" }: NonNullable<EngineEvent["diagnosticEvent"]>,
): void {
    const text = message.trim();
    if (severity === "error" && !ECHO.some((echo) => echo.test(text))) failed(told, text, urn);
    if (severity === "warning" && !NOISE.some((noise) => noise.test(text))) add(told.warnings, text);
}

/** Pulumi keeps no word of who logged an error, so the sentence of an error hook is known by what it does not look like. */
function failed(told: Told, text: string, urn: string): void {
    if (urn !== "" && RAW.test(text)) {
        if (told.explained.has(urn)) return;
        told.raw.set(urn, [...(told.raw.get(urn) ?? []), text]);
    } else if (urn !== "" && !urn.includes("::pulumi:pulumi:Stack::")) {
        told.explained.add(urn);
        // The official plugins say it before the hook is asked.
        const raw = told.raw.get(urn) ?? [];
        told.errors = told.errors.filter((error) => !raw.includes(error));
    }
    add(told.errors, text);
}

/** The whole event log of a run. */
export function read(eventLog: string): Told {
    const told = nothing();
    for (const line of eventLog.split("\n")) tell(told, line);
    return told;
}

/** The stack's outputs out of Pulumi's event log; undefined when the update did not tell them. */
export const stackOutputs = (eventLog: string): Outputs | undefined => read(eventLog).outputs;
