/** A dashboard for Grafana (grafana.com/docs/grafana/latest/dashboards/build-dashboards/view-dashboard-json-model). Pure. */

interface Panel {
    title: string;
    kind: "stat" | "timeseries";
    /** Of Grafana's units. */
    unit: string;
    /** Query → how its series are named. */
    queries: Readonly<Record<string, string>>;
    /** From which value on it is yellow, and red; or below which, where the first is the larger one. */
    thresholds?: readonly [yellow: number, red: number];
}

const OF = '{stack="$stack"}';
const own = (name: string, more = "") => `private_registry_${name}{stack="$stack"${more}}`;
const rate = (name: string, by: string, more = "") =>
    `sum by (${by}) (rate(${own(`front_${name}`, more)}[$__rate_interval]))`;
const quantile = (part: number) =>
    `histogram_quantile(${part}, ${rate("request_duration_seconds_bucket", "le, action")})`;

/** @param files the images lie in files of the Docker host. @param runs some command tells when it ended well */
function panels(files: boolean, runs: boolean): Panel[] {
    const stat = (title: string, unit: string, query: string, thresholds?: Panel["thresholds"]): Panel => ({
        ...{ title, kind: "stat", unit, queries: { [query]: "{{site}}{{command}}" } },
        ...(thresholds && { thresholds }),
    });
    const lines = (title: string, unit: string, queries: Panel["queries"]): Panel => ({
        ...{ title, kind: "timeseries", unit, queries },
    });
    return [
        stat("Registry up", "bool_yes_no", own("up"), [1, 0.5]),
        stat("Storage well", "bool_yes_no", own("storage_healthy"), [1, 0.5]),
        stat("Certificate ends in", "s", `${own("certificate_expiry_timestamp_seconds")} - time()`, [
            21 * 86_400,
            7 * 86_400,
        ]),
        ...(files
            ? [
                  stat(
                      "Disk free",
                      "percentunit",
                      `${own("disk_available_bytes")} / ${own("disk_size_bytes")}`,
                      [0.15, 0.05],
                  ),
                  stat("Images", "decbytes", own("store_bytes")),
              ]
            : []),
        ...(runs ? [stat("Ended well, ago", "s", `time() - ${own("last_success_timestamp_seconds")}`)] : []),
        lines("Requests by action", "reqps", { [rate("requests_total", "action")]: "{{action}}" }),
        lines("Requests by status", "reqps", { [rate("requests_total", "code")]: "{{code}}" }),
        lines("Traffic", "Bps", {
            [rate("sent_bytes_total", "site")]: "sent, {{site}}",
            [rate("received_bytes_total", "site")]: "received, {{site}}",
        }),
        lines("Duration, 95 % within", "s", { [quantile(0.95)]: "{{action}}" }),
        lines("Refused logins", "reqps", { [rate("refused_logins_total", "reason")]: "{{reason}}" }),
        lines("Requests at work in the registry", "short", {
            [`sum by (handler) (registry_http_in_flight_requests${OF})`]: "{{handler}}",
        }),
        lines("Time in the storage", "s", {
            [`sum by (action) (rate(registry_storage_action_seconds_sum${OF}[$__rate_interval]))`]:
                "{{action}}",
        }),
        lines("Memory of the registry", "bytes", { [`process_resident_memory_bytes${OF}`]: "registry" }),
    ];
}

const DATASOURCE = { type: "prometheus", uid: "${datasource}" };

function thresholdsOf([yellow, red]: readonly [number, number]) {
    // Where less is worse, the colours stand the other way round.
    const steps =
        yellow > red
            ? [
                  { color: "red", value: null },
                  { color: "yellow", value: red },
                  { color: "green", value: yellow },
              ]
            : [
                  { color: "green", value: null },
                  { color: "yellow", value: yellow },
                  { color: "red", value: red },
              ];
    return { mode: "absolute", steps };
}

/** Wide as the grid of 24 columns: six figures, then two curves a row. */
function rendered(all: readonly Panel[]) {
    const stats = all.filter(({ kind }) => kind === "stat").length;
    return all.map(({ title, kind, unit, queries, thresholds }, at) => {
        const curve = at - stats;
        const gridPos =
            kind === "stat"
                ? { x: at * 4, y: 0, w: 4, h: 4 }
                : { x: (curve % 2) * 12, y: 4 + Math.floor(curve / 2) * 8, w: 12, h: 8 };
        return {
            id: at + 1,
            type: kind,
            title,
            datasource: DATASOURCE,
            gridPos,
            fieldConfig: {
                defaults: { unit, ...(thresholds && { thresholds: thresholdsOf(thresholds) }) },
                overrides: [],
            },
            targets: Object.entries(queries).map(([expr, legendFormat], i) => ({
                refId: String.fromCharCode(65 + i),
                datasource: DATASOURCE,
                ...{ expr, legendFormat },
            })),
        };
    });
}

/** @param stack the one that is shown first */
export function dashboardJson(stack: string, files: boolean, runs: boolean): string {
    const dashboard = {
        uid: "private-registry",
        title: "Private registry",
        tags: ["private-registry"],
        schemaVersion: 36,
        editable: true,
        refresh: "1m",
        time: { from: "now-6h", to: "now" },
        templating: {
            list: [
                { name: "datasource", type: "datasource", query: "prometheus", label: "Data source" },
                {
                    name: "stack",
                    type: "query",
                    label: "Stack",
                    datasource: DATASOURCE,
                    query: { query: "label_values(private_registry_up, stack)", refId: "stack" },
                    refresh: 2,
                    current: { text: stack, value: stack },
                },
            ],
        },
        panels: rendered(panels(files, runs)),
    };
    return `${JSON.stringify(dashboard, undefined, 2)}\n`;
}
