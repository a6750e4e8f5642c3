/** What somebody is to be told of (prometheus.io/docs/prometheus/latest/configuration/alerting_rules). Pure. */
/** The job's name, by which the rules know whom Prometheus asks. */
export const JOB = "private-registry";

/** What a stack has, of which there is something to tell. */
export interface Watched {
    stack: string;
    /** The images lie in files of the Docker host. */
    files: boolean;
    /** A directory issues the certificate, and it is renewed so many days before its end where that is sooner than a third of its life. */
    acme?: { renewBeforeDays: number } | undefined;
    /** Command → seconds after which it should have ended well once more. */
    due: Readonly<Record<string, number>>;
}

interface Alert {
    name: string;
    severity: "warning" | "critical";
    expr: string;
    /** How long it must hold. */
    for: string;
    /** A sentence, in which Prometheus puts the values. */
    summary: string;
}

const DAY = 86_400;

/** Ends of certificates and free space, of which a first word is enough for a while. */
function falling(
    name: string,
    steps: readonly (readonly [Alert["severity"], number])[],
    alert: (below: number, severity: Alert["severity"]) => Omit<Alert, "name" | "severity">,
): Alert[] {
    return steps.map(([severity, below]) => ({ name, severity, ...alert(below, severity) }));
}

/** Part of the time between renewal and end that a certificate of a directory has left when it is late. */
const LATE = { warning: 3 / 4, critical: 3 / 8 };

/** Longest time between two runs of a command of the schedule, in seconds. */
export function gapOf(when: string): number {
    if (when === "hourly") return 3_600;
    if (/^\d\d:/.test(when)) return DAY;
    return /^[A-Z]/.test(when) ? 7 * DAY : 31 * DAY;
}

/** A name in a selector: Go's string. */
const quoted = (text: string): string => JSON.stringify(text);

function alertsOf({ stack, files, acme, due }: Watched): Alert[] {
    const of = (more = "") => `{stack=${quoted(stack)}${more}}`;
    const own = (name: string, more = "") => `private_registry_${name}${of(more)}`;
    const up = `up${of(`,job=${quoted(JOB)}`)}`;
    const rate = (name: string) => `sum(rate(${own(name)}[5m]))`;
    return [
        {
            name: "RegistryMetricsMissing",
            severity: "critical",
            expr: `absent(${up}) or ${up} == 0`,
            for: "5m",
            summary:
                "The front of the registry tells no numbers: it is down, or Prometheus' login or CA is wrong.",
        },
        {
            name: "RegistryMetricsOld",
            severity: "warning",
            expr: `time() - ${own("counted_timestamp_seconds")} > 120`,
            for: "5m",
            summary:
                "What counts has stopped, {{ $value | humanizeDuration }} ago; the registry itself may be well.",
        },
        {
            name: "RegistryDown",
            severity: "critical",
            expr: `${own("up")} == 0`,
            for: "5m",
            summary: "The registry behind the front does not run.",
        },
        {
            name: "RegistryStorageUnhealthy",
            severity: "critical",
            expr: `${own("storage_healthy")} == 0`,
            for: "2m",
            summary: "The registry cannot read or write its storage.",
        },
        ...falling(
            "RegistryCertificateEnds",
            [
                ["warning", 21],
                ["critical", 7],
            ],
            (days, severity) => {
                const left = `${own("certificate_expiry_timestamp_seconds")} - time()`;
                // One that is renewed by itself may live for days alone.
                const third = `${own("certificate_life_seconds")} / 3`;
                const late = (before: number | string) => `${left} > ${LATE[severity]} * ${before}`;
                const ease = acme && ` unless (${late(third)} or ${late(acme.renewBeforeDays * DAY)})`;
                return {
                    expr: `${left} < ${days} * ${DAY}${ease ?? ""}`,
                    for: "5m",
                    summary: `The certificate of {{ $labels.site }} ends in {{ $value | humanizeDuration }}: ${
                        acme ? "npm run doctor tells why it is not renewed" : "npm run up renews it"
                    }.`,
                };
            },
        ),
        ...(acme
            ? [
                  {
                      name: "RegistryRenewalFails",
                      severity: "warning" as const,
                      expr: `${own("renewal_failures")} > 0 or absent(${own("renewal_failures")})`,
                      for: "1h",
                      summary:
                          "The certificate is not renewed, and the one that is there goes on: npm run doctor tells why.",
                  },
              ]
            : []),
        ...(files
            ? falling(
                  "RegistryDiskFull",
                  [
                      ["warning", 15],
                      ["critical", 5],
                  ],
                  (percent) => ({
                      expr: `100 * ${own("disk_available_bytes")} / ${own("disk_size_bytes")} < ${percent}`,
                      for: "5m",
                      summary:
                          "{{ $value | humanize }} % of the registry's disk is free: npm run retain and npm run gc give space back.",
                  }),
              )
            : []),
        {
            name: "RegistryErrors",
            severity: "critical",
            expr: `${rate("front_errors_total")} / ${rate("front_requests_total")} > 0.05`,
            for: "5m",
            summary: "{{ $value | humanizePercentage }} of the requests fail with a status of 5xx.",
        },
        {
            name: "RegistryRefusedLogins",
            severity: "warning",
            expr: `sum(increase(${own("front_refused_logins_total")}[10m])) > 50`,
            for: "0m",
            summary:
                "{{ $value | humanize }} logins were refused within 10 minutes: somebody may be guessing.",
        },
        ...Object.entries(due).map(([command, seconds]): Alert => {
            const last = own("last_success_timestamp_seconds", `,command=${quoted(command)}`);
            return {
                name: `Registry${command.replace(/^./, (first) => first.toUpperCase())}Old`,
                severity: command === "backup" ? "critical" : "warning",
                expr: `time() - ${last} > ${seconds} or absent(${last})`,
                for: "1h",
                summary: `npm run ${command} has not ended well for a while: npm run schedule tells why.`,
            };
        }),
    ];
}

/** The rules, as Prometheus reads them. */
export const alertRules = (watched: Watched) => ({
    groups: [
        {
            name: `private-registry ${watched.stack}`,
            rules: alertsOf(watched).map(({ name, severity, expr, for: held, summary }) => ({
                alert: name,
                expr,
                for: held,
                labels: { severity, stack: watched.stack },
                annotations: { summary },
            })),
        },
    ],
});
