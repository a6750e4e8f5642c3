/** What `npm run monitoring` writes. That Prometheus takes it is shown by the end-to-end test. */
import { gapOf } from "../../../components/metrics/alerts";
import { dashboardJson } from "../../../ops/monitoring/dashboard";
import { alertsYml, prometheusYml } from "../../../ops/monitoring/prometheus";
import { countScript } from "../../../components/metrics/count";

import { expectGolden } from "../components/golden";

const TARGET = { stack: "org/dev", address: "docker.example.com:8443", ca: true };

test("golden files", () => {
    expectGolden("prometheus.yml", prometheusYml({ ...TARGET, scheme: "https", user: "prometheus" }));
    expectGolden("alerts.yml", alertsYml({ stack: "org/dev", files: true, due: { backup: 172_800 } }));
    expectGolden("dashboard.json", dashboardJson("dev", true, true));
    expectGolden(
        "alerts-acme.yml",
        alertsYml({ stack: "dev", files: false, acme: { renewBeforeDays: 30 }, due: {} }),
    );
    expectGolden("count.sh", countScript([{ site: "registry", ends: 1_800_000_000 }], true));
    expectGolden(
        "count-acme.sh",
        countScript([{ site: "registry" }, { site: "own", ends: 1_800_000_000 }], false),
    );
});

test("there is nothing of what a stack does not have", () => {
    const alerts = alertsYml({ stack: "dev", files: false, due: {} });
    expect(alerts).not.toMatch(/Disk|Backup|Gc|Renewal/);
    expect(dashboardJson("dev", false, false)).not.toMatch(/disk|last_success|store_bytes/);
    const plain = prometheusYml({ ...TARGET, scheme: "http", user: undefined, ca: false });
    expect(plain).not.toMatch(/basic_auth|tls_config/);
    expect(countScript([], false)).not.toMatch(/\bdu\b|\bdf\b/);
});

test("a schedule's longest pause", () => {
    expect(["hourly", "03:30", "Mon,Thu 03:30", "28 03:30"].map(gapOf)).toEqual([
        3_600, 86_400, 604_800, 2_678_400,
    ]);
});
