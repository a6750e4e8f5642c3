/** The stack's outputs; secret ones are masked as "[secret]". */
export type Outputs = Record<string, unknown>;

interface EngineEvent {
    resOutputsEvent?: {
        metadata?: { type?: string; new?: { outputs?: Outputs } };
        planning?: boolean;
    };
}

/** The stack's outputs out of Pulumi's event log, one JSON event a line; undefined when the update did not tell them. */
export function stackOutputs(eventLog: string): Outputs | undefined {
    let outputs: Outputs | undefined;
    for (const line of eventLog.split("\n")) {
        // Most events are of other kinds, and parsing them would take longer than all else here.
        if (!line.includes('"resOutputsEvent"') || !line.includes('"pulumi:pulumi:Stack"')) continue;
        const { resOutputsEvent: event } = JSON.parse(line) as EngineEvent;
        if (event?.metadata?.type !== "pulumi:pulumi:Stack" || event.planning) continue;
        outputs = event.metadata.new?.outputs ?? outputs;
    }
    return outputs;
}
