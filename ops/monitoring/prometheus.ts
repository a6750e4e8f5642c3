/** Prometheus' own configuration: whom it asks, and what it tells of (prometheus.io/docs/prometheus/latest/configuration). Pure. */
import { stringify } from "yaml";

import { alertRules, JOB, type Watched } from "../../components/metrics/alerts";

/** Files beside each other. */
export const CONFIG_FILE = "prometheus.yml";
export const ALERTS_FILE = "alerts.yml";
export const CA_FILE = "ca.crt";
export const PASSWORD_FILE = "password";

/** Where the numbers are, and how Prometheus gets them. */
export interface Target {
    stack: string;
    scheme: "http" | "https";
    /** `docker.example.com:8443` */
    address: string;
    /** User of role metrics; nothing where none is needed. */
    user: string | undefined;
    /** There is a CA to trust. */
    ca: boolean;
}

const yaml = (value: unknown): string => stringify(value, { lineWidth: 0 });

export const alertsYml = (watched: Watched): string => yaml(alertRules(watched));

export const prometheusYml = ({ stack, scheme, address, user, ca }: Target): string =>
    yaml({
        global: { scrape_interval: "30s", evaluation_interval: "30s" },
        rule_files: [ALERTS_FILE],
        scrape_configs: [
            {
                job_name: JOB,
                scheme,
                metrics_path: "/metrics",
                ...(user === undefined
                    ? {}
                    : { basic_auth: { username: user, password_file: PASSWORD_FILE } }),
                ...(ca ? { tls_config: { ca_file: CA_FILE } } : {}),
                static_configs: [{ targets: [address], labels: { stack } }],
            },
        ],
    });
