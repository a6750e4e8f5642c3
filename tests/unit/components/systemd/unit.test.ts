import { renderUnit } from "../../../../host/unit";
import { expectGolden } from "../golden";

import { DEBIAN, host, RPM } from "./host";

const lines = (...args: Parameters<typeof renderUnit>) => renderUnit(...args).split("\n");

test("golden", () => {
    expectGolden("host-unit-debian-443.service", renderUnit(host(), DEBIAN, "2.8"));
    expectGolden(
        "host-unit-rpm-5000.service",
        renderUnit(host({ port: 5000, cpus: 1.5, dataPath: "/srv/my images" }), RPM, "3"),
    );
});

test("the one capability is there exactly where the port needs it", () => {
    for (const [port, capability] of [
        [443, "CAP_NET_BIND_SERVICE"],
        [1023, "CAP_NET_BIND_SERVICE"],
        [1024, ""],
    ] as const) {
        const unit = lines(host({ port }), DEBIAN, "2.8");
        expect(unit).toContain(`CapabilityBoundingSet=${capability}`);
        expect(unit.includes("AmbientCapabilities=CAP_NET_BIND_SERVICE")).toBe(capability !== "");
    }
});

test("registry 3 sends no traces", () => {
    expect(lines(host(), DEBIAN, "3")).toContain("Environment=OTEL_TRACES_EXPORTER=none");
    expect(renderUnit(host(), DEBIAN, "2.8")).not.toContain("OTEL");
});

test("it gets more time to end than the registry drains", () => {
    const stop = lines(host(), DEBIAN, "2.8").find((line) => line.startsWith("TimeoutStopSec="));
    expect(Number(stop?.split("=")[1])).toBeGreaterThan(host().settings.drainSeconds);
});
