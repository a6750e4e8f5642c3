/** How scheduled commands ended, in the text format of Prometheus (prometheus.io/docs/instrumenting/exposition_formats). Pure. */
import type { LastRun, LastRuns } from "./record";

const seconds = (iso: string) => Date.parse(iso) / 1000;

/** Name behind `private_registry_scheduled_` → what it is, and its value; nothing where there is none yet. */
const METRICS: Readonly<
    Record<string, readonly [help: string, value: (run: LastRun) => number | undefined]>
> = {
    last_success_timestamp_seconds: [
        "When a run of the command last ended well.",
        ({ succeeded }) => (succeeded === undefined ? undefined : seconds(succeeded)),
    ],
    last_end_timestamp_seconds: ["When the last run of the command ended.", ({ ended }) => seconds(ended)],
    last_duration_seconds: [
        "How long the last run of the command took.",
        ({ began, ended }) => seconds(ended) - seconds(began),
    ],
    last_exit_code: ["Exit code of the last run of the command.", ({ code }) => code],
    last_failed: [
        "1 where the last run of the command failed, else 0; the doctor's warnings, exit code 1, are no failure.",
        ({ message }) => (message === undefined ? 0 : 1),
    ],
};

/** A label's value. */
const label = (text: string) => text.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n");

/**
 * The text of the file. Each value has the labels stack and command.
 *
 * @param stack its name
 */
export function metricsText(stack: string, runs: LastRuns): string {
    const lines = Object.entries(METRICS).flatMap(([name, [help, valueOf]]) => {
        const full = `private_registry_scheduled_${name}`;
        const values = Object.entries(runs).flatMap(([command, run]) => {
            const value = valueOf(run);
            return value === undefined
                ? []
                : [`${full}{stack="${label(stack)}",command="${command}"} ${value}`];
        });
        return values.length === 0 ? [] : [`# HELP ${full} ${help}`, `# TYPE ${full} gauge`, ...values];
    });
    return `${lines.join("\n")}\n`;
}
